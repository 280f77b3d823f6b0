# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped models on recordings of the programs that they are of: recorded_test.py FATHOM SEQUENCES

What fathom latency, depth and poll say is held against a reckoning of their own here, from
the events that fathom script prints, and against what is known of the workloads. README.md
tells how the recordings were made."""
import collections
import json
import lzma
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, SEQUENCES = (os.path.abspath(word) for word in sys.argv[1:3])
HERE = os.path.dirname(os.path.abspath(__file__))


class Recording:
    """A recording, unpacked while the tests of a class run."""

    def __init__(self, name, folder):
        self.path = os.path.join(folder, name + ".data")
        with lzma.open(os.path.join(HERE, "recordings", name + ".data.xz")) as packed, \
                open(self.path, "wb") as file:
            file.write(packed.read())
        self.events = [json.loads(line) for line
                       in self.fathom("script", "--json").splitlines()]

    def fathom(self, command, *words):
        done = subprocess.run([FATHOM, command, "-i", self.path, *words], capture_output=True,
                              text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), (words, done.stdout, done.stderr)
        return done.stdout

    def json(self, command, *words):
        return json.loads(self.fathom(command, "--json", *words))

    def sequences(self, model):
        """{"read block io_uring": how many requests went through these stages}"""
        done = subprocess.run([SEQUENCES, self.path, model], capture_output=True, text=True,
                              check=True)
        lines = (line.split(" ", 1) for line in done.stdout.splitlines())
        return {way: int(count) for count, way in lines}

    def count(self, probe):
        return sum(event["event"] == probe for event in self.events)


class Case(unittest.TestCase):
    name = None  # of the recording

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="fathom-recorded-")
        cls.recording = Recording(cls.name, cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def hold(self, model, latencies):
        """Holds fathom latency with @model against {op: [ns, ...]}; returns its answer."""
        answer = self.recording.json("latency", "--model", model)
        groups = {group["op"]: group for group in answer["groups"]}
        self.assertEqual({op: group["count"] for op, group in groups.items()},
                         {op: len(values) for op, values in latencies.items()})
        for op, values in latencies.items():
            with self.subTest(op=op):
                group = groups[op]
                self.assertEqual((group["min_ns"], group["max_ns"]), (min(values), max(values)))
                self.assertAlmostEqual(group["mean_ns"], sum(values) / len(values), delta=1)
        self.assertEqual(answer["model"], model)
        self.assertEqual(answer["lost"], 0)
        return answer

    def pairs(self, begins, ends, key, op):
        """{op: [ns, ...]} of requests by key(event); op(begin, end) names them."""
        under_way, latencies = {}, collections.defaultdict(list)
        for event in self.recording.events:
            if event["event"] in begins:
                under_way[key(event)] = event
            elif event["event"] in ends and key(event) in under_way:
                begin = under_way.pop(key(event))
                latencies[op(begin, event)].append(event["time_ns"] - begin["time_ns"])
        return dict(latencies)

    def nested(self, begin, end, key, op):
        """The same for requests on a stack by thread."""
        stacks, latencies = collections.defaultdict(list), collections.defaultdict(list)
        for event in self.recording.events:
            if event["event"] == begin:
                stacks[event["tid"]].append(event)
            elif event["event"] == end:
                top = stacks[event["tid"]].pop()
                assert key(top) == key(event), "a return was skipped"
                latencies[op(top)].append(event["time_ns"] - top["time_ns"])
        return dict(latencies)

    def by_thread(self, begins, ends, op):
        return self.pairs(begins, ends, lambda event: event["tid"], op)


def argument(name):
    return lambda event, *_: event["args"][name]


def word(text):
    return lambda *_: text


class Qemu:
    """A guest that reads 404 and writes 100 times, see docs/qemu.md; with and without polling
    in the iothread."""

    def test_virtio_blk(self):
        names = {"qemu:virtio_blk_handle_read": "read", "qemu:virtio_blk_handle_write": "write"}
        answer = self.hold("qemu/virtio-blk", self.pairs(
            names, {"qemu:virtio_blk_req_complete"}, argument("req"),
            lambda begin, end: names[begin["event"]]))
        self.assertEqual({group["op"]: group["count"] for group in answer["groups"]},
                         {"read": 404, "write": 100})
        self.assertEqual(answer["unmatched"],
                         {"completes": 0, "submits": 0, "reused": 0, "skipped": 0})

    def test_stages(self):
        """Each request is found again by its bytes and by two keys of lower layers. Missed are
        a read and a flush of QEMU's own."""
        self.assertEqual(self.recording.sequences("qemu/virtio-blk"),
                         {"read block io_uring reaped answer": 404,
                          "write block io_uring reaped answer": 100,
                          "missed block": 1, "missed io_uring": 1, "missed reaped": 1})

    def test_it_is_the_one_that_fits(self):
        shown = self.recording.fathom("latency")
        self.assertIn("504 requests in", shown)
        self.assertIn("(model qemu/virtio-blk, by the trace's events; 2 others fit)", shown)
        self.assertEqual(self.recording.json("latency", "--model", "qemu")["model"],
                         "qemu/virtio-blk")

    def test_io_uring(self):
        types = {1: "read", 2: "write", 8: "flush"}
        answer = self.hold("qemu/io_uring", self.pairs(
            {"qemu:luring_co_submit"}, {"qemu:luring_process_completion"},
            lambda event: event["args"].get("luringcb") or event["args"].get("aiocb"),
            lambda begin, end: types[begin["args"]["type"]]))
        self.assertEqual({group["op"]: group["count"] for group in answer["groups"]},
                         {"read": 404, "write": 100, "flush": 1})

    def test_size_and_offset(self):
        sizes = {group["size"]: group["count"] for group
                 in self.recording.json("latency", "--by", "size")["groups"]}
        begun = collections.Counter(
            event["args"]["nsectors"] * 512 for event in self.recording.events
            if event["event"].startswith("qemu:virtio_blk_handle_"))
        self.assertEqual(sizes, begun)

    def test_depth(self):
        depth, most = 0, 0
        for event in self.recording.events:
            depth += event["event"].startswith("qemu:virtio_blk_handle_")
            most = max(most, depth)
            depth -= event["event"] == "qemu:virtio_blk_req_complete"
        answer = self.recording.json("depth")
        self.assertEqual((answer["max_depth"], most), (4, 4))

    def test_thread_pool(self):
        self.hold("qemu/thread-pool", self.pairs(
            {"qemu:thread_pool_submit"}, {"qemu:thread_pool_complete"}, argument("req"),
            word("all")))


