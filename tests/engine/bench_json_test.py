# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON has fio's keys: compared with a real fio run of the same job."""
import json
import shutil
import subprocess

from bench_tool import BenchTest, job_text, main, skip


def keys(value, path=""):
    """Every path of keys in @value; of a list, those of its first item."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path + "/" + key
            yield from keys(inner, path + "/" + key)
    elif isinstance(value, list) and value:
        yield from keys(value[0], path + "[]")


class Json(BenchTest):
    def both(self, **more):
        options = {"rw": "randrw", "bs": "4k", "direct": 0, "fsync": 8, "runtime": "1",
                   "time_based": None, "size": "1m", "ioengine": "libaio", "iodepth": 4}
        text = job_text({"x": {**options, **more}}, filename=self.file("f", 1024 * 1024))
        fio = subprocess.run(["fio", "--output-format=json", self.job(text)], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return self.json(text), json.loads(fio[fio.index("{"):])

    def test_all_keys_of_fio_are_there(self):
        ours, fios = self.both()
        missing = set(keys(fios)) - set(keys(ours))
        self.assertEqual(missing, set())

    def test_what_is_more_stands_under_fathom(self):
        ours, fios = self.both()
        extra = {path for path in set(keys(ours)) - set(keys(fios)) if "/fathom" not in path}
        # fio has percentiles of lat only with lat_percentiles=1, in the same form.
        extra = {path for path in extra if "/lat_ns/percentile" not in path}
        self.assertEqual({p for p in extra if "options" not in p}, set())

    def test_figures_belong_together(self):
        ours, _ = self.both()
        job = ours["jobs"][0]
        for direction in ("read", "write"):
            d = job[direction]
            self.assertEqual(d["io_bytes"], 4096 * d["total_ios"])
            self.assertAlmostEqual(d["iops"] * d["runtime"] / 1000 / d["total_ios"], 1, 1)
            self.assertAlmostEqual(d["slat_ns"]["mean"] + d["clat_ns"]["mean"],
                                   d["lat_ns"]["mean"], delta=2)
            ladder = list(d["clat_ns"]["percentile"].values())
            self.assertEqual(ladder, sorted(ladder))
            self.assertLessEqual(ladder[-1], d["clat_ns"]["max"])
        for name in ("iodepth_level", "iodepth_submit", "iodepth_complete"):
            self.assertAlmostEqual(sum(job[name].values()), 100, 3)
        whole = sum(sum(job["latency_" + unit].values()) for unit in ("ns", "us", "ms"))
        self.assertAlmostEqual(whole, 100, 3)


if __name__ == "__main__":
    if not shutil.which("fio"):
        skip("fio is not installed")
    main()
