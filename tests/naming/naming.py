# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of fathom list share."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, BUILT = sys.argv[1], sys.argv[2]
main = skips.main
COMPILERS = [name for name in ("gcc", "gcc_O0", "gcc_dwarf4", "clang")
             if os.path.exists(os.path.join(BUILT, "named_" + name))]


def built(name):
    return os.path.join(BUILT, "named_" + name)


def run(*words, expect=0, env=None):
    """Runs fathom; what it wrote to stdout, or to stderr if it was to fail."""
    done = subprocess.run([FATHOM, *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(env or {})})
    assert done.returncode == expect, f"{words}: exit {done.returncode}: {done.stderr}"
    return done.stderr if expect else done.stdout


def files(*words, env=None):
    return json.loads(run("list", "--json", *words, env=env))


def probes(path, *words, env=None):
    """The probes of a file by name."""
    listed = files("-x", path, *words, env=env)
    assert len(listed) == 1
    return {probe["name"]: probe for probe in listed[0]["probes"]}


def signature(probe):
    return ", ".join(f"{a['type']} {a['name']}" for a in probe["arguments"])


def named_by(probe):
    return [a["named_by"] for a in probe["arguments"]]
