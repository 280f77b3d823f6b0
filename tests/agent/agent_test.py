# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom agent and bench --agent, end to end: results, refusals, ends of every kind."""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import unittest

import protocol
from agent_tool import FATHOM, LONG, AgentTest, await_, children, job_text, main

KIB = 1024


class Results(AgentTest):
    def test_every_channel(self):
        text = job_text({"x": {"rw": "randrw", "bs": "4k", "loops": 2, "iodepth": 4}},
                        filename=self.file("f", 256 * KIB), ioengine="io_uring")
        for address in ("unix:" + self.path("socket"), "tcp::0", "tcp:127.0.0.1:0"):
            with self.subTest(address):
                agent = self.agent("--allow-path", self.directory, "--allow-write",
                                   address=address, name=re.sub(r"\W", "", address))
                job = json.loads(self.there(agent, text, "--json").stdout)["jobs"][0]
                self.assertEqual(job["read"]["total_ios"] + job["write"]["total_ios"], 128)
                self.assertEqual(job["error"], 0)

    def test_the_json_is_that_of_a_local_run_and_says_who_measured(self):
        text = job_text({"x": {"ioengine": "null", "size": "1m"}})

        def keys(value, path=""):
            for key, inner in value.items() if isinstance(value, dict) else ():
                yield path + "/" + key
                yield from keys(inner, path + "/" + key)
        here = json.loads(self.bench(text, "--json").stdout)
        there = json.loads(self.there(self.agent(), text, "--json").stdout)
        agent = there["fathom"].pop("agent")
        self.assertEqual(set(keys(here)), set(keys(there)))
        self.assertEqual(set(keys(here["jobs"][0])), set(keys(there["jobs"][0])))
        self.assertEqual(agent["host"], os.uname().nodename)
        self.assertRegex(agent["session"], "^[0-9a-f]{16}$")
        self.assertEqual(len(agent["clock"]), 2)
        for clock in agent["clock"]:  # the same clock on both sides
            self.assertLessEqual(abs(clock["offset_ns"]), clock["error_ns"])

    def test_summary_options_and_warnings(self):
        agent = self.files_agent()
        path = self.file("f", 64 * KIB)
        text = job_text({"x": {"rw": "read", "iodepth": 9}}, filename="/nonexistent", bs="4k")
        ran = self.there(agent, text, "-f", path, "--size=32k", "-d", "2", "-E", "libaio",
                         "--json=" + self.path("j"), "--output=" + self.path("o"))
        with open(self.path("j"), encoding="utf-8") as file:
            results = json.load(file)
        with open(self.path("o"), encoding="utf-8") as file:
            self.assertIn("x: (groupid=0, jobs=1): err= 0: libaio, iodepth=2:", file.read())
        self.assertEqual(results["jobs"][0]["read"]["total_ios"], 8)
        told = [line for line in ran.stderr.splitlines() if "warning" in line]
        ids = {warning["id"] for warning in results["fathom"]["warnings"]}
        self.assertTrue({"no-ramp", "buffered", "short"} <= ids)
        self.assertEqual(len(told), 3, ran.stderr)  # the job, the file; the job afterwards
        self.assertRegex(told[0], r"job \[x\] has no ramp_time: .*; also goes through the page")

    def test_names_below_the_first_directory(self):
        self.file("f", 64 * KIB)
        job = json.loads(self.there(self.files_agent(), job_text({"x": {"filename": "f"}}),
                                    "--json").stdout)["jobs"][0]
        self.assertEqual(job["read"]["total_ios"], 16)

    def test_a_job_from_stdin(self):
        agent = self.agent()
        ran = subprocess.run([FATHOM, "bench", "--agent", agent.address, "-"], text=True,
                             input=job_text({"x": {"ioengine": "null", "size": "1m"}}),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertIn("IOPS=", ran.stdout)

    def test_as_inetd_starts_it(self):
        ours, its = socket.socketpair()
        with subprocess.Popen([FATHOM, "agent", "-"], stdin=its, stderr=subprocess.PIPE,
                              text=True) as agent:
            its.close()
            peer = protocol.Peer(ours)
            self.assertEqual(peer.await_("welcome")["cpus"], os.cpu_count())
            peer.close()
            self.assertEqual(agent.stderr.read(),
                             "fathom agent: the master has closed the connection\n")
        self.assertEqual(agent.returncode, 1)

    def test_once(self):
        agent = self.agent("--once")
        self.there(agent, job_text({"x": {"ioengine": "null", "size": "1m"}}))
        self.assertEqual(agent.process.wait(60), 0)
        self.assertFalse(os.path.exists(self.path("agent")))

    def test_files_are_laid_out_and_written_there(self):
        agent = self.files_agent("--allow-write")
        text = job_text({"w": {"rw": "write"}, "r": {"rw": "read", "stonewall": None}},
                        filename=self.path("new"), size="64k", bs="4k")
        jobs = json.loads(self.there(agent, text, "--json").stdout)["jobs"]
        self.assertEqual([job["error"] for job in jobs], [0, 0])
        self.assertEqual(os.path.getsize(self.path("new")), 64 * KIB)

    def test_a_job_that_fails_has_its_results(self):
        agent = self.files_agent()
        path = self.file("f", 64 * KIB)
        text = job_text({"x": {"rw": "randread", "runtime": 20, "time_based": None,
                               "ioengine": "psync"}}, filename=path)
        master = self.running(agent, text)
        os.truncate(path, 4096)
        out, errors = master.communicate(timeout=60)
        self.assertEqual(master.returncode, 1)
        self.assertIn("the file ends before it", errors)
        self.assertIn("IO depths", out)
        self.assertTrue(await_(agent.is_free, "the end of the session"))


class Refusals(AgentTest):
    def refused(self, agent, text, why, *options):
        ran = self.there(agent, text, *options, status=1)
        lines = [line for line in ran.stderr.splitlines()
                 if not line.startswith(("fathom bench: warning", "[ "))]
        self.assertEqual(len(lines), 1, ran.stderr)
        self.assertTrue(lines[0].startswith(f"fathom bench: agent {agent.address}: "), lines)
        self.assertIn(why, lines[0])
        self.assertEqual(ran.stdout, "")

    def test_files_elsewhere(self):
        os.mkdir(self.path("in"))
        secret = self.file("secret", 64 * KIB)
        os.symlink("../secret", self.path("in/link"))
        os.symlink("..", self.path("in/up"))
        agent = self.agent("--allow-path", self.path("in"))
        for name in (secret, self.path("in/../secret"), "/etc/passwd", "../secret"):
            with self.subTest(name):
                self.refused(agent, job_text({"x": {"filename": name}}), "allow-path allows")
        for name in ("link", self.path("in/up/secret")):
            self.refused(agent, job_text({"x": {"filename": name}}), "leads out of what")
        self.refused(self.agent(name="none"), job_text({"x": {"filename": secret}}),
                     "is not what --allow-path allows")

    def test_writing(self):
        path = self.file("f", 64 * KIB)
        agent = self.files_agent()
        for rw in ("write", "randrw"):
            self.refused(agent, job_text({"x": {"rw": rw}}, filename=path),
                         "needs the agent's --allow-write")
        self.refused(agent, job_text({"x": {"size": "1m"}}, filename=self.path("new")),
                     "needs the agent's --allow-write")
        self.assertFalse(os.path.exists(self.path("new")))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"x" * 64 * KIB)

    def test_limits(self):
        agent = self.files_agent("--allow-write", "--max-workers", "4", "--max-time", "2",
                                 "--max-memory", "8m", "--max-size", "1m")
        null = {"ioengine": "null", "size": "1m"}
        self.refused(agent, job_text({"x": {**null, "numjobs": 5}}), "--max-workers allows 4")
        self.refused(agent, job_text({"x": {**null, "runtime": 3}}), "--max-time allows 2.00 s")
        self.refused(agent, job_text({"x": {**null, "bs": "1m", "iodepth": 8}}),
                     "--max-memory allows 8.00 MiB")
        sections = {name: {"rw": "write", "filename": self.path(name)} for name in "ab"}
        self.refused(agent, job_text(sections, size="768k"), "--max-size leaves 262144")

    def test_a_device_needs_both_sides(self):
        """Far from any real one: what a loop device that is not set up would say."""
        agent = self.files_agent("--allow-write")
        self.refused(agent, job_text({"x": {"rw": "write", "filename": "/dev/loop0"}}),
                     "--allow-path allows", "--allow-write=/dev/loop0")

    def test_a_bad_job_costs_no_connection(self):
        agent = self.agent()
        ran = self.there(agent, job_text({"x": {"iodeptj": 3}}), status=1)
        self.assertIn("job.fio:3: unknown key 'iodeptj'", ran.stderr)
        self.there(agent, job_text({"x": {"ioengine": "null", "size": "1m"}}), "-d", "x",
                   status=2)
        self.assertNotIn("master", agent.said())

    def test_a_second_master(self):
        agent = self.agent()
        first = self.running(agent)
        self.refused(agent, job_text({"x": LONG}), "the agent serves another master")
        first.send_signal(signal.SIGINT)
        out, errors = first.communicate(timeout=60)
        self.assertEqual(first.returncode, 0, errors)
        self.assertIn("IOPS=", out)

    def test_nobody_is_there(self):
        for address, why in (("unix:" + self.path("none"), "No such file"),
                             ("tcp:127.0.0.1:1", "Connection refused"),
                             ("vsock:any:1", "vsock:any is where an agent listens"),
                             ("tcp:nowhere.invalid:1", "nowhere.invalid: ")):
            ran = self.bench(job_text({"x": LONG}), "--agent", address, status=1)
            self.assertRegex(ran.stderr, "^fathom bench: [^\n]*" + why + "[^\n]*\n$")

    def test_usage(self):
        for arguments, why in ((["agent"], "which address?"), (["agent", "a", "b"], "one address"),
                               (["agent", "--allow-write", "unix:x"], "needs an --allow-path"),
                               (["agent", "x"], "'x' is not an address"),
                               (["agent", "--allow-cid", "x", "unix:x"],
                                "--allow-cid: 'x' is no CID"),
                               (["agent", "--allow-cid", "3", "unix:x"],
                                "--allow-cid is for a vsock address"),
                               (["bench", "--agent", "elsewhere", "x.fio"],
                                "--agent: 'elsewhere' is not an address: expected vsock:"),
                               (["bench", "--record", "x.fio"], "--record needs --agent")):
            ran = subprocess.run([FATHOM, *arguments], text=True, stderr=subprocess.PIPE,
                                 check=False)
            self.assertEqual(ran.returncode, 2)
            self.assertIn(why, ran.stderr)
        for arguments, why in ((["unix:/nonexistent/x"], "cannot listen on unix:/nonexistent/x"),
                               (["tcp:nowhere.invalid:1"], "nowhere.invalid: "),
                               (["--allow-path", "/nonexistent", "unix:x"], "/nonexistent: No")):
            ran = subprocess.run([FATHOM, "agent", *arguments], text=True,
                                 stderr=subprocess.PIPE, check=False)
            self.assertEqual(ran.returncode, 1)
            self.assertRegex(ran.stderr, "^fathom agent: [^\n]*" + why + "[^\n]*\n$")


