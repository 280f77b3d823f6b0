# SPDX-License-Identifier: GPL-2.0-or-later
"""PostgreSQL's and Python's probes, recorded by stock perf in many ways while fathom records
the same run: both recordings give the same answer."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from recordings import Fathom, perf_trace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../scripts/measure"))
import postgresql  # noqa: E402

FATHOM, MODELS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[3])
PYTHON = "/usr/bin/python3.11"
COLLECT = "import gc\nfor number in range(60): gc.collect(number % 3)"
KINDS = {
    "plain": [], "compressed": ["-z"], "pipe": ["-o", "-"], "call chains": ["-g"],
    "samples beside": ["-e", "cpu-clock"],
    "all beside": ["-e", "cpu-clock", "-e", "sched:sched_switch", "-g", "-z"],
}


class Foreign(unittest.TestCase):
    def setUp(self):
        self.theirs, self.ours = (os.path.join(FOLDER, name) for name in ("theirs", "ours"))

    def probes(self, program, provider, *names):
        probes = perf_trace.Probes(program, provider, *names)
        self.addCleanup(probes.remove)
        return probes

    def record(self, ours, theirs, command):
        """Runs @command under perf record under fathom record."""
        for _ in range(5):  # as recordings.perf says
            done = subprocess.run([FATHOM, "record", "-q", "-o", self.ours, *ours, "--", "perf",
                                   "record", "-q", "-B", "-o", self.theirs, *theirs, "--",
                                   *command], capture_output=True, check=False)
            if done.stdout.startswith(b"PERFILE2"):
                with open(self.theirs, "wb") as file:
                    file.write(done.stdout)
            if os.path.exists(self.theirs) and b"smashing" not in done.stderr:
                break
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.exists(self.theirs), done.stderr)

    def compare(self, probes, model):
        """The answers by a shipped model, which for perf's recording is renamed."""
        provider, name = model.split("/")
        renamed = probes.model(os.path.join(MODELS, provider + ".model"), FOLDER)
        answers = TOOL.latency(self.theirs, "--model", f"{renamed}/{name}"), \
            TOOL.latency(self.ours, "--model", model)
        counts = [{group["op"]: group["count"] for group in answer["groups"]}
                  for answer in answers]
        os.unlink(self.theirs)
        self.assertEqual(*counts)
        self.assertEqual(*(answer["unmatched"] for answer in answers))
        self.assertEqual(*(answer["lost"] for answer in answers))
        return counts[0]

    @unittest.skipUnless(os.path.exists(PYTHON), "python3.11 is not installed")
    def test_python(self):
        probes = self.probes(PYTHON, "python", "gc__start", "gc__done")
        for kind, words in {**KINDS, "per thread": ["--per-thread"]}.items():
            with self.subTest(kind=kind):
                self.record(["-x", PYTHON, "-e", "python:gc__*"], [*probes.events(), *words],
                            [PYTHON, "-S", "-c", COLLECT])
                counts = self.compare(probes, "python/gc")
                self.assertEqual(set(counts), {"young", "middle", "full"})
                self.assertGreaterEqual(sum(counts.values()), 60)

    def test_postgresql(self):
        if postgresql.missing():
            self.skipTest(postgresql.missing())
        probes = self.probes(postgresql.SERVER, "postgresql", "query__start", "query__done")
        with postgresql.Cluster() as cluster:
            client = cluster.client("-S", "-n", "-c", "2", "-t", "50")
            for kind, words in KINDS.items():
                with self.subTest(kind=kind):
                    self.record(["-a", "-x", postgresql.SERVER, "-e", "postgresql:query__start",
                                 "-e", "postgresql:query__done"],
                                ["-a", *probes.events(), *words], client)
                    counts = self.compare(probes, "postgresql/query")
                    self.assertGreaterEqual(counts["query"], 100)


perf_trace.need_perf()
FOLDER = tempfile.mkdtemp(prefix="fathom-foreign-test-")
TOOL = Fathom(FATHOM, FOLDER)
try:
    STATUS = perf_trace.run_cases(sys.argv[:1] + sys.argv[4:])
finally:
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
