# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of scripts/bench about AF_VSOCK: reading captures, and capturing under load."""
import json
import os

from runner import ROOT, median, row, run


def make(bench, packets, path):
    run(os.path.join(bench.build, "tests/vsock/make_capture"), "-n", packets, path)


def vsock(bench):
    """fathom vsock over 2 M small packets against tshark and tcpdump; peak memory"""
    packets = bench.work(2000000)
    short, long = bench.path("short.pcap"), bench.path("long.pcap")
    make(bench, packets, short)
    ours, sharks, dumps = bench.pairs(
        lambda: run(bench.fathom, "vsock", "-i", short),
        lambda: run("tshark", "-r", short, discard=True),
        lambda: run("tcpdump", "-nn", "-r", short, discard=True))
    memory = max(one.kib for one in ours) / 1024
    os.unlink(short)
    make(bench, 10 * packets, long)
    longer = run(bench.fathom, "vsock", "-i", long).kib / 1024
    os.unlink(long)
    speed = packets / median([one.seconds for one in ours]) / 1e6
    lines = []
    for peer, theirs, target in ("tshark -r", sharks, 10), ("tcpdump -r", dumps, 4):
        lines.append(row(f"vsock, {packets / 1e6:.1f} M packets", peer,
                         f"{speed:.1f} M packets/s",
                         f"{packets / median([one.seconds for one in theirs]) / 1e6:.2f} M "
                         "packets/s",
                         median([y.seconds / x.seconds for x, y in zip(ours, theirs)]),
                         (">=", target)))
    return lines + [row("the same, million packets a second", "", f"{speed:.1f}", "", speed,
                        (">=", 4)),
                    row("peak memory, ten times as long", "the short one", f"{longer:.1f} MiB",
                        f"{memory:.1f} MiB", longer / memory, ("<=", 1.05))]


def vsock_live(bench):
    """packets captured live over the loopback of a machine under full load, against tcpdump"""
    ran = run(os.path.join(ROOT, "scripts/vm"), "run", "-m", "vsock_loopback,vsockmon",
              "--timeout", 600, "--build", bench.build, "python3",
              os.path.join(ROOT, "scripts/measure/vsock_guest.py"),
              os.path.join(bench.build, "tests/vsock/vsock_traffic"), bench.repeats)
    runs = json.loads(ran.out)
    ours, theirs = ([one[who] for one in runs] for who in ("fathom", "tcpdump"))
    return [row("packets captured under full load", "tcpdump, same run",
                " ".join(map(str, ours)), " ".join(map(str, theirs)),
                min(x / y for x, y in zip(ours, theirs)), (">=", 1))]


ROWS = {"vsock": vsock, "vsock-live": vsock_live}
