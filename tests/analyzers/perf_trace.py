# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings that stock perf made of a probed program, and what perf script says of them."""
import os
import re
import signal
import subprocess
import sys

TRACEFS = "/sys/kernel/tracing"


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def need(condition, reason):
    if not condition:
        skip(reason)


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def perf_record(*words):
    """perf 6.1 aborts when somebody's events vanish from tracefs while it copies formats."""
    for attempt in range(5):
        done = subprocess.run(["perf", "record", "-q", *words], capture_output=True, check=False)
        if done.returncode != -signal.SIGABRT:
            break
        print(f"perf aborted, attempt {attempt + 1}: {done.stderr}", file=sys.stderr)
    if done.returncode:
        raise RuntimeError(f"perf record: {done.returncode}: {done.stderr}")
    return done.stdout


def sites(program, probe):
    """File offset and operands of every site of a probe."""
    notes = run("readelf", "-nW", program)
    segments = [tuple(int(x, 16) for x in m) for m in re.findall(
        r"LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) 0x\w+ R E", run("readelf", "-lW", program))]
    for name, where, operands in re.findall(
            r"Name: (\w+)\n +Location: (0x\w+).*\n +Arguments: (.*)", notes):
        if name != probe:
            continue
        address = int(where, 16)
        for offset, start, size in segments:
            if start <= address < start + size:
                yield address - start + offset, operands


def fetch_arguments(operands):
    """As perf does it: argN by position, constants left out."""
    for number, operand in enumerate(operands.split(), 1):
        size, place = operand.split("@")
        if place.startswith("%"):
            register = {"%rdi": "%di", "%esi": "%si", "%rsi": "%si", "%dl": "%dx", "%rcx": "%cx",
                        "%r8d": "%r8", "%edi": "%di"}.get(place)
            need(register, f"the compiler put an argument into {place}")
            kind = f"{'s' if size.startswith('-') else 'u'}{8 * abs(int(size))}"
            yield f"arg{number}={register}:{kind}"


class Probes:
    """Uprobe events with names of their own, as perf probe would make them."""

    def __init__(self, program):
        self.provider = f"fathomtest{os.getpid()}"
        self.names = []
        for probe in ("submit", "complete"):
            for nr, (offset, operands) in enumerate(sites(program, probe)):
                name = probe + (f"_{nr}" if nr else "")
                arguments = " ".join(fetch_arguments(operands))
                self.write(f"p:sdt_{self.provider}/{name} {program}:{offset:#x} {arguments}")
                self.names.append(name)

    @staticmethod
    def write(line):
        events = os.open(f"{TRACEFS}/uprobe_events", os.O_WRONLY | os.O_APPEND)
        try:
            os.write(events, line.encode() + b"\n")
        finally:
            os.close(events)

    def events(self, *names):
        for name in names or self.names:
            yield "-e"
            yield f"sdt_{self.provider}:{name}"

    def remove(self):
        for name in self.names:
            self.write(f"-:sdt_{self.provider}/{name}")


def perf_events(path):
    """What perf script prints of a trace, parsed: time in ns, tid, event, arguments."""
    text = run("perf", "script", "-i", path, "--ns", "-F", "tid,time,event,trace")
    for line in text.splitlines():
        match = re.match(r" *(\d+) +(\d+)\.(\d{9}): +(\S+): +\(\w+\)(.*)", line)
        if not match:
            raise ValueError(line)
        tid, seconds, ns, event, rest = match.groups()
        arguments = {key: int(value, 0) for key, value in re.findall(r"(\w+)=(\S+)", rest)}
        yield int(seconds) * 10**9 + int(ns), int(tid), event.split(":")[1], arguments
