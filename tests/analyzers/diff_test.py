# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom diff: what it says of traces that are the same, of real ones, and of bad input."""
import csv
import json
import lzma
import os
import subprocess
import sys
import tempfile
import unittest

FATHOM, MAKE_TRACE, RECORDINGS = sys.argv[1:4]
FIGURES = ["mean", "p50", "p90", "p99", "p99.9"]


def fathom(*words, status=0, **more):
    done = subprocess.run([FATHOM, *words], capture_output=True, check=False, **more)
    if done.returncode != status:
        raise AssertionError(f"{words}: exit {done.returncode}: {done.stderr}")
    return done.stdout.decode(), done.stderr.decode()


class Diff(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.made = os.path.join(folder.name, "made.data")
        cls.lossy = os.path.join(folder.name, "lossy.data")
        cls.polls = os.path.join(folder.name, "polls.data")
        for path, options in ((cls.made, ()), (cls.lossy, ("-l",)), (cls.polls, ("-p",))):
            subprocess.run([MAKE_TRACE, "-e", "20000", "-c", "2", *options, path], check=True)
        for name in "qemu-0", "qemu-200000", "postgresql":
            with lzma.open(os.path.join(RECORDINGS, name + ".data.xz")) as packed:
                setattr(cls, name.replace("-", ""), os.path.join(folder.name, name))
                with open(os.path.join(folder.name, name), "wb") as trace:
                    trace.write(packed.read())

    def answer(self, *words, status=0):
        return json.loads(fathom("diff", "--json", *words, status=status)[0])

    def test_a_trace_and_itself(self):
        for trace in self.made, self.qemu0, self.postgresql:
            for group in self.answer(trace, trace)["groups"]:
                self.assertEqual(group["a"], group["b"])
                for figure in group["ratios"].values():
                    self.assertIn(figure["verdict"], ("unknown", "chance", "same"))
        text = fathom("diff", self.made, self.made)[0]
        self.assertIn("* read: the same within 2%; too few requests to tell of p99.9\n", text)

    def test_polling_in_qemu(self):
        """The guest's requests with and without polling: half of them are faster with it."""
        answer = self.answer(self.qemu0, self.qemu200000)
        self.assertEqual([group["op"] for group in answer["groups"]], ["read", "write"])
        for group in answer["groups"]:
            p50 = group["ratios"]["p50"]
            self.assertEqual(p50["verdict"], "shorter")
            self.assertLess(p50["high"], 0.95)
            self.assertIn("in B p50 is ", group["text"])
            self.assertEqual(group["ratios"]["p99.9"]["verdict"], "unknown")
            self.assertLessEqual(p50["low"], group["b"]["percentiles_ns"]["50"] /
                                 group["a"]["percentiles_ns"]["50"])

    def test_figures_are_those_of_latency(self):
        answer = self.answer(self.qemu0, self.qemu200000, "--by", "op,size")
        self.assertEqual(answer["by"], "op,size")
        for side, trace in ("a", self.qemu0), ("b", self.qemu200000):
            whole = json.loads(fathom("latency", "-i", trace, "--json", "--by", "op,size")[0])
            mine = {tuple(group["group"]): group[side] for group in answer["groups"]
                    if group[side]}
            self.assertEqual(len(mine), len(whole["groups"]))
            for group in whole["groups"]:
                told = mine[tuple(group["group"])]
                for key in "count", "mean_ns", "min_ns", "max_ns":
                    self.assertEqual(told[key], group[key])
                self.assertEqual(told["percentiles_ns"], {key: group["percentiles_ns"][key]
                                                          for key in told["percentiles_ns"]})

    def test_seeds(self):
        one, again, other = (self.answer(self.qemu0, self.qemu200000, "--seed", seed)
                             for seed in ("5", "5", "6"))
        self.assertEqual(one, again)
        self.assertNotEqual(one["groups"][0]["ratios"], other["groups"][0]["ratios"])

    def test_groups_of_one_side(self):
        text = fathom("diff", "--by", "id", "-m", "fathom", self.made, self.lossy)[0]
        self.assertIn("too few requests to tell", text)
        answer = self.answer("-m", "postgresql/query", "--by", "op", self.postgresql,
                             self.postgresql)
        self.assertEqual(answer["groups"][0]["group"], "query")
        answer = self.answer("--by", "thread", self.qemu0, self.qemu200000)
        self.assertEqual([group["text"] for group in answer["groups"]],
                         ["only in A", "only in B"])
        self.assertIsNone(answer["groups"][0]["b"])

    def test_csv(self):
        rows = list(csv.DictReader(fathom("diff", "--csv", self.qemu0,
                                          self.qemu200000)[0].splitlines()))
        groups = self.answer(self.qemu0, self.qemu200000)["groups"]
        self.assertEqual([row["figure"] for row in rows], FIGURES * len(groups))
        for row in rows:
            group = next(group for group in groups if group["op"] == row["op"])
            figure = group["ratios"][row["figure"]]
            self.assertEqual(row["verdict"], figure["verdict"])
            self.assertEqual(int(row["a_count"]), group["a"]["count"])
            if figure["low"] is not None:
                self.assertAlmostEqual(float(row["ratio_low"]), figure["low"], places=5)

    def test_losses_are_told(self):
        text = fathom("diff", self.made, self.lossy)[0]
        self.assertIn("\nB:\nnote: 34 records were lost", text)
        for line in text.splitlines():
            self.assertEqual(line, line.rstrip())
        self.assertIn("34 records were lost", fathom("diff", "--csv", self.made, self.lossy)[1])

    def test_stdin(self):
        with open(self.made, "rb") as trace:
            self.assertIn("the same within 2%", fathom("diff", "-", self.made, stdin=trace)[0])

    def test_bad_input(self):
        cut = self.made + ".cut"
        with open(self.made, "rb") as whole, open(cut, "wb") as part:
            part.write(whole.read()[:300000])
        out, error = fathom("diff", self.made, cut, status=1)
        self.assertIn("the trace is incomplete", error)
        self.assertIn("A, ", out)
        for words, sentence in (((self.made, self.qemu0), "say which to compare, with --model"),
                                ((self.made, self.polls), "model"),
                                ((self.made, "/nowhere"), "/nowhere"),
                                (("--by", "dept", self.made, self.made), "did you mean 'depth'")):
            out, error = fathom("diff", *words, status=1)
            self.assertEqual(out, "")
            self.assertEqual(len(error.splitlines()), 1, error)
            self.assertIn(sentence, error)

    def test_usage(self):
        for words, sentence in ((("a",), "two traces are compared, not 1"),
                                (("a", "b", "c"), "not 3"), (("-", "-"), "stdin"),
                                (("--json", "--csv", "a", "b"), "not both")):
            out, error = fathom("diff", *words, status=2)
            self.assertEqual(out, "")
            self.assertIn(sentence, error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
