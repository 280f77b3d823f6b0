# SPDX-License-Identifier: GPL-2.0-or-later
"""The honesty checks: each warning comes when it must, and only then."""
import json
import os

from bench_tool import BenchTest, job_text, main


class Honesty(BenchTest):
    def warnings(self, size="1m", **keys):
        path = keys.pop("filename", None) or self.file("f", 1024 * 1024)
        text = job_text({"x": keys}, filename=path, size=size)
        ran = self.json(text)
        for warning in ran["fathom"]["warnings"]:
            self.assertNotIn("\n", warning["text"])
        return {warning["id"] for warning in ran["fathom"]["warnings"]}

    def test_they_are_on_stderr_too(self):
        text = job_text({"x": {}}, filename=self.file("f", 65536))
        self.assertIn("fathom bench: warning: ", self.bench(text).stderr)

    def test_one_line_for_each_job_and_file(self):
        text = job_text({"x": {"rw": "randrw", "numjobs": 4}}, bs="4k",
                        filename=self.file("f", 1024 * 1024))
        ran = self.bench(text, "--json")
        ids = [warning["id"] for warning in json.loads(ran.stdout)["fathom"]["warnings"]]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertTrue({"no-ramp", "buffered", "short"} <= set(ids))
        lines = ran.stderr.splitlines()
        self.assertEqual(len(lines), 3, ran.stderr)
        self.assertRegex(lines[0], r"job \[x\] has no ramp_time: .*; also goes through the page")

    def test_more_time_is_a_cure_only_if_time_was_short(self):
        keys = {"filename": self.file("f", 1024 * 1024), "bs": "4k"}
        errors = self.bench(job_text({"x": keys})).stderr
        self.assertIn("too few reads (256) for the 99.99th percentile", errors)
        self.assertNotIn("times as long", errors)
        errors = self.bench(job_text({"x": {**keys, "size": "16k"}})).stderr
        self.assertIn("too few reads (4) for any percentile\n", errors)

    def test_buffered(self):
        self.assertIn("buffered", self.warnings())
        self.assertNotIn("buffered", self.warnings(direct=1))

    def test_regular_file(self):
        self.assertTrue({"regular-file", "memory"} & self.warnings())

    def test_no_ramp(self):
        self.assertIn("no-ramp", self.warnings())
        self.assertNotIn("no-ramp", self.warnings(ramp_time="10ms"))

    def test_too_short_for_the_percentiles(self):
        self.assertIn("short", self.warnings())
        enough = {"bs": 512, "loops": 50, "ioengine": "io_uring", "iodepth": 16}
        self.assertNotIn("short", self.warnings(**enough))

    def test_depth_with_a_synchronous_engine(self):
        self.assertIn("synchronous", self.warnings(ioengine="psync", iodepth=8))
        self.assertNotIn("synchronous", self.warnings(ioengine="psync", iodepth=1))
        self.assertNotIn("synchronous", self.warnings(ioengine="libaio", iodepth=8))

    def test_depth_not_reached(self):
        # A buffered libaio read is done while it is submitted: nothing queues up.
        keys = {"ioengine": "libaio", "iodepth": 32, "rw": "randread", "loops": 8}
        self.assertIn("depth", self.warnings(**keys))
        self.assertNotIn("depth", self.warnings(**{**keys, "iodepth": 1}))

    def test_holes(self):
        path = self.path("holes")
        with open(path, "wb") as file:
            file.truncate(1024 * 1024)
        self.assertIn("sparse", self.warnings(filename=path))
        self.assertNotIn("sparse", self.warnings())

    def test_direct_refused_by_the_file_system(self):
        # sysfs has no direct I/O, but a file with a size.
        name = "/sys/kernel/notes"
        if not os.path.exists(name) or not os.path.getsize(name):
            self.skipTest("no " + name)
        text = job_text({"x": {"direct": 1, "bs": 4, "size": 4}}, filename=name)
        reason = "refuses direct I/O; choose a file on another one"
        self.assertIn(reason, self.fails(text))
        ran = json.loads(self.bench(text, "--json", status=1).stdout)
        self.assertEqual(ran["jobs"], [])
        self.assertIn(reason, ran["fathom"]["error"])
        self.assertEqual(self.bench(text, status=1).stdout, "")

    def test_null_has_nothing_to_be_honest_about(self):
        ran = self.json(job_text({"x": {"ioengine": "null", "size": "1m", "iodepth": 8}}))
        self.assertEqual(ran["fathom"]["warnings"], [])


if __name__ == "__main__":
    main()
