#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions of Python 3.11, whose probes sleep behind semaphores: python_test.py FATHOM"""
import os

from real import each_backend, events, latency, need, perf_script, record

PYTHON = need("/usr/bin/python3.11", "python3.11-minimal")
SOURCE = """
def sound(depth):
    return depth + 1

def survey():
    for depth in range(5):
        sound(depth)

survey()
"""


def functions(backend):
    with open("survey.py", "w") as source:
        source.write(SOURCE)
    # Python 3.11 fires function__entry of a call from Python only while line is enabled, too.
    record(backend, "-e", "python:function__*", "-e", "python:line", "-x", PYTHON, "--", PYTHON, "survey.py")
    path = f'"{os.path.realpath("survey.py")}"'
    ours = [(probe.split("__")[1], values["function"], values["lineno"])
            for _, probe, values in events()
            if values["filename"] == path and "function__" in probe]
    entries = [(function, line) for kind, function, line in ours if kind == "entry"]
    assert entries[0][0] == '"<module>"', entries
    assert entries[1:] == [('"survey"', "5")] + [('"sound"', "2")] * 5, entries
    assert len(ours) == 2 * len(entries), ours
    calls = latency("python/call")
    assert (calls["survey"], calls["sound"]) == (1, 5), calls
    printed = perf_script()
    assert not printed or f'filename={path} function="sound" lineno=2' in printed


each_backend(functions)
