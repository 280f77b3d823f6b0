#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""C++ exceptions through the probes of libstdc++: cxx_test.py FATHOM THROWER"""
import re
import sys

from real import each_backend, events, need, record, run

THROWER = sys.argv[2]


def exceptions(backend):
    library = re.search(r"libstdc\+\+\S* => (\S+)", run("ldd", THROWER).stdout)[1]
    need(library, "libstdc++6")
    # The probes of the libraries that a command is linked with need no -x.
    record(backend, "-e", "libstdcxx:*", "--", THROWER)
    found = events()
    order = [probe.split(":")[1] for _, probe, _ in found]
    assert order == ["throw", "catch", "rethrow", "catch"] * 7, order
    for i in range(0, len(found), 4):
        objects = {values["object"] for _, _, values in found[i:i + 4]}
        assert len(objects) == 1 and int(objects.pop(), 16) > 4096, found[i:i + 4]
    assert {thread for thread, _, _ in found} == {"thrower"}


each_backend(exceptions)
