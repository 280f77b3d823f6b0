# SPDX-License-Identifier: GPL-2.0-or-later
"""Skipped cases are seen: tests/skips.py names them, and scripts/count-tests counts them."""
import os
import subprocess
import sys
import tempfile
import unittest

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, TESTS)
sys.dont_write_bytecode = True
import skips  # noqa: E402

COUNT = sys.argv.pop(1)

CASES = """
import sys, unittest
sys.path.insert(0, {tests!r})
sys.dont_write_bytecode = True
import skips
class Cases(unittest.TestCase):
    def test_one(self):
        {one}
    def test_two(self):
        {two}
skips.main()
"""

PASSED = '<testcase name="{name}" status="run"><system-out>{out}</system-out></testcase>'
SKIPPED = ('<testcase name="{name}" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
           '<system-out>{out}</system-out></testcase>')
FAILED = '<testcase name="{name}" status="fail"><system-out>{out}</system-out></testcase>'


class Skips(unittest.TestCase):
    def ran(self, one, two):
        text = CASES.format(tests=TESTS, one=one, two=two)
        ran = subprocess.run([sys.executable, "-"], input=text, capture_output=True, text=True,
                             check=False)
        return ran.returncode, ran.stdout

    def test_each_skipped_case_is_named(self):
        skip = "self.skipTest('no such\\n device')"
        line = "SKIP: Cases.test_{}: no such device\n".format
        self.assertEqual(self.ran("pass", "pass"), (0, ""))
        self.assertEqual(self.ran("pass", skip), (0, line("two")))
        self.assertEqual(self.ran(skip, skip), (77, line("one") + line("two")))
        self.assertEqual(self.ran("self.fail()", skip), (1, line("two")))

    def test_a_skipped_part_of_a_case_leaves_the_case_run(self):
        part = "exec(\"with self.subTest(part=1): self.skipTest('no part')\")"
        code, out = self.ran(part, "pass")
        self.assertEqual((code, out.count("SKIP: Cases.test_one")), (0, 1))


class Count(unittest.TestCase):
    def count(self, *cases, again=()):
        with tempfile.TemporaryDirectory() as folder:
            for name, these in ("gcc", cases), ("gcc-again", again):
                if these:
                    with open(f"{folder}/{name}.xml", "w", encoding="utf-8") as file:
                        file.write(f"<testsuite>{''.join(these)}</testsuite>")
            ran = subprocess.run([sys.executable, COUNT, folder + "/gcc"], capture_output=True,
                                 text=True, check=False)
        return ran.returncode, ran.stdout.replace(folder + "/", "")

    def test_whole_and_partial_skips(self):
        status, out = self.count(
            PASSED.format(name="a", out="fine"),
            PASSED.format(name="b", out="SKIP: B.one: no disk\nmore\nSKIP: B.two: no root\n"),
            SKIPPED.format(name="c", out="SKIP: no perf\n"))
        self.assertEqual(out, "Skipped:\n  gcc: b: B.one: no disk\n  gcc: b: B.two: no root\n"
                              "  gcc: c: no perf\n2 passed, 0 failed, 3 skipped\n")
        self.assertEqual(status, 0)

    def test_failures(self):
        status, out = self.count(PASSED.format(name="a", out=""),
                                 FAILED.format(name="b", out="SKIP: x: y"))
        self.assertEqual(out, "Failed:\n  gcc: b\n1 passed, 1 failed, 0 skipped\n")
        self.assertEqual(status, 1)

    def test_what_passed_alone(self):
        cases = [PASSED.format(name="a", out=""), FAILED.format(name="b", out=""),
                 FAILED.format(name="c", out="")]
        status, out = self.count(*cases, again=[PASSED.format(name="b", out=""),
                                                PASSED.format(name="c", out="")])
        self.assertEqual(out, "Failed, then passed alone:\n  gcc: b\n  gcc: c\n"
                              "3 passed, 0 failed, 0 skipped\n")
        self.assertEqual(status, 0)
        status, out = self.count(*cases, again=[PASSED.format(name="b", out=""),
                                                FAILED.format(name="c", out="")])
        self.assertEqual(out, "Failed, then passed alone:\n  gcc: b\nFailed:\n  gcc: c\n"
                              "2 passed, 1 failed, 0 skipped\n")
        self.assertEqual(status, 1)


if __name__ == "__main__":
    skips.main()
