#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A garbage collection and a class load of OpenJDK: java_test.py FATHOM

The program is one source file, which the JDK's launcher compiles in memory.
"""
import glob
import os

from real import each_backend, events, latency, perf_script, record, skip

SOURCE = """
public class Depths {
	static class Sounding { int fathoms = 6; }
	public static void main(String[] arguments) {
		new Sounding();
		System.gc();
	}
}
"""


def machine():
    """Where the JDK is: Debian names its directory by architecture."""
    found = glob.glob("/usr/lib/jvm/java-17-openjdk-*/bin/javac")
    if not found:
        skip("the package openjdk-17-jdk-headless is not installed")
    return os.path.dirname(os.path.dirname(found[0]))


def collection(backend):
    with open("Depths.java", "w") as source:
        source.write(SOURCE)
    home = machine()
    record(backend, "-e", "hotspot:gc__*", "-e", "hotspot:class__loaded",
           "-x", f"{home}/lib/server/libjvm.so", "--", f"{home}/bin/java", "-XX:+UseSerialGC", "Depths.java")
    found = events()
    names = [values["name"] for _, probe, values in found if probe == "hotspot:class__loaded"]
    assert '"java/lang/Object"' in names, names[:5]
    for name in ("Depths", "Depths$Sounding"):
        # Names are not terminated: their length counts, where programs of ours fetch them.
        assert f'"{name}"' in names or backend == "uprobe" and \
            any(text.startswith(f'"{name}') for text in names), names[-5:]
    full = [i for i, (_, probe, values) in enumerate(found)
            if probe == "hotspot:gc__begin" and values["is_full"] == "1"]
    assert full, "no full collection"
    assert any(probe == "hotspot:gc__end" for _, probe, _ in found[full[0]:])
    assert found[full[0]][0] == "VM Thread", found[full[0]]
    assert latency("hotspot/gc")["full"] == len(full)
    printed = perf_script()
    assert not printed or 'name="Depths$Sounding' in printed, printed[-500:]


each_backend(collection)
