# SPDX-License-Identifier: GPL-2.0-or-later
"""What fathom breakdown does of the engine's requests, as a script of perf script -s: the
peer of a row in scripts/bench."""
begun, dispatched, sums = {}, {}, {}
WORDS = {0: "read", 1: "write", 2: "sync"}


def add(op, stage, ns):
    count, total, most = sums.get((op, stage), (0, 0, 0))
    sums[op, stage] = count + 1, total + ns, max(most, ns)


def fathom__submit(event_name, context, common_cpu, common_secs, common_nsecs, common_pid,
                   common_comm, common_callchain, site, id, fd, op, offset, length, depth, *rest,
                   **more):
    begun[id] = common_secs * 1000000000 + common_nsecs, op


def fathom__dispatch(event_name, context, common_cpu, common_secs, common_nsecs, common_pid,
                     common_comm, common_callchain, site, first_id, count, *rest, **more):
    now = common_secs * 1000000000 + common_nsecs
    for key in range(first_id, first_id + count):
        dispatched[key] = now


def fathom__complete(event_name, context, common_cpu, common_secs, common_nsecs, common_pid,
                     common_comm, common_callchain, site, id, result, depth, *rest, **more):
    if id not in begun:
        return
    begin, op = begun.pop(id)
    middle = dispatched.pop(id, begin)
    end = common_secs * 1000000000 + common_nsecs
    add(op, "submit", middle - begin)
    add(op, "dispatch", end - middle)


def trace_end():
    for (op, stage), (count, total, most) in sorted(sums.items()):
        print(WORDS.get(op, op), stage, count, total / count, most)
