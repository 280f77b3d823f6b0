# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the cases of a Python test so that skipped ones are seen: one line "SKIP: NAME: reason"
each, which scripts/count-tests names. 77 is the exit code when no case was run at all."""
import os
import subprocess
import sys
import unittest


def unless_record_works(fathom, backend, program):
    """Ends a test of record as skipped where this user or this kernel cannot use @backend."""
    if os.geteuid():
        reason = "recording probes needs root"
    else:
        said = subprocess.run([fathom, "record", "--backend", backend, "-e", "no:such", "-x",
                               program, "--", program], capture_output=True, text=True,
                              check=False).stderr
        reason = said.strip() if "fathom doctor" in said else ""
    if reason:
        print("SKIP:", reason)
        sys.exit(77)


def report(result):
    """Prints what was skipped; the exit code for @result, a unittest.TestResult."""
    for case, reason in result.skipped:
        name = case.id().removeprefix("__main__.")
        print(f"SKIP: {name}: {' '.join(reason.split())}", flush=True)
    if not result.wasSuccessful():
        return 1
    whole = [case for case, _ in result.skipped if not hasattr(case, "test_case")]  # no subtest
    return 77 if whole and len(whole) >= result.testsRun else 0


def run(argv):
    """Runs all cases of the program, or those that @argv names; the exit code."""
    return report(unittest.main(module="__main__", argv=argv, exit=False).result)


def main(argv=None):
    sys.exit(run(sys.argv if argv is None else argv))
