# SPDX-License-Identifier: GPL-2.0-or-later
"""Block devices are written only when nothing uses them and the user said so.
Everything happens on loop devices that this test makes."""
import os
import shutil
import struct
import subprocess
import unittest

from bench_tool import BenchTest, job_text, skip


def run(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout.strip()


class WriteGuard(BenchTest):
    def setUp(self):
        super().setUp()
        self.backing = self.file("backing", 16 * 1024 * 1024, b"\0")
        self.device = run("losetup", "--show", "-P", "-f", self.backing)
        self.addCleanup(run, "losetup", "-d", self.device)

    def write(self, **more):
        return job_text({"x": {"rw": "write", "size": "64k", "bs": "4k", **more}},
                        filename=self.device)

    def data(self):
        with open(self.backing, "rb") as file:
            return file.read(65536)

    def refused(self, *options, because):
        before = self.data()
        self.assertIn(because, self.fails(self.write(), *options))
        self.assertEqual(self.data(), before)

    def allow(self, device=None):
        return "--allow-write=" + (device or self.device)

    def test_not_confirmed(self):
        self.refused(because="--allow-write=" + self.device)
        self.refused(self.allow("/dev/null"), because="--allow-write=")

    def test_reading_needs_no_confirmation(self):
        ran = self.json(job_text({"x": {"rw": "read", "size": "64k"}}, filename=self.device))
        self.assertIn("loop", {w["id"] for w in ran["fathom"]["warnings"]})

    def test_confirmed_is_written(self):
        self.bench(self.write(direct=1, ioengine="io_uring", numjobs=2), self.allow())
        self.assertTrue(any(self.data()))

    def test_confirmed_by_another_name(self):
        link = self.path("link")
        os.symlink(self.device, link)
        self.bench(self.write(end_fsync=1), self.allow(link))
        self.assertTrue(any(self.data()))

    def test_two_jobs_write_the_same_device(self):
        text = job_text({"a": {}, "b": {}}, filename=self.device, rw="write", size="64k")
        self.bench(text, self.allow())

    def test_mounted(self):
        run("mkfs.ext4", "-q", self.device)
        point = self.path("mount")
        os.mkdir(point)
        run("mount", self.device, point)
        self.addCleanup(run, "umount", point)
        self.refused(self.allow(), because="mounted on " + point)

    def test_swap(self):
        run("mkswap", self.device)
        try:
            run("swapon", self.device)
        except subprocess.CalledProcessError as error:
            self.skipTest("swapon: " + error.stderr.strip())
        self.addCleanup(run, "swapoff", self.device)
        self.refused(self.allow(), because="used as swap")

    def test_held_by_device_mapper(self):
        if not shutil.which("dmsetup") or not os.path.exists("/dev/mapper/control"):
            self.skipTest("no device mapper")
        name = f"fathom-test-{os.getpid()}"
        try:
            run("dmsetup", "create", name, "--table", f"0 32768 linear {self.device} 0")
        except subprocess.CalledProcessError as error:
            self.skipTest("dmsetup: " + error.stderr.strip())
        self.addCleanup(run, "dmsetup", "remove", name)
        self.refused(self.allow(), because="is held by")
        ran = self.json(job_text({"x": {"size": "64k"}}, filename="/dev/mapper/" + name))
        self.assertIn("device-mapper", {w["id"] for w in ran["fathom"]["warnings"]})

    def test_held_by_anyone_else(self):
        held = os.open(self.device, os.O_RDONLY | os.O_EXCL)
        self.addCleanup(os.close, held)
        self.refused(self.allow(), because="in use by the kernel")

    def test_a_partition_of_it_is_mounted(self):
        # A partition table with one Linux partition, 8 MiB from sector 2048 on.
        entry = struct.pack("<B3sB3sII", 0, b"\0" * 3, 0x83, b"\0" * 3, 2048, 16384)
        with open(self.backing, "r+b") as file:
            file.write(b"\0" * 446 + entry + b"\0" * 48 + b"\x55\xaa")
        run("losetup", "-d", self.device)
        self.device = run("losetup", "--show", "-P", "-f", self.backing)
        partition = self.device + "p1"
        if not os.path.exists(partition):
            self.skipTest("no partitions on loop devices here")
        run("mkfs.ext4", "-q", partition)
        point = self.path("mount")
        os.mkdir(point)
        run("mount", partition, point)
        self.addCleanup(run, "umount", point)
        self.refused(self.allow(), because="mounted on " + point)


if __name__ == "__main__":
    if os.geteuid():
        skip("loop devices need root")
    if not shutil.which("losetup") or not os.path.exists("/dev/loop-control"):
        skip("no loop devices")
    unittest.main(verbosity=1)
