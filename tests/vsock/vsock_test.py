# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom vsock over captures of real traffic: the numbers of tshark, of what made the
traffic, and of what is wrong with a capture.

loopback.pcap.xz is what traffic.c did within one machine; vhost.pcap.xz a host and a guest
that asks for credit, refuses, resets and sends what no guest should."""
import csv
import fcntl
import io
import json
import lzma
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
from collections import Counter, defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, MAKE_CAPTURE = (os.path.abspath(word) for word in sys.argv[1:3])

OPS = {"INVALID": 0, "REQUEST": 1, "RESPONSE": 2, "RST": 3, "SHUTDOWN": 4, "RW": 5,
       "CREDIT_UPDATE": 6, "CREDIT_REQUEST": 7}
MONITOR_OPS = {"UNKNOWN": 0, "CONNECT": 1, "DISCONNECT": 2, "CONTROL": 3, "PAYLOAD": 4}
TYPES = {"STREAM": 1, "SEQPACKET": 2}
SHUTDOWN_FLAGS, RW_FLAGS = {"RCV": 1, "SEND": 2}, {"EOM": 1, "EOR": 2}

# What traffic.c said that it did: name, port, bytes sent and received.
TRAFFIC = (("echo", 7000, 5242876, 5242876), ("halves", 7001, 8, 6), ("refused", 7002, 0, 0),
           ("reset", 7003, 0, 0), ("late", 7004, 266240, 0), ("never", 7005, 262144, 0),
           ("window", 7006, 655360, 0), ("embrace", 7007, 262149, 262149),
           ("messages", 7008, 339738, 339738))
PAUSE_NS = 300_000_000


def run(*words, status=0, data=None):
    done = subprocess.run([str(word) for word in words], capture_output=True, check=False,
                          input=data)
    if done.returncode != status:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout[-2000:]}\n"
                             f"{done.stderr.decode()}")
    return done


def vsock(*words, **options):
    return run(FATHOM, "vsock", *words, **options)


def explain(*words, **options):
    return json.loads(vsock("--json", *words, **options).stdout)


def number_of(word, names):
    return names[word] if word in names else int(word, 0)


def flags_of(text, op):
    names = {"SHUTDOWN": SHUTDOWN_FLAGS, "RW": RW_FLAGS}.get(op, {})
    return sum(number_of(word, names) for word in text.split("|"))


class Captures(unittest.TestCase):
    """The captures unpacked, in a folder that goes away."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="fathom-vsock-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for name in ("loopback", "vhost"):
            with lzma.open(os.path.join(HERE, name + ".pcap.xz")) as packed:
                with open(cls.path(name), "wb") as file:
                    file.write(packed.read())

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name + ".pcap")

    def packets(self, name):
        """(16-byte header, bytes) of each packet."""
        with open(self.path(name), "rb") as file:
            data = file.read()
        at = 24
        while at < len(data):
            size = struct.unpack_from("<8xI", data, at)[0]
            yield data[at:at + 16], data[at + 16:at + 16 + size]
            at += 16 + size

    def write(self, name, packets):
        with open(self.path("loopback"), "rb") as file:
            head = file.read(24)
        with open(self.path(name), "wb") as file:
            file.write(head)
            for header, data in packets:
                file.write(header + data)
        return self.path(name)


