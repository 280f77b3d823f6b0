# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom vsock live, within a virtual machine that has vsockmon and the vsock loopback."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, TRAFFIC = sys.argv[1:3]
NOBODY = 65534
PAUSE_NS = 300_000_000      # of traffic's readers that stop


def interfaces():
    return set(os.listdir("/sys/class/net"))


def traffic(*scenarios):
    """What it did: name -> (bytes sent, received)."""
    out = subprocess.run([TRAFFIC, *scenarios], check=True, capture_output=True, text=True)
    return {words[0]: (int(words[2]), int(words[3]))
            for words in map(str.split, out.stdout.splitlines())}


class Capture:
    """fathom vsock at work, from its first word on."""

    def __init__(self, *words):
        self.process = subprocess.Popen([FATHOM, "vsock", *words], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.said = self.process.stderr.readline()

    def end(self, by=signal.SIGINT, status=0):
        if by:
            self.process.send_signal(by)
        out, err = self.process.communicate()
        assert self.process.returncode == status, (self.process.returncode, err)
        return out, err


class Live(unittest.TestCase):
    def setUp(self):
        self.assertEqual(interfaces(), {"lo"})

    def tearDown(self):
        self.assertEqual(interfaces(), {"lo"})

    def test_traffic(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "live.pcap")
            capture = Capture("--json", "-w", path)
            self.assertEqual(capture.said, "[ fathom vsock: capturing on vsockmon0 (created) "
                             f"to {path}; Ctrl-C ends it ]\n")
            self.assertEqual(interfaces(), {"lo", "vsockmon0"})
            done = traffic()
            told = json.loads(capture.end()[0])
            again = json.loads(subprocess.run([FATHOM, "vsock", "--json", "-i", path],
                                              check=True, capture_output=True).stdout)
        self.assertEqual(again, told)
        self.assertEqual((told["dropped"], told["strays"], told["cut"]), (0, 0, 0))
        by_name = dict(zip(done, told["conversations"]))    # in the order in which they began
        self.assertEqual({name: (one["bytes_ab"], one["bytes_ba"])
                          for name, one in by_name.items()}, done)
        self.assertEqual({name: one["end"] for name, one in by_name.items()
                          if one["end"] != "shutdown"},
                         {"refused": "refused", "reset": "reset"})
        for name in "late", "never":
            stalls = [stall for stall in by_name[name]["stalls"]
                      if stall["duration_ns"] >= PAUSE_NS]
            self.assertEqual([stall["sender"] for stall in stalls], ["a"], name)
            self.assertEqual(stalls[0]["unended"], name == "never")
        self.assertEqual({(stall["sender"], stall["fault"])
                          for stall in by_name["embrace"]["stalls"]},
                         {("a", "both"), ("b", "both")})
        self.assertEqual(by_name["messages"]["type"], "seqpacket")
        self.assertEqual(by_name["messages"]["messages_ab"], 7)

    def test_signals_remove_what_was_created(self):
        for by in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            capture = Capture("-i", "vsockmon7")
            self.assertEqual(interfaces(), {"lo", "vsockmon7"})
            self.assertEqual(capture.end(by), ("no packets\n", ""))
            self.assertEqual(interfaces(), {"lo"}, by)

    def test_interface_of_somebody_else(self):
        """It is used, and stays; when it goes, the capture ends and says why."""
        owner, user, other = (Capture(*words) for words in ((), ("--json",), ("--json",)))
        self.assertNotIn("(created)", user.said)
        traffic("halves")
        self.assertEqual(len(json.loads(user.end()[0])["conversations"]), 1)
        self.assertEqual(interfaces(), {"lo", "vsockmon0"})
        owner.end()
        out, err = other.end(by=None, status=1)
        self.assertEqual(len(json.loads(out)["conversations"]), 1)
        self.assertIn("the capture is incomplete: ", err)

    def test_filter_and_snapshot(self):
        """What does not pass is not captured; by default only headers are."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "live.pcap")
            captures = [Capture("--json", "--cid", "1", "--port", "7001,7008", "-w", path),
                        Capture("--json", "-i", "vsockmon1", "--cid", "2"),
                        Capture("--json", "-i", "vsockmon2")]
            traffic("halves", "messages", "window")
            two, none, all_ = (json.loads(capture.end()[0]) for capture in captures)
            again = json.loads(subprocess.run([FATHOM, "vsock", "--json", "-i", path],
                                              check=True, capture_output=True).stdout)
        self.assertEqual({one["b"]["port"] for one in two["conversations"]}, {7001, 7008})
        self.assertEqual(again, two)
        self.assertEqual(none["packets"], 0)
        self.assertEqual(len(all_["conversations"]), 3)
        self.assertGreater(all_["cut"], 0)

    def test_ends_by_itself(self):
        capture = Capture("-c", "5", "--packets")
        traffic("halves")
        self.assertEqual(capture.end(by=None)[0].count("\n"), 5)
        self.assertEqual(Capture("--duration", "200ms").end(by=None)[0], "no packets\n")

    def test_packets_as_they_come(self):
        capture = Capture("--packets")
        traffic("halves")
        for op in "REQUEST", "RESPONSE", "SHUTDOWN", "RST":
            while f" op={op} " not in (line := capture.process.stdout.readline()):
                self.assertTrue(line, op)
        capture.end()

    def test_rights(self):
        for words, sentence in (((), "vsockmon0: creating it needs root (CAP_NET_ADMIN)"),
                                (("-i", "lo"), "lo: capturing needs root (CAP_NET_RAW)")):
            done = subprocess.run([FATHOM, "vsock", *words], user=NOBODY, check=False,
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (1, f"fathom vsock: {sentence}\n"))
        done = subprocess.run([FATHOM, "vsock", "-i", "vsockmon" + "x" * 20], check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 to 15 characters", done.stderr)


if __name__ == "__main__":
    skips.main(sys.argv[:1] + sys.argv[3:])
