# SPDX-License-Identifier: GPL-2.0-or-later
"""Masters and agents that do not keep to the protocol: each gets one line and no more, and
the agent goes on."""
import os
import random
import resource
import select
import signal
import socket
import subprocess
import threading
import time

import protocol
from agent_tool import FATHOM, AgentTest, await_, job_text, main

NULL_JOB = job_text({"x": {"ioengine": "null", "size": "1m"}})


class Masters(AgentTest):
    def survives(self, agent):
        await_(agent.is_free, "the end of the session")
        self.assertIsNone(agent.process.poll(), agent.said())
        self.assertNotIn("killed by signal", agent.said())
        self.there(agent, NULL_JOB)

    def hung_up_on(self, agent, *messages, why):
        """What the agent says to a master that sends @messages behind its hello."""
        peer = protocol.join(agent.address)
        for message in messages:
            peer.socket.sendall(message)
        name, _, body = peer.get()
        while name in ("prepared", "progress"):
            name, _, body = peer.get()
        self.assertEqual(name, "error")
        self.assertIn(why, body["text"])
        self.assertNotIn("\n", body["text"])
        self.assertTrue(peer.gone())
        peer.close()
        await_(agent.is_free, "the end of the session")

    def test_what_is_no_message(self):
        agent = self.agent()
        message = protocol.message
        for sent, why in (
                (b"GET / HTTP/1.1\r\n\r\n", "not fathom's control protocol"),
                (message("stop", 1, version=2), "speaks version 2"),
                (message(99, 1), "unknown type 99"),
                (message("welcome", 1), "'welcome' came, which a master never sends"),
                (message("run", 1), "'run' came when it was not expected"),
                (message("hello", 1, {"session": "0"}), "'hello' came when it was not expected"),
                (message("job", 1, b"{"), "is no JSON"),
                (message("job", 1, b"[]"), "is no JSON object"),
                (protocol.HEADER.pack(b"FTHM", 1, 7, 1, 1 << 31), "are the most"),
                (message("job", 1, {"name": 1, "text": []}), "no job"),
                (message("job", 1, {"name": "\x1b[31m", "text": "[a]\nx=1"}), "?[31m:2: unknown"),
                (message("job", 1, {"text": "[a]", "overrides": [{}] * 65}), "more than 64"),
                (message("clock_result", 1, {"offset_ns": -2 ** 63}), "cannot be")):
            with self.subTest(why):
                self.hung_up_on(agent, sent, why=why)
        self.survives(agent)

    def test_a_session_without_a_name(self):
        agent = self.agent()
        for name in ("", "0x123456789abcde", " " * 14 + "-1", "0" * 17, 5):
            peer = protocol.connect(agent.address)
            peer.await_("welcome")
            peer.send("hello", {"session": name})
            kind, _, body = peer.get()
            self.assertEqual(kind, "error", name)
            self.assertIn("16 hexadecimal digits", body["text"])
            peer.close()
            await_(agent.is_free, "the end of the session")
        self.survives(agent)

    def test_messages_in_the_wrong_order(self):
        agent = self.agent()
        job = protocol.message("job", 1, {"name": "x", "text": NULL_JOB})
        for second in ("job", "hello", "record"):
            self.hung_up_on(agent, job, protocol.message(second, 2, {"text": "[a]"}),
                            why="not expected")
        self.survives(agent)

    def test_any_bytes(self):
        agent = self.agent()
        chance = random.Random(1)
        for _ in range(60):
            peer = protocol.join(agent.address) if chance.random() < .8 else \
                protocol.connect(agent.address)
            for _ in range(chance.randrange(6)):
                kind = chance.choice(list(protocol.TYPES) + [0, 77])
                body = chance.choice([chance.randbytes(chance.randrange(3000)), b"{}",
                                      b'{"text":"[a]\\nioengine=null\\nsize=4k"}'])
                sent = bytearray(protocol.message(kind, chance.randrange(9), body))
                if chance.random() < .3:
                    sent[chance.randrange(len(sent))] ^= 1 << chance.randrange(8)
                try:
                    peer.socket.sendall(sent)
                except OSError:  # it has had enough
                    break
            peer.close()
            await_(agent.is_free, "the end of the session")
        self.survives(agent)

    def test_a_byte_at_a_time(self):
        agent = self.agent()
        peer = protocol.join(agent.address)
        for byte in protocol.message("clock", 5):
            peer.socket.sendall(bytes([byte]))
            time.sleep(0.001)
        name, number, body = peer.get()
        self.assertEqual((name, number), ("time", 5))
        self.assertLessEqual(body["received_ns"], body["sent_ns"])
        peer.close()
        self.survives(agent)

    def test_many_connections_at_once(self):
        agent = self.agent()
        peers = [protocol.connect(agent.address) for _ in range(8)]
        first = peers[0].get()[0]
        self.assertEqual(first, "welcome")
        for peer in peers[1:]:
            self.assertEqual(peer.get()[0], "busy")
            self.assertTrue(peer.gone())
        for peer in peers:
            peer.close()
        self.survives(agent)

    def test_nothing_is_left_for_a_session(self):
        agent = self.agent()
        used = len(os.listdir(f"/proc/{agent.process.pid}/fd"))
        before = resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (used + 1, before[1]))
        peer = protocol.connect(agent.address)
        name, _, body = peer.get()
        self.assertEqual((name, body["text"].split(": ")[-1]), ("error", "Too many open files"))
        peer.close()
        self.assertIn("no session for", agent.said())
        resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, before)
        self.survives(agent)

    def test_nothing_is_left_to_accept(self):
        agent = self.agent()
        used = len(os.listdir(f"/proc/{agent.process.pid}/fd"))
        before = resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (used, before[1]))
        peer = protocol.connect(agent.address)
        while "cannot accept a connection: Too many open files; trying again" not in agent.said():
            self.assertIsNone(agent.process.poll(), agent.said())
            time.sleep(0.01)
        resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, before)
        self.assertEqual(peer.get()[0], "welcome")
        peer.close()
        self.survives(agent)

    def test_questions_wait_while_answers_are_not_taken(self):
        """Or the answers would fill the agent's memory."""
        agent = self.agent()
        peer = protocol.join(agent.address)
        question = protocol.message("clock", 5)
        flood, sent = question * 200_000, 0
        while sent < len(flood) and select.select([], [peer.socket], [], 2)[1]:
            sent += peer.socket.send(flood[sent:sent + 65536], socket.MSG_DONTWAIT)
        self.assertLess(sent, len(flood))
        for _ in range(sent // len(question)):
            self.assertEqual(peer.get()[:2], ("time", 5))
        peer.close()
        self.survives(agent)

    def test_a_master_that_takes_nothing_is_waited_for(self):
        """A while: the results wait for it, and are whole when it goes on."""
        agent = self.agent()
        master = self.running(agent, job_text({"x": {"ioengine": "null", "runtime": "800ms"}}))
        master.send_signal(signal.SIGSTOP)
        await_(lambda: "job done" in agent.said(), "the end of the job")
        master.send_signal(signal.SIGCONT)
        out, errors = master.communicate(timeout=60)
        self.assertEqual(master.returncode, 0, errors)
        self.assertIn("IOPS=", out)


class Agents(AgentTest):
    """The master against agents of Python."""

    def serve(self, serve):
        """The address of one that does @serve(peer) for one master."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def run():
            peer = protocol.Peer(listener.accept()[0])
            try:
                serve(peer)
            except (EOFError, OSError):
                pass
            peer.close()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 60)
        return f"tcp:127.0.0.1:{listener.getsockname()[1]}"

    def fails_against(self, serve, why, *options):
        address = self.serve(serve)
        ran = subprocess.run([FATHOM, "bench", "--agent", address, *options,
                              self.job(NULL_JOB)], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, check=False)
        said = ran.stderr.decode()  # which fails if it is not UTF-8
        self.assertEqual(ran.returncode, 1, said)
        self.assertNotIn("\x1b", said)
        self.assertIn(why, said.splitlines()[-1])
        return ran.stdout.decode()

    @staticmethod
    def until(peer, last, answers=()):
        """Answers what a master asks up to @last; its number."""
        bodies = dict(answers)
        replies = {"job": "prepared", "clock": "time", "run": "results", "record": "recording",
                   "finish": "finished"}
        while True:
            name, number, _ = peer.get()
            if name == last:
                return number
            if name == "clock":
                bodies["time"] = {"received_ns": 1, "sent_ns": 1}
            if name in replies:
                peer.send(replies[name], bodies.get(replies[name]), number)

    def test_strangers(self):
        self.fails_against(lambda p: p.socket.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
                           "not fathom's control protocol")
        self.fails_against(lambda p: None, "the agent has closed the connection")
        self.fails_against(lambda p: p.socket.sendall(protocol.message("welcome", version=3)),
                           "speaks version 3")
        self.fails_against(lambda p: p.send("busy", {"text": "later\x1b[2J\n"}), "later?[2J?")
        self.fails_against(lambda p: p.send("results", {}), "not expected")

    def test_results_that_are_none(self):
        for body in ({}, {"results": 5}, {"results": []}):
            def serve(peer, body=body):
                peer.send("welcome", {}, 0)
                peer.send("results", body, self.until(peer, "run"))
            self.fails_against(serve, "results came without any")

    def test_words_and_figures_of_any_kind(self):
        evil = {"text": "\x1b[31m", "subject": 7, "id": []}
        report = {"jobname": "\x1b]0;x\x07", "fathom": {"ioengine": "\r", "iodepth": "9"},
                  "read": {"total_ios": 1, "io_bytes": -1, "lat_ns": {
                      "N": 5, "percentile": {"99.000000": 2 ** 62}, "min": "x"}}}
        results = {"jobs": [report, None, 5], "disk_util": [[], {"name": "\x9b"}], "time": {},
                   "fathom": {"warnings": [evil, evil, 3]}}

        def serve(peer):
            peer.send("welcome", {"host": "\x1b[31m", "kernel": 5}, 0)
            number = self.until(peer, "run", {"prepared": {"warnings": [evil]}})
            peer.send("progress", {"phase": "\x1b[31m", "done": 1e300, "iops": "no"}, number)
            peer.send("results", {"results": results, "failure": "\x1b[31mbad"}, number)
            self.until(peer, "never")
        out = self.fails_against(serve, "?[31mbad")
        self.assertIn("\\x1b]0;x\\a: (groupid=0", out)
        self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_times_that_make_no_sense(self):
        def serve(peer):
            peer.send("welcome", {}, 0)
            number = self.until(peer, "clock")
            peer.send("time", {"received_ns": 5, "sent_ns": 4}, number)
        self.fails_against(serve, "times make no sense")

    def traced(self, pieces, finished, why):
        """A master that records, with an agent that sends @pieces before it is @finished."""
        trace = self.path("t.data")

        def serve(peer):
            peer.send("welcome", {}, 0)
            number = self.until(peer, "run")
            for body in pieces:
                peer.send("trace", body, 2)
            peer.send("results", {"results": {"jobs": []}}, number)
            peer.send("finished", finished, self.until(peer, "finish"))
        self.fails_against(serve, why, "--record=" + trace)
        with open(trace, "rb") as file:
            return file.read()

    def test_a_damaged_trace(self):
        first, checksum = protocol.piece(b"abc")
        second, last = protocol.piece(b"defg", 3, checksum)
        bad = second[:-1] + b"x"
        whole = {"bytes": 7, "checksum": last, "recorded": True}
        self.assertEqual(self.traced([first, bad], whole, "damaged on its way"), b"abc")
        self.assertEqual(self.traced([second], whole, "begins at byte 3, not at 0"), b"")
        self.assertEqual(self.traced([first], whole, "is not what the agent has sent"), b"abc")
        self.assertEqual(self.traced([first, second], {**whole, "recorded": False},
                                     "the agent's recorder failed"), b"abcdefg")

    def test_a_trace_that_nobody_asked_for(self):
        def serve(peer):
            peer.send("trace", protocol.piece(b"abc")[0], 0)
        self.fails_against(serve, "that nobody asked for")


if __name__ == "__main__":
    main()
