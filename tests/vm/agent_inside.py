# SPDX-License-Identifier: GPL-2.0-or-later
"""A bench across a vsock, captured: inside a machine that has one. agent_inside.py FATHOM CID

With CID 1 the agent runs here, behind the loopback; else in a guest with this CID, where it
listens on port 7700 already. Results, both traces and the capture tell of the same."""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../agent"))
sys.dont_write_bytecode = True
CID = int(sys.argv.pop(2))
from agent_tool import FATHOM, AgentTest, job_text, main  # noqa: E402

LOCAL = 1
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
        self.process.communicate(timeout=60)


class Across(AgentTest):
    def run_job(self):
        """A job of 1,024 requests with everything recorded that can be."""
        here, there, pcap, results = map(self.path, ("m.data", "a.data", "c.pcap", "j"))
        text = job_text({"x": {"rw": "randrw", "size": "1m", "loops": 4, "iodepth": 4}}, bs="4k",
                        filename="/tmp/fathom-agent-file", ioengine="io_uring")
        with Capture(pcap):
            ran = subprocess.run(
                [FATHOM, "record", "-q", "-e", "fathom:*", "-o", here, "--", FATHOM, "bench",
                 "--agent", ADDRESS, "--record=" + there, "--json=" + results, self.job(text)],
                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        with open(results, encoding="utf-8") as file:
            return json.load(file), here, there, pcap, ran.stderr

    def args(self, trace, name):
        return [event["args"] for event in lines("script", "--json", "-i", trace)
                if event["event"] == "fathom:" + name]

    def test_results_traces_and_capture(self):
        if CID == LOCAL:
            self.agent("--allow-path", "/tmp", "--allow-write", address="vsock:any:7700")
        results, here, there, pcap, said = self.run_job()
        # The agent's trace holds what it reports.
        job = results["jobs"][0]
        self.assertEqual(job["read"]["total_ios"] + job["write"]["total_ios"], 1024)
        ops = [event["op"] for event in self.args(there, "submit")]
        self.assertEqual({op: ops.count(op) for op in ("read", "write")},
                         {op: job[op]["total_ios"] for op in ("read", "write")})
        self.assertRegex(said, r"agent: fathom record: [\d,]+ events, .*, 0 lost")
        # Each side knows the other's CID, and the offset as seen from its side.
        mine, its = (self.args(trace, "clock_sync") for trace in (here, there))
        self.assertEqual([c["offset_ns"] for c in mine], [-c["offset_ns"] for c in its])
        self.assertEqual({c["session"] for c in mine}, {c["session"] for c in its})
        self.assertEqual({c["peer_cid"] for c in mine}, {CID})
        self.assertEqual({c["peer_cid"] for c in its}, {LOCAL if CID == LOCAL else 2})
        if CID == LOCAL:
            for clock in mine:
                self.assertLessEqual(abs(clock["offset_ns"]), clock["error_ns"])
        # What the master's probes saw is what the capture shows.
        found = lines("vsock", "-i", pcap, "--control", "--json")
        for probe, is_ours in (("control_send", False), ("control_recv", True)):
            self.assertEqual([(m["message"], m["number"], m["length"]) for m in found
                              if (m["from"]["port"] == 7700) == is_ours],
                             [(e["type"], e["number"], e["length"])
                              for e in self.args(here, probe)])
        self.assertEqual({m["from"]["cid"] for m in found},
                         {LOCAL} if CID == LOCAL else {2, CID})
        self.assertEqual(sum(m.get("answers") == "clock" for m in found), 64)
        self.assertEqual(sum(m["length"] - 28 for m in found if m["message"] == "trace"),
                         os.path.getsize(there))


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
