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

        def analyse(answer):
            out = subprocess.run([bench_tool.FATHOM, answer, "--json", "-i", trace], check=True,
                                 text=True, stdout=subprocess.PIPE).stdout
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


if __name__ == "__main__":
    if os.geteuid():
        skip("recording probes needs root")
    main()
