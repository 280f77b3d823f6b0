# SPDX-License-Identifier: GPL-2.0-or-later
"""Block devices are written only when nothing uses them and the user said so.
Everything happens on loop devices that this test makes."""
import os
import shutil
import subprocess

from bench_tool import BenchTest, job_text, main, skip


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
        self.refused(self.allow(), because="mounted on " + self.mount(self.device))

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

    def partition(self):
        """Gives the device a partition, 8 MiB from sector 2048 on; no table is needed."""
        try:
            run("addpart", self.device, "1", "2048", "16384")
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no partitions on loop devices here: {error}")
        return self.device + "p1"

    def mount(self, device):
        point = self.path("mount")
        os.mkdir(point)
        run("mount", device, point)
        self.addCleanup(run, "umount", point)
        return point

    def test_a_partition_of_it_is_mounted(self):
        partition = self.partition()
        run("mkfs.ext4", "-q", partition)
        self.refused(self.allow(), because="mounted on " + self.mount(partition))

    def test_the_disk_of_a_partition_is_mounted(self):
        run("mkfs.ext4", "-q", self.device)
        partition = self.partition()
        point = self.mount(self.device)
        with open(self.backing, "rb") as file:
            before = file.read()[1 << 20:9 << 20]
        text = job_text({"x": {"rw": "write", "size": "64k"}}, filename=partition)
        self.assertIn("mounted on " + point, self.fails(text, self.allow(partition)))
        with open(self.backing, "rb") as file:
            self.assertEqual(file.read()[1 << 20:9 << 20], before)

    def test_a_partition_may_be_written_when_nobody_uses_its_disk(self):
        partition = self.partition()
        text = job_text({"x": {"rw": "write", "size": "64k", "end_fsync": 1}},
                        filename=partition)
        self.bench(text, self.allow(partition))
        with open(self.backing, "rb") as file:
            data = file.read()
        self.assertFalse(any(data[:1 << 20]))
        self.assertTrue(any(data[1 << 20:(1 << 20) + 65536]))


if __name__ == "__main__":
    if os.geteuid():
        skip("loop devices need root")
    if not shutil.which("losetup") or not os.path.exists("/dev/loop-control"):
        skip("no loop devices")
    main()
