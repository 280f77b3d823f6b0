# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of scripts/bench about the flight recorder: what it costs beside recording to disk,
whether its memory stays constant, and how soon a trigger sees a slow request."""
import glob
import json
import os
import re
import subprocess

from runner import median, row, run

SIZE = 64 << 20


def null_job(bench, seconds):
    return bench.job(f"flight{seconds}", ioengine="null", rw="randread", bs="4k", iodepth=32,
                     size="1g", runtime=seconds, time_based=None)


def engine_under(bench, job, *options):
    """The engine's IOPS while submits and completes are recorded, and what record took."""
    ran = run(bench.fathom, "record", "-q", "-e", "fathom:submit,fathom:complete", *options,
              "--", bench.fathom, "bench", "--json", job)
    return json.loads(ran.out)["jobs"][0]["read"]["iops"], ran


def flight(bench):
    """null engine at full speed: the flight recorder against recording to disk; its memory"""
    job, disk = null_job(bench, 1 if bench.quick else 3), bench.path("disk.data")
    kept = bench.path("flight.data")

    def to_disk():
        result = engine_under(bench, job, "-o", disk)[0]
        os.unlink(disk)
        return result

    def in_memory(*more):
        return engine_under(bench, job, "--flight", SIZE, "-o", kept, *more)

    trigger = ("--trigger", "latency>1h")
    mine, watched, theirs = bench.pairs(in_memory, lambda: in_memory(*trigger), to_disk)
    b = median(theirs)
    lines = []
    for what, results in (("the last 64 MiB kept", mine), ("the same, with a latency trigger",
                                                          watched)):
        iops = [result[0] for result in results]
        lines.append(row(f"null engine, {what}", "recording to disk",
                         f"{median(iops) / 1e3:.0f}k IOPS", f"{b / 1e3:.0f}k IOPS",
                         median([x / y for x, y in zip(iops, theirs)]), (">=", 1)))
    longer = engine_under(bench, null_job(bench, 10 if bench.quick else 30), "--flight", SIZE,
                          "-o", kept)[1]
    short = median([result[1].kib for result in mine])
    lines.append(row("memory of that, ten times as long", "the short one",
                     f"{longer.kib / 1024:.1f} MiB", f"{short / 1024:.1f} MiB",
                     longer.kib / short, ("<=", 1.02)))
    return lines + [seen(bench)]


class Flier:
    """A program that makes a slow request when it is told to, under the flight recorder."""

    def __init__(self, bench):
        root = os.path.join(bench.build, "tests/flight")
        here = os.path.dirname(os.path.abspath(__file__))
        model = os.path.join(here, "../../tests/flight/flier.model")
        self.trace = bench.path("seen.data")
        self.recorder = subprocess.Popen(
            [bench.fathom, "record", "--flight", "8m", "-o", self.trace, "-e", "flier:*",
             "--trigger", "latency>5ms", "--model", model, "--snapshot-interval", "0",
             "--snapshot-count", "1000", "--", os.path.join(root, "flier")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def slow(self):
        """One slow request; how many ms later its snapshot was begun."""
        for line in ("quick 1000", "slow 10"):
            self.recorder.stdin.write(line + "\n")
            self.recorder.stdin.flush()
            self.recorder.stdout.readline()
        while True:
            found = re.search(r"record: (\S+): latency>5ms", self.recorder.stderr.readline())
            if found:
                return self.delay(found[1])

    @staticmethod
    def delay(path):
        begun = re.search(r"time of last sample : ([\d.]+)",
                          run("perf", "report", "--header-only", "-i", path).out)
        ends = re.findall(r"(\d+\.\d+): flier:complete", run("perf", "script", "-i", path).out)
        os.unlink(path)
        return 1e3 * (float(begun[1]) - float(ends[-1]))

    def end(self):
        self.recorder.communicate()


def seen(bench):
    """The time from the end of a slow request to the snapshot that it triggers."""
    flier = Flier(bench)
    times = [flier.slow() for _ in range(10 if bench.quick else 50)]
    flier.end()
    for path in glob.glob(flier.trace + "*"):
        os.unlink(path)
    return row(f"a slow request seen by a trigger, worst of {len(times)}", "100 ms",
               f"{max(times):.0f} ms", f"median {median(times):.0f} ms", max(times) / 100,
               ("<=", 1))


ROWS = {"flight": flight}