class Sockets(AgentTest):
    def test_only_the_owner_can_use_a_unix_socket(self):
        self.agent()
        self.assertEqual(os.stat(self.path("agent")).st_mode & 0o777, 0o600)

    def test_a_name_that_a_killed_agent_left_is_taken_over(self):
        first = self.agent()
        first.process.kill()
        first.process.wait()
        self.assertTrue(os.path.exists(self.path("agent")))
        again = self.agent()
        self.there(again, job_text({"x": {"ioengine": "null", "size": "1m"}}))
        ran = subprocess.run([FATHOM, "agent", again.address], text=True, check=False,
                             stderr=subprocess.PIPE)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("Address already in use", ran.stderr)
        self.assertEqual(again.stop(), 0)
        self.assertFalse(os.path.exists(self.path("agent")))

    def test_a_file_in_the_way_stays(self):
        path = self.file("f", 10)
        ran = subprocess.run([FATHOM, "agent", "unix:" + path], text=True, check=False,
                             stderr=subprocess.PIPE)
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(os.path.getsize(path), 10)

    def test_an_open_door_is_warned_of(self):
        self.assertNotIn("warning", self.agent(address="tcp::0", name="a").said())
        self.assertIn("warning: whoever reaches tcp:0.0.0.0:",
                      self.agent(address="tcp:0.0.0.0:0", name="b").said())


