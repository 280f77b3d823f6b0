# SPDX-License-Identifier: GPL-2.0-or-later
"""Within a virtual machine: both capture the same flood of packets, with their defaults.

    vsock_guest.py TRAFFIC REPEATS

Prints how many packets each had, per run, as JSON."""
import json
import re
import signal
import subprocess
import sys
import time

TRAFFIC, REPEATS = sys.argv[1], int(sys.argv[2])
FLOODS = 2                  # at a time, so that no processor is left over


def begin(word, *command):
    """A capture that has said @word."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    while word not in (line := process.stderr.readline()):
        if not line:
            raise SystemExit(f"{command[0]} did not begin")
    return process


def end(process):
    process.send_signal(signal.SIGINT)
    return process.communicate()


def once():
    ours = begin("capturing", "fathom", "vsock", "--json", "-w", "/tmp/ours.pcap")
    theirs = begin("listening", "tcpdump", "-i", "vsockmon0", "-Z", "root", "-w",
                   "/tmp/theirs.pcap")
    floods = [subprocess.Popen([TRAFFIC, "-p", str(7000 + 100 * i), "flood"],
                               stdout=subprocess.DEVNULL) for i in range(FLOODS)]
    for flood in floods:
        flood.wait()
    time.sleep(2)           # tcpdump takes up to a second for its last packets
    _, said = end(theirs)   # first, for our end takes the interface away
    told, _ = end(ours)
    return {"fathom": json.loads(told)["packets"],
            "tcpdump": int(re.search(r"(\d+) packets? captured", said).group(1))}


print(json.dumps([once() for _ in range(REPEATS)]))
