# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of fathom bench, recorded by fathom and by perf at the same time: the engine's own
figures, fathom's trace and perf's trace must tell of the same requests."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import perf_trace

BUILT, MODEL = (os.path.abspath(word) for word in sys.argv[1:3])
FOLDER = tempfile.mkdtemp(prefix="fathom-bench-test-")
# All processes are recorded: a copy is run by nobody else.
FATHOM = shutil.copy(BUILT, FOLDER)
DEPTH = 4

JOB = f"""[job]
ioengine={{engine}}
filename={FOLDER}/scratch
size=4m
bs=4k
iodepth={DEPTH}
rw=randrw
"""


def answer(command, path, *words):
    done = subprocess.run([FATHOM, command, "-i", path, *words, "--json"], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(FOLDER, "job.fio"), "w", encoding="ascii") as job:
            job.write(JOB.format(engine="null"))
        cls.own = os.path.join(FOLDER, "own.data")
        cls.perfs = os.path.join(FOLDER, "perfs.data")
        result = os.path.join(FOLDER, "bench.json")
        # Not perf's own child is traced but its grandchild, so all processes are recorded:
        # perf's breakpoints do not follow a fork and an exec.
        perf_trace.perf_record(
            "-a", "-m", "1024", "-o", cls.perfs, *PROBES.events(), "--", "sh", "-c",
            '"$0" record -e "fathom:*" -x "$0" -o "$1" -- "$0" bench --json "$2" > "$3"',
            FATHOM, cls.own, job.name, result)
        with open(result, encoding="utf-8") as text:
            cls.jobs = json.load(text)["jobs"]

    def counts(self):
        return {op: sum(job[op]["total_ios"] for job in self.jobs) for op in ("read", "write")}

    def check(self, latency):
        self.assertEqual({group["op"]: group["count"] for group in latency["groups"]},
                         self.counts())
        self.assertEqual(latency["unmatched"], {"completes": 0, "submits": 0, "reused": 0, "skipped": 0})
        self.assertEqual(latency["lost"], 0)
        self.assertEqual(latency["requests"], 1024)
        self.assertEqual(latency["events"], 2048)

    def test_own_trace(self):
        latency = answer("latency", self.own)
        self.assertEqual(latency["model"], "fathom")
        self.check(latency)

    def test_perfs_trace(self):
        self.check(answer("latency", self.perfs, "--model", MODEL_FILE))

    def test_sizes(self):
        for path, words in (self.own, ()), (self.perfs, ("--model", MODEL_FILE)):
            groups = answer("latency", path, "--by", "size", *words)["groups"]
            self.assertEqual([(g["size"], g["count"]) for g in groups], [(4096, 1024)])

    def test_depth(self):
        own = answer("depth", self.own)
        perfs = answer("depth", self.perfs, "--model", MODEL_FILE)
        for depth in own, perfs:
            self.assertEqual(depth["max_depth"], DEPTH)
            self.assertEqual(set(depth["time_at_depth_ns"]) - set("01234"), set())
            self.assertAlmostEqual(depth["little"]["depth"] / depth["mean_depth"], 1, 6)

    def test_a_cut_trace_is_still_read(self):
        cut = os.path.join(FOLDER, "cut.data")
        with open(self.own, "rb") as whole, open(cut, "wb") as part:
            part.write(whole.read()[:os.path.getsize(self.own) // 2])
        done = subprocess.run([FATHOM, "latency", "-i", cut, "--json"], check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("incomplete", done.stderr)
        self.assertTrue(0 < json.loads(done.stdout)["requests"] < 1024)


perf_trace.need_perf()
PROBES = perf_trace.Probes(FATHOM, "fathom", "submit", "complete")
MODEL_FILE = PROBES.model(MODEL, FOLDER)
try:
    STATUS = perf_trace.run_cases(sys.argv[:1])
finally:
    PROBES.remove()
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
