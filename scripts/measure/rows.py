# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of scripts/bench: each measures one promise and returns lines for the table."""
import json
import os
import re

import breakdown
import flight
import foreign
import polling
import vsock
from perf_probes import PerfProbes
from runner import median, row, run


def idle(bench):
    """idle probes in the engine against the same engine built without probes"""
    job = bench.job("idle", ioengine="null", size="1g", rw="randread", bs="4k", iodepth=32,
                    runtime=1 if bench.quick else 3, time_based=None)
    without = os.path.join(bench.build, "fathom-noprobes")
    probes, none = bench.pairs(lambda: bench.fathom_bench(job)["read"]["iops"],
                               lambda: bench.fathom_bench(job, program=without)["read"]["iops"])
    a, b = median(probes), median(none)
    return [row("idle probes, null engine", "built without probes", f"{a / 1e6:.2f} M IOPS",
                f"{b / 1e6:.2f} M IOPS", median([x / y for x, y in zip(probes, none)]),
                (">=", 0.99))]


def fathom_record(bench, hits, path, *options):
    return run(bench.fathom, "record", *options, "-e", "fathom:submit", "-o", path, "--",
               bench.hits, hits)


def samples(path):
    stats = run("perf", "report", "--stats", "-i", path).out
    return int(re.search(r"SAMPLE events: *(\d+)", stats).group(1))


def hit(bench):
    """cost of one recorded submit hit, its bytes, and events lost, against perf record"""
    hits = bench.work(3000000)
    mine, theirs, packed = (bench.path(n) for n in ("m.data", "p.data", "z.data"))
    with PerfProbes(bench, bench.hits, "fathom", "submit") as perf:
        bare, a, b = bench.pairs(
            lambda: int(run(bench.hits, hits).out),
            lambda: int(fathom_record(bench, hits, mine).out),
            lambda: int(perf.record(theirs, bench.hits, hits).out))
    fathom_record(bench, hits, packed, "-z")
    cost = [(x - z) / hits for x, z in zip(a, bare)]
    peer = [(y - z) / hits for y, z in zip(b, bare)]
    per_event = [os.path.getsize(mine) / hits, os.path.getsize(theirs) / samples(theirs),
                 os.path.getsize(packed) / hits]
    return [row("cost of a recorded submit", "perf record", f"{median(cost):.0f} ns",
                f"{median(peer):.0f} ns", median([x / y for x, y in zip(cost, peer)]),
                ("<=", 0.45)),
            row("bytes per submit event", "perf record", f"{per_event[0]:.1f}",
                f"{per_event[1]:.1f}", per_event[0] / per_event[1], ("<=", 0.8)),
            row("bytes per submit event, -z", "perf record", f"{per_event[2]:.1f}",
                f"{per_event[1]:.1f}", per_event[2] / per_event[1], ("<=", 0.25))]


def lost(bench):
    """events lost of 5 M hits at full speed by one thread, default settings"""
    hits = bench.work(5000000)
    mine, theirs = bench.path("m.data"), bench.path("p.data")

    def by_fathom():
        fathom_record(bench, hits, mine)
        return hits - samples(mine)

    def by_perf():
        perf.record(theirs, bench.hits, hits)
        return hits - samples(theirs)

    with PerfProbes(bench, bench.hits, "fathom", "submit") as perf:
        a, b = bench.pairs(by_fathom, by_perf)
    return [(f"events lost of {hits}, {bench.repeats} times", "perf's defaults",
             " ".join(map(str, a)), " ".join(map(str, b)), "0", "yes" if not any(a) else "no")]


