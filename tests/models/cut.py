#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a recording small enough to be kept: cut.py FROM.data TO.data.xz COMM...

Of the records that tell of processes, only those of processes called COMM stay (names are
cut to 15 bytes); hits stay as they are. For what fathom record wrote into a file without -z."""
import lzma
import struct
import sys

MMAP, COMM, EXIT, FORK, MMAP2 = 1, 3, 4, 7, 10
ATTRIBUTES, DATA, FEATURES = 24, 40, 72   # where the file's header has them


def records(data):
    """(type, the record's bytes)"""
    at = 0
    while at < len(data):
        kind, _, size = struct.unpack_from("<IHH", data, at)
        yield kind, data[at:at + size]
        at += size


def pid_of(record):
    return struct.unpack_from("<i", record, 8)[0]


def pids_called(names, data):
    """The processes called so, and their children."""
    named, forks = set(), []
    for kind, record in records(data):
        if kind == COMM and record[16:].split(b"\0")[0].decode(errors="replace") in names:
            named.add(pid_of(record))
        if kind == FORK:
            forks.append(struct.unpack_from("<ii", record, 8))
    for pid, parent in sorted(forks):
        if parent in named:
            named.add(pid)
    return named


def cut(whole, names):
    start, size = struct.unpack_from("<QQ", whole, DATA)
    data, behind = whole[start:start + size], whole[start + size:]
    pids = pids_called(names, data)
    kept = b"".join(record for kind, record in records(data)
                    if kind not in (MMAP, MMAP2, COMM, EXIT, FORK) or pid_of(record) in pids)
    features = sum(bin(word).count("1") for word in struct.unpack_from("<4Q", whole, FEATURES))
    behind = bytearray(behind)
    for i in range(features):  # the table of sections is behind the data, they may be before
        offset = struct.unpack_from("<Q", behind, 16 * i)[0]
        if offset > start:
            struct.pack_into("<Q", behind, 16 * i, offset - (size - len(kept)))
    head = bytearray(whole[:start])
    struct.pack_into("<Q", head, DATA + 8, len(kept))
    return bytes(head) + kept + bytes(behind)


def main():
    with open(sys.argv[1], "rb") as file:
        smaller = cut(file.read(), set(sys.argv[3:]))
    with lzma.open(sys.argv[2], "wb", preset=9 | lzma.PRESET_EXTREME) as file:
        file.write(smaller)


if __name__ == "__main__":
    main()
