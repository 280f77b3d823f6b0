# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom bench end to end: every engine and pattern, amounts, data, errors, Ctrl-C."""
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import bench_tool
from bench_tool import ENGINES, BenchTest, job_text, main

PATTERNS = ("read", "write", "rw", "randread", "randwrite", "randrw")
KIB = 1024


class Amounts(BenchTest):
    def test_each_engine_does_each_pattern_in_full(self):
        path = self.file("f", 256 * KIB)
        for engine in ENGINES:
            for pattern in PATTERNS:
                with self.subTest(engine=engine, pattern=pattern):
                    job = self.json(job_text({"x": {"rw": pattern}}, filename=path, bs="4k",
                                             ioengine=engine, iodepth=4, loops=2))["jobs"][0]
                    self.assertEqual(job["error"], 0)
                    reads, writes = (job[d]["total_ios"] for d in ("read", "write"))
                    self.assertEqual(reads + writes, 2 * 64)
                    self.assertEqual(job["fathom"]["all_requests"], 2 * 64)
                    self.assertEqual(job["read"]["io_bytes"], reads * 4096)
                    self.assertEqual(job["read"]["lat_ns"]["N"], reads)
                    self.assertEqual(reads > 0, "write" not in pattern)
                    self.assertEqual(writes > 0, "read" not in pattern)

    def test_null_needs_no_file(self):
        job = self.json(job_text({"x": {"ioengine": "null", "size": "4m", "iodepth": 32}}))
        self.assertEqual(job["jobs"][0]["read"]["total_ios"], 1024)

    def test_runtime_ends_what_has_no_end(self):
        for engine in ("null", "io_uring"):
            text = job_text({"x": {"rw": "randread"}}, ioengine=engine, runtime="300ms",
                            time_based=None, filename=self.file("f", 64 * KIB), size="64k")
            job = self.json(text)["jobs"][0]
            self.assertGreater(job["read"]["total_ios"], 16)
            self.assertGreaterEqual(job["job_runtime"], 300)

    def test_ramp_is_left_out(self):
        text = job_text({"x": {"rw": "read", "ramp_time": "200ms"}}, ioengine="psync",
                        filename=self.file("f", 256 * KIB), bs="4k")
        job = self.json(text)["jobs"][0]
        self.assertEqual(job["read"]["total_ios"], 64)
        self.assertGreater(job["fathom"]["all_requests"], 64)

    def test_fsync_every_few_writes(self):
        path = self.file("f", 64 * KIB)
        for engine in ENGINES:
            text = job_text({"x": {"rw": "write", "fsync": 4, "end_fsync": 1, "size": "72k"}},
                            bs="4k", filename=path, ioengine=engine, iodepth=2)
            job = self.json(text)["jobs"][0]
            self.assertEqual(job["write"]["total_ios"], 18)
            self.assertEqual(job["sync"]["total_ios"], 4)

    def test_workers_divide_by_offset_increment(self):
        path = self.path("f")
        text = job_text({"x": {"rw": "write", "numjobs": 4, "offset_increment": "64k",
                               "size": "32k", "offset": "16k"}}, bs="4k", filename=path)
        jobs = self.json(text)["jobs"]
        self.assertEqual([j["write"]["total_ios"] for j in jobs], [8] * 4)
        with open(path, "rb") as file:
            data = file.read()
        self.assertEqual(len(data), (16 + 3 * 64 + 32) * KIB)
        for block in range(0, len(data), 4 * KIB):
            written = 16 * KIB <= block % (64 * KIB) < 48 * KIB
            self.assertEqual(any(data[block:block + 4 * KIB]), written, block)

    def test_depths_count_what_a_round_reached(self):
        path = self.file("f", 4096 * KIB)
        for engine in ("io_uring", "libaio", "null"):
            job = self.json(job_text({"x": {"rw": "randread", "iodepth": 8}}, bs="4k",
                                     size="4m", ioengine=engine, filename=path))["jobs"][0]
            self.assertGreater(job["iodepth_level"]["8"], 99, engine)
            self.assertAlmostEqual(sum(job["iodepth_level"].values()), 100)

    def test_groups_and_stonewall(self):
        path = self.file("f", 64 * KIB)
        sections = {"a": {"numjobs": 3}, "b": {}, "c": {"stonewall": None}}
        apart = self.json(job_text(sections, filename=path))["jobs"]
        self.assertEqual([j["jobname"] for j in apart], ["a", "a", "a", "b", "c"])
        self.assertEqual([j["groupid"] for j in apart], [0, 0, 0, 0, 1])
        merged = self.json(job_text(sections, filename=path, group_reporting=None))["jobs"]
        self.assertEqual([j["jobname"] for j in merged], ["a", "c"])
        self.assertEqual(merged[0]["read"]["total_ios"], 4 * 16)
        self.assertEqual(merged[0]["fathom"]["workers"], 4)


