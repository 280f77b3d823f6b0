# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of the engine, recorded with the kernel's tracepoints: what fathom breakdown makes of
them against a naive reckoning from the events of fathom script."""
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import perf_trace

FATHOM = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="fathom-breakdown-")
REQUESTS = 512
KERNEL = ("submit", "io_uring", "block", "device", "finish", "off-cpu", "reap", "dispatch")

JOB = f"""[global]
filename={{device}}
size={4096 * REQUESTS}
bs=4k
rw=randrw
direct=1
[job]
"""


def run(*words, status=0):
    done = subprocess.run([FATHOM, *words], capture_output=True, text=True, check=False)
    if done.returncode != status:
        raise AssertionError(f"{words}: exit {done.returncode}: {done.stderr}")
    return done.stdout, done.stderr


class Loop:
    """A block device of our own. Its requests complete in threads; some kernels record nothing
    in the interrupts of a disk that come while the CPU is idle."""

    def __init__(self):
        image = os.path.join(FOLDER, "image")
        with open(image, "wb") as file:
            file.write(bytes(4096 * REQUESTS))
        self.device = perf_trace.run("losetup", "-f", "--show", image).strip()

    def remove(self):
        perf_trace.run("losetup", "-d", self.device)


class Recording:
    def __init__(self, name, *lines):
        self.path = os.path.join(FOLDER, name)
        job = self.path + ".fio"
        with open(job, "w", encoding="ascii") as text:
            text.write(JOB.format(device=LOOP.device) + "\n".join(lines) + "\n")
        run("record", "-q", "-e", "fathom:*", "--kernel", "-o", self.path, "--", *self.bench())
        self.events = [json.loads(line)
                       for line in run("script", "-i", self.path, "--json")[0].splitlines()]

    def bench(self):
        return FATHOM, "bench", "--allow-write", LOOP.device, self.path + ".fio"

    def breakdown(self, *words):
        return json.loads(run("breakdown", "-i", self.path, "--json", *words)[0])

    def of(self, *names):
        return [event for event in self.events if event["event"] in names]


def stage_sums(answer):
    sums = collections.Counter()
    for group in answer["groups"]:
        for stage in group["stages"]:
            sums[stage["stage"]] += stage["sum_ns"]
    return sums


class Breakdown(unittest.TestCase):
    def add_up(self, answer):
        """The stages of each operation, and of each slow request, add up to the whole."""
        self.assertEqual(sum(group["count"] for group in answer["groups"]), REQUESTS)
        for group in answer["groups"]:
            self.assertEqual(sum(stage["sum_ns"] for stage in group["stages"]), group["sum_ns"])
            self.assertAlmostEqual(sum(stage["share"] for stage in group["stages"]), 1, 9)
        for slow in answer["slowest"]:
            self.assertEqual(sum(stage["ns"] for stage in slow["stages"]), slow["latency_ns"])

    def latencies(self, recording):
        begun = {e["args"]["id"]: e for e in recording.of("fathom:submit")}
        return {e["args"]["id"]: e["time_ns"] - begun[e["args"]["id"]]["time_ns"]
                for e in recording.of("fathom:complete")}

    def check_engine(self, recording, answer):
        """From submit to dispatch, and the whole."""
        submits = {e["args"]["id"]: e["time_ns"] for e in recording.of("fathom:submit")}
        dispatched = {}
        for event in recording.of("fathom:dispatch"):
            first = event["args"]["first_id"]
            for key in range(first, first + event["args"]["count"]):
                dispatched.setdefault(key, event["time_ns"])
        sums = stage_sums(answer)
        self.assertEqual(sums["submit"],
                         sum(dispatched[key] - submits[key] for key in submits))
        latencies = self.latencies(recording)
        self.assertEqual(sum(sums.values()), sum(latencies.values()))
        self.assertEqual([slow["latency_ns"] for slow in answer["slowest"]],
                         sorted(latencies.values(), reverse=True)[:len(answer["slowest"])])
        for slow in answer["slowest"]:
            self.assertEqual(slow["latency_ns"], latencies[slow["id"]])

    def check_device(self, recording, answer):
        """Every block I/O that the engine's thread queued, from queue to issue to complete.
        Requests of one bio each, so the sums do not depend on whose it is."""
        thread, = {e["tid"] for e in recording.of("fathom:submit")}
        number = os.stat(LOOP.device).st_rdev
        device = os.major(number) << 20 | os.minor(number)
        queued, issued = collections.defaultdict(list), collections.defaultdict(list)
        waited = worked = count = 0
        for event in recording.of("block:block_bio_queue", "block:block_rq_issue",
                                  "block:block_rq_complete"):
            name, args, now = event["event"].split("_")[-1], event["args"], event["time_ns"]
            if args["dev"] != device:
                continue
            if name == "queue" and event["tid"] == thread:
                queued[args["sector"]].append(now)
                continue
            for sector in range(args["sector"], args["sector"] + args["nr_sector"], 8):
                if name == "issue" and queued[sector]:
                    waited += now - queued[sector].pop(0)
                    issued[sector].append(now)
                elif name == "complete" and issued[sector]:
                    worked += now - issued[sector].pop(0)
                    count += 1
        self.assertEqual(count, REQUESTS)
        sums = stage_sums(answer)
        self.assertEqual((sums["block"], sums["device"]), (waited, worked))
        self.assertEqual(answer["kernel"]["reached_device"], REQUESTS)
        self.assertEqual(answer["kernel"]["unseen_completes"], 0)
        self.assertEqual(answer["kernel"]["strange_bios"], 0)

    def check_run(self, recording, ring):
        answer = recording.breakdown("--slowest", "5")
        self.add_up(answer)
        self.check_engine(recording, answer)
        joined = answer["kernel"]["joined"]
        self.assertEqual(joined["in_order"] + joined["by_worker"] + joined["by_key"], REQUESTS)
        self.assertEqual(joined["not"], 0)
        self.assertEqual(answer["kernel"]["io_uring"], ring)
        self.assertLessEqual(set(stage_sums(answer)), set(KERNEL))
        if not joined["by_worker"]:
            self.check_device(recording, answer)

    def test_io_uring(self):
        recording = Recording("io_uring.data", "ioengine=io_uring", "iodepth=8")
        self.check_run(recording, True)
        answer = recording.breakdown()
        completed = {e["args"]["user_data"]: e for e in recording.of("io_uring:io_uring_complete")}
        self.assertTrue(completed)
        for group in answer["groups"]:
            reap, = (s for s in group["stages"] if s["stage"] == "reap")
            self.assertEqual(reap["count"], group["count"])

    def test_libaio(self):
        self.check_run(Recording("libaio.data", "ioengine=libaio", "iodepth=4"), False)

    def test_psync(self):
        self.check_run(Recording("psync.data", "ioengine=psync"), False)

    def test_without_the_kernel(self):
        """The engine's own stages, and how the trace could tell more."""
        recording = Recording("null.data", "ioengine=io_uring", "iodepth=4")
        bare = os.path.join(FOLDER, "bare.data")
        run("record", "-q", "-e", "fathom:*", "-o", bare, "--", *recording.bench())
        answer = json.loads(run("breakdown", "-i", bare, "--json")[0])
        self.add_up(answer)
        self.assertLessEqual(set(stage_sums(answer)), {"submit", "dispatch", "reap"})
        self.assertEqual(answer["kernel"]["joined"]["not"], REQUESTS)
        self.assertIn("record --kernel", run("breakdown", "-i", bare)[0])

    def test_one_request(self):
        recording = Recording("one.data", "ioengine=io_uring", "iodepth=8")
        latencies = self.latencies(recording)
        key = max(latencies, key=latencies.get)
        slow, = recording.breakdown("--id", str(key))["slowest"]
        self.assertEqual((slow["id"], slow["latency_ns"]), (key, latencies[key]))
        around, = recording.breakdown("--around", str(key))["slowest"]
        spans = {}
        for event in recording.of("fathom:submit", "fathom:complete"):
            spans.setdefault(event["args"]["id"], []).append(event["time_ns"])
        begin, end = spans.pop(key)
        together = {other for other, (first, last) in spans.items()
                    if first <= end and last >= begin}
        self.assertEqual({n["id"] for n in around["neighbours"]}, together)
        text, _ = run("breakdown", "-i", recording.path, "--around", str(key))
        self.assertIn(f"id={key} ", text)
        _, errors = run("breakdown", "-i", recording.path, "--id", "99999999", status=1)
        self.assertEqual(errors, "fathom breakdown: no request with the id 99999999 ended in the "
                                 "trace\n")

    def test_where(self):
        """The table and the slowest are of the requests that were chosen, by what both ends and
        the stages tell."""
        recording = Recording("where.data", "ioengine=io_uring", "iodepth=8")
        latencies = self.latencies(recording)
        limit = sorted(latencies.values())[REQUESTS // 2]
        writes = {e["args"]["id"] for e in recording.of("fathom:submit")
                  if e["args"]["op"] == "write" and e["args"]["offset"] >= 2**20}
        slow = sorted((ns for key, ns in latencies.items() if key in writes and ns > limit),
                      reverse=True)
        where = f'latency>{limit} && op=="write" && offset>=1m'
        answer = recording.breakdown("--where", where, "--slowest", "1000")
        self.assertEqual((answer["where"], answer["chosen"]), (where, len(slow)))
        self.assertEqual(answer["requests"], REQUESTS)
        self.assertEqual([(group["op"], group["count"], group["sum_ns"])
                          for group in answer["groups"]], [("write", len(slow), sum(slow))])
        self.assertEqual([one["latency_ns"] for one in answer["slowest"]], slow)
        every = recording.breakdown("--slowest", "1000")
        parts = [sum(stage["ns"] for stage in one["stages"] if stage["stage"] == "device")
                 for one in every["slowest"]]
        limit = sorted(parts)[REQUESTS // 4]
        answer = recording.breakdown("--where", f"device<={limit}")
        self.assertEqual(answer["chosen"], sum(ns <= limit for ns in parts))
        text, _ = run("breakdown", "-i", recording.path, "--where", "depth==8")
        deep = sum(one["depth"] == 8 for one in every["slowest"])
        self.assertRegex(text, rf"\n{deep} of these requests \(.*%\), where depth==8\n")
        _, errors = run("breakdown", "-i", recording.path, "--where", "failed", status=1)
        self.assertEqual(errors, f"fathom breakdown: none of {REQUESTS} requests is one where "
                                 "failed\n")
        _, errors = run("breakdown", "-i", recording.path, "--where", "off-cpu>1ms", status=1)
        self.assertIn(", off_cpu, ", errors)
        _, errors = run("breakdown", "-i", recording.path, "--where", "op==wrte", status=1)
        self.assertRegex(errors, rf"^fathom breakdown: none of {REQUESTS} requests is one "
                                 r"where op==wrte; op is (read, write|write, read)\n$")
        _, note = run("breakdown", "-i", recording.path, "--csv", "--where", "depth==8")
        self.assertIn(f"note: {deep} of {REQUESTS} requests, where depth==8\n", note)

    def test_csv_and_usage(self):
        recording = Recording("csv.data", "ioengine=psync")
        rows = run("breakdown", "-i", recording.path, "--csv")[0].splitlines()
        self.assertEqual(rows[0], "op,stage,begins,count,mean_ns,p50_ns,p99_ns,sum_ns,share")
        answer = recording.breakdown()
        self.assertEqual([row.split(",")[7] for row in rows[1:]],
                         [str(stage["sum_ns"]) for group in answer["groups"]
                          for stage in group["stages"]])
        run("breakdown", "--json", "--csv", status=2)
        run("breakdown", "--id", "1", "--around", "1", status=2)
        run("breakdown", "--id", "one", status=2)


perf_trace.need(os.geteuid() == 0, "needs root")
LOOP = Loop()
try:
    STATUS = perf_trace.run_cases(sys.argv[:1])
finally:
    LOOP.remove()
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
