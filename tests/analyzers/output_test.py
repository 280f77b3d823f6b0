# SPDX-License-Identifier: GPL-2.0-or-later
"""What the analyzers say of made-up traces: errors, pipes, JSON."""
import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, MAKE_TRACE = (os.path.abspath(word) for word in sys.argv[1:3])


def fathom(*words, status=0):
    done = subprocess.run([FATHOM, *words], capture_output=True, text=True, check=False)
    if done.returncode != status:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Output(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fathom-output-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "made.data")
        self.folder = folder.name

    def make(self, events):
        subprocess.run([MAKE_TRACE, "-e", str(events), "-c", "1", self.path], check=True)

    def test_an_error_names_only_what_there_is(self):
        self.make(1)
        for command in ("latency", "depth"):
            done = fathom(command, "-i", self.path, status=1)
            self.assertEqual(done.stderr, f"fathom {command}: no request in the trace: model "
                             "fathom wants fathom:submit, fathom:complete; the trace has "
                             "fathom:submit (1)\n")
        done = fathom("poll", "-i", self.path, "--model", "fathom", status=1)
        self.assertEqual(done.stderr, "fathom poll: no polling in the trace: model fathom wants "
                         "fathom:poll_end, fathom:wait_end; the trace has fathom:submit (1)\n")

    def test_an_argument_with_words_is_always_a_string(self):
        self.make(8)
        with open(self.path, "rb") as trace:
            made = trace.read()
        other = os.path.join(self.folder, "other.data")
        with open(other, "wb") as trace:
            trace.write(made.replace(b'{ 1, "write" }', b'{ 7, "write" }'))
        for path, words in (self.path, {"read", "write"}), (other, {"read", "1"}):
            lines = fathom("script", "-i", path, "--json").stdout.splitlines()
            events = [json.loads(line)["args"] for line in lines]
            self.assertEqual({args["op"] for args in events if "op" in args}, words)
            self.assertTrue(all(isinstance(args["id"], int) for args in events))

    def test_groups(self):
        self.make(1000)
        whole = json.loads(fathom("latency", "-i", self.path, "--json").stdout)
        self.assertEqual((whole["by"], whole["groups"][0]["op"]), ("op", "read"))
        for by, values in (("fd", [3]), ("length", [4096]), ("result", [4096]),
                           ("size", [4096]), ("thread", ["worker 0/1000"])):
            for command in "latency", "breakdown":
                answer = json.loads(fathom(command, "-i", self.path, "--json", "--by", by).stdout)
                self.assertEqual(answer["by"], by)
                self.assertEqual([group["group"] for group in answer["groups"]], values)
                self.assertEqual([group[by] for group in answer["groups"]], values)
                self.assertEqual(answer["groups"][0]["count"], 500)
                self.assertTrue(fathom(command, "-i", self.path, "--csv", "--by",
                                       by).stdout.startswith(by + ","))
        for command in "latency", "breakdown":
            answer = json.loads(fathom(command, "-i", self.path, "--json", "--by",
                                       "size,op,result").stdout)
            self.assertEqual(answer["by"], "size,op,result")
            self.assertEqual([group["group"] for group in answer["groups"]],
                             [[4096, "read", 4096], [4096, "write", 4096]])
            self.assertEqual([(group["op"], group["size"]) for group in answer["groups"]],
                             [("read", 4096), ("write", 4096)])
            self.assertTrue(fathom(command, "-i", self.path, "--csv", "--by",
                                   "size,op").stdout.startswith("size,op,"))
        depth = json.loads(fathom("depth", "-i", self.path, "--json", "--by", "op").stdout)
        self.assertAlmostEqual(sum(group["mean_depth"] for group in depth["groups"]),
                               depth["mean_depth"])
        rows = list(csv.DictReader(fathom("depth", "-i", self.path, "--csv", "--by",
                                          "op").stdout.splitlines()))
        self.assertEqual({(row["op"], row["depth"]): int(row["time_ns"]) for row in rows},
                         {(group["op"], depth): ns for group in depth["groups"]
                          for depth, ns in group["time_at_depth_ns"].items()})

    def test_nothing_to_group_by(self):
        self.make(10)
        for command in "latency", "depth", "breakdown":
            done = fathom(command, "-i", self.path, "--by", "dept", status=1)
            self.assertEqual(done.stdout, "")
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn("no 'dept' to group by (did you mean 'depth'?)", done.stderr)
        done = fathom("depth", "-i", self.path, "--by", "result", status=1)
        self.assertIn("'result' is told only when requests end", done.stderr)
        done = fathom("poll", "-i", self.path, "--by", "op", status=2)
        self.assertIn("by 'loop' and by nothing else, not by 'op'", done.stderr)

    def test_a_stage_of_the_kernel_without_the_kernel(self):
        self.make(1000)
        for chosen in "device>1ms", "latency>0 && block<1ms", "off_cpu<1s || failed":
            for form in [], ["--json"]:
                done = fathom("breakdown", "-i", self.path, "--where", chosen, *form, status=1)
                self.assertEqual(done.stdout, "")
                self.assertRegex(done.stderr, "^fathom breakdown: --where asks for a stage that "
                                 "[^\n]*; record it with --kernel\n$")
        fathom("breakdown", "-i", self.path, "--where", "submit>=0 && depth>0")

    def test_what_fails_with_a_cut_trace_tells_both(self):
        self.make(1000)
        os.truncate(self.path, os.path.getsize(self.path) // 2)
        for command in "latency", "depth", "breakdown":
            done = fathom(command, "-i", self.path, "--by", "dept", status=1)
            self.assertRegex(done.stderr, f"^fathom {command}: the trace is incomplete: cut at "
                             "[^\n]*: no 'dept' to group by [^\n]*\n$")

    def test_a_reader_that_left_is_no_error(self):
        self.make(100000)
        for words in ("script",), ("script", "--json"), ("depth", "--csv"), ("latency",):
            gone, end = os.pipe()
            os.close(gone)
            done = subprocess.run([FATHOM, *words, "-i", self.path], stdout=end, text=True,
                                  stderr=subprocess.PIPE, check=False)
            os.close(end)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)


if __name__ == "__main__":
    skips.main(sys.argv[:1])
