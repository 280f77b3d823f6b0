# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/perf/fathom-latency.py says what fathom latency says of the same trace."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from recordings import LATENCY, Fathom, check_groups, perf, perf_script, perf_trace, reckon

FATHOM, PROGRAM, MODEL = (os.path.abspath(word) for word in sys.argv[1:4])


def script(path, *words, **more):
    return perf("script", "-i", path, "-s", LATENCY, "--", *words, **more)


class Script(unittest.TestCase):
    def compare(self, theirs, ours):
        for key in ("requests", "events", "unmatched"):
            self.assertEqual(theirs[key], ours[key])
        pairs = [sorted(answer["groups"], key=lambda group: group["op"])
                 for answer in (theirs, ours)]
        self.assertEqual(len(pairs[0]), len(pairs[1]))
        for their, our in zip(*pairs):
            self.assertEqual(our.pop("group"), our["op"])
            self.assertAlmostEqual(their.pop("mean_ns"), our.pop("mean_ns"), delta=1e-6)
            self.assertEqual(their, our)

    def bench(self, event, *words):
        path, job = os.path.join(FOLDER, "ours.data"), os.path.join(FOLDER, "job.fio")
        with open(job, "w", encoding="ascii") as file:
            file.write("[test]\nioengine=null\nrw=randrw\nbs=4k\nsize=4m\niodepth=8\nfsync=50\n"
                       "numjobs=2\n")
        TOOL.run("record", "-q", "-o", path, "-e", event, *words, "--", FATHOM, "bench", job)
        return path

    def test_traces_of_fathom(self):
        for words in ([], ["-z"]):
            path = self.bench("fathom:*", *words)
            theirs = json.loads(script(path, "--json")[0])
            self.assertEqual({group["op"] for group in theirs["groups"]},
                             {"read", "write", "sync"})
            self.assertGreaterEqual(theirs["requests"], 2048)
            self.compare(theirs, TOOL.latency(path))

    def test_recordings_of_perf(self):
        """Two submit sites, arg1 ... argN, the prefix sdt_; a file and a pipe."""
        provider = PROBES.provider
        words = ["--submit", f"{provider}:submit", "--complete", f"{provider}:complete"]
        for extra in ([], ["-g"]):
            path = os.path.join(FOLDER, "theirs.data")
            perf("record", "-q", "-B", "-m", "512", "-o", path, *extra, *PROBES.events(), "--",
                 PROGRAM, "1000")
            events, _ = perf_script(path, f"sdt_{provider}:")
            latencies, unmatched = reckon(events)
            theirs = json.loads(script(path, "--json", *words)[0])
            self.assertEqual(theirs["unmatched"], unmatched)
            self.assertEqual(unmatched, {"completes": 2, "submits": 3, "reused": 0, "skipped": 0})
            check_groups(self, theirs["groups"], latencies)
            self.compare(theirs, TOOL.latency(path, "--model", MODEL_FILE))
        stream = perf("record", "-q", "-B", "-o", "-", *PROBES.events(), "--", PROGRAM, "500")[0]
        done = subprocess.run(["perf", "script", "-i", "-", "-s", LATENCY, "--", "--json", *words],
                              input=stream, capture_output=True, check=True)
        self.assertEqual(json.loads(done.stdout)["requests"], 497)

    def test_one_group_and_a_table(self):
        path = self.bench("fathom:*")
        answer = TOOL.latency(path)
        text = script(path, "--op", "none")[0].decode().splitlines()
        self.assertEqual(text[0].split(), ["op", "count", "mean", "min", "p50", "p90", "p99",
                                           "p99.9", "p99.99", "max"])
        self.assertEqual(text[1].split()[:2], ["all", str(answer["requests"])])

    def test_no_request(self):
        path = self.bench("fathom:submit")
        text, errors = script(path)
        self.assertEqual(text, b"")
        self.assertIn("fathom-latency.py: no request in the trace: fathom:submit and "
                      "fathom:complete are not there or do not pair", errors)
        _, errors = script(path, "--submit", "nonsense", status=1)
        self.assertIn("nonsense: expected PROVIDER:NAME", errors)


perf_trace.need_perf()
perf_trace.need("libpython: [ on" in " ".join(
    perf("version", "--build-options")[0].decode().split()), "this perf has no Python")
FOLDER = tempfile.mkdtemp(prefix="fathom-script-test-")
TOOL = Fathom(FATHOM, FOLDER)
PROBES = perf_trace.Probes(PROGRAM, "fathomtest", "submit", "complete")
try:
    MODEL_FILE = PROBES.model(MODEL, FOLDER)
    STATUS = perf_trace.run_cases(sys.argv[:1] + sys.argv[4:])
finally:
    PROBES.remove()
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