def make_trace(bench, events, path):
    """A trace of the null engine: half submits, half completes."""
    job = bench.job("trace", ioengine="null", rw="randread", bs="4k", iodepth=32,
                    size=str(events // 2 * 4096))
    run(bench.fathom, "record", "-e", "fathom:submit", "-e", "fathom:complete", "-o", path,
        "--", bench.fathom, "bench", "--output", os.devnull, job)


def latency(bench):
    """fathom latency over a 10 M-event trace against perf script; peak memory"""
    events = bench.work(10000000)
    short, long = bench.path("short.data"), bench.path("long.data")
    make_trace(bench, events, short)
    count = json.loads(run(bench.fathom, "latency", "--json", "-i", short).out)["events"]
    a, b = bench.pairs(lambda: run(bench.fathom, "latency", "-i", short),
                       lambda: run("perf", "script", "-i", short, discard=True))
    ratio = median([y.seconds / x.seconds for x, y in zip(a, b)])
    speed = count / median([x.seconds for x in a]) / 1e6
    os.unlink(short + ".old") if os.path.exists(short + ".old") else None
    memory = max(x.kib for x in a) / 1024
    make_trace(bench, 10 * events, long)
    longer = run(bench.fathom, "latency", "-i", long).kib / 1024
    os.unlink(long)
    os.unlink(short)
    return [row(f"latency, {count / 1e6:.1f} M events", "perf script", f"{speed:.1f} M events/s",
                f"{count / median([y.seconds for y in b]) / 1e6:.2f} M events/s", ratio,
                (">=", 20)),
            row("the same, million events a second", "", f"{speed:.1f}", "", speed, (">=", 15)),
            row("peak memory of that", "64 MiB", f"{memory:.1f} MiB", "", memory / 64, ("<=", 1)),
            row("peak memory, ten times as long", "the short one", f"{longer:.1f} MiB",
                f"{memory:.1f} MiB", longer / memory, ("<=", 1.05))]


def fio(bench):
    """4k random direct reads against fio: IOPS and CPU per I/O"""
    file = bench.file(64 if bench.quick else 512)
    lines = []
    for engine in ("io_uring", "libaio"):
        for depth in (1, 32):
            job = bench.job(f"{engine}-{depth}", filename=file, ioengine=engine, direct=1,
                            rw="randread", bs="4k", iodepth=depth, time_based=None, thread=None,
                            runtime=2 if bench.quick else 4, ramp_time=1)
            a, b = bench.pairs(lambda: bench.fathom_bench(job), lambda: bench.fio(job))
            iops = [[x["read"]["iops"] for x in side] for side in (a, b)]
            cpu = [[(x["usr_cpu"] + x["sys_cpu"]) * 1e4 / x["read"]["iops"] for x in side]
                   for side in (a, b)]
            name = f"4k randread, {engine}, depth {depth}"
            for what, (mine, theirs), unit, bound in (
                    ("IOPS", iops, "", (">=", 1.0)), ("CPU per I/O", cpu, " us", ("<=", 0.7))):
                digits = 0 if what == "IOPS" else 2
                lines.append(row(f"{name}: {what}", "fio", f"{median(mine):.{digits}f}{unit}",
                                 f"{median(theirs):.{digits}f}{unit}",
                                 median([x / y for x, y in zip(mine, theirs)]), bound))
    return lines


def null(bench):
    """null engine at depth 32 against fio's null"""
    job = bench.job("null", ioengine="null", size="1g", rw="randread", bs="4k", iodepth=32,
                    runtime=1 if bench.quick else 3, time_based=None, thread=None)
    a, b = bench.pairs(lambda: bench.fathom_bench(job)["read"]["iops"],
                       lambda: bench.fio(job)["read"]["iops"])
    return [row("null engine, depth 32", "fio's null", f"{median(a) / 1e6:.2f} M IOPS",
                f"{median(b) / 1e6:.2f} M IOPS", median([x / y for x, y in zip(a, b)]),
                (">=", 2))]


def poll(bench):
    """adaptive polling against polling off: p50 at depth 1, IOPS at depth 32"""
    file = bench.file(64 if bench.quick else 512)

    def job(depth):
        return bench.job(f"poll{depth}", filename=file, ioengine="io_uring", direct=1,
                         rw="randread", bs="4k", iodepth=depth, time_based=None,
                         runtime=2 if bench.quick else 4, ramp_time=1)

    def p50(result):
        return result["read"]["lat_ns"]["percentile"]["50.000000"]

    shallow, deep = job(1), job(32)
    lines = []
    for option in ("--poll", "--poll=100us"):
        window = option.partition("=")[2] or "32.8us"
        a, b = bench.pairs(lambda: p50(bench.fathom_bench(shallow, option)),
                           lambda: p50(bench.fathom_bench(shallow, "--no-poll")))
        c, d = bench.pairs(lambda: bench.fathom_bench(deep, option)["read"]["iops"],
                           lambda: bench.fathom_bench(deep, "--no-poll")["read"]["iops"])
        lines += [row(f"polling up to {window}, depth 1: p50", "polling off",
                      f"{median(a) / 1e3:.1f} us", f"{median(b) / 1e3:.1f} us",
                      median([x / y for x, y in zip(a, b)]), ("<=", 0.9)),
                  row(f"polling up to {window}, depth 32: IOPS", "polling off",
                      f"{median(c):.0f}", f"{median(d):.0f}",
                      median([x / y for x, y in zip(c, d)]), (">=", 0.98))]
    return lines


def agree(bench):
    """counts and latencies from the trace against the engine's own"""
    file, trace = bench.file(64 if bench.quick else 512), bench.path("agree.data")
    lines = []
    for depth in (1, 32):
        job = bench.job(f"agree{depth}", filename=file, ioengine="io_uring", direct=1,
                        rw="randread", bs="4k", iodepth=depth, time_based=None,
                        runtime=2 if bench.quick else 4)
        own_json = bench.path("own.json")
        ratios = {"count": [], "50": [], "99": []}
        for _ in range(bench.repeats):
            run(bench.fathom, "record", "-e", "fathom:*", "-o", trace, "--", bench.fathom,
                "bench", "--output", os.devnull, f"--json={own_json}", job)
            with open(own_json, encoding="utf-8") as opened:
                own = json.load(opened)["jobs"][0]["read"]
            seen = json.loads(run(bench.fathom, "latency", "--json", "-i", trace).out)
            group = next(g for g in seen["groups"] if g["op"] == "read")
            ratios["count"].append(group["count"] / own["total_ios"])
            for point in ("50", "99"):
                ratios[point].append(group["percentiles_ns"][point] /
                                     own["lat_ns"]["percentile"][f"{point}.000000"])
        for point, values in ratios.items():
            off = max(abs(value - 1) for value in values) if point == "count" else \
                abs(median(values) - 1)
            what = "count" if point == "count" else f"p{point}"
            lines.append(row(f"trace's {what} at depth {depth}", "the engine's own",
                             f"off by {100 * off:.2g} %", "", off,
                             ("<=", 0 if point == "count" else 0.03)))
    return lines


ROWS = {"idle": idle, "hit": hit, "lost": lost, "latency": latency, "fio": fio, "null": null,
        "poll": poll, "agree": agree, **breakdown.ROWS, **flight.ROWS, **foreign.ROWS,
        **polling.ROWS, **vsock.ROWS}
