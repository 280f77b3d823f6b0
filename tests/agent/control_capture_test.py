# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom vsock --control on the bytes of a real session: a relay stands between a master and
an agent, and writes what passes as packets of a vsock."""
import csv
import io
import json
import os
import subprocess

import protocol
from agent_tool import FATHOM, AgentTest, job_text, main
from packets import AGENT, MASTER, Relay


def messages(stream):
    """The messages of one direction: name, number, bytes."""
    while stream:
        _, _, kind, number, size = protocol.HEADER.unpack(stream[:16])
        yield protocol.NAMES[kind], number, 16 + size
        stream = stream[16 + size:]


class Decoded(AgentTest):
    @classmethod
    def setUpClass(cls):
        test = cls("setUp")
        test.setUp()
        cls.addClassCleanup(test.doCleanups)
        agent = test.agent()
        relay = Relay(test.path("relay"), agent.address)
        test.bench(job_text({"x": {"ioengine": "null", "runtime": "800ms"}}), "--agent",
                   "unix:" + test.path("relay"))
        relay.thread.join(60)
        cls.capture = test.path("c.pcap")
        with open(cls.capture, "wb") as file:
            file.write(relay.pcap.data)
        cls.sent = {end: list(messages(stream)) for end, stream in relay.streams.items()}

    def vsock(self, *options, status=0):
        ran = subprocess.run([FATHOM, "vsock", "-i", self.capture, "--control", *options],
                             text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             check=False)
        self.assertEqual(ran.returncode, status, ran.stderr)
        return ran.stdout

    def test_every_message(self):
        found = [json.loads(line) for line in self.vsock("--json").splitlines()]
        for end in (MASTER, AGENT):
            self.assertEqual([(m["message"], m["number"], m["length"]) for m in found
                              if (m["from"]["cid"], m["from"]["port"]) == end], self.sent[end])
        self.assertEqual(len(found), len(self.sent[MASTER]) + len(self.sent[AGENT]))
        by_name = {m["message"]: m for m in found}
        self.assertTrue({"welcome", "hello", "job", "prepared", "clock_result", "run",
                         "progress", "results", "finish", "finished"} <= set(by_name))
        self.assertEqual(by_name["welcome"]["fields"]["host"], os.uname().nodename)
        self.assertRegex(by_name["hello"]["fields"]["session"], "^[0-9a-f]{16}$")
        self.assertTrue(by_name["job"]["fields"]["name"].endswith("/job.fio"))

    def test_answers(self):
        found = [json.loads(line) for line in self.vsock("--json").splitlines()]
        answers = {m["message"]: m["answers"] for m in found if "answers" in m}
        self.assertEqual(answers, {"prepared": "job", "time": "clock", "results": "run",
                                   "finished": "finish"})
        self.assertEqual(sum(m.get("answers") == "clock" for m in found), 64)
        run, = (m for m in found if m["message"] == "results")
        self.assertGreater(run["answer_ns"], 800_000_000)

    def test_lines_and_rows(self):
        out = self.vsock()
        total = len(self.sent[MASTER]) + len(self.sent[AGENT])
        self.assertRegex(out, r"(?m)^\d+\.\d{9} #1 2:1024 > 3:7700 clock number=3 length=18$")
        self.assertRegex(out, r"(?m)^\S+ #1 3:7700 > 2:1024 time number=3 length=\d+ "
                         r"received_ns=\d+ sent_ns=\d+, answers clock after \S+ \S+$")
        self.assertIn(f"\n{total} control messages in 1 of 1 conversations, ", out)
        self.assertRegex(out, r"(?m)^clock +64 ")
        rows = list(csv.DictReader(io.StringIO(self.vsock("--csv"))))
        self.assertEqual(len(rows), total)
        self.assertEqual(sum(row["answers"] == "clock" for row in rows), 64)

    def test_other_traffic_has_none(self):
        self.assertRegex(self.vsock("--port", "1"), "^0 control messages in 0 of 0 ")
        for other in ("--packets", "--follow=1"):
            self.vsock(other, status=2)


if __name__ == "__main__":
    main()
