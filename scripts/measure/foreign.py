# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of scripts/bench about probes that are not ours: the cost of a site with eight
arguments in memory, attaching to 4,000 probes, and a PostgreSQL server under its client."""
import os
import re
import shutil

import postgresql
from perf_probes import PerfProbes
from runner import median, row, run

PEER_PROBES = 40  # perf and bpftrace take a tenth of a second for each


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

    with PerfProbes(bench, program, "pages", "read") as perf:
        bare, a, b, c = bench.pairs(
            lambda: int(run(program, hits).out),
            lambda: int(run(bench.fathom, "record", "-q", "-e", "pages:read", "-o", mine, "--",
                            program, hits).out),
            lambda: int(perf.record(theirs, program, hits).out), traced)
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


def attach_peers(bench, program):
    """Seconds per probe that perf record and bpftrace take to come and go; None without it."""
    idle = run("perf", "record", "-q", "-N", "-e", "dummy", "-o", bench.path("i.data"), "--",
               program).seconds
    names = [f"p{number:04}" for number in range(PEER_PROBES)]
    with PerfProbes(bench, program, "many", *names) as perf:
        perf_took = perf.record(bench.path("p.data"), program).seconds - idle
    if not shutil.which("bpftrace"):
        return perf_took / PEER_PROBES, None
    probes = ",".join(f"usdt:{program}:many:{name}" for name in names)
    idle = run("bpftrace", "-e", "BEGIN { exit() }").seconds
    took = run("bpftrace", "-e", f"{probes} {{ @ = count() }}", "-c", program).seconds - idle
    return perf_took / PEER_PROBES, took / PEER_PROBES


def attach(bench):
    """attaching to 4,000 probes of one program, and detaching, against perf and bpftrace

    The peers get 40 probes, and their figures are those times a hundred: with 4,000 they hold
    a lock of the kernel's for five minutes, and no uprobe of the machine can come or go."""
    program = os.path.join(bench.build, "tests/capture/many_probes")
    times = {"attached": [], "detached": []}
    for _ in range(bench.repeats):
        said = run(bench.fathom, "record", "-v", "-e", "many:p*", "-o", bench.path("many.data"),
                   "--", program).err
        for word, values in times.items():
            found = re.search(rf"{word} in ([\d.]+) (\w+)", said)
            values.append(seconds(*found.groups()))
    lines = [row(f"4,000 probes {word}", "half a second", f"{median(values):.2f} s", "",
                 median(values), ("<=", 0.5)) for word, values in times.items()]
    both = median([sum(pair) for pair in zip(*times.values())])
    for peer, took in zip(("perf record", "bpftrace"), attach_peers(bench, program)):
        if took is not None:
            lines.append(row("both", f"{peer}, 100 times 40", f"{both:.2f} s",
                             f"{4000 * took:.0f} s", both / (4000 * took), ("<=", 1)))
    return lines


def transactions(said):
    return float(re.search(r"tps = ([\d.]+)", said)[1])


def pgbench(bench):
    """pgbench, select only, 2 clients, with query__start and query__done recorded"""
    if postgresql.missing():
        return [("pgbench", "untraced", postgresql.missing(), "", "", "no")]
    probes = "query__start", "query__done"
    mine, theirs = bench.path("m.data"), bench.path("p.data")
    with postgresql.Cluster() as cluster, \
            PerfProbes(bench, postgresql.SERVER, "postgresql", *probes) as perf:
        client = cluster.client("-S", "-n", "-c", "2", "-T", "2" if bench.quick else "6")
        untraced, a, b = bench.pairs(
            lambda: transactions(run(*client).out),
            lambda: transactions(run(
                bench.fathom, "record", "-q", "-a", "-x", postgresql.SERVER,
                *(word for name in probes for word in ("-e", f"postgresql:{name}")),
                "-o", mine, "--", *client).out),
            lambda: transactions(perf.record(theirs, *client, options=["-a"]).out))
    left, peer = ([x / y for x, y in zip(side, untraced)] for side in (a, b))
    return [row("pgbench, 2 clients, each query recorded", "untraced", f"{median(a):.0f}/s",
                f"{median(untraced):.0f}/s", median(left), (">=", 0.97)),
            row("the same", "perf record", f"{median(a):.0f}/s", f"{median(b):.0f}/s",
                median([x / y for x, y in zip(left, peer)]), (">=", 1))]


ROWS = {"page": page, "attach": attach, "pgbench": pgbench}
