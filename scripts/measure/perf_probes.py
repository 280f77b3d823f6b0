# SPDX-License-Identifier: GPL-2.0-or-later
"""The probes of a program as perf itself defines them, to measure perf record with."""
import os
import re

from runner import run

EVENTS = "/sys/kernel/tracing/uprobe_events"


def tell_kernel(line):
    events = os.open(EVENTS, os.O_WRONLY | os.O_APPEND)  # tracefs cannot seek
    try:
        os.write(events, line.encode())
    finally:
        os.close(events)


class PerfProbes:
    """They exist while the context lasts, in a group and with a cache of build ids of their
    own, so that nobody else's are in the way."""

    def __init__(self, bench, program, provider, *names):
        self.program, self.provider, self.names = program, provider, names
        self.cache = bench.path("buildids")
        self.group = f"fathombench{os.getpid()}"
        self.events = []

    def definitions(self, name):
        """As perf has them; it makes an event for each site, and a bare "read" would be a word
        of its own event syntax."""
        text = run("perf", "--buildid-dir", self.cache, "probe", "-D",
                   f"sdt_{self.provider}:{name}").out
        return re.sub(rf"\bsdt_{self.provider}/", f"{self.group}/p_", text).splitlines()

    def __enter__(self):
        run("perf", "--buildid-dir", self.cache, "buildid-cache", "--add", self.program)
        for name in self.names:
            for line in self.definitions(name):
                tell_kernel(line + "\n")
                self.events.append(re.match(r"p:(\S+)", line)[1])
        return self

    def __exit__(self, *_):
        for event in self.events:
            tell_kernel(f"-:{event}\n")

    def record(self, path, *command, options=()):
        """perf record of all of them."""
        words = [word for event in self.events for word in ("-e", event.replace("/", ":"))]
        return run("perf", "record", "-q", "-N", *words, *options, "-o", path, "--", *command)
