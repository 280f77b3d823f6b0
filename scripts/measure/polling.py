# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of scripts/bench about rules of polling: our own against QEMU's at equal CPU time, and
what a replay of a trace foretold against real runs."""
import json
import os

from runner import median, row, run

# Mixed is a cache that six of ten hit. With eight of ten a median says little: it lies among
# the fast ones then, whatever a rule does.
TIMERS = {"fast": "12us", "slow": "80us", "mixed": "12us/60:200us/40"}
OURS = ("fathom", 32768)
# handler is not among them: with one operation it does what context does.
QEMUS = [(rule, limit) for rule in ("context", "weighted") for limit in (16384, 32768, 131072)]
BLOCKING = ("context", 0)


EQUAL = 1.01  # a bucket of the histograms that percentiles come from is 0.8 % wide


class Measured:
    """What a run says of itself, in ns: p50, CPU time and time polled per request."""

    def __init__(self, job):
        polling, requests = job["fathom"]["polling"], job["read"]["total_ios"]
        self.p50 = job["read"]["lat_ns"]["percentile"]["50.000000"]
        self.cpu = job["fathom"]["cpu_ns"] / requests
        self.polled = (polling["hit_ns"] + polling["empty_ns"]) / requests


class Foretold:
    """The same of a replay, but the CPU time, which no trace has."""

    def __init__(self, replay, requests):
        self.p50 = replay["latency"]["percentiles_ns"]["50"]
        self.polled = replay["polled_ns"] / requests


def device(bench, name):
    """The keys of a job on it: three made of timers, and the disk of this machine."""
    if name in TIMERS:
        return {"ioengine": "timer", "timer_latency": TIMERS[name]}
    return {"ioengine": "io_uring", "direct": 1, "filename": bench.file(64)}


def measure(bench, name):
    """Every setting on a device, in turn: {(rule, limit): [Measured]}."""
    job = bench.job(name, **device(bench, name), rw="randread", bs="4k", time_based=None,
                    runtime="500ms" if bench.quick else 1, ramp_time="200ms")
    settings = [BLOCKING, *QEMUS[:3], OURS, *QEMUS[3:]]
    results = bench.pairs(*(
        lambda rule=rule, limit=limit: Measured(bench.fathom_bench(
            job, f"--poll-algorithm={rule}", f"--poll={limit}"))
        for rule, limit in settings))
    return dict(zip(settings, results))


def foretell(bench, name):
    """The replay of a short trace that blocks first and polls then."""
    path, trace = bench.path("foretell.fio"), bench.path("foretell.data")
    with open(path, "w", encoding="ascii") as file:
        file.write("[global]\nrw=randread\nbs=4k\ntime_based\nruntime=300ms\n")
        file.writelines(f"{key}={value}\n" for key, value in device(bench, name).items())
        file.write("[blocking]\n[polling]\nstonewall\npoll_max_ns=1ms\n")
    run(bench.fathom, "record", "-q", "-e", "fathom:*", "-o", trace, "--", bench.fathom, "bench",
        "--output", os.devnull, path)
    limits = sorted({limit for _, limit in [OURS, *QEMUS]})
    answer = json.loads(run(bench.fathom, "poll", "--what-if", "--json", "-i", trace,
                            "--poll-max", ",".join(map(str, limits))).out)
    found = {(r["algorithm"], r["poll_max_ns"]): Foretold(r, answer["requests"])
             for r in answer["replays"]}
    found[BLOCKING] = found["blocking", 0]
    return found


def text(setting):
    return f"{setting[0]} {setting[1]}" if setting[1] else "blocking"


def tuner(bench):
    """p50 of poll_algorithm=fathom against the best of QEMU's rules for as much CPU time"""
    lines = []
    for name in (*TIMERS, "disk"):
        results = measure(bench, name)
        ours = results.pop(OURS)
        budget = median([m.cpu for m in ours]) * 1.02
        within = [setting for setting, mine in results.items()
                  if median([m.cpu for m in mine]) <= budget]
        best = min(within or results, key=lambda s: median([m.p50 for m in results[s]]))
        theirs = results[best]
        p50, cpu = ([median([getattr(m, what) for m in side]) / 1e3 for side in (ours, theirs)]
                    for what in ("p50", "cpu"))
        lines.append(row(f"{name} device: p50 (CPU a request), tuned by fathom", text(best),
                         f"{p50[0]:.1f} us ({cpu[0]:.1f})", f"{p50[1]:.1f} us ({cpu[1]:.1f})",
                         median([a.p50 / b.p50 for a, b in zip(ours, theirs)]),
                         ("<=", 0.97 if name == "mixed" else EQUAL)))
    return lines


def replay(bench):
    """what poll --what-if foretold of every rule against real runs: p50 and time polled

    Recording makes requests longer, so what is compared is what a rule changes against
    blocking, in percent of the p50 of blocking."""
    lines = []
    for name in (*TIMERS, "disk"):
        foretold, results = foretell(bench, name), measure(bench, name)
        whole = median([m.p50 for m in results[BLOCKING]])
        for what, label in ("p50", "p50"), ("polled", "time polled"):
            told = {setting: getattr(foretold[setting], what) - getattr(foretold[BLOCKING], what)
                    for setting in results}
            seen = {setting: median([getattr(m, what) - getattr(b, what)
                                     for m, b in zip(mine, results[BLOCKING])])
                    for setting, mine in results.items()}
            off = {setting: (told[setting] - seen[setting]) / whole for setting in results}
            worst = max(off, key=lambda setting: abs(off[setting]))
            lines.append(row(f"{name} device: {label} against blocking, worst of {len(off)} "
                             f"settings (in the middle {median(map(abs, off.values())):.3f})",
                             f"foretold, {text(worst)}",
                             f"{seen[worst] / 1e3:+.1f} us", f"{told[worst] / 1e3:+.1f} us",
                             abs(off[worst]), ("<=", 0.15)))
    return lines


ROWS = {"tuner": tuner, "replay": replay}