class Data(BenchTest):
    def test_what_is_written_is_in_the_file(self):
        for engine in ENGINES:
            path = self.file("f", 256 * KIB, b"\0")
            self.bench(job_text({"x": {"rw": "write"}}, filename=path, bs="4k",
                                ioengine=engine, iodepth=8))
            with open(path, "rb") as file:
                data = file.read()
            self.assertEqual(len(data), 256 * KIB)
            for offset in range(0, len(data), 4096):
                block = data[offset:offset + 4096]
                self.assertEqual(int.from_bytes(block[:8], "little"), offset)
                self.assertGreater(len(set(block)), 100, "not random enough")

    def test_reading_changes_nothing(self):
        path = self.file("f", 64 * KIB, b"q")
        self.bench(job_text({"x": {"rw": "randread"}}, filename=path, ioengine="io_uring"))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"q" * 64 * KIB)

    def test_a_missing_file_is_laid_out_for_reading(self):
        path = self.path("new")
        job = self.json(job_text({"x": {}}, filename=path, size="128k", bs="4k"))["jobs"][0]
        self.assertEqual(job["read"]["total_ios"], 32)
        self.assertEqual(os.path.getsize(path), 128 * KIB)
        self.assertGreaterEqual(os.stat(path).st_blocks * 512, 128 * KIB)

    def test_a_missing_file_is_laid_out_for_all_its_jobs(self):
        path = self.path("new")
        text = job_text({"a": {"rw": "write", "size": "64k"}, "b": {"rw": "read", "size": "1m"},
                         "c": {"rw": "read"}}, filename=path, bs="4k", stonewall=None)
        jobs = self.json(text)["jobs"]
        self.assertEqual([j["read"]["total_ios"] for j in jobs], [0, 256, 256])
        self.assertGreaterEqual(os.stat(path).st_blocks * 512, 1024 * KIB)


