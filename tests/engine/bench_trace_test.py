# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engine counts of itself and what a trace of its probes says are the same."""
import json
import os
import subprocess

import bench_tool
from bench_tool import ENGINES, BenchTest, job_text, main, skip


class Trace(BenchTest):
    def record(self, **keys):
        """The engine's own job, and a function that analyses the trace of it."""
        text = job_text({"x": {"rw": "randrw", "bs": "4k", "loops": 4, **keys}},
                        filename=self.file("f", 4 << 20))
        trace, result = self.path("t.data"), self.path("r.json")
        ran = subprocess.run(
            [bench_tool.FATHOM, "record", "-e", "fathom:*", "-o", trace, "--",
             bench_tool.FATHOM, "bench", "--json=" + result, self.job(text)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(ran.returncode, 0, f"fathom record says:\n{ran.stderr}")
        with open(result, encoding="utf-8") as file:
            own = json.load(file)["jobs"][0]

        def analyse(answer, *options):
            out = subprocess.run([bench_tool.FATHOM, answer, "--json", "-i", trace, *options],
                                 check=True, text=True, stdout=subprocess.PIPE).stdout
            if answer == "script":
                return [json.loads(line) for line in out.splitlines()]
            return json.loads(out)
        return own, analyse

    def test_counts(self):
        """How near the latencies are is a figure: scripts/bench agree."""
        for engine in ENGINES:
            with self.subTest(engine=engine):
                own, analyse = self.record(ioengine=engine, iodepth=8, direct=1)
                groups = {g["op"]: g for g in analyse("latency")["groups"]}
                for op in ("read", "write"):
                    self.assertEqual(groups[op]["count"], own[op]["lat_ns"]["N"])

    def test_depth(self):
        own, analyse = self.record(ioengine="libaio", iodepth=8)
        self.assertEqual(analyse("depth")["max_depth"], 8)
        self.assertEqual(own["iodepth_level"]["16"], 0)

    def test_depth_that_was_asked(self):
        for engine, reached in ("libaio", 8), ("psync", 1):
            with self.subTest(engine=engine):
                _, analyse = self.record(ioengine=engine, iodepth=8)
                for answer in "depth", "breakdown":
                    told = analyse(answer)
                    self.assertEqual([(loop["asked"], loop["reached"]) for loop in told["asked"]],
                                     [(8, reached)])
                names = [finding["name"] for finding in told["findings"]]
                self.assertEqual("depth_not_reached" in names, reached < 8)

    def test_syncs_stand_behind_their_writes(self):
        for engine in ENGINES:
            with self.subTest(engine=engine):
                own, analyse = self.record(ioengine=engine, iodepth=2, rw="write", size="72k",
                                           loops=1, fsync=4)
                submitted = [event["args"]["op"] for event in analyse("script")
                             if event["event"] == "fathom:submit"]
                self.assertEqual(submitted, (["write"] * 4 + ["sync"]) * 4 + ["write"] * 2)
                self.assertEqual(own["sync"]["total_ios"], 4)

    def test_polling(self):
        for engine, algorithm in (("io_uring", "context"), ("libaio", "weighted"),
                                  ("io_uring", "fathom"), ("libaio", "fathom")):
            with self.subTest(engine=engine, algorithm=algorithm):
                own, analyse = self.record(ioengine=engine, direct=1, poll_max_ns=20000,
                                           poll_algorithm=algorithm)
                mine = own["fathom"]["polling"]
                loop, = analyse("poll")["loops"]
                self.assertGreater(mine["windows"], 0)
                self.assertEqual(loop["windows"], mine["windows"])
                self.assertEqual(loop["progress"], mine["hits"])
                self.assertEqual(loop["grow"], mine["grown"])
                self.assertEqual(loop["shrink"], mine["shrunk"])
                self.assertEqual(loop["waits"], mine["waits"])
                self.assertEqual(loop["naps"], mine["naps"])

    def test_a_replay_of_the_rule_that_was_used_tells_what_it_did(self):
        """No timing: a trace against itself. What is not in it, and may make a window differ,
        is the time between the engine's clock and the probe beside it."""
        for algorithm in ("context", "handler", "weighted"):
            with self.subTest(algorithm=algorithm):
                own, analyse = self.record(ioengine="io_uring", direct=1, poll_max_ns=1000000,
                                           poll_algorithm=algorithm)
                answer = analyse("poll", "--what-if", "--poll-max", "1ms")
                replays = {replay["algorithm"]: replay for replay in answer["replays"]}
                did, again = replays["recorded"], replays[algorithm]
                self.assertEqual(answer["waits"],
                                 own["fathom"]["polling"]["waits"] +
                                 own["fathom"]["polling"]["hits"])
                self.assertEqual(did["found"], own["fathom"]["polling"]["hits"])
                self.assertTrue(0 < answer["requests"] <= own["fathom"]["all_requests"])
                slack = 0.08 * answer["waits"] + 10
                self.assertAlmostEqual(again["found"], did["found"], delta=slack)
                self.assertAlmostEqual(again["polled_ns"], did["polled_ns"],
                                       delta=slack * 50000)

    def test_what_a_replay_tells(self):
        _, analyse = self.record(ioengine="io_uring", direct=1, poll_max_ns=50000, loops=1)
        answer = analyse("poll", "--what-if", "--wakeup-cost", "5us", "--poll-max", "1us,20us")
        self.assertEqual(set(answer), {
            "model", "duration_ns", "lost", "loops", "waits", "requests", "max_depth",
            "wakeup", "replays", "advice"})
        self.assertEqual(answer["wakeup"], {"ns": 5000, "from": "given", "waits": 0})
        self.assertEqual([(r["algorithm"], r["poll_max_ns"]) for r in answer["replays"]],
                         [("recorded", 0), ("blocking", 0)] +
                         [(rule, limit) for rule in ("context", "handler", "weighted", "fathom",
                                                     "oracle") for limit in (1000, 20000)])
        self.assertEqual(set(answer["replays"][0]), {
            "algorithm", "poll_max_ns", "waits", "found", "naps", "in_vain", "polled_ns",
            "burnt_ns", "delay_ns", "time_ns", "burnt_percent", "saved_percent", "latency"})
        self.assertEqual(set(answer["advice"]), {"best", "qemus_for_as_much", "gain_percent"})
        blocking, = (r for r in answer["replays"] if r["algorithm"] == "blocking")
        self.assertEqual(blocking["delay_ns"], 5000 * answer["waits"])
        self.assertEqual((blocking["burnt_ns"], blocking["found"]), (0, 0))


if __name__ == "__main__":
    if os.geteuid():
        skip("recording probes needs root")
    main()
