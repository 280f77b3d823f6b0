# SPDX-License-Identifier: GPL-2.0-or-later
"""A bench across a vsock, captured: inside a machine that has one. agent_inside.py FATHOM CID

With CID 1 the agent runs here, behind the loopback; else in a guest with this CID, where it
listens on port 7700 already. Results, both traces and the capture tell of the same, and lie on
one axis."""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../agent"))
sys.dont_write_bytecode = True
CID = int(sys.argv.pop(2))
from agent_tool import FATHOM, AgentTest, job_text, main  # noqa: E402

LOCAL, HOST = 1, 2
REQUESTS = 64
# A guest in a guest on a busy machine may be silent for longer than a master waits; what it did
# until then it has in memory the next time.
ATTEMPTS = 1 if CID == LOCAL else 4
ADDRESS = f"vsock:{CID}:7700"


def lines(*words):
    """What a command of fathom prints as an object per line."""
    out = subprocess.run([FATHOM, *words], check=True, stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in out.splitlines()]


class Capture:
    """fathom vsock, live, for as long as the block lasts."""

    def __init__(self, path):
        self.process = subprocess.Popen([FATHOM, "vsock", "-w", path], text=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        line = self.process.stderr.readline()
        assert "capturing on" in line, line

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=200)


class Across(AgentTest):
    """One benchmark with everything recorded that can be, looked at from all sides."""

    @classmethod
    def setUpClass(cls):
        test = cls("setUp")
        test.setUp()
        cls.addClassCleanup(test.doCleanups)
        if CID == LOCAL:
            test.agent("--allow-path", "/tmp", "--allow-write", address="vsock:any:7700")
        cls.here, cls.there, cls.pcap, results = map(test.path, ("m.data", "a.data", "c.pcap", "j"))
        job = test.job(job_text({"x": {"rw": "randrw", "size": 4096 * REQUESTS, "iodepth": 4}},
                                bs="4k", filename="/tmp/fathom-agent-file",
                                ioengine="io_uring"))
        for _ in range(ATTEMPTS):
            with Capture(cls.pcap):
                ran = subprocess.run(
                    [FATHOM, "record", "-q", "-e", "fathom:*", "-o", cls.here, "--", FATHOM,
                     "bench", "--agent", ADDRESS, "--record=" + cls.there, "--json=" + results,
                     job], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            # record tells of itself; whether bench worked is told by what it left.
            if os.path.getsize(results):
                break
        assert ran.returncode == 0 and os.path.getsize(results), ran.stderr
        cls.said = ran.stderr
        with open(results, encoding="utf-8") as file:
            cls.results, = json.load(file)["jobs"]
        cls.events = {trace: lines("script", "--json", "-i", trace)
                      for trace in (cls.here, cls.there)}

    def args(self, trace, name):
        return [event["args"] for event in self.events[trace] if event["event"] == "fathom:" + name]

    def error_ns(self):
        return max(clock["error_ns"] for clock in self.args(self.here, "clock_sync"))

    def test_the_agents_trace_holds_what_it_reports(self):
        ops = [event["op"] for event in self.args(self.there, "submit")]
        self.assertEqual(len(ops), REQUESTS)
        self.assertEqual({op: ops.count(op) for op in ("read", "write")},
                         {op: self.results[op]["total_ios"] for op in ("read", "write")})
        self.assertRegex(self.said, r"agent: fathom record: [\d,]+ events, .*, 0 lost")

    def test_each_side_knows_the_others_clock(self):
        mine, its = (self.args(trace, "clock_sync") for trace in (self.here, self.there))
        self.assertEqual([c["offset_ns"] for c in mine], [-c["offset_ns"] for c in its])
        self.assertEqual({c["session"] for c in mine}, {c["session"] for c in its})
        self.assertEqual({c["peer_cid"] for c in mine}, {CID})
        self.assertEqual({c["peer_cid"] for c in its}, {LOCAL if CID == LOCAL else HOST})
        if CID == LOCAL:
            for clock in mine:
                self.assertLessEqual(abs(clock["offset_ns"]), clock["error_ns"])

    def test_the_capture_shows_what_the_masters_probes_saw(self):
        found = lines("vsock", "-i", self.pcap, "--control", "--json")
        for probe, is_ours in (("control_send", False), ("control_recv", True)):
            self.assertEqual([(m["message"], m["number"], m["length"]) for m in found
                              if (m["from"]["port"] == 7700) == is_ours],
                             [(e["type"], e["number"], e["length"])
                              for e in self.args(self.here, probe)])
        self.assertEqual({m["from"]["cid"] for m in found},
                         {LOCAL} if CID == LOCAL else {HOST, CID})
        self.assertEqual(sum(m.get("answers") == "clock" for m in found), 64)
        self.assertEqual(sum(m["length"] - 28 for m in found if m["message"] == "trace"),
                         os.path.getsize(self.there))

    def test_all_on_one_axis(self):
        """Both traces and the capture: the guest's requests between the messages that ran them."""
        ran = subprocess.run([FATHOM, "timeline", "--json", "-i", self.here, "-i", self.there,
                              "--pcap", self.pcap], text=True, check=True, capture_output=True)
        entries = [json.loads(line) for line in ran.stdout.splitlines()]
        times = {(e["message"], e["source"], e["what"]): e["t_ns"] for e in entries
                 if e["kind"] == "control" and e["message"] in ("run", "results")}
        way = [times[where] for where in (
            ("run", "m.data", "send"), ("run", "c.pcap", "from master"), ("run", "a.data", "recv"),
            ("results", "a.data", "send"), ("results", "c.pcap", "from agent"),
            ("results", "m.data", "recv"))]
        slack = self.error_ns()
        self.assertEqual([], [pair for pair in zip(way, way[1:]) if pair[1] < pair[0] - slack])
        requests = [e for e in entries if e["kind"] == "request"]
        self.assertEqual({e["source"] for e in requests}, {"a.data"})
        self.assertEqual(sum(e["what"] == "complete" for e in requests), REQUESTS)
        self.assertGreaterEqual(requests[0]["t_ns"], way[0] - slack)
        self.assertLessEqual(requests[-1]["t_ns"], way[-1] + slack)
        self.alignment_is_told(ran.stderr)

    def alignment_is_told(self, said):
        if CID == LOCAL:
            self.assertIn("# a.data: the same clock as m.data\n", said)
        else:
            self.assertRegex(said, r"# a\.data: [+-]\S+ \w+, by 2 comparisons with m\.data, "
                             r"within \S+ \w+\n")
        self.assertRegex(said, r"# captures: by the wall clock; \d+ control messages allow "
                         r"-\S+ \w+ to \+\S+ \w+\n")


class Loopback(AgentTest):
    def test_only_some_may_come(self):
        agent = self.agent("--allow-cid", "9", address="vsock:any:7701")
        ran = self.bench(job_text({"x": {"ioengine": "null", "size": "1m"}}), "--agent",
                         "vsock:local:7701", status=1)
        self.assertRegex(ran.stderr, r"agent vsock:local:7701: vsock:1:\d+ may not use this agent")
        self.assertIn("may not use this agent", agent.said())


if CID != LOCAL:
    del Loopback  # the agent is the other machine's

if __name__ == "__main__":
    main()
