# SPDX-License-Identifier: GPL-2.0-or-later
"""--interval: rows as intervals end, which add up to what the whole trace says."""
import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest

FATHOM, MAKE_TRACE = sys.argv[1:3]
EVENTS, INTERVAL_NS = 20000, 700000
COMMANDS = {"latency": (), "depth": (), "breakdown": (), "poll": ("-p",)}


def fathom(*words, status=0, **more):
    done = subprocess.run([FATHOM, *words], capture_output=True, check=False, **more)
    if done.returncode != status:
        raise AssertionError(f"{words}: exit {done.returncode}: {done.stderr}")
    return done.stdout.decode(), done.stderr.decode()


def answer(*words):
    return json.loads(fathom(*words, "--json")[0])


class Series(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "made.data")

    def make(self, *options):
        subprocess.run([MAKE_TRACE, "-e", str(EVENTS), "-c", "2", *options, self.path],
                       check=True)

    def intervals(self, command, *words):
        series = answer(command, "-i", self.path, "--interval", f"{INTERVAL_NS}ns", *words)
        self.assertEqual(series["interval_ns"], INTERVAL_NS)
        rows = series["intervals"]
        times = [row["t_ns"] for row in rows]
        self.assertEqual(times, sorted(times))
        self.assertGreater(len(set(times)), 3)
        self.assertTrue(all(time % INTERVAL_NS == 0 for time in times))
        return series, rows

    def test_counts_add_up(self):
        self.make()
        for by in "op", "thread", "op,fd":
            series, rows = self.intervals("latency", "--by", by)
            whole = answer("latency", "-i", self.path, "--by", by)
            for group in whole["groups"]:
                mine = [row for row in rows if row["group"] == group["group"]]
                self.assertEqual(sum(row["count"] for row in mine), group["count"])
                self.assertEqual(max(row["max_ns"] for row in mine), group["max_ns"])
            for key in "requests", "events", "unmatched", "model", "by":
                self.assertEqual(series[key], whole[key])

    def test_stages_add_up(self):
        self.make()
        rows = self.intervals("breakdown")[1]
        for group in answer("breakdown", "-i", self.path)["groups"]:
            counts = {}
            for row in rows:
                if row["op"] == group["op"]:
                    counts[row["stage"]] = counts.get(row["stage"], 0) + row["count"]
            self.assertEqual(counts.pop("total"), group["count"])
            self.assertEqual(counts, {stage["stage"]: stage["count"]
                                      for stage in group["stages"]})

    def test_depths_make_the_mean(self):
        self.make()
        whole = answer("depth", "-i", self.path, "--by", "op")
        series, rows = self.intervals("depth")
        length = (whole["timeline"][-1]["t_ns"] - whole["timeline"][0]["t_ns"]) / 255 * 256
        last = length % INTERVAL_NS
        area = sum(row["mean"] * (INTERVAL_NS if row is not rows[-1] else last) for row in rows)
        self.assertAlmostEqual(area / length, whole["mean_depth"], delta=0.02)
        self.assertEqual(max(row["max"] for row in rows), whole["max_depth"])
        groups = self.intervals("depth", "--by", "op")[1]
        for row in rows:
            self.assertAlmostEqual(sum(group["mean"] for group in groups
                                       if group["t_ns"] == row["t_ns"]), row["mean"])

    def test_loops_add_up(self):
        self.make("-p")
        rows = self.intervals("poll")[1]
        for loop in answer("poll", "-i", self.path)["loops"]:
            mine = [row for row in rows if row["loop"] == loop["loop"]]
            for key, name in ("windows", "windows"), ("progress", "found"), \
                             ("progress_ns", "took_ns"), ("empty_ns", "burnt_ns"):
                self.assertEqual(sum(row[name] for row in mine), loop[key])

    def test_the_same_in_every_form(self):
        for command, options in COMMANDS.items():
            self.make(*options)
            rows = self.intervals(command)[1]
            words = (command, "-i", self.path, "--interval", f"{INTERVAL_NS}ns")
            table = list(csv.DictReader(fathom(*words, "--csv")[0].splitlines()))
            self.assertEqual(len(table), len(rows))
            for mine, row in zip(table, rows):
                for key, value in mine.items():
                    told = row[key]
                    if isinstance(told, float):
                        self.assertAlmostEqual(float(value), told, places=5)
                    else:
                        self.assertEqual(value, str(told))
            text = fathom(*words)[0].splitlines()
            self.assertEqual(text[0].split()[0], "time")
            self.assertEqual(text[len(rows) + 1], "")
            self.assertIn("over time:", text[len(rows) + 2])

    def test_pauses_are_left_out(self):
        self.make("-w")
        series, rows = self.intervals("latency", "--by", "thread")
        gaps = {b["t_ns"] - a["t_ns"] for a, b in zip(rows, rows[1:])}
        self.assertTrue(any(gap > INTERVAL_NS for gap in gaps) or len(rows) < 100)
        self.assertEqual(sum(row["count"] for row in rows), series["requests"])

    def test_rows_come_while_the_trace_does(self):
        """The first row of a pipe is there before the pipe has ended."""
        self.make("-s", "-r", "100")
        with open(self.path, "rb") as trace:
            stream = trace.read()
        for command in "latency", "depth", "breakdown":
            with subprocess.Popen([FATHOM, command, "-i", "-", "--interval", "20us"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
                process.stdin.write(stream[:len(stream) // 2])
                process.stdin.flush()
                head, row = process.stdout.readline(), process.stdout.readline()
                self.assertIn(b"time", head)
                self.assertIn(b"0 ns", row)
                process.communicate(stream[len(stream) // 2:])
                self.assertEqual(process.returncode, 0)

    def test_no_request_no_row(self):
        self.make("-1")
        for command in "latency", "depth", "breakdown":
            for form in (), ("--json",), ("--csv",):
                out, error = fathom(command, "-i", self.path, "--interval", "1", *form, status=1)
                if command != "depth": # which counts those that never end, too
                    self.assertEqual(out, "")
                elif form == ("--json",):
                    self.assertEqual(json.loads(out)["requests"], 0)
                self.assertIn("no request in the trace", error)

    def test_usage(self):
        for words in (("latency", "--interval", "0"), ("breakdown", "--interval", "1",
                      "--slowest", "3"), ("poll", "--interval", "1", "--what-if"),
                      ("depth", "--interval", "soon")):
            out, error = fathom(*words, status=2)
            self.assertEqual(out, "")
            self.assertIn("--interval", error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
