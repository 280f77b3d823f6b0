# SPDX-License-Identifier: GPL-2.0-or-later
"""The collector under Linux 6.1, which has neither uprobe_multi links nor fast sites. Runs in
the machine: collector_test.py FATHOM HITTER TEXTS

The other tests of record run under the kernel at hand; here is what differs with the kernel,
and one benchmark from end to end for each backend and kind of file."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, HITTER, TEXTS = map(os.path.abspath, sys.argv[1:4])
BACKENDS = ("bpf-perf", "uprobe")
DISK = "/tmp/disk"


def run(*command, status=0):
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != status:
        raise AssertionError(f"{' '.join(command)}: exit {ran.returncode}: {ran.stderr}")
    return ran


def answer(command, *words):
    return json.loads(run(FATHOM, command, "--json", *words).stdout)


def setUpModule():
    """An ext4 file system on a loop device, for files that take direct I/O."""
    os.chdir(tempfile.mkdtemp())
    with open(DISK, "wb") as file:
        file.truncate(64 << 20)
    run("mkfs.ext4", "-q", "-O", "^has_journal", DISK)
    run("mount", "-o", "loop", DISK, "/mnt")


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        told = answer("doctor")
        cls.best = told["backend"]
        cls.features = {feature["name"]: feature for feature in told["features"]}

    def test_what_this_kernel_lacks_is_said(self):
        for name, version in (("backend_bpf", "6.6"), ("uprobe_multi", "6.6"),
                              ("fast_sites", "6.18")):
            with self.subTest(name):
                self.assertFalse(self.features[name]["works"])
                self.assertIn(f"Linux {version}", self.features[name]["detail"])

    def test_the_rest_works(self):
        lacking = {name for name, feature in self.features.items() if not feature["works"]}
        self.assertEqual(lacking, {"backend_bpf", "uprobe_multi", "fast_sites", "vsockmon"})
        self.assertEqual(self.best, BACKENDS[0])


class Record(unittest.TestCase):
    def record(self, backend, *words):
        ran = run(FATHOM, "record", "--backend", backend, *words)
        self.assertRegex(ran.stderr, r"\D0 lost \]")
        return ran

    def test_the_backend_that_cannot_work_is_refused(self):
        ran = run(FATHOM, "record", "--backend", "bpf", "-e", "hit", "--", HITTER, status=1)
        self.assertEqual(ran.stderr.count("\n"), 1, ran.stderr)
        self.assertIn("no uprobe_multi links (Linux 6.6)", ran.stderr)

    def test_every_hit_of_every_site_comes(self):
        for backend in BACKENDS:
            with self.subTest(backend):
                ran = self.record(backend, "-e", "hitter:*", "--", HITTER, "count", "5000")
                self.assertRegex(ran.stderr, r"\D5,?000 events")

    def test_an_empty_text_is_one(self):
        """The helper that reads it returns 0 here, and 1 under newer kernels."""
        self.record("bpf-perf", "-e", 'texts:say(arg1:string)/arg1==""/', "--", TEXTS, "once")
        out = run(FATHOM, "script").stdout
        self.assertEqual(re.findall(r"arg1=(\S+) arg2=(\d)", out), [('""', "2")])

    def bench(self, backend, **keys):
        """What the engine counted itself and what the analysers find in the trace."""
        with open("job.fio", "w", encoding="utf-8") as job:
            job.write("[job]\nrw=randrw\nbs=4k\niodepth=8\n")
            job.writelines(f"{key}={value}\n" for key, value in keys.items())
        self.record(backend, "-e", "fathom:*", "--", FATHOM, "bench", "--json=result.json",
                    "job.fio")
        with open("result.json", encoding="utf-8") as file:
            own, = json.load(file)["jobs"]
        return own, answer("latency"), answer("depth")

    def check(self, requests, backend, **keys):
        own, latency, depth = self.bench(backend, **keys)
        groups = {group["op"]: group["count"] for group in latency["groups"]}
        self.assertEqual(groups, {op: own[op]["lat_ns"]["N"] for op in ("read", "write")})
        self.assertEqual((latency["requests"], latency["lost"]), (requests, 0))
        self.assertEqual(sum(latency["unmatched"].values()), 0, latency["unmatched"])
        self.assertEqual(depth["max_depth"], 8)

    def test_null_engine(self):
        for backend in BACKENDS:
            with self.subTest(backend):
                self.check(512, backend, ioengine="null", filename="/mnt/f", size="2m")

    def test_io_uring_on_a_file_system(self):
        for backend in BACKENDS:
            with self.subTest(backend):
                self.check(512, backend, ioengine="io_uring", direct=1, filename="/mnt/f",
                           size="2m")

    def test_io_uring_on_a_block_device(self):
        for backend in BACKENDS:
            with self.subTest(backend):
                own, latency, _ = self.bench(backend, ioengine="io_uring", direct=1,
                                             filename="/dev/nullb0", size="2m", rw="randread")
                self.assertEqual(latency["requests"], own["read"]["total_ios"])


if __name__ == "__main__":
    skips.main(sys.argv[:1] + sys.argv[4:])
