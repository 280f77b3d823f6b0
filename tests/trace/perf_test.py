# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock perf on both ends: it reads what the writer wrote, the reader reads what it wrote.

    perf_test.py written MAKE_TRACE DUMP_TRACE
    perf_test.py recorded DUMP_TRACE TRACED      (root: perf records uprobe events)
    perf_test.py ring RING_TEST DUMP_TRACE       (root: bytes of the kernel's rings)
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

LINE = re.compile(
    r"\s*(?P<comm>.*?)\s+(?P<tid>-?\d+)\s+(?:\[(?P<cpu>\d+)\])?\s*"
    r"(?P<s>\d+)\.(?P<ns>\d{9}):\s+(?P<event>[^\s:]+(:[^\s:]+)?):\s*(?P<rest>.*)"
)
TRACEFS = "/sys/kernel/tracing"
GROUP = "fathom_trace_test"


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def perf_events(path, fields="comm,tid,cpu,time,event,trace", stream=False):
    """What perf script prints: (time, tid, cpu, comm, event, rest)."""
    command = ["perf", "script", "-f", "--ns", "-F", fields, "-G", "-i"]
    if stream:
        cat = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
        printed = run(*command, "-", stdin=cat.stdout)
        assert cat.wait() == 0
    else:
        printed = run(*command, path)
    events = []
    for line in printed.splitlines():
        if not line.strip():
            continue
        found = LINE.match(line)
        assert found, line
        cpu = int(found["cpu"]) if found["cpu"] else -1
        time = int(found["s"]) * 10**9 + int(found["ns"])
        events.append((time, int(found["tid"]), cpu, found["comm"], found["event"],
                       found["rest"].strip()))
    return events


def our_events(dump, path):
    """What the reader hands out, and the line that ends it."""
    events = []
    lines = run(dump, path).splitlines()
    for line in lines:
        if not line.startswith("event "):
            continue
        head, _, rest = line.partition(" __probe_ip=")
        if not rest:
            head, _, rest = line.partition(" __probe_site=")
        _, event, time, _, tid, cpu, comm = head.split(" ", 6)
        events.append((int(time), int(tid), int(cpu), comm, event, rest.partition(" ")[2]))
    return events, lines[-1]


def written(make, dump):
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/perf.data"
        forms = {"file": [], "compressed": ["-z", "3"], "single": ["-1"],
                 "stream": ["-s"], "compressed stream": ["-s", "-z", "1"]}
        for name, options in forms.items():
            # Enough for compressed records that unfold to more than perf has room for.
            count = 40000 if name == "compressed" else 6000
            run(make, "-e", str(count), "-r", "500", *options, path)
            check_written(name, dump, path, count, single="-1" in options)
            if os.path.exists(path):
                os.unlink(path)
        check_killed(make, dump, path)


def expected_line(single, n):
    """The n-th event, as tests/trace/make_trace.c makes it on two CPUs."""
    cpu, n = n % 2, n // 2
    request = n if single else n // 2
    number = request * 2 + cpu
    where = (10**9 + n * 500 + cpu * 250, 1000 + cpu, cpu, f"worker {cpu}")
    if not single and n % 2:
        return where + ("fathom:complete", f"(0) id={number} result=4096 depth=1")
    op = "write" if request % 4 == 3 else "read"
    offset = request * 2654435761 % 2**32 % (1 << 20) * 4096
    return where + ("fathom:submit",
                    f"(0) id={number} fd=3 op={op} offset={offset} length=4096 depth=1")


def check_written(name, dump, path, count, single):
    stream = "stream" in name
    events = perf_events(path, stream=stream)
    assert len(events) == count, (name, len(events))
    for n, event in enumerate(events):
        assert event == expected_line(single, n), (name, event, expected_line(single, n))
    ours, end = our_events(dump, path)
    assert end == f"end {count} 0 ", (name, end)
    for theirs, mine in zip(events, ours):
        assert theirs[5].partition(" ")[2] == mine[5] and theirs[:5] == mine[:5], (theirs, mine)
    if not stream:  # perf report 6.1 cannot read tracepoints from a stream, not even perf's
        stats = run("perf", "report", "-f", "--stats", "-i", path)
        assert re.search(rf"SAMPLE events:\s+{count}", stats), (name, stats)
        check_features(path, single)
    print(name, "ok")


def check_features(path, single, event="fathom:submit"):
    events = run("perf", "evlist", "-v", "-i", path)
    assert event + ": type: 2, size: 112, config: 0xea60" in events, events
    assert ("IDENTIFIER" in events) != single, events
    ids = run("perf", "buildid-list", "-i", path)
    assert ids.startswith("0102030000000000000000000000000000000000 /usr/bin/true"), ids
    head = run("perf", "report", "--header-only", "-i", path)
    for wanted in ("cmdline : ", "fathom record", "clockid: monotonic (1)",
                   "hostname : " + os.uname().nodename, "reference time: 20"):
        assert wanted in head, (wanted, head)


def check_killed(make, dump, path):
    """perf reads a killed recorder's file up to the last checkpoint, we to the end."""
    done = subprocess.run([make, "-k", "-e", "2000000", "-r", "5000", path])
    assert done.returncode == -9
    stats = run("perf", "report", "-f", "--stats", "-i", path)
    assert "FINISHED_ROUND" in stats, stats
    found = re.search(r"SAMPLE events:\s+(\d+)", stats)
    seen = int(found[1]) if found else 0
    end = run(dump, "-q", path)
    assert end == "end 2000000 0 the recorder was killed or ran out of room before it could close the file\n", end
    assert seen <= 2000000
    print("killed ok: perf sees", seen, "of 2000000 events")


def ring(ring_test, dump):
    if os.geteuid():
        skip("not root: no events of all processes")
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/perf.data"
        done = subprocess.run([ring_test, path])
        if done.returncode == 77:
            sys.exit(77)
        assert not done.returncode
        (theirs,) = perf_events(path)
        (ours,), end = our_events(dump, path)
        assert theirs[3] == ours[3] == "fathom child", (theirs, ours)
        assert theirs[:5] == ours[:5] and end == "end 1 0 ", (theirs, ours, end)
        records = run("perf", "script", "-i", path, "--show-task-events", "--show-mmap-events")
        for kind in ("COMM exec: true:", "MMAP2", "FORK", "EXIT"):
            assert kind in records, (kind, records)
        run("perf", "report", "--stdio", "-i", path)
        check_features(path, single=True, event="fathom:hit")
        print("ring ok")


def offset_of(program, symbol):
    """File offset of a function: its address through the segment that holds it."""
    address = None
    for line in run("nm", program).splitlines():
        if line.endswith(" T " + symbol):
            address = int(line.split()[0], 16)
    for line in run("readelf", "-lW", program).splitlines():
        words = line.split()
        if words[:1] == ["LOAD"]:
            start, virtual, size = int(words[1], 16), int(words[2], 16), int(words[4], 16)
            if virtual <= address < virtual + size:
                return address - virtual + start
    raise AssertionError(symbol)


def write_probe(line):
    file = os.open(TRACEFS + "/uprobe_events", os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, line.encode() + b"\n")
    finally:
        os.close(file)


def normal(rest):
    """The kernel's print and ours differ in the address and in quotes only."""
    return rest.partition(" ")[2] if rest.startswith("(") else rest


def check_recorded(name, dump, path, fields="comm,tid,cpu,time,event,trace"):
    theirs = perf_events(path, fields)
    if name == "read values":  # perf prints each sample again for the other counters
        theirs = [event for event in theirs if event[4].startswith(GROUP)]
    ours, end = our_events(dump, path)
    assert end.startswith(f"end {len(theirs)} "), (name, len(theirs), end)
    assert "end" in end and len(end.split()) == 3, (name, end)
    assert theirs, name
    for a, b in zip(theirs, ours):
        if "cpu" not in fields:
            b = b[:2] + (-1,) + b[3:]
        if "trace" not in fields:
            a, b = a[:5], b[:5]
        else:
            a = a[:5] + (normal(a[5]),)
        assert a == b, (name, a, b)
    print(name, "ok:", len(theirs), "events,", end)


def recorded(dump, traced):
    if os.geteuid():
        skip("not root: perf cannot record uprobe events")
    if not os.path.exists(TRACEFS + "/uprobe_events"):
        skip("no uprobe_events in " + TRACEFS)
    event = f"{GROUP}/hit_{os.getpid()}"
    directory = tempfile.mkdtemp()
    try:
        write_probe(f"p:{event} {traced}:{offset_of(traced, 'hit'):#x} "
                    "n=%di:u64 m=%si:s32 text=+0(%dx):ustring")
    except OSError as error:
        skip(f"this kernel takes no uprobe event on x86_64 registers: {error}")
    try:
        record_all(dump, traced, event.replace("/", ":"), directory)
    finally:
        write_probe("-:" + event)
        shutil.rmtree(directory)


def record_all(dump, traced, event, directory):
    path = directory + "/perf.data"
    base = ["perf", "record", "-q", "-B", "-N"]
    two = [traced, "1000", "2"]
    one = [traced, "1000"]
    variants = {
        "plain": (["-e", event], two),
        "compressed": (["-z", "-e", event], two),
        "call graphs": (["-g", "-e", event], two),
        "stacks": (["--call-graph", "dwarf,4096", "-m", "8M", "-e", event], [traced, "300"]),
        "per thread": (["--per-thread", "-e", event], one),
        "clock": (["-k", "CLOCK_MONOTONIC", "-e", event], two),
        "addresses, weights": (["-d", "-W", "-e", event], two),
        "registers": (["--user-regs=ip,sp", "--intr-regs=ip,sp", "-e", event], two),
        "read values": (["--no-inherit", "-e", "{%s,task-clock}:S" % event], one),
    }
    attempts = [(name, [*options, "-o", path, "--", *command], {})
                for name, (options, command) in variants.items()]
    attempts.append(("all CPUs", ["-a", "-e", event, "-o", path, "--", *two], {}))
    attempts.append(("mixed", ["-e", "cpu-clock", "-e", event, "-o", path, "--", traced,
                               "20000", "2"], {"fields": "comm,tid,time,event"}))
    for name, options in {"pipe": [], "compressed pipe": ["-z"]}.items():
        attempts.append((name, [*options, "-e", event, "-o", "-", "--", *two], {}))
    attempts.append(("clock pipe", ["-e", "cpu-clock", "-o", "-", "--", traced, "20000", "2"],
                     {"fields": "comm,tid,time,event"}))
    for name, options, how in attempts:
        record(base + options, path)
        check_recorded(name, dump, path, **how)


def record(command, path):
    if "-" not in command:
        run(*command)
        return
    with open(path, "wb") as file:
        subprocess.run(command, stdout=file, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    if not shutil.which("perf"):
        skip("no perf")
    {"written": written, "recorded": recorded, "ring": ring}[sys.argv[1]](*sys.argv[2:])
