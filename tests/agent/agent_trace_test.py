# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent's trace comes home whole, and tells what its results tell; both sides' traces
know how far the clocks are apart."""
import json
import os
import subprocess

from agent_tool import FATHOM, LONG, AgentTest, await_, children, job_text, main, skip


class Traces(AgentTest):
    def analyse(self, answer, trace):
        """Of a trace that may be cut short."""
        out = subprocess.run([FATHOM, answer, "--json", "-i", trace], check=False, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return [json.loads(line) for line in out.splitlines()] if answer == "script" \
            else json.loads(out)

    def events(self, trace, name):
        return [event["args"] for event in self.analyse("script", trace)
                if event["event"] == "fathom:" + name]

    def job_text(self, **keys):
        return job_text({"x": {"rw": "randrw", "bs": "4k", "loops": 4, "iodepth": 8, **keys}},
                        filename=self.file("f", 1 << 20), ioengine="io_uring")

    def test_counts(self):
        agent = self.files_agent("--allow-write")
        trace = self.path("a.data")
        ran = self.there(agent, self.job_text(), "--json", "--record=" + trace)
        own = json.loads(ran.stdout)["jobs"][0]
        groups = {group["op"]: group for group in self.analyse("latency", trace)["groups"]}
        for op in ("read", "write"):
            self.assertEqual(groups[op]["count"], own[op]["lat_ns"]["N"])
        self.assertRegex(ran.stderr, r"agent: fathom record: \d+ probes attached")
        self.assertRegex(ran.stderr, r"agent: fathom record: [\d,]+ events, .*, 0 lost")
        self.assertRegex(ran.stderr, f"the agent's trace: .* in {trace}")
        perf = subprocess.run(["perf", "script", "-i", trace], text=True, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        self.assertEqual(perf.count("fathom:submit: "), 1024)
        self.assertIn('type="results"', perf)

    def test_both_sides(self):
        """One session, two traces: what is sent is got, and the offsets are opposite."""
        agent = self.files_agent("--allow-write")
        here, there = self.path("m.data"), self.path("a.data")
        subprocess.run([FATHOM, "record", "-q", "-e", "fathom:*", "-o", here, "--", FATHOM,
                        "bench", "--agent", agent.address, "--record=" + there,
                        "--json=" + self.path("j"), self.job(self.job_text())],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(self.path("j"), encoding="utf-8") as file:
            told = json.load(file)["fathom"]["agent"]
        mine, its = self.events(here, "clock_sync"), self.events(there, "clock_sync")
        self.assertEqual(len(mine), 2)
        self.assertEqual([(c["session"], c["error_ns"], c["rounds"]) for c in mine],
                         [(c["session"], c["error_ns"], c["rounds"]) for c in its])
        self.assertEqual([c["offset_ns"] for c in mine], [-c["offset_ns"] for c in its])
        self.assertEqual([c["offset_ns"] for c in mine],
                         [c["offset_ns"] for c in told["clock"]])
        self.assertEqual({int(str(c["session"]), 0) for c in mine}, {int(told["session"], 16)})
        for one, other, at in ((here, there, "send"), (there, here, "send")):
            sent = [(e["type"], e["number"], e["length"])
                    for e in self.events(one, "control_" + at)]
            got = [(e["type"], e["number"], e["length"])
                   for e in self.events(other, "control_recv")]
            # The agent's recorder comes when the first have passed, and goes before the last.
            common = [e for e in sent if e[0] in ("job", "time", "run", "results", "prepared")]
            self.assertEqual(common, [e for e in got if e in common])
            self.assertGreaterEqual(len(common), 2)

    def test_an_agent_that_is_traced_itself(self):
        """Its children are forked where its own probes are attached."""
        command = [FATHOM, "record", "-q", "-e", "fathom:*", "-o", self.path("t.data"), "--",
                   FATHOM, "agent", "--once", "unix:" + self.path("agent")]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as recorder:
            self.assertIn("listening", recorder.stderr.readline())
            self.bench(job_text({"x": {"ioengine": "null", "size": "1m"}}), "--agent",
                       "unix:" + self.path("agent"), "--record=" + self.path("a.data"))
            recorder.communicate(timeout=60)
        self.assertEqual(recorder.returncode, 0)
        for trace in ("t.data", "a.data"):
            self.assertEqual(len(self.events(self.path(trace), "submit")), 256)

    def test_a_full_disk_of_the_master(self):
        small = self.path("small")
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=True)
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        ran = self.there(self.files_agent("--allow-write"), self.job_text(),
                         "--record=" + small + "/t", status=1)
        self.assertIn("IOPS=", ran.stdout)
        self.assertRegex(ran.stderr, f"{small}/t: No space left on device; it is incomplete\n$")
        ran = subprocess.run([FATHOM, "latency", "-i", small + "/t"], text=True, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertIn("incomplete", ran.stdout)

    def test_a_trace_that_grows_too_long(self):
        agent = self.agent("--max-trace", "64k")
        text = job_text({"x": {**LONG, "runtime": 1}})
        ran = self.there(agent, text, "--record=" + self.path("t"), "--json")
        self.assertIn("recording ends at --max-trace", agent.said())
        self.assertIn("agent: recording ended at its --max-trace", ran.stderr)
        done = json.loads(ran.stdout)["jobs"][0]["read"]["total_ios"]
        self.assertLess(len(self.events(self.path("t"), "submit")), done)

    def test_the_master_vanishes(self):
        agent = self.agent()
        master = self.running(agent, job_text({"x": LONG}), "--record=" + self.path("t"))
        recorder, = await_(lambda: children(agent.session()), "a recorder")
        master.kill()
        await_(agent.is_free, "the end of the session")
        await_(lambda: not os.path.exists(f"/proc/{recorder}"), "the end of the recorder")

    def test_the_session_is_killed(self):
        """No recorder is left, and what has come is a trace."""
        agent = self.agent()
        trace = self.path("t")
        master = self.running(agent, job_text({"x": LONG}), "--record=" + trace)
        recorder, = await_(lambda: children(agent.session()), "a recorder")
        await_(lambda: os.path.getsize(trace) > 1 << 20, "a piece of the trace")
        os.kill(agent.session(), 9)
        _, errors = master.communicate(timeout=60)
        self.assertEqual(master.returncode, 1)
        self.assertIn("the agent has closed the connection", errors)
        await_(lambda: not os.path.exists(f"/proc/{recorder}"), "the end of the recorder")
        self.assertGreater(len(self.events(trace, "submit")), 1000)

    def test_a_recorder_that_cannot(self):
        """An agent without the right to."""
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
                   "--reuid=65534", "--clear-groups"]
        os.chmod(self.directory, 0o777)
        with subprocess.Popen([*command, FATHOM, "agent", "unix:" + self.path("agent")],
                              stderr=subprocess.PIPE, text=True) as agent:
            self.assertIn("listening", agent.stderr.readline())
            ran = self.bench(job_text({"x": LONG}), "--agent", "unix:" + self.path("agent"),
                             "--record=" + self.path("t"), status=1)
            agent.terminate()
            agent.communicate()
        self.assertRegex(ran.stderr, "agent unix:.*: cannot record: .*fathom record: ")


if __name__ == "__main__":
    if os.geteuid():
        skip("recording probes needs root")
    main()
