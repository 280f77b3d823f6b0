# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of scripts/bench about where the time of requests went."""
import json
import os
import re

from runner import ROOT, median, row, run

SCRIPT = os.path.join(ROOT, "scripts/measure/perf_breakdown.py")
GUEST = os.path.join(ROOT, "scripts/measure/guest_btt.sh")


def breakdown(bench):
    """fathom breakdown of a 10 M-event trace against perf script -s with an equivalent script"""
    events = bench.work(10000000)
    long, short = bench.path("long.data"), bench.path("short.data")
    for path, count in (long, events), (short, events // 10):
        job = bench.job("breakdown", ioengine="null", rw="randread", bs="4k", iodepth=32,
                        size=str(count // 3 * 4096))
        run(bench.fathom, "record", "-e", "fathom:submit", "-e", "fathom:dispatch", "-e",
            "fathom:complete", "-o", path, "--", bench.fathom, "bench", "--output", os.devnull,
            job)
    a, b = bench.pairs(lambda: run(bench.fathom, "breakdown", "-i", long),
                       lambda: run("perf", "script", "-i", short, "-s", SCRIPT))
    for path in (long, short):
        os.unlink(path)
    per_event = [[x.seconds / events for x in a], [10 * y.seconds / events for y in b]]
    ratio = median([theirs / mine for mine, theirs in zip(*per_event)])
    return [row("breakdown, per event (perf: a tenth of the trace)", "perf script -s",
                f"{1e9 * median(per_event[0]):.0f} ns", f"{1e9 * median(per_event[1]):.0f} ns",
                ratio, (">=", 40))]


def btt(bench):
    """kernel stages of fathom breakdown against blktrace and btt, same run, loop device, guest"""
    ratios = {"Q2C": [], "D2C": []}
    means = {}
    for _ in range(1 if bench.quick else 3):
        out = run(os.path.join(ROOT, "scripts/vm"), "run", "-m", "loop", "--timeout", "300",
                  "--build", bench.build, GUEST).out
        theirs = {name: float(value) * 1e9
                  for name, value in re.findall(r"^(Q2C|D2C) (\S+)$", out, re.M)}
        group, = json.loads(out[out.index("{"):])["groups"]
        stages = {stage["stage"]: stage["mean_ns"] for stage in group["stages"]}
        mine = {"Q2C": stages["block"] + stages["device"], "D2C": stages["device"]}
        for name, values in ratios.items():
            values.append(mine[name] / theirs[name])
        means = {name: (mine[name], theirs[name]) for name in ratios}
    return [row(f"mean {name} of the last run", "btt, in the guest", f"{mine / 1e3:.0f} us",
                f"{theirs / 1e3:.0f} us", max(abs(value - 1) for value in ratios[name]),
                ("<=", 0.03)) for name, (mine, theirs) in means.items()]


ROWS = {"breakdown": breakdown, "btt": btt}
