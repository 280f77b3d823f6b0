# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of this folder share: uprobe events of probed_requests, recordings of them by
perf in many ways, and an independent reckoning from the text of perf script."""
import collections
import json
import math
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../analyzers"))
sys.dont_write_bytecode = True
import perf_trace  # noqa: E402

LATENCY = os.path.join(HERE, "../../scripts/perf/fathom-latency.py")
REQUESTS = 2000
LEFT_OPEN, STRANGERS = 3, 2 # as in probed_requests.c


ABORTED = -6


def perf(*words, status=0, **more):
    """stdout and stderr of a perf command. perf 6.1 aborts when somebody's events vanish from
    tracefs while it copies formats, and while anybody wants build ids of mappings."""
    for _ in range(5):
        done = subprocess.run(["perf", *words], capture_output=True, check=False, **more)
        if done.returncode != ABORTED:
            break
    errors = done.stderr.decode("utf-8", "replace")
    if done.returncode != status:
        raise AssertionError(f"perf {words}: exit {done.returncode}, not {status}\n{errors}")
    return done.stdout, errors


class Fathom:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, *words, status=0, **more):
        done = subprocess.run([self.program, *words], capture_output=True, check=False, **more)
        errors = done.stderr.decode("utf-8", "replace")
        if done.returncode != status:
            raise AssertionError(f"fathom {words}: exit {done.returncode}, not {status}\n{errors}")
        return done.stdout.decode("utf-8", "replace"), errors

    def latency(self, path, *words, **more):
        return json.loads(self.run("latency", "-i", path, "--json", *words, **more)[0])

    def events(self, path, **more):
        """fathom script's events."""
        text, _ = self.run("script", "-i", path, "--json", **more)
        return [json.loads(line) for line in text.splitlines()]


LINE = re.compile(r" *(\d+) +(\d+)\.(\d{9}): +(\S+?):(?: +|$)(.*)")


def perf_script(path, wanted):
    """The @wanted events that perf script prints: time in ns, tid, name, arguments."""
    text, errors = perf("script", "-i", path, "--ns", "-F", "tid,time,event,trace", "-G")
    events = []
    for line in text.decode("utf-8", "replace").splitlines():
        match = LINE.match(line)
        if not match or not match[4].startswith(wanted):
            continue
        tid, seconds, ns, event, rest = match.groups()
        arguments = {key: int(value, 0) for key, value in re.findall(r"(\w+)=(-?\w+)", rest)}
        events.append((int(seconds) * 10**9 + int(ns), int(tid), event.split(":")[1], arguments))
    return events, errors


def reckon(events):
    """Latencies by op, and what did not pair, naively."""
    begun, latencies = {}, collections.defaultdict(list)
    unmatched = {"completes": 0, "submits": 0, "reused": 0, "skipped": 0}
    for time, _, name, arguments in events:
        key = arguments["arg1"]
        if name.startswith("submit"):
            unmatched["reused"] += key in begun
            begun[key] = time, "write" if arguments["arg3"] else "read"
        elif key in begun:
            begin, operation = begun.pop(key)
            latencies[operation].append(time - begin)
        else:
            unmatched["completes"] += 1
    unmatched["submits"] = len(begun)
    return latencies, unmatched


def check_groups(case, groups, latencies):
    """The groups of fathom latency, or of the script, against exact latencies."""
    case.assertEqual({group["op"]: group["count"] for group in groups},
                     {operation: len(values) for operation, values in latencies.items()})
    for group in groups:
        exact = sorted(latencies[group["op"]])
        case.assertEqual((group["min_ns"], group["max_ns"]), (exact[0], exact[-1]))
        case.assertAlmostEqual(group["mean_ns"], sum(exact) / len(exact), delta=1e-3)
        for percent, value in group["percentiles_ns"].items():
            want = exact[max(math.ceil(float(percent) / 100 * len(exact)), 1) - 1]
            case.assertAlmostEqual(value, want, delta=max(want / 200, 1))
