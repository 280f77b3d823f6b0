# SPDX-License-Identifier: GPL-2.0-or-later
"""The requests in flight of fathom bench, from a core dump or a stopped process.

The way there: bench_run (probes/run.h) has the workers, a worker has an array of as many
requests as its depth (probes/request.h). Their types come from the debug information.

How old a request is: a core does not tell when it was made. The newest time that the
process noted down is taken for now: a worker's clock, or the watcher's, which looks ten
times a second."""
import gdb

WORKERS_MAX = 65536
DEPTH_MAX = 1 << 20


def enum_words(name, prefix):
    """Values to words: REQUEST_QUEUED of enum request_stage is queued."""
    try:
        fields = gdb.lookup_type(f"enum {name}").fields()
    except gdb.error:
        return {}
    return {field.enumval: field.name[len(prefix):].lower() for field in fields
            if field.name.startswith(prefix)}


def find_run():
    if not gdb.selected_inferior().threads():
        raise gdb.GdbError("no process and no core: gdb FATHOM CORE, or gdb -p PID")
    symbol = gdb.lookup_global_symbol("bench_run")
    if not symbol:
        try:
            gdb.parse_and_eval("&bench_run")
        except gdb.error as error:
            raise gdb.GdbError("the program is not fathom, or is stripped: "
                               "it has no bench_run") from error
        raise gdb.GdbError("this fathom has no debug information: its requests cannot be read")
    run = symbol.value()
    if not int(run):
        raise gdb.GdbError("fathom bench is not running a job: it has not begun, or it is over")
    return run.dereference()


def describe(worker, request, words):
    stage, op = int(request["stage"]), int(request["op"])
    return {
        "worker": int(worker["index"]), "id": int(request["id"]), "fd": int(request["fd"]),
        "op": words["op"].get(op, str(op)), "stage": words["stage"].get(stage, str(stage)),
        "offset": int(request["offset"]), "length": int(request["length"]),
        "queued_ns": int(request["queued_ns"]), "dispatched_ns": int(request["dispatched_ns"]),
    }


def read_worker(worker, words):
    """The worker's requests in flight, and the newest time it knows."""
    depth, found = int(worker["depth"]), []
    newest = max(int(worker["now_ns"]), int(worker["began_ns"]))
    if not int(worker["requests"]) or depth > DEPTH_MAX:
        return found, newest
    for index in range(depth):
        request = worker["requests"][index]
        if words["stage"].get(int(request["stage"])) == "free":
            continue
        found.append(describe(worker, request, words))
        newest = max(newest, found[-1]["queued_ns"], found[-1]["dispatched_ns"]
                     if found[-1]["stage"] != "queued" else 0)
    return found, newest


def in_flight():
    """Requests, oldest first, each with its age_ns; and how many workers there are."""
    run = find_run()
    words = {"stage": enum_words("request_stage", "REQUEST_"), "op": enum_words("io_op", "IO_")}
    newest, found, count = int(run["seen_ns"]), [], int(run["nr_workers"])
    if count > WORKERS_MAX:
        raise gdb.GdbError(f"{count} workers: the memory of this run is damaged")
    for index in range(count):
        requests, time = read_worker(run["workers"][index], words)
        found += requests
        newest = max(newest, time)
    for request in found:
        request["age_ns"] = newest - request["queued_ns"]
    return sorted(found, key=lambda request: request["queued_ns"]), count


def time_text(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:.0f} {unit}"
    return f"{ns} ns"


COLUMNS = ("worker", "id", "op", "fd", "offset", "length", "age", "stage")


def table():
    requests, workers = in_flight()
    rows = [COLUMNS]
    for request in requests:
        request["age"] = time_text(request["age_ns"])
        rows.append(tuple(str(request[column]) for column in COLUMNS))
    width = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    left = ("op", "stage")
    lines = ["  ".join(cell.ljust(w) if column in left else cell.rjust(w) for cell, w, column
                       in zip(row, width, COLUMNS)).rstrip() for row in rows]
    heading = f"requests in flight: {len(requests)}; workers: {workers}"
    return "\n".join([heading] + lines if requests else [heading])
