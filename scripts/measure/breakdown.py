# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of scripts/bench about where the time of requests went."""
import os

from runner import ROOT, median, row, run

SCRIPT = os.path.join(ROOT, "scripts/measure/perf_breakdown.py")


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


ROWS = {"breakdown": breakdown}