class AsTsharkHasIt(Captures):
    FIELDS = ("frame.time_epoch", "vsock.src_cid", "vsock.src_port", "vsock.dst_cid",
              "vsock.dst_port", "vsock.op", "vsock.virtio.type", "vsock.virtio.op",
              "vsock.virtio.len", "vsock.virtio.flags", "vsock.virtio.buf_alloc",
              "vsock.virtio.fwd_cnt", "frame.cap_len", "frame.len")

    def setUp(self):
        if not shutil.which("tshark"):
            self.skipTest("tshark is not installed")

    def tshark(self, name):
        """A tuple of numbers per packet, in the order of FIELDS."""
        # tshark shows the addresses again for the virtio header: the first are vsockmon's.
        words = [word for field in self.FIELDS for word in ("-e", field)]
        out = run("tshark", "-r", self.path(name), "-T", "fields", "-E", "occurrence=f",
                  *words).stdout.decode()
        for line in out.splitlines():
            time, *rest = line.split("\t")
            seconds, fraction = time.split(".")
            yield (int(seconds) * 10**9 + int(fraction.ljust(9, "0")),
                   *(int(value, 0) for value in rest))

    def ours(self, name):
        start = explain("-i", self.path(name))["start_ns"]
        out = vsock("-i", self.path(name), "--packets", "--csv").stdout.decode()
        for row in csv.DictReader(io.StringIO(out)):
            yield (start + int(row["t_ns"]), int(row["src_cid"]), int(row["src_port"]),
                   int(row["dst_cid"]), int(row["dst_port"]),
                   number_of(row["monitor_op"], MONITOR_OPS), number_of(row["type"], TYPES),
                   number_of(row["op"], OPS), int(row["len"]),
                   flags_of(row["flags"], row["op"]), int(row["buf_alloc"]),
                   int(row["fwd_cnt"]), int(row["captured"]), int(row["length"]))

    def test_every_field_of_every_packet(self):
        for name in ("loopback", "vhost"):
            with self.subTest(name):
                theirs, ours = list(self.tshark(name)), list(self.ours(name))
                self.assertEqual(len(ours), len(theirs))
                for number, (mine, other) in enumerate(zip(ours, theirs), 1):
                    self.assertEqual(mine, other, f"packet {number}: {self.FIELDS}")

    def test_sums(self):
        for name in ("loopback", "vhost"):
            with self.subTest(name):
                ops, sums = Counter(), defaultdict(Counter)
                for (_, src, sport, dst, dport, _, kind, op, length, *_) in self.tshark(name):
                    ops[op] += 1
                    way = sums[kind, src, sport, dst, dport]
                    way["packets"] += 1
                    way["bytes"] += length if op == OPS["RW"] else 0
                    way["credit"] += op in (OPS["CREDIT_UPDATE"], OPS["CREDIT_REQUEST"])
                told = explain("-i", self.path(name))
                self.assertEqual({number_of(op, OPS): n for op, n in told["ops"].items()},
                                 dict(ops))
                self.assertEqual(told["packets"], sum(ops.values()))
                for one in told["conversations"]:
                    ends = [one[end][part] for end in "ab" for part in ("cid", "port")]
                    kind = {"stream": 1, "seqpacket": 2}.get(one["type"], one["type"])
                    there, back = sums[kind, *ends], sums[kind, *ends[2:], *ends[:2]]
                    self.assertEqual(
                        (one["packets_ab"], one["bytes_ab"], one["packets_ba"],
                         one["bytes_ba"], one["credit_packets"]),
                        (there["packets"], there["bytes"], back["packets"], back["bytes"],
                         there["credit"] + back["credit"]), ends)


