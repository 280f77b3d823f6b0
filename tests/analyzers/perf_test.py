# SPDX-License-Identifier: GPL-2.0-or-later
"""What fathom says of a recording made by stock perf, against an independent reckoning from
what perf script prints of the same file."""
import collections
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import perf_trace

FATHOM, PROGRAM, MODEL = (os.path.abspath(word) for word in sys.argv[1:4])
REQUESTS = 3000
FOLDER = tempfile.mkdtemp(prefix="fathom-perf-test-")


def fathom(*words, status=0, **more):
    done = subprocess.run([FATHOM, *words], capture_output=True, text=True, check=False, **more)
    if done.returncode != status:
        raise AssertionError(f"{words}: exit {done.returncode}, not {status}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def fathom_json(*words, **more):
    return json.loads(fathom(*words, "--json", **more).stdout)


def reckon(events):
    """Latencies by op, what did not pair, and the time at each depth, naively."""
    open_requests, latencies = {}, collections.defaultdict(list)
    unmatched = {"completes": 0, "submits": 0, "reused": 0, "skipped": 0}
    depths, last = collections.Counter(), None
    for time, tid, name, arguments in events:
        if last is not None:
            depths[len(open_requests)] += time - last
        last = time
        key = arguments["arg1"]
        if name.startswith("submit"):
            unmatched["reused"] += key in open_requests
            open_requests[key] = time, "write" if arguments["arg3"] else "read", tid
        elif key in open_requests:
            begin, operation, _ = open_requests.pop(key)
            latencies[operation].append(time - begin)
        else:
            unmatched["completes"] += 1
    unmatched["submits"] = len(open_requests)
    return latencies, unmatched, {str(d): t for d, t in depths.items() if t}


class Recording(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = os.path.join(FOLDER, "all.data")
        perf_trace.perf_record("-m", "1024", "-o", cls.path, *PROBES.events(), "--", PROGRAM,
                               str(REQUESTS))
        cls.events = list(perf_trace.perf_events(cls.path))
        cls.latencies, cls.unmatched, cls.depths = reckon(cls.events)

    def answer(self, command, *words):
        return fathom_json(command, "-i", self.path, "--model", MODEL_FILE, *words)

    def check_group(self, group, exact):
        exact = sorted(exact)
        self.assertEqual(group["count"], len(exact))
        self.assertEqual(group["min_ns"], exact[0])
        self.assertEqual(group["max_ns"], exact[-1])
        self.assertAlmostEqual(group["mean_ns"], sum(exact) / len(exact), delta=1e-3)
        self.assertEqual(set(group["percentiles_ns"]), {"50", "90", "99", "99.9", "99.99"})
        for percent, value in group["percentiles_ns"].items():
            want = exact[max(math.ceil(float(percent) / 100 * len(exact)), 1) - 1]
            self.assertAlmostEqual(value, want, delta=want / 100)

    def test_the_recording_is_what_it_should_be(self):
        self.assertEqual(len(self.events), 2 * REQUESTS - 3 + 2)
        self.assertEqual({name for _, _, name, _ in self.events},
                         {"submit", "submit_1", "complete"})
        self.assertEqual(self.unmatched, {"completes": 2, "submits": 3, "reused": 0, "skipped": 0})

    def test_latency(self):
        answer = self.answer("latency")
        self.assertEqual(answer["model"], "probed")
        self.assertEqual(answer["events"], len(self.events))
        self.assertEqual(answer["requests"], REQUESTS - 3)
        self.assertEqual(answer["lost"], 0)
        self.assertEqual(answer["unmatched"], self.unmatched)
        self.assertEqual({group["op"] for group in answer["groups"]}, {"read", "write"})
        for group in answer["groups"]:
            self.check_group(group, self.latencies[group["op"]])

    def test_groups(self):
        counts = {op: len(latencies) for op, latencies in self.latencies.items()}
        for by, read, write in (("fd", 3, 4), ("size", 4096, 8192)):
            answer = self.answer("latency", "--by", by)
            self.assertEqual({group[by]: group["count"] for group in answer["groups"]},
                             {read: counts["read"], write: counts["write"]})
        answer = self.answer("latency", "--by", "thread")
        tid = self.events[0][1]
        self.assertEqual([group["thread"] for group in answer["groups"]],
                         [f"{os.path.basename(PROGRAM)[:15]}/{tid}"])
        self.check_group(answer["groups"][0], sum(self.latencies.values(), []))

    def test_csv(self):
        rows = fathom("latency", "-i", self.path, "--model", MODEL_FILE,
                      "--csv").stdout.splitlines()
        self.assertEqual(rows[0], "op,count,mean_ns,min_ns,max_ns,p50_ns,p90_ns,p99_ns,"
                                  "p99.9_ns,p99.99_ns")
        self.assertEqual({row.split(",")[0]: int(row.split(",")[1]) for row in rows[1:]},
                         {op: len(latencies) for op, latencies in self.latencies.items()})

    def test_model_on_the_command_line(self):
        provider = PROBES.provider
        answer = fathom_json("latency", "-i", self.path, "--submit", f"{provider}:submit",
                             "--complete", f"{provider}:complete", "--key", "arg1")
        self.assertEqual(answer["requests"], REQUESTS - 3)
        self.check_group(answer["groups"][0], sum(self.latencies.values(), []))

    def test_depth(self):
        answer = self.answer("depth")
        total = sum(self.depths.values())
        mean = sum(int(depth) * time for depth, time in self.depths.items()) / total
        self.assertEqual(answer["time_at_depth_ns"], self.depths)
        self.assertEqual(answer["max_depth"], max(int(depth) for depth in self.depths))
        self.assertAlmostEqual(answer["mean_depth"], mean, delta=1e-9 * mean)
        latencies = sum(self.latencies.values(), [])
        self.assertAlmostEqual(answer["little"]["iops"], len(latencies) / (total / 1e9),
                               delta=1e-3)
        self.assertAlmostEqual(answer["little"]["mean_latency_ns"],
                               sum(latencies) / len(latencies), delta=1e-3)
        self.assertLess(abs(answer["little"]["depth"] / mean - 1), 0.1)
        times = [point["t_ns"] for point in answer["timeline"]]
        self.assertEqual(times, sorted(set(times)))
        self.assertLess(times[-1], total)
        self.assertEqual(max(point["max"] for point in answer["timeline"]),
                         answer["max_depth"])

    def test_text(self):
        for command in ("latency", "depth"):
            text = fathom(command, "-i", self.path, "--model", MODEL_FILE).stdout
            self.assertIn("note: 2 completes without a submit", text)
            self.assertIn("note: 3 submits that never ended", text)
            self.assertIn("█", text)

    def test_script(self):
        lines = fathom("script", "-i", self.path).stdout.splitlines()
        self.assertEqual(len(lines), len(self.events))
        for line, (time, tid, name, arguments) in zip(lines, self.events):
            head, _, rest = line.partition(f" sdt_{PROBES.provider}:{name}:")
            self.assertTrue(head.endswith(f"{time // 10**9}.{time % 10**9:09}:"), line)
            self.assertEqual(head.split()[1], str(tid))
            self.assertEqual({key: int(value) for key, value in
                              (pair.split("=") for pair in rest.split())}, arguments)

    def test_script_json(self):
        lines = fathom("script", "-i", self.path, "--json").stdout.splitlines()
        self.assertEqual(len(lines), len(self.events))
        for line, (time, tid, name, arguments) in zip(lines, self.events):
            event = json.loads(line)
            self.assertEqual(event["time_ns"], time)
            self.assertEqual(event["tid"], tid)
            self.assertEqual(event["event"], f"sdt_{PROBES.provider}:{name}")
            self.assertEqual(event["args"], arguments)

    def test_a_trace_that_is_cut_is_reported_and_marked(self):
        # of a pipe: perf writes what events look like at the end of a file
        cut = os.path.join(FOLDER, "cut.data")
        whole = perf_trace.perf_record("-o", "-", *PROBES.events(), "--", PROGRAM,
                                       str(REQUESTS))
        with open(cut, "wb") as part:
            part.write(whole[:len(whole) * 3 // 4 | 1]) # never between two records
        done = fathom("latency", "-i", cut, "--model", MODEL_FILE, "--json", status=1)
        self.assertIn("incomplete", done.stderr)
        self.assertTrue(0 < json.loads(done.stdout)["requests"] < REQUESTS - 3)

    def test_script_and_its_output(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([FATHOM, "script", "-i", self.path], stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)
        done = subprocess.run(f"{FATHOM} script -i {self.path} | head -1", shell=True,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        self.assertEqual(len(done.stdout.splitlines()), 1)


class OtherRecordings(unittest.TestCase):
    def record(self, *events):
        path = os.path.join(FOLDER, "other.data")
        perf_trace.perf_record("-o", path, *events, "--", PROGRAM, "10")
        return path

    def test_only_submits(self):
        path = self.record(*PROBES.events("submit", "submit_1"))
        done = fathom("latency", "-i", path, "--model", MODEL_FILE, status=1)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("no request in the trace: model probed wants", done.stderr)
        self.assertIn(f"sdt_{PROBES.provider}:submit (", done.stderr)

    def test_no_model_fits(self):
        path = self.record("-e", "dummy", *PROBES.events("complete"))
        for command in ("latency", "depth", "poll"):
            done = fathom(command, "-i", path, status=1)
            self.assertIn("no model fits", done.stderr)
            self.assertIn(f"sdt_{PROBES.provider}:complete", done.stderr)

    def test_a_pipe_of_perf(self):
        stream = os.path.join(FOLDER, "stream")
        with open(stream, "wb") as to:
            to.write(perf_trace.perf_record("-o", "-", *PROBES.events(), "--", PROGRAM, "500"))
        with subprocess.Popen(["cat", stream], stdout=subprocess.PIPE) as cat:
            answer = fathom_json("latency", "-i", "-", "--model", MODEL_FILE, stdin=cat.stdout)
        self.assertEqual(answer["requests"], 497)
        self.assertEqual(answer["unmatched"], {"completes": 2, "submits": 3, "reused": 0, "skipped": 0})


class Usage(unittest.TestCase):
    def test_bad_usage(self):
        for words in (("latency", "--by"), ("latency", "--json", "--csv"),
                      ("latency", "--model", "x", "--key", "y"), ("depth", "--submit", "a:b"),
                      ("poll", "--csv", "--json"), ("script", "word"), ("poll", "--by", "op")):
            done = fathom(*words, status=2)
            self.assertEqual(done.stdout, "")

    def test_bad_input(self):
        for command in ("script", "latency", "depth", "poll"):
            done = fathom(command, "-i", "/nonexistent", status=1)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn("/nonexistent", done.stderr)
        done = fathom("latency", "-i", "/dev/null", status=1)
        self.assertEqual(len(done.stderr.splitlines()), 1)


perf_trace.need_perf()
PROBES = perf_trace.Probes(PROGRAM, "fathomtest", "submit", "complete")
MODEL_FILE = PROBES.model(MODEL, FOLDER)
try:
    STATUS = perf_trace.run_cases(sys.argv[:1])
finally:
    PROBES.remove()
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