class QemuBlocking(Qemu, Case):
    name = "qemu-0"

    def test_no_polling(self):
        done = subprocess.run([FATHOM, "poll", "-i", self.recording.path, "-m", "qemu"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no polling in the trace", done.stderr)


class QemuPolling(Qemu, Case):
    name = "qemu-200000"

    def test_polling(self):
        events = [event for event in self.recording.events
                  if event["event"] == "qemu:run_poll_handlers_end"]
        found = sum(event["args"]["progress"] != 0 for event in events)
        loops = self.recording.json("poll")["loops"]
        self.assertEqual(len(loops), 1)
        self.assertEqual(loops[0]["loop"], events[0]["args"]["ctx"])
        self.assertEqual((loops[0]["windows"], loops[0]["progress"]), (len(events), found))
        self.assertEqual((loops[0]["grow"], loops[0]["shrink"]),
                         (self.recording.count("qemu:poll_grow"),
                          self.recording.count("qemu:poll_shrink")))
        self.assertGreater(found, 100)

    def test_a_replay_of_qemus_own_rule_tells_what_qemu_did(self):
        answer = self.recording.json("poll", "--what-if", "--poll-max", "200us")
        replays = {replay["algorithm"]: replay for replay in answer["replays"]}
        did, again = replays["recorded"], replays["context"]  # QEMU 7.2's
        self.assertGreater(answer["waits"], 1000)
        for what in "found", "polled_ns":
            self.assertAlmostEqual(again[what] / did[what], 1, delta=0.1)
        self.assertEqual(answer["requests"], 504)


class Postgresql(Case):
    name = "postgresql"

    def pair(self, probe, op, *more):
        return self.by_thread({f"postgresql:{probe}__start"}, {f"postgresql:{probe}__done", *more},
                              op)

    def test_queries(self):
        answer = self.hold("postgresql/query", self.pair("query", word("query")))
        self.assertEqual(answer["unmatched"]["completes"], 0)
        # select 1/0 never came to its end; its back end ended with it
        self.assertEqual(answer["unmatched"]["submits"] + answer["unmatched"]["reused"], 1)

    def test_transactions(self):
        ends = {f"postgresql:transaction__{end}" for end in ("commit", "abort")}
        answer = self.hold("postgresql/transaction", self.pair(
            "transaction", lambda begin, end: end["event"].split("__")[1], *ends))
        self.assertEqual({group["op"]: group["count"] for group in answer["groups"]}["abort"], 2)

    def test_buffers(self):
        self.hold("postgresql/buffer", self.pair(
            "buffer__read", lambda begin, end: "hit" if end["args"]["isHit"] else "miss"))

    def test_files(self):
        latencies = self.pair("smgr__md__read", word("read"))
        latencies |= self.pair("smgr__md__write", word("write"))
        self.hold("postgresql/file", latencies)
        sizes = {group["size"]: group["count"] for group
                 in self.recording.json("latency", "-m", "postgresql/file", "--by", "size")["groups"]}
        self.assertEqual(sizes, {8192: sum(map(len, latencies.values()))})

    def test_writes_of_a_back_end(self):
        self.hold("postgresql/dirty-buffer", self.pair("buffer__write__dirty", word("write")))
        self.hold("postgresql/wal", self.pair("wal__buffer__write__dirty", word("write")))

    def test_waits(self):
        answer = self.hold("postgresql/lock", self.pair("lock__wait", argument("type")))
        waits = {group["op"]: group for group in answer["groups"]}
        self.assertGreater(waits["relation"]["max_ns"], 100e6)  # lock table; pg_sleep(0.3)
        self.hold("postgresql/lwlock", self.pair("lwlock__wait", argument("tranche")))

    def test_the_executor(self):
        self.hold("postgresql/execute", self.nested(
            "postgresql:query__execute__start", "postgresql:query__execute__done",
            word(None), word("execute")))

    def test_checkpoints(self):
        self.hold("postgresql/checkpoint", self.pair("checkpoint", word("checkpoint")))
        self.assertEqual(self.recording.sequences("postgresql/checkpoint"),
                         {"checkpoint buffers sync finish": 1})

    def test_stages(self):
        """Pages that were not there are read, unless they are new; queries wait for locks."""
        ways = self.recording.sequences("postgresql/buffer")
        self.assertEqual({way for way in ways if not way.startswith("missed")},
                         {"hit", "miss", "miss read -read"})
        read = self.recording.count("postgresql:smgr__md__read__start")
        self.assertEqual(ways["miss read -read"] + ways.get("missed read", 0) / 2, read)
        ways = self.recording.sequences("postgresql/query")
        self.assertTrue(all(way.count(" lock") == way.count(" -lock") for way in ways))
        self.assertTrue(any(" execute lock -lock -execute" in way for way in ways))


class Python(Case):
    name = "python"

    def test_calls(self):
        answer = self.hold("python/call", self.nested(
            "python:function__entry", "python:function__return",
            lambda event: (event["args"]["filename"], event["args"]["function"]),
            argument("function")))
        counts = {group["op"]: group["count"] for group in answer["groups"]}
        # dive.py: of six soundings of fathoms(0) to fathoms(4) and fathoms(0), 1+1+3+5+9+1
        # calls; a generator is called for each, and to find that it is at its end.
        self.assertEqual({name: counts[name] for name in
                          ("survey", "soundings", "fathoms", "try_it", "aground")},
                         {"survey": 1, "soundings": 20 * 7, "fathoms": 20 * 20,
                          "try_it": 20, "aground": 20})
        self.assertEqual(answer["unmatched"],
                         {"completes": 0, "submits": 0, "reused": 0, "skipped": 0})

    def test_the_table_is_short(self):
        shown = self.recording.fathom("latency", "-m", "python/call").splitlines()
        rows = self.recording.fathom("latency", "-m", "python/call", "--csv").splitlines()
        more = len(rows) - 1 - 40
        self.assertIn(f"… and {more} more, which took less time; --csv has them all", shown)
        self.assertEqual(shown[3].split()[0], "_find_and_load")  # all of the program's start

    def test_garbage(self):
        generations = {0: "young", 1: "middle", 2: "full"}
        answer = self.hold("python/gc", self.by_thread(
            {"python:gc__start"}, {"python:gc__done"},
            lambda begin, end: generations[begin["args"]["generation"]]))
        self.assertIn("full", {group["op"] for group in answer["groups"]})

    def test_imports(self):
        answer = self.hold("python/import", self.nested(
            "python:import__find__load__start", "python:import__find__load__done",
            argument("module"), argument("module")))
        self.assertIn("colorsys", {group["op"] for group in answer["groups"]})


class Hotspot(Case):
    name = "hotspot"

    def test_collections(self):
        answer = self.hold("hotspot/gc", self.by_thread(
            {"hotspot:gc__begin"}, {"hotspot:gc__end"},
            lambda begin, end: "full" if begin["args"]["is_full"] else "young"))
        self.assertIn("full", {group["op"] for group in answer["groups"]})

    def test_monitors(self):
        def key(event):
            return event["tid"], event["args"]["monitor"]

        self.hold("hotspot/monitor", self.pairs(
            {"hotspot:monitor__contended__enter"}, {"hotspot:monitor__contended__entered"},
            key, argument("class")))
        answer = self.hold("hotspot/wait", self.pairs(
            {"hotspot:monitor__wait"}, {"hotspot:monitor__waited"}, key, argument("class")))
        waits = {group["op"]: group for group in answer["groups"]}
        self.assertGreaterEqual(waits["java/lang/Object"]["count"], 60)  # Dive.java: 3 times 20
        self.assertGreater(waits["java/lang/Object"]["min_ns"], 1e6)     # wait(1)

    def test_the_rest(self):
        for model, begin, end, op in (
                ("sleep", "thread__sleep__begin", "thread__sleep__end", word("sleep")),
                ("park", "thread__park__begin", "thread__park__end", word("park")),
                ("compile", "method__compile__begin", "method__compile__end",
                 argument("compiler")),
                ("safepoint", "vmops__begin", "vmops__end", argument("operation"))):
            with self.subTest(model):
                self.hold(f"hotspot/{model}", self.by_thread(
                    {"hotspot:" + begin}, {"hotspot:" + end}, op))


if __name__ == "__main__":
    skips.main(sys.argv[:1])