class Explained(Captures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by_port = {one["b"]["port"]: one
                       for one in explain("-i", cls.path("loopback"))["conversations"]}
        cls.named = {name: cls.by_port[port] for name, port, _, _ in TRAFFIC}

    def test_bytes_are_those_that_were_sent(self):
        self.assertEqual(len(self.by_port), len(TRAFFIC))
        for name, port, sent, received in TRAFFIC:
            one = self.by_port[port]
            self.assertEqual((one["bytes_ab"], one["bytes_ba"]), (sent, received), name)
            self.assertEqual(one["opened_by"], "a")
            self.assertEqual(one["tap_lost_bytes"], 0, name)
            self.assertEqual((one["overrun_packets_ab"], one["overrun_packets_ba"]), (0, 0))

    def test_how_they_ended(self):
        ends = {name: one["end"] for name, one in self.named.items()}
        self.assertEqual(ends.pop("refused"), "refused")
        self.assertEqual(ends.pop("reset"), "reset")
        self.assertEqual(set(ends.values()), {"shutdown"})
        self.assertIsNone(self.named["refused"]["connect_ns"])
        self.assertTrue(all(one["connect_ns"] > 0 for name, one in self.named.items()
                            if name != "refused"))
        self.assertEqual(self.named["never"]["ended_by"], "b")
        self.assertEqual(self.named["never"]["unread_ab"], 262144)

    def test_reader_that_stops(self):
        late, never = self.named["late"]["stalls"], self.named["never"]["stalls"]
        for stalls in late, never:
            self.assertEqual([(s["sender"], s["fault"]) for s in stalls], [("a", "reader")])
            self.assertTrue(PAUSE_NS <= stalls[0]["duration_ns"] < 2 * PAUSE_NS, stalls)
        self.assertEqual((late[0]["unended"], never[0]["unended"]), (False, True))

    def test_other_stalls(self):
        window = self.named["window"]
        self.assertEqual({s["sender"] for s in window["stalls"]}, {"a"})
        self.assertEqual({s["buf_alloc"] for s in window["stalls"]}, {16384})
        self.assertIn("window", {s["fault"] for s in window["stalls"]})
        self.assertEqual(window["stall_count"], 39)
        embrace = self.named["embrace"]["stalls"]
        self.assertEqual({(s["sender"], s["fault"]) for s in embrace},
                         {("a", "both"), ("b", "both")})
        for name in "halves", "refused", "reset", "messages":
            self.assertEqual(self.named[name]["stalls"], [], name)

    def test_messages(self):
        one = self.named["messages"]
        self.assertEqual(one["type"], "seqpacket")
        self.assertEqual((one["messages_ab"], one["messages_ba"]), (7, 7))
        self.assertIsNone(self.named["echo"]["messages_ab"])
        self.assertEqual(one["answers_b"]["count"], 7)
        self.assertEqual(self.named["echo"]["answers_b"]["count"], 61)

    def test_over_time(self):
        for name, one in self.named.items():
            curves = one["over_time"]
            if not one["bytes_ab"]:
                self.assertIsNone(curves, name)
                continue
            self.assertEqual(sum(curves["bytes_ab"]), one["bytes_ab"], name)
            self.assertEqual(sum(curves["bytes_ba"]), one["bytes_ba"], name)
            self.assertEqual(len({len(curve) for key, curve in curves.items()
                                  if key != "bucket_ns"}), 1)
        self.assertEqual(min(self.named["late"]["over_time"]["credit_a"]), 0)

    def test_report_says_who_stalled_whom(self):
        out = vsock("-i", self.path("loopback")).stdout.decode()
        self.assertRegex(out, r"\n# +stalled +by +for +share +times +longest +at +buffer +because "
                         r"it\n")
        self.assertRegex(out, r"\n5 +1:\d+ +1:7004 +313 ms +84 % +1 +313 ms +[\d.]+ s +256 KiB +did not "
                         r"read\n")
        self.assertRegex(out, r"\n8 +1:7007 +1:\d+ .* did not read, for it was stalled, too\n")
        self.assertRegex(out, r"\nunread: #6 1:7005 closed with up to 262144 bytes of 1:\d+ "
                         r"unread\n")

    def test_narrow_terminal(self):
        """The table and the curves keep within it; only sentences may be longer."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        with subprocess.Popen([FATHOM, "vsock", "-i", self.path("loopback")], stdout=theirs):
            os.close(theirs)
            lines = b""
            while True:
                try:
                    lines += os.read(ours, 1 << 16)
                except OSError:     # it has ended
                    break
        os.close(ours)
        lines = lines.decode().splitlines()
        table = lines[lines.index("") + 1:][:10]
        self.assertEqual(table[0].split(), "# from to connect end sent received stalled".split())
        curves = [line for line in lines if "|" in line]
        self.assertGreater(len(curves), 4)
        self.assertLessEqual(max(map(len, table + curves)), 80)

    def test_what_no_guest_should_send(self):
        told = explain("-i", self.path("vhost"))
        self.assertEqual(told["ops"]["99"], 1)
        self.assertEqual(told["ops"]["CREDIT_REQUEST"], 1)
        odd = [one for one in told["conversations"] if one["type"] == 7]
        self.assertEqual([one["end"] for one in odd], ["refused"])
        ends = Counter(one["end"] for one in told["conversations"])
        self.assertEqual(ends, {"shutdown": 8, "reset": 3, "refused": 2})
        stalled = max(told["conversations"], key=lambda one: one["stalled_a_ns"])
        self.assertEqual(stalled["b"], {"cid": 3, "port": 5002})
        self.assertTrue(0.9e9 < stalled["stalls"][0]["duration_ns"] < 1.1e9)
        lines = vsock("-i", self.path("vhost"), "--packets").stdout.decode()
        self.assertIn(" type=STREAM op=99 ", lines)
        self.assertIn(" type=7 op=REQUEST ", lines)
        self.assertIn(" op=RW len=18 flags=0x80000000 buf_alloc=4294967295 ", lines)

    def test_follow(self):
        out = vsock("-i", self.path("loopback"), "--follow", 2).stdout.decode()
        self.assertRegex(out, r"\A# conversation 2, stream: > 1:\d+ to 1:7001, .*\n"
                         r"> \d+\.\d{9} 8 bytes\nquestion\n< \d+\.\d{9} 6 bytes\nanswer\n\Z")
        out = vsock("-i", self.path("loopback"), "--follow", 2, "--hex").stdout.decode()
        self.assertIn("\n00000000  71 75 65 73 74 69 6f 6e                          question\n",
                      out)
        self.assertEqual(vsock("-i", self.path("loopback"), "--follow", 10, status=1).stderr,
                         b"fathom vsock: there is no conversation 10: the capture has 9\n")

    def test_follow_has_what_was_sent(self):
        """Pieces of packets that vhost split and showed with more than their part."""
        numbers = [one["number"] for one in explain("-i", self.path("vhost"))["conversations"]
                   if one["b"]["port"] == 5000]
        out = vsock("-i", self.path("vhost"), "--follow", numbers[0], "--hex").stdout.decode()
        streams = {">": bytearray(), "<": bytearray()}
        for line in out.splitlines()[1:]:
            if line[0] in streams:
                stream = streams[line[0]]
            else:
                self.assertEqual(int(line[:8], 16), len(stream))
                stream += bytes.fromhex(line[10:58])
        asked, answered = streams.values()
        self.assertEqual(answered[-3:], b"bye")
        while asked:                # a length, and that many bytes
            size = 4 + int.from_bytes(asked[:4], "big")
            self.assertEqual(asked[:4], answered[:4])
            self.assertEqual(bytes(byte + 1 for byte in asked[4:size]), answered[4:size])
            del asked[:size], answered[:size]


class Filtered(Captures):
    def test_cid_and_port(self):
        def ports(*words):
            told = explain("-i", self.path("loopback"), *words)
            return {one["b"]["port"] for one in told["conversations"]}

        self.assertEqual(ports("--port", "7001"), {7001})
        self.assertEqual(ports("--port", "7001,7003", "--port", "7008"), {7001, 7003, 7008})
        self.assertEqual(ports("--cid", "1", "--port", "7001"), {7001})
        self.assertEqual(ports("--cid", "3"), set())
        self.assertEqual(vsock("-i", self.path("loopback"), "--cid", "3").stdout,
                         b"none of 925 packets passed the filter\n")

    def test_writing_what_passed(self):
        one = self.path("one")
        vsock("-i", self.path("loopback"), "--port", "7008", "-w", one)
        whole = explain("-i", self.path("loopback"), "--port", "7008")
        self.assertEqual(explain("-i", one), whole)
        sent = vsock("-i", self.path("loopback"), "--port", "7008", "-w", "-").stdout
        with open(one, "rb") as file:
            self.assertEqual(sent, file.read())
        self.assertEqual(explain("-i", "-", data=sent), whole)

    def test_count(self):
        self.assertEqual(explain("-i", self.path("loopback"), "-c", "100")["packets"], 100)


class Lossy(Captures):
    """Captures from which packets are taken away."""

    def lose(self, name, is_lost):
        kept, bytes_lost = [], 0
        for number, (header, data) in enumerate(self.packets("loopback")):
            port, length, op = (*struct.unpack_from("<I", data, 20),
                                *struct.unpack_from("<I2xH", data, 56))
            if is_lost(number, port, op):
                bytes_lost += length
            else:
                kept.append((header, data))
        return self.write(name, kept), bytes_lost

    def test_tap_that_loses_is_no_stalled_peer(self):
        path, lost = self.lose("lossy", lambda number, port, op: port == 7000 and
                               op == OPS["RW"] and number % 10 == 3)
        self.assertGreater(lost, 100000)
        told = explain("-i", path)
        by_port = {one["b"]["port"]: one for one in told["conversations"]}
        self.assertEqual((by_port[7000]["tap_lost_bytes"], told["tap_lost_bytes"]), (lost, lost))
        self.assertEqual(by_port[7000]["bytes_ab"] + lost, 5242876)
        self.assertEqual({one["tap_lost_bytes"] for port, one in by_port.items()
                          if port != 7000}, {0})
        out = vsock("-i", path).stdout.decode()
        self.assertIn(f" 1:7000 read {lost} bytes of 1:", out)
        out = vsock("-i", path, "--follow", 1).stdout.decode()
        missing = sum(map(int, re.findall(r"^> \[(\d+) bytes were not captured\]$", out, re.M)))
        self.assertEqual(missing, lost)

    def test_capture_that_begins_late(self):
        """Nothing is lost, though the first bytes and who connected are not known."""
        path, _ = self.lose("begun", lambda number, port, op: number < 100)
        one = explain("-i", path)["conversations"][0]
        self.assertEqual((one["opened_by"], one["connect_ns"], one["tap_lost_bytes"]),
                         (None, None, 0))
        self.assertIn("? began before the capture", vsock("-i", path).stdout.decode())


class Wrong(Captures):
    def expect(self, sentence, *words, status=1, **options):
        done = vsock(*words, status=status, **options)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assertIn(sentence, done.stderr.decode())
        return done.stdout

    def test_capture_that_is_cut(self):
        with open(self.path("loopback"), "rb") as file:
            data = file.read(1_000_000)
        with open(self.path("cut"), "wb") as file:
            file.write(data)
        out = self.expect("warning: the capture is incomplete: offset 936657: the file ends", "-i",
                          self.path("cut"))
        self.assertIn(b" packets in ", out)
        told = json.loads(self.expect("incomplete", "-i", self.path("cut"), "--json"))
        self.assertTrue(told["incomplete"])
        self.assertGreater(told["packets"], 100)
        # libpcap says the same of a stream
        self.assertEqual(json.loads(self.expect("truncated dump file", "-i", "-", "--json",
                                                data=data))["packets"], told["packets"])

    def test_snapshot_that_is_too_short(self):
        path = self.write("short", ((header[:8] + struct.pack("<I", min(len(data), 64)) +
                                     header[12:], data[:64])
                                    for header, data in self.packets("loopback")))
        out = self.expect("925 packets end within their headers, which take 76 bytes", "-i", path)
        self.assertIn(b"0 conversations", out)
        path = self.write("heads", ((header[:8] + struct.pack("<I", min(len(data), 80)) +
                                     header[12:], data[:80])
                                    for header, data in self.packets("loopback")))
        whole, heads = (explain("-i", one) for one in (self.path("loopback"), path))
        self.assertGreater(heads["cut"], 500)
        self.assertEqual(heads["conversations"], whole["conversations"])

    def test_files_that_are_none(self):
        for data, sentence in ((b"", "pcap or pcapng"), (b"\xd4\xc3\xb2\xa1", "pcap"),
                               (b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(12) + b"\1\0\0\0",
                                "link type 1 (Ethernet), not 271 (AF_VSOCK)")):
            with open(self.path("none"), "wb") as file:
                file.write(data)
            self.expect(sentence, "-i", self.path("none"))
            self.expect(sentence, "-i", "-", data=data)
        self.expect("no/such: No such file", "-i", "no/such")
        self.expect("is being read", "-i", self.path("vhost"), "-w", self.path("vhost"))
        with open(self.path("vhost"), "rb") as file:
            done = subprocess.run([FATHOM, "vsock", "-i", "-", "-w", self.path("vhost")],
                                  stdin=file, stderr=subprocess.PIPE, check=False)
        self.assertIn(b"is being read", done.stderr)
        self.expect("No such file", "-i", self.path("vhost"), "-w", "/no/such")
        self.expect("No space left", "-i", self.path("vhost"), "-w", "/dev/full")

    @unittest.skipIf(os.geteuid(), "to capture from lo needs root")
    def test_interface_of_another_kind(self):
        self.expect("lo: its packets are of link type 1 (Ethernet)", "-i", "lo")

    def test_usage(self):
        for words in (("file",), ("--json", "--csv"), ("--packets", "--json"), ("--hex",),
                      ("--follow", "1", "--csv"), ("--follow", "0"), ("--cid", "x"),
                      ("--cid", "1,"), ("--port", "4294967296"), ("-w", "-", "--csv"),
                      ("-s", "75"), ("-c", "0"), ("--nix",)):
            with self.subTest(words):
                self.expect("(see fathom vsock --help)", *words, status=2)

    def test_odd_packets(self):
        """Every op, type, transport and length of a header, and headers that are cut."""
        run(MAKE_CAPTURE, "-n", 400, "-o", self.path("odd"))
        for words in (), ("--json",), ("--csv",), ("--packets",), ("--packets", "--csv"):
            out = self.expect("end within their headers", "-i", self.path("odd"), *words)
            if "--json" in words:
                told = json.loads(out)
                self.assertEqual(told["ops"]["8"], 1)
                self.assertEqual(told["not_virtio"], 3)
            if "--csv" in words:
                rows = list(csv.reader(io.StringIO(out.decode())))
                self.assertEqual(len({len(row) for row in rows}), 1)

    def test_a_reader_that_left_is_no_error(self):
        run(MAKE_CAPTURE, "-n", 100000, self.path("long"))
        for words in ("--packets",), ("--json",), ("--follow", "1"):
            with subprocess.Popen([FATHOM, "vsock", "-i", self.path("long"), *words],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                process.stdout.readline()
                process.stdout.close()
                self.assertEqual((process.stderr.read(), process.wait()), (b"", 0), words)

    def test_output_that_fails(self):
        for words in (), ("--packets",), ("--json",), ("--csv",), ("--follow", "1"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([FATHOM, "vsock", "-i", self.path("loopback"), *words],
                                      stdout=full, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertIn(b"cannot write to standard output", done.stderr)


class Many(Captures):
    def test_more_conversations_than_are_held(self):
        """JSON and CSV have all, in order; the report has those that say most."""
        run(MAKE_CAPTURE, "-n", 40000, "-c", 4096, self.path("many"))
        told = explain("-i", self.path("many"))
        self.assertCountEqual((one["number"] for one in told["conversations"]),
                              range(1, 4097))
        rows = list(csv.DictReader(io.StringIO(
            vsock("-i", self.path("many"), "--csv").stdout.decode())))
        self.assertEqual(len(rows), 4096)
        self.assertEqual(sum(int(row["packets_a"]) + int(row["packets_b"]) for row in rows),
                         told["packets"])
        out = vsock("-i", self.path("many")).stdout.decode()
        self.assertIn("4096 conversations\n", out)
        more, counted = map(int, re.search(r"and (\d+) more.*\n\((\d+) of them only counted",
                                           out).groups())
        self.assertEqual(more, 4096 - 40)
        self.assertEqual(counted, 2048)

    def test_pcapng(self):
        if not shutil.which("editcap"):
            self.skipTest("editcap is not installed")
        run("editcap", "-F", "pcapng", self.path("vhost"), self.path("ng"))
        self.assertEqual(explain("-i", self.path("ng")), explain("-i", self.path("vhost")))


if __name__ == "__main__":
    skips.main(sys.argv[:1] + sys.argv[3:])