class Ends(AgentTest):
    def free_again(self, agent):
        await_(agent.is_free, "the end of the session")
        self.there(agent, job_text({"x": {"ioengine": "null", "size": "1m"}}))

    def test_ctrl_c_ends_the_job_in_order(self):
        agent = self.agent()
        master = self.running(agent)
        master.send_signal(signal.SIGINT)
        out, errors = master.communicate(timeout=60)
        self.assertEqual(master.returncode, 0, errors)
        self.assertIn("Run status group 0", out)
        self.free_again(agent)

    def test_the_agent_is_told_to_end(self):
        agent = self.agent()
        master = self.running(agent)
        agent.process.send_signal(signal.SIGTERM)
        out, errors = master.communicate(timeout=60)
        self.assertEqual(master.returncode, 0, errors)
        self.assertIn("IOPS=", out)
        self.assertIn("warning: the agent was stopped while the job ran: it was cut short\n",
                      errors)
        self.assertEqual(agent.process.wait(60), 0)

    def test_the_master_vanishes(self):
        agent = self.files_agent()
        path = self.file("f", 256 * KIB)
        master = self.running(agent, job_text({"x": {"runtime": 100, "time_based": None}},
                                              filename=path))
        session = agent.session()
        self.assertIn(path, [os.readlink(f"/proc/{session}/fd/{fd}")
                             for fd in os.listdir(f"/proc/{session}/fd")])
        with open(f"/proc/{session}/status", encoding="ascii") as file:
            self.assertIn("NoNewPrivs:\t1\n", file.read())  # it has locked itself in
        master.kill()
        self.free_again(agent)
        self.assertIn("the master has closed the connection", agent.said())
        self.assertFalse(os.path.exists(f"/proc/{session}"))

    def test_the_session_is_killed(self):
        agent = self.agent()
        master = self.running(agent)
        os.kill(agent.session(), signal.SIGKILL)
        _, errors = master.communicate(timeout=60)
        self.assertEqual(master.returncode, 1)
        self.assertIn("the agent has closed the connection", errors)
        self.free_again(agent)
        self.assertIn("the session was killed by signal 9", agent.said())

    def test_the_agent_is_killed_and_its_session_ends(self):
        agent = self.agent()
        master = self.running(agent)
        agent.process.kill()
        out, errors = master.communicate(timeout=60)
        self.assertEqual(master.returncode, 0, errors)
        self.assertIn("IOPS=", out)

    def test_killed_at_any_moment(self):
        agent = self.files_agent("--allow-write")
        text = job_text({"x": {"rw": "randrw", "size": "1m", "runtime": "30ms",
                               "time_based": None}}, filename=self.path("f"))
        for delay in range(0, 60, 4):
            for victim in ("master", "session"):
                with self.subTest(delay=delay, victim=victim):
                    master = self.start(agent, text)
                    try:
                        master.wait(delay / 1000)
                    except subprocess.TimeoutExpired:
                        pass
                    for pid in [master.pid] if victim == "master" else \
                            children(agent.process.pid):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                    out, errors = master.communicate(timeout=60)
                    self.assertIn(master.returncode, (0, 1, -9), errors)
                    if master.returncode == 0:  # else they may have come as well
                        self.assertIn("IOPS=", out)
                    await_(agent.is_free, "the end of the session")
        self.free_again(agent)

    def test_a_job_that_does_not_end(self):
        agent = self.agent("--max-time", "300ms")
        text = job_text({"x": {"ioengine": "null", "size": "1t", "loops": 1000}})
        ran = self.there(agent, text, "--json=" + self.path("j"))
        self.assertIn("warning: the agent ended the job at its --max-time", ran.stderr)
        with open(self.path("j"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["fathom"]["warnings"][-1]["id"], "max-time")


@unittest.skipIf(os.geteuid(), "a full disk needs a tmpfs, which needs root")
class FullDisk(AgentTest):
    def small(self, size):
        path = self.path("small")
        os.mkdir(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)
        return path

    def test_of_the_agent(self):
        small = self.small("256k")
        agent = self.agent("--allow-path", small, "--allow-write")
        text = job_text({"x": {"rw": "write", "size": "1m", "bs": "4k"}},
                        filename=small + "/f")
        ran = self.there(agent, text, status=1)
        self.assertRegex(ran.stderr, r"job \[x\]: write of 4096 bytes.*: No space left on device")
        self.assertIn("issued rwts: total=0,64,0,0", ran.stdout)
        text = job_text({"x": {"size": "1m"}}, filename=small + "/new")
        ran = self.there(agent, text, status=1)
        self.assertIn("laying out 1048576 bytes: No space left on device", ran.stderr)
        self.assertEqual(os.listdir(small), ["f"])


if __name__ == "__main__":
    main()
