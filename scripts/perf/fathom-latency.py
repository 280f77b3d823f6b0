# SPDX-License-Identifier: GPL-2.0-or-later
"""Latency per request from a trace of submit and complete probes, where only perf is
installed. It reads what fathom recorded and what perf itself recorded:

    perf script -i perf.data -s fathom-latency.py
    perf script -i perf.data -s fathom-latency.py -- --json

Options behind the two dashes:
  --submit PROVIDER:NAME    where a request begins (default fathom:submit)
  --complete PROVIDER:NAME  where it ends (default fathom:complete)
  --key NAME[,NAME]         the argument that both have: by its name or as arg1, arg2 ...
                            (default id,arg1; with two names the first that is there)
  --op NAME[,NAME]          the operation (default op,arg3); none groups all as one
  --words 0=read,1=write    words of its values (default 0=read,1=write,2=sync)
  --json                    JSON, in the shape of fathom latency --json

The figures are those of fathom latency: same histogram, same pairing. What perf lost it
says itself ("lost N chunks"), a script cannot see it."""
import argparse
import json
import math
import re
import sys

PERCENTILES = ("50", "90", "99", "99.9", "99.99")
BITS = 7 # buckets per power of two, as core/histogram.h: within 0.4 % of the exact value


class Histogram:
    def __init__(self):
        self.count = self.sum = self.max = 0
        self.min = None
        self.buckets = {}

    def add(self, value):
        self.count += 1
        self.sum += value
        self.max = max(self.max, value)
        self.min = value if self.min is None else min(self.min, value)
        shift = max(value.bit_length() - 1 - BITS, 0)
        bucket = value >> shift << shift, 1 << shift
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def percentile(self, percent):
        """The middle of the bucket with rank ceil(percent of count)."""
        rank = min(max(math.ceil(percent / 100 * self.count), 1), self.count)
        for (low, width), count in sorted(self.buckets.items()):
            rank -= count
            if rank <= 0:
                return min(max(low + width // 2, self.min), self.max)
        return 0


class Requests:
    """Pairs submits with completes by process and key."""

    def __init__(self):
        self.open, self.groups = {}, {}
        self.requests = self.events = self.completes = self.reused = 0

    def submit(self, key, time, operation):
        self.events += 1
        self.reused += key in self.open
        self.open[key] = time, operation
        self.groups.setdefault(operation, Histogram())

    def complete(self, key, time):
        self.events += 1
        if key not in self.open:
            self.completes += 1
            return
        begin, operation = self.open.pop(key)
        self.groups[operation].add(max(time - begin, 0))
        self.requests += 1

    def answer(self):
        return {
            "requests": self.requests, "events": self.events,
            "unmatched": {"completes": self.completes, "submits": len(self.open),
                          "reused": self.reused, "skipped": 0},
            "groups": [{"op": operation, "count": h.count, "mean_ns": h.sum / h.count,
                        "min_ns": h.min, "max_ns": h.max,
                        "percentiles_ns": {p: h.percentile(float(p)) for p in PERCENTILES}}
                       for operation, h in self.groups.items() if h.count]}


def parse_options():
    parser = argparse.ArgumentParser(prog="fathom-latency.py", add_help=False, allow_abbrev=False)
    parser.add_argument("--submit", default="fathom:submit")
    parser.add_argument("--complete", default="fathom:complete")
    parser.add_argument("--key", default="id,arg1")
    parser.add_argument("--op", default="op,arg3")
    parser.add_argument("--words", default="0=read,1=write,2=sync")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--help", action="store_true")
    options = parser.parse_args([word for word in sys.argv[1:] if word != "--"])
    if options.help:
        print(__doc__)
        sys.exit(0)
    options.key, options.op = options.key.split(","), options.op.split(",")
    options.words = dict(word.split("=", 1) for word in options.words.split(",") if "=" in word)
    return options


def event_pattern(probe):
    """perf names handlers system__event; it adds sdt_ and, for more sites, _1, _2 ..."""
    provider, _, name = probe.partition(":")
    if not name:
        sys.exit(f"fathom-latency.py: {probe}: expected PROVIDER:NAME")
    return re.compile(rf"(?:sdt_)?{re.escape(provider)}__{re.escape(name)}(?:_\d+)?")


def field(fields, names):
    return next((fields[name] for name in names if name in fields), None)


OPTIONS = parse_options()
SUBMIT, COMPLETE = event_pattern(OPTIONS.submit), event_pattern(OPTIONS.complete)
REQUESTS = Requests()
NO_KEY = {"events": 0}


def trace_unhandled(event_name, _context, fields, sample=None):
    is_submit = SUBMIT.fullmatch(event_name)
    if not is_submit and not COMPLETE.fullmatch(event_name):
        return
    key = field(fields, OPTIONS.key)
    if key is None:
        NO_KEY["events"] += 1
        return
    process = sample["sample"]["pid"] if sample else 0
    time = fields["common_s"] * 10**9 + fields["common_ns"]
    if is_submit:
        value = field(fields, OPTIONS.op)
        word = "all" if value is None else OPTIONS.words.get(str(value), str(value))
        REQUESTS.submit((process, key), time, word)
    else:
        REQUESTS.complete((process, key), time)


def time_text(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.4g} {unit}"
    return f"{ns:.0f} ns"


def print_table(answer):
    rows = [["op", "count", "mean", "min"] + ["p" + p for p in PERCENTILES] + ["max"]]
    for group in answer["groups"]:
        times = [group["mean_ns"], group["min_ns"], *group["percentiles_ns"].values(),
                 group["max_ns"]]
        rows.append([group["op"], str(group["count"])] + [time_text(ns) for ns in times])
    width = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join([row[0].ljust(width[0])] +
                        [cell.rjust(w) for cell, w in zip(row[1:], width[1:])]))
    for kind, text in (("completes", "completes without a submit"),
                       ("submits", "submits that never ended"),
                       ("reused", "submits whose key was used again before their end")):
        if answer["unmatched"][kind]:
            print(f"note: {answer['unmatched'][kind]} {text}")


def trace_end():
    answer = REQUESTS.answer()
    if NO_KEY["events"]:
        print(f"note: {NO_KEY['events']} events without the argument {' or '.join(OPTIONS.key)}",
              file=sys.stderr)
    if not answer["requests"]:
        print(f"fathom-latency.py: no request in the trace: {OPTIONS.submit} and "
              f"{OPTIONS.complete} are not there or do not pair", file=sys.stderr)
    elif OPTIONS.json:
        print(json.dumps(answer, indent=2))
    else:
        print_table(answer)
