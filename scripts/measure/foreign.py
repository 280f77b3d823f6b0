# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of scripts/bench about probes that are not ours: the cost of a site with eight
arguments in memory, and attaching to 4,000 probes."""
import os
import re
import shutil

from runner import median, row, run

EVENTS = "/sys/kernel/tracing/uprobe_events"


def tell_kernel(line):
    events = os.open(EVENTS, os.O_WRONLY | os.O_APPEND)  # tracefs cannot seek
    try:
        os.write(events, line.encode())
    finally:
        os.close(events)


class PerfPages:
    """pages:read as perf defines it, in a group of its own, while the context lasts."""

    def __init__(self, bench, program):
        self.program, self.cache = program, bench.path("buildids")
        self.group = f"fathompages{os.getpid()}"

    def event(self, separator="/"):
        """Its name; a bare "read" is a word of perf's own event syntax."""
        return f"{self.group}{separator}pages_read"

    def __enter__(self):
        run("perf", "--buildid-dir", self.cache, "buildid-cache", "--add", self.program)
        definition = run("perf", "--buildid-dir", self.cache, "probe", "-D",
                         "sdt_pages:read").out
        tell_kernel(definition.replace("sdt_pages/read", self.event(), 1))
        return self

    def __exit__(self, *_):
        tell_kernel(f"-:{self.event()}\n")

    def record(self, hits, path):
        return run("perf", "record", "-q", "-N", "-e", self.event(":"), "-o", path,
                   self.program, hits)


def page(bench):
    """cost of a hit with eight arguments in memory, against perf record and bpftrace's count"""
    hits, program = bench.work(2000000), os.path.join(bench.build, "tests/bench/pages")
    mine, theirs = bench.path("m.data"), bench.path("p.data")
    count = f"usdt:{program}:pages:read {{ @ = count() }}"

    def traced():
        if not shutil.which("bpftrace"):
            return None
        said = run("bpftrace", "-e", count, "-c", f"{program} {hits}").out
        return int(re.search(r"^\d+$", said, re.M).group())

    with PerfPages(bench, program) as perf:
        bare, a, b, c = bench.pairs(
            lambda: int(run(program, hits).out),
            lambda: int(run(bench.fathom, "record", "-q", "-e", "pages:read", "-o", mine, "--",
                            program, hits).out),
            lambda: int(perf.record(hits, theirs).out), traced)
    cost, peer = ([(x - z) / hits for x, z in zip(side, bare)] for side in (a, b))
    lines = [row("cost of a hit, 8 arguments in memory", "perf record", f"{median(cost):.0f} ns",
                 f"{median(peer):.0f} ns", median([x / y for x, y in zip(cost, peer)]),
                 ("<=", 0.6))]
    if None not in c:
        counted = [(x - z) / hits for x, z in zip(c, bare)]
        lines.append(row("the same", "bpftrace, a bare count", f"{median(cost):.0f} ns",
                         f"{median(counted):.0f} ns",
                         median([x / y for x, y in zip(cost, counted)]), ("<=", 1.2)))
    return lines


def seconds(number, unit):
    return float(number) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def attach(bench):
    """attaching to 4,000 probes of one program, and detaching

    Peers are not measured here: perf and bpftrace hold a lock of the kernel's for five
    minutes when they detach so many, and no uprobe of the machine can come or go meanwhile."""
    program = os.path.join(bench.build, "tests/capture/many_probes")
    times = {"attached": [], "detached": []}
    for _ in range(bench.repeats):
        said = run(bench.fathom, "record", "-v", "-e", "many:*", "-o", bench.path("many.data"),
                   "--", program).err
        for word, values in times.items():
            found = re.search(rf"{word} in ([\d.]+) (\w+)", said)
            values.append(seconds(*found.groups()))
    return [row(f"4,000 probes {word}", "half a second", f"{median(values):.2f} s", "",
                median(values), ("<=", 0.5)) for word, values in times.items()]


ROWS = {"page": page, "attach": attach}
