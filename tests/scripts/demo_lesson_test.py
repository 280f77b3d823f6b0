# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/demo-lesson concludes from the changes of the median and of the rate."""
import importlib.machinery
import importlib.util
import os
import sys
import unittest

sys.dont_write_bytecode = True
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/demo-lesson")
loader = importlib.machinery.SourceFileLoader("demo_lesson", PATH)
lesson = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo_lesson", loader))
loader.exec_module(lesson)


class Verdict(unittest.TestCase):
    def test_each_outcome(self):
        for median, rate, word in ((-15, 10, "paid"), (-15, 0, "paid"), (-15, -30, "slower"),
                                   (0, 0, "no difference"), (-1, 2, "no difference"),
                                   (9, 0, "cost more"), (0, -20, "cost more"),
                                   (9, -20, "cost more")):
            self.assertIn(word, lesson.verdict(median, rate), (median, rate))


if __name__ == "__main__":
    unittest.main()