class Errors(BenchTest):
    def test_one_line_says_what_is_wrong(self):
        path = self.file("f", 64 * KIB)
        cases = [
            (job_text({"x": {"iodeptj": 3}}), "job.fio:3: unknown key 'iodeptj', did you mean "
             "'iodepth'"),
            (job_text({"x": {}}, filename=self.path("no")), "give size= and it will be laid out"),
            (job_text({"x": {"size": "1m"}}, filename=path), "too few for worker 1"),
            (job_text({"x": {"numjobs": 3, "offset_increment": "40k"}}, filename=path),
             "before offset 81920 where worker 3 of job [x] begins"),
            (job_text({"x": {"numjobs": 2, "offset_increment": "40k", "size": "60k"}},
                      filename=path), "too few for worker 2"),
            (job_text({"x": {"direct": 1, "bs": 1000}}, filename=path),
             "direct I/O wants blocksize in multiples of"),
            (job_text({"x": {}}, filename=self.directory), "neither a file nor a block device"),
            (job_text({"x": {}}), "filename is missing"),
        ]
        for text, expected in cases:
            line = self.fails(text)
            self.assertTrue(line.startswith("fathom bench: "), line)
            self.assertIn(expected, line)

    def test_bad_usage_is_exit_2(self):
        for arguments in ([], ["a", "b"], ["--poll", "--no-poll", "a"], ["--nonsense", "a"]):
            ran = subprocess.run([bench_tool.FATHOM, "bench", *arguments], text=True,
                                 stderr=subprocess.PIPE, check=False)
            self.assertEqual(ran.returncode, 2, arguments)
            self.assertTrue(ran.stderr.startswith("fathom bench: "))

    def test_a_bad_value_names_its_option(self):
        text = job_text({"x": {}}, filename=self.file("f", 64 * KIB))
        for option, given in (("--iodepth", ["-d", "x"]), ("--engine", ["-E", "foo"]),
                              ("--poll", ["--poll=abc"]), ("--size", ["--size", "1q"]),
                              ("--runtime", ["-t", "soon"]), ("--filename", ["-f", "a:b"]),
                              ("--ramp-time", ["--ramp-time=1y"]),
                              ("--poll-algorithm", ["--poll-algorithm=best"])):
            errors = self.bench(text, *given, status=2).stderr
            self.assertTrue(errors.startswith(f"fathom bench: {option}: "), errors)
            self.assertNotRegex(errors, "ioengine: |poll_max_ns|filename: .*filename")
            self.assertEqual(errors.count("\n"), 1)

    def test_an_engine_that_cannot_open_is_explained_without_a_report(self):
        # Two files are open then, and no third descriptor is left for a ring.
        text = job_text({"first": {}, "x": {"stonewall": None, "ioengine": "io_uring"}},
                        filename=self.file("f", 64 * KIB))
        ran = subprocess.run(["prlimit", "--nofile=5", bench_tool.FATHOM, "bench",
                              self.job(text)], text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, check=False)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("cannot set up a ring of 1 requests: Too many open files\n", ran.stderr)
        self.assertIn("first: (groupid=0", ran.stdout)
        self.assertNotIn("x: (groupid", ran.stdout)
        self.assertNotIn("was over before anything", ran.stderr)
        alone = job_text({"x": {"ioengine": "io_uring"}}, filename=self.file("f", 64 * KIB))
        ran = subprocess.run(["prlimit", "--nofile=4", bench_tool.FATHOM, "bench",
                              self.job(alone)], text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (1, ""))
        self.assertTrue(ran.stderr.endswith(": Too many open files\n"), ran.stderr)
        text = job_text({"x": {"ioengine": "io_uring", "bs": 512, "iodepth": 32768}},
                        filename=self.file("f", 64 * KIB))
        self.bench(text)  # io_uring's largest

    def test_an_output_that_cannot_be_opened_is_found_before_the_run(self):
        target = self.path("new")
        text = job_text({"x": {"rw": "write", "size": "64k"}}, filename=target)
        for option in ("--json=/nonexistent/x", "--output=/nonexistent/x"):
            self.assertIn("/nonexistent/x: No such file", self.fails(text, option))
            self.assertFalse(os.path.exists(target))

    def test_one_failed_output_does_not_take_the_other_along(self):
        sections = {f"x{i}": {} for i in range(8)}  # more than stdio keeps back
        text = job_text(sections, filename=self.file("f", 64 * KIB))
        ran = self.bench(text, "--json=/dev/full", status=1)
        self.assertIn("/dev/full: No space left", ran.stderr)
        self.assertIn("IO depths", ran.stdout)
        ran = self.bench(text, "--output=/dev/full", "--json=" + self.path("j"), status=1)
        self.assertIn("/dev/full: No space left", ran.stderr)
        with open(self.path("j"), encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["jobs"]), 8)

    def test_closed_output_is_told_in_a_sentence(self):
        job = self.job(job_text({"x": {"ioengine": "null", "size": "1m"}}))
        for option in ("--json", "--json=" + self.path("j")):
            ran = subprocess.run(["sh", "-c", 'exec "$0" bench "$@" >&-', bench_tool.FATHOM,
                                  option, job], text=True, stderr=subprocess.PIPE, check=False)
            self.assertEqual(ran.returncode, 1)
            self.assertRegex(ran.stderr, "^fathom bench: .+: Bad file descriptor\n$")

    def test_a_failure_comes_first_and_alone(self):
        # A limit takes the place of a full disk: the third write is too far.
        path = self.file("f", 64 * KIB)
        job = self.job(job_text({"x": {"rw": "write", "numjobs": 2, "size": "64k", "offset": 0,
                                       "ioengine": "psync"}}, bs="4k", filename=path))
        ran = subprocess.run(["bash", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$0" "$@" 2>&1',
                              bench_tool.FATHOM, "bench", job],
                             text=True, stdout=subprocess.PIPE, check=False)
        self.assertEqual(ran.returncode, 1)
        self.assertLess(ran.stdout.index("job [x]: write of 4096 bytes at offset 8192: File too"),
                        ran.stdout.index("IO depths"))
        self.assertNotIn("too few", ran.stdout)
        self.assertEqual(ran.stdout.count("File too large"), 1)

    def test_a_longer_old_result_is_replaced(self):
        result = self.file("j", 256 * KIB)
        self.bench(job_text({"x": {}}, filename=self.file("f", 64 * KIB)), "--json=" + result)
        with open(result, encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["jobs"]), 1)

    def test_a_file_cut_short_meanwhile_ends_the_job(self):
        # Half of the file goes away between the check and the reading of its end.
        path = self.file("f", 512 * KIB)
        text = job_text({"shrink": {"rw": "write", "size": "64k"},
                         "x": {"rw": "randread", "runtime": 20, "time_based": None}},
                        filename=path, bs="4k", ioengine="psync")
        with subprocess.Popen([bench_tool.FATHOM, "bench", self.job(text)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            while b"warning" not in running.stderr.buffer.peek(1):
                pass
            os.truncate(path, 4096)
            _, errors = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 1)
        self.assertIn("the file ends before it", errors)


class Running(BenchTest):
    def test_interrupt_ends_in_order_with_a_summary(self):
        text = job_text({"x": {"rw": "randread", "iodepth": 4}}, runtime=100,
                        time_based=None, ioengine="io_uring", poll_max_ns=32768,
                        filename=self.file("f", 256 * KIB))
        with subprocess.Popen([bench_tool.FATHOM, "bench", self.job(text)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            while len(os.listdir(f"/proc/{running.pid}/task")) < 2:
                pass  # until its worker is there
            running.send_signal(signal.SIGINT)
            out, _ = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 0)
        self.assertIn("Run status group 0", out)

    def test_command_line_takes_the_place_of_keys(self):
        path = self.file("f", 64 * KIB)
        text = job_text({"x": {"rw": "read", "runtime": 100}}, filename="/nonexistent")
        job = self.json(text, "--filename", path, "--engine=libaio", "--size=32k",
                        "--iodepth=2", "--poll")["jobs"][0]
        self.assertEqual(job["read"]["total_ios"], 8)
        self.assertEqual(job["job options"]["ioengine"], "libaio")
        self.assertEqual(job["fathom"]["polling"]["max_ns"], 32768)
        job = self.json(text, "-f", path, "--poll=100us")["jobs"][0]
        self.assertEqual(job["fathom"]["polling"]["max_ns"], 100000)

    def test_names_cannot_harm_a_terminal(self):
        text = job_text({"a\x1b[31mb": {"ioengine": "null", "size": "1m"}})
        self.assertIn("a\\x1b[31mb: (groupid", self.bench(text).stdout)

    def test_json_file_beside_the_summary(self):
        text = job_text({"x": {}}, filename=self.file("f", 64 * KIB))
        ran = self.bench(text, "--json=" + self.path("j"), "-o", self.path("o"))
        self.assertEqual(ran.stdout, "")
        with open(self.path("j"), encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("{"))
        with open(self.path("o"), encoding="utf-8") as file:
            self.assertIn("IO depths", file.read())

    def test_a_group_gives_its_buffers_back(self):
        text = job_text({f"x{i}": {"stonewall": None} for i in range(8)}, ioengine="null",
                        bs="1m", iodepth=64, size="64m")
        bench = [bench_tool.FATHOM, "bench", "--json=" + self.path("j"), self.job(text)]
        with subprocess.Popen(bench, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as running:
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(running.returncode, 0)
        self.assertLess(usage.ru_maxrss, 3 * 64 * KIB)  # KiB; eight groups of 64 MiB

    def progress(self, text, columns):
        """The lines of progress that a terminal of so many columns was shown."""
        main, other = pty.openpty()
        self.addCleanup(os.close, main)
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        with subprocess.Popen([bench_tool.FATHOM, "bench", self.job(text)], stderr=other,
                              stdout=subprocess.DEVNULL):
            os.close(other)
            seen = b""
            with contextlib.suppress(OSError):  # the last writer has left
                while True:
                    seen += os.read(main, 4096)
        return [line.removeprefix("\x1b[K") for line in seen.decode().split("\r")]

    def test_progress_fits_into_a_narrow_terminal(self):
        lines = self.progress(job_text({"x": {"ioengine": "null", "runtime": "1500ms"}}), 40)
        self.assertTrue(any("measuring" in line for line in lines), lines)
        self.assertLess(max(map(len, lines)), 40)

    def test_progress_is_that_of_the_whole_run_and_tells_what_it_knows(self):
        sections = {"a": {"ramp_time": "1500ms"}, "b": {"stonewall": None}}
        lines = self.progress(job_text(sections, ioengine="null", rw="read",
                                       runtime="700ms"), 100)
        shown = [re.fullmatch(r" *(\d+)% (warming up|measuring)(, read [\d.]+[kM]? IOPS, "
                              r"[\d.]+ .iB/s)?(, \d s left)?", line) for line in lines if line]
        self.assertTrue(all(shown[:-1]), lines)
        done = [int(line[1]) for line in shown if line]
        self.assertEqual(done, sorted(done))
        self.assertEqual({"warming up", "measuring"}, {line[2] for line in shown if line})

    def test_a_job_from_stdin(self):
        text = job_text({"x": {}}, filename=self.file("f", 64 * KIB))
        ran = subprocess.run([bench_tool.FATHOM, "bench", "-"], input=text, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertIn("IOPS=", ran.stdout)

    def test_classic_jobs_run_with_another_file_and_runtime(self):
        jobs = os.path.join(os.path.dirname(__file__), "../../docs/jobs")
        path = self.path("big")
        with open(path, "wb") as file:
            file.truncate(16 * 128 * KIB * KIB)  # holes will do
        for name in ("sequential-read", "random-read", "random-mixed"):
            ran = subprocess.run(
                [bench_tool.FATHOM, "bench", "-f", path, "-t", "200ms", "--ramp-time", "50ms",
                 os.path.join(jobs, name + ".fio")],
                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertIn("read: (groupid=0", ran.stdout)

    def test_polling_looks_before_it_blocks(self):
        text = job_text({"x": {"rw": "randread"}}, filename=self.file("f", 1024 * KIB),
                        ioengine="io_uring", direct=1, poll_max_ns=1000000, loops=20)
        on, off = (self.json(text, *options)["jobs"][0]["fathom"]["polling"]
                   for options in ([], ["--no-poll"]))
        self.assertGreater(on["windows"], 0)
        self.assertGreater(on["hits"], 0)
        self.assertLessEqual(on["hits"], on["windows"])
        self.assertGreater(on["grown"], 0)
        self.assertEqual((off["windows"], off["grown"], off["max_ns"]), (0, 0, 0))
        self.assertGreater(off["waits"], 0)

    def test_every_poll_algorithm_polls(self):
        text = job_text({"x": {"rw": "randrw"}}, filename=self.file("f", 1024 * KIB),
                        ioengine="io_uring", direct=1, poll_max_ns=1000000, loops=20)
        for name in ("context", "handler", "weighted", "fathom"):
            with self.subTest(name):
                job, = self.json(text, "--poll-algorithm", name)["jobs"]
                polling = job["fathom"]["polling"]
                self.assertEqual(polling["algorithm"], name)
                self.assertGreater(polling["windows"], 0)
                self.assertGreater(polling["hits"], 0)
                self.assertEqual(job["read"]["total_ios"] + job["write"]["total_ios"], 5120)
                self.assertIn(f"polling      : {name}, windows=",
                              self.bench(text, "--poll-algorithm", name).stdout)


if __name__ == "__main__":
    main()
