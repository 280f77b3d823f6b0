# SPDX-License-Identifier: GPL-2.0-or-later
"""A benchmark across a channel on one axis: the master's trace, the agent's, and a capture of
what went between them."""
import json
import os
import subprocess

from agent_tool import FATHOM, AgentTest, job_text, main, skip
from packets import Relay

REQUESTS = 256


class Timeline(AgentTest):
    @classmethod
    def setUpClass(cls):
        if os.geteuid():
            skip("recording probes needs root")
        test = cls("setUp")
        test.setUp()
        cls.addClassCleanup(test.doCleanups)
        agent = test.files_agent()
        relay = Relay(test.path("relay"), agent.address)
        cls.host, cls.guest, cls.pcap = (test.path(n) for n in ("host.data", "agent.data", "c.pcap"))
        job = test.job(job_text({"x": {"rw": "randread", "bs": "4k", "iodepth": 4}},
                                filename=test.file("f", 4096 * REQUESTS), ioengine="io_uring"))
        subprocess.run([FATHOM, "record", "-q", "-e", "fathom:*", "-o", cls.host, "--", FATHOM,
                        "bench", "--agent", "unix:" + test.path("relay"),
                        "--record=" + cls.guest, job], check=True, capture_output=True)
        relay.thread.join(60)
        with open(cls.pcap, "wb") as file:
            file.write(relay.pcap.data)
        # The same trace as if of another host, whose clock is elsewhere: its name is changed.
        cls.elsewhere = test.path("elsewhere.data")
        with open(cls.guest, "rb") as file:
            data = file.read()
        name = os.uname().nodename.encode()
        with open(cls.elsewhere, "wb") as file:
            file.write(data.replace(name + b"\0", name[:-1] + b"?\0"))

    def timeline(self, *options, status=0):
        ran = subprocess.run([FATHOM, "timeline", *options], text=True, capture_output=True,
                             check=False)
        self.assertEqual(ran.returncode, status, ran.stderr)
        return ran.stdout, ran.stderr

    def entries(self, *options):
        return [json.loads(line) for line in self.timeline("--json", *options)[0].splitlines()]

    def all(self):
        return self.entries("-i", self.host, "-i", self.guest, "--pcap", self.pcap)

    def script(self, trace, name):
        out = subprocess.run([FATHOM, "script", "-i", trace, "--json"], text=True, check=True,
                             capture_output=True).stdout
        return [event for event in map(json.loads, out.splitlines())
                if event["event"] == "fathom:" + name]

    def test_everything_in_order(self):
        entries = self.all()
        times = [entry["t_ns"] for entry in entries]
        self.assertEqual(times, sorted(times))
        kinds = {(entry["source"], entry["kind"]) for entry in entries}
        self.assertLessEqual({("host.data", "control"), ("host.data", "clock"),
                              ("agent.data", "control"), ("agent.data", "request"),
                              ("c.pcap", "packet"), ("c.pcap", "control")}, kinds)

    def test_requests(self):
        entries = [e for e in self.all() if e["kind"] == "request"]
        for what in ("submit", "complete"):
            mine = [(e["t_ns"], e["id"]) for e in entries if e["what"] == what]
            self.assertEqual(mine, [(e["time_ns"], e["args"]["id"])
                                    for e in self.script(self.guest, what)])
            self.assertEqual(len(mine), REQUESTS)

    def test_messages_travel_forwards(self):
        """What is sent is seen on its way and then got, all on one axis."""
        passed = {}
        for e in self.all():
            if e["kind"] == "control" and e["number"] and e["message"] not in ("trace", "progress"):
                passed.setdefault((e["message"], e["number"]), []).append((e["source"], e["what"]))
        self.assertEqual(passed["run", max(n for m, n in passed if m == "run")],
                         [("host.data", "send"), ("c.pcap", "from master"),
                          ("agent.data", "recv")])
        results, = (where for (message, _), where in passed.items() if message == "results")
        self.assertEqual(results, [("agent.data", "send"), ("c.pcap", "from agent"),
                                   ("host.data", "recv")])

    def test_where_a_capture_lies(self):
        _, errors = self.timeline("-i", self.host, "-i", self.guest, "--pcap", self.pcap)
        self.assertIn("# agent.data: the same clock as host.data\n", errors)
        self.assertRegex(errors, r"# captures: by the wall clock; \d+ control messages allow "
                         r"-\d\S* \w+ to \+\d\S* \w+\n")
        _, errors = self.timeline("-i", self.guest, "--pcap", self.pcap, "--only", "request")
        self.assertIn("# captures: by the wall clock; ", errors)

    def test_another_host(self):
        """Aligned by the comparison of clocks, which both sides tell of: here they are the
        same, so the offset is within its error."""
        _, errors = self.timeline("-i", self.host, "-i", self.elsewhere)
        self.assertRegex(errors, r"# elsewhere.data: [+-]\S+ \w+, by 2 comparisons with "
                         r"host.data, within \S+ \w+\n")
        syncs = self.script(self.host, "clock_sync")
        error = max(sync["args"]["error_ns"] for sync in syncs)
        there = {e["args"]["id"]: e["time_ns"] for e in self.script(self.guest, "submit")}
        for entry in self.entries("-i", self.host, "-i", self.elsewhere):
            if entry["kind"] == "request" and entry["what"] == "submit":
                self.assertLessEqual(abs(entry["t_ns"] - there[entry["id"]]), error)

    def test_windows(self):
        whole = [e for e in self.entries("-i", self.guest) if e["kind"] == "request"]
        one = next(e for e in whole if e["what"] == "complete" and e["id"] == whole[40]["id"])
        begin = one["t_ns"] - one["latency_ns"]
        around = self.entries("-i", self.guest, "--around", str(one["id"]), "--margin", "1us")
        self.assertEqual([e for e in around if e["kind"] == "request"],
                         [e for e in whole
                          if begin - 1000 <= e["t_ns"] <= one["t_ns"] + 1000])
        first = f"{begin // 10**9}.{begin % 10**9:09}"
        last = f"{one['t_ns'] // 10**9}.{one['t_ns'] % 10**9:09}"
        window = self.entries("-i", self.guest, "--from", first, "--to", last)
        self.assertEqual([e["t_ns"] for e in window if e["kind"] == "request"],
                         [e["t_ns"] for e in whole if begin <= e["t_ns"] <= one["t_ns"]])
        self.assertEqual({e["kind"] for e in self.entries("-i", self.guest, "--only", "poll,request",
                                                          "--to", "+100s")} - {"poll", "request"},
                         set())

    def test_lines(self):
        out, _ = self.timeline("-i", self.host, "-i", self.guest, "--pcap", self.pcap)
        self.assertRegex(out, r"(?m)^ *\d+\.\d{9}  agent.data  request submit op=read id=\d+ "
                         r"offset=\d+ length=4096$")
        self.assertRegex(out, r"(?m)^ *\d+\.\d{9}  c.pcap      packet  RW from=2:1024 to=3:7700 "
                         r"len=\d+ conversation=1 credit=\d+$")
        self.assertRegex(out, r"(?m)^ *\S+  c.pcap      control from agent message=time number=\d+ "
                         r"length=\d+ conversation=1 answers=clock after=\S+$")

    def test_bad_input(self):
        with open(self.guest, "rb") as file:
            data = file.read()
        cut, other = self.path("cut.data"), self.path("other.pcap")
        with open(cut, "wb") as file:
            file.write(data[:len(data) // 2 | 1]) # within a record: each has 8, 16, … bytes
        with open(other, "wb") as file:
            file.write(b"no capture")
        _, errors = self.timeline("-i", cut, status=1)
        self.assertIn("is incomplete: ", errors)
        _, errors = self.timeline("-i", self.guest, "--pcap", other, status=1)
        self.assertEqual(errors.count("\n"), 1)
        ran = subprocess.run([FATHOM, "timeline", "-i", "-"], input=data, capture_output=True,
                             check=False)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"a timeline reads its traces twice", ran.stderr)
        for wrong in (("--only", "nothing"), ("--from", "soon"), ("--around", "x"),
                      ("--margin", "1ms"), ("--around", "1", "--from", "1"), ("operand",)):
            self.timeline("-i", self.guest, *wrong, status=2)
        _, errors = self.timeline("-i", self.guest, "--around", "987654321", status=1)
        self.assertIn("no request with the id 987654321", errors)
        _, errors = self.timeline("-i", self.guest, "--pcap", self.pcap + "@2", status=1)
        self.assertIn("there is no trace 2", errors)


if __name__ == "__main__":
    main()
