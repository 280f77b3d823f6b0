#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The flight recorder: flight_test.py TEST BACKEND FATHOM FLIER MODEL

FLIER does what it is told, so that each test knows what its snapshots must hold. The soak
lasts FATHOM_SOAK seconds. Exit 77: skipped.
"""
import atexit
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TEST, BACKEND = sys.argv[1:3]
FATHOM, FLIER, MODEL = map(os.path.abspath, sys.argv[3:6])
DEADLINE = 120
SOAK = float(os.environ.get("FATHOM_SOAK", "20"))
LATENCY = ["--model", MODEL, "--trigger"]


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def run(*command, expect=0, **more):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                          timeout=DEADLINE, **more)
    assert done.returncode == expect, f"{command}: exit {done.returncode}: {done.stderr}"
    return done


class Flight:
    """A recorder and the flier that it records, which waits to be told what to do."""

    def __init__(self, *options, flight="1m", trace="t.data", pid=False):
        command = [FATHOM, "record", "--backend", BACKEND, "--flight", flight, "-o", trace,
                   "-e", "flier:*", *options]
        self.flier = None
        if pid:
            self.flier = subprocess.Popen([FLIER], stdin=subprocess.PIPE, text=True,
                                          stdout=subprocess.PIPE)
            atexit.register(self.flier.kill)
            command += ["-p", str(self.flier.pid)]
        else:
            command += ["--", FLIER]
        self.recorder = subprocess.Popen(command, stdin=subprocess.PIPE, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        atexit.register(self.recorder.kill)
        self.trace, self.said = trace, ""
        self.hear("kill -USR2")

    def hear(self, words):
        """Waits for a line of the recorder that has these words; returns it."""
        while True:
            line = self.recorder.stderr.readline()
            assert line, f"record ended before it said '{words}': {self.said}"
            self.said += line
            if words in line:
                return line

    def tell(self, *lines):
        """Lets the flier do something, to its end."""
        program = self.flier or self.recorder
        for line in lines:
            program.stdin.write(line + "\n")
            program.stdin.flush()
            assert program.stdout.readline() == "done\n", line

    def snapshot(self):
        """Asks for a snapshot; returns its line."""
        self.recorder.send_signal(signal.SIGUSR2)
        return Line(self.hear(": SIGUSR2"))

    def end(self, expect=0):
        """Ends the flier, and with it the recorder; returns the line of the last snapshot."""
        if self.flier:
            self.flier.communicate()
        self.said += self.recorder.communicate(timeout=DEADLINE)[1]
        assert self.recorder.returncode == expect, (self.recorder.returncode, self.said)
        return Line(re.search(rf"^.*: {re.escape(self.trace)}: .*$", self.said, re.M)[0])


class Line:
    """What record says of a snapshot."""

    def __init__(self, text):
        found = re.search(r"record: (\S+?): (.*); the last ([\d.]+ \w+)( \(all\))?, ([\d,]+) "
                          r"events, (.*), ([\d,]+) lost \]", text)
        assert found, text
        self.path, self.why, self.reach, every = found.groups()[:4]
        self.all = bool(every)
        self.events, self.lost = (int(found[n].replace(",", "")) for n in (5, 7))


class Event:
    """A line of a script."""

    def __init__(self, comm, tid, ns, probe, arguments):
        self.comm, self.tid, self.ns, self.probe = comm, int(tid), ns, probe
        self.arguments = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', arguments))


def script(path, expect=0):
    """The events of a trace, as fathom reads it."""
    text = run(FATHOM, "script", "-i", path, expect=expect).stdout
    return [Event(comm, tid, int(seconds) * 10**9 + int(ns), probe, rest)
            for comm, tid, seconds, ns, probe, rest in
            re.findall(r"^ *(\S+) +(\d+) \[\d+\] +(\d+)\.(\d{9}): flier:(\w+):(.*)$", text, re.M)]


def by_perf(path):
    """The same as perf reads it, without the arguments; None where there is no perf."""
    if not shutil.which("perf"):
        return None
    text = run("perf", "script", "-i", path, "-F", "comm,tid,event").stdout
    return re.findall(r"^ *(\S+) +(\d+) +flier:(\w+):", text, re.M)


def header(path):
    """What the trace says of the times that it covers, in ns, and of its reason."""
    text = run("perf", "report", "--header-only", "-i", path).stdout
    times = [round(float(re.search(rf"time of {which} sample : ([\d.]+)", text)[1]) * 1e9)
             for which in ("first", "last")]
    return times, re.search(r"perf version : (.*)", text)[1]


def ids(events):
    return [int(event.arguments["id"]) for event in events]


def test_window():
    """A snapshot holds what came last, without a gap, and says how far back."""
    flight = Flight(flight="4m")
    flight.tell("quick 1000")
    first = flight.snapshot()
    assert first.all and ids(script(first.path)) == [n for i in range(1, 1001) for n in (i, i)]
    flight.tell(*["quick 1000"] * 50)
    second, count = flight.snapshot(), 51000
    events = script(second.path)
    assert not second.all and second.lost == 0 and len(events) == second.events
    wanted = [n for i in range(1, count + 1) for n in (i, i)]
    assert ids(events) == wanted[-len(events):], "the end of what happened"
    assert 12000 < len(events) < 2 * count, "about 4 MiB of it"
    assert os.path.getsize(second.path) < 4.2 * 2**20
    if shutil.which("perf"):
        (begin, end), why = header(second.path)
        assert begin <= events[0].ns + 1000 and end >= events[-1].ns - 1000
        assert "flight recorder: SIGUSR2; it has the last " in why, why
        assert len(by_perf(second.path)) == len(events)
    flight.tell("quick 1")
    last = flight.end()
    assert last.why == "the command ended" and ids(script("t.data"))[-1] == count + 1
    assert f"{2 * count + 2:,} events, 2 snapshots and the last in t.data, 0 lost" in flight.said


def test_names():
    """Threads that were named before the window, forgotten, gone or renamed within it."""
    flight = Flight()
    flight.tell("name before", "quick 30000", "forks 3", "threads 2", "name after", "quick 1")
    line = flight.snapshot()
    events = script(line.path)
    assert not line.all and len(events) > 4000
    names = [event.comm for event in events]
    assert set(names[:-12]) == {"before"}, set(names)
    assert names[-12:] == ["child"] * 6 + ["before"] * 4 + ["after"] * 2, names[-12:]
    theirs = by_perf(line.path)
    if theirs:
        assert [comm for comm, _, _ in theirs] == names
        maps = run("perf", "script", "--show-mmap-events", "-i", line.path).stdout
        assert set(re.findall(r"MMAP2 .* (\S+)$", maps, re.M)) == {FLIER}, "of traced files alone"
    flight.end()


def test_latency():
    """A request that takes too long is what the snapshot ends with."""
    flight = Flight(*LATENCY, "latency>50ms", "--snapshot-interval", "0")
    assert "latency>50ms is about requests of model flier ]" in flight.said, flight.said
    flight.tell("quick 100", "slow 5", "slow 60 culprit")
    line = Line(flight.hear("latency>50ms"))
    found = re.search(r"latency>50ms: (\w+) (\d+) of flier\[(\d+)\] took ([\d.]+) ms", line.why)
    assert found and float(found[4]) >= 60, line.why
    submit, complete = (event for event in script(line.path)
                        if event.arguments["id"] == found[2])
    assert submit.arguments["name"] == '"culprit"' and submit.arguments["op"] == found[1]
    assert (complete.ns - submit.ns) / 1e6 >= 60 and submit.tid == int(found[3])
    flight.end()
    assert len(glob.glob("t.data.*")) == 1, "the quick and the less slow ones do not count"
    assert " 1 trigger, 1 snapshot and the last" in flight.said, flight.said


def test_under_way():
    """One that never ends is noticed all the same, and once more when it does end."""
    flight = Flight(*LATENCY, "latency>=30ms", "--snapshot-interval", "0")
    flight.tell("quick 10", "begin")
    line = Line(flight.hear("latency>=30ms"))
    assert re.search(r" 11 of flier\[\d+\] is under way for ", line.why), line.why
    flight.tell("quick 10", "end")
    assert "11 of flier[" in flight.hear(" took "), flight.said
    flight.end()
    assert " 2 triggers, 2 snapshots and the last" in flight.said, flight.said


def test_hit():
    """A hit that passes a filter; by number, word and text."""
    flight = Flight("--trigger", "flier:complete/result<0/", "--snapshot-interval", "0",
                    "--trigger", 'submit/op==read && name=="needle"/')
    flight.tell("quick 100", "fail", "slow 0 straw")
    line = Line(flight.hear("result<0"))
    assert re.fullmatch(r"flier:complete/result<0/: flier:complete by flier\[\d+\] at \d+\.\d{9}",
                        line.why), line.why
    failed = [event for event in script(line.path) if event.arguments.get("result") == "-5"]
    assert len(failed) == 1 and f"at {failed[0].ns // 10**9}." in line.why
    flight.tell("quick 1", "slow 0 needle")
    assert "flier:submit by flier[" in flight.hear("needle"), flight.said
    flight.end()
    assert " 2 triggers, 2 snapshots and the last" in flight.said, flight.said


def test_losses():
    """What is lost within the window is told of, and the file says the same."""
    flight = Flight("-m", "4k")
    flight.tell("quick 1")  # the flier has begun
    flight.recorder.send_signal(signal.SIGSTOP)
    flight.tell("quick 1000")
    flight.recorder.send_signal(signal.SIGCONT)
    flight.tell("quick 10")
    line = flight.snapshot()
    assert line.lost > 0
    shown = json.loads(run(FATHOM, "latency", "--json", "--model", MODEL, "-i", line.path).stdout)
    assert shown["lost"] == line.lost, (shown, line.lost)
    flight.end()


def test_signal():
    """SIGUSR2 while a snapshot is being written makes one more; nothing is lost by it."""
    flight = Flight("-z", flight="64m")
    flight.tell("quick 100000")
    flight.recorder.send_signal(signal.SIGUSR2)
    while not glob.glob("t.data.*"):
        assert flight.recorder.poll() is None
    flight.recorder.send_signal(signal.SIGUSR2)
    flight.tell("quick 50000")
    lines = [Line(flight.hear("SIGUSR2")) for _ in range(2)]
    assert len({line.path for line in lines}) == 2
    assert all(re.fullmatch(r"t\.data\.20\d{14}", line.path) for line in lines)
    for line in lines:
        events = ids(script(line.path))
        assert events == sorted(events) and len(events) == line.events
    last = flight.end()
    assert last.events == 300000 and last.lost == 0, last.events


def test_death():
    """The last snapshot tells of what the command died, and holds it."""
    flight = Flight()
    flight.tell("quick 5")
    flight.recorder.stdin.write("die\n")
    last = flight.end()
    assert last.why == "the command died of SIGSEGV" and len(script("t.data")) == 10
    assert last.all and not glob.glob("t.data.*")
    flight = Flight("--duration", "100ms")
    said = flight.hear("t.data: ")
    assert "the time was over" in said, said
    flight = Flight()
    flight.recorder.send_signal(signal.SIGTERM)
    assert "SIGTERM" in flight.hear("t.data: ")


def test_limits():
    """No more than so many; no trigger makes one so soon after another, SIGUSR2 does."""
    flight = Flight("--trigger", "flier:complete/result<0/", "--snapshot-count", "3",
                    "--snapshot-interval", "1h")
    flight.tell("fail")
    Line(flight.hear("result<0"))
    flight.tell("fail", "fail")
    assert flight.snapshot().all and flight.snapshot().events == 6
    flight.recorder.send_signal(signal.SIGUSR2)
    said = flight.hear("warning")
    assert "no more snapshots but the last: there have been 3" in said, said
    flight.recorder.send_signal(signal.SIGUSR2)
    assert flight.end().events == 6
    assert len(glob.glob("t.data.*")) == 3 and flight.said.count("warning") == 1, flight.said
    assert " 3 triggers, 3 snapshots and the last" in flight.said, flight.said


def test_total():
    """Nor more than so many bytes in all."""
    flight = Flight("--snapshot-total", "2500k")
    flight.tell("quick 30000")
    flight.snapshot()
    flight.snapshot()
    flight.recorder.send_signal(signal.SIGUSR2)
    assert "another one may exceed 2.44 MiB in all" in flight.hear("warning"), flight.said
    flight.end()
    assert len(glob.glob("t.data.*")) == 2


def test_full_disk():
    """A snapshot that the disk has no room for is readable and said to be incomplete; the
    recording goes on, and the next snapshot is whole when there is room again."""
    os.mkdir("disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "disk"]).returncode:
        skip("cannot mount a small tmpfs")
    try:
        flight = Flight(flight="4m", trace="disk/t.data")
        flight.tell("quick 100000")
        flight.recorder.send_signal(signal.SIGUSR2)
        said = flight.hear("warning")
        assert "No space left" in said and "the snapshot is incomplete; recording goes on" in said
        (partial,) = glob.glob("disk/t.data.*")
        shown = run(FATHOM, "script", "-i", partial, expect=1)
        assert "incomplete" in shown.stderr and len(script(partial, expect=1)) > 1000
        os.unlink(partial)
        run("mount", "-o", "remount,size=16m", "disk")
        flight.tell("quick 10")
        whole = flight.snapshot()
        assert len(script(whole.path)) == whole.events
        flight.end(expect=1)
        assert "1 of 3 snapshots could not be written to their end" in flight.said, flight.said
    finally:
        subprocess.run(["umount", "disk"], check=True)


def test_no_folder():
    """Where no file can be made there is no snapshot; the recording does not wait for it."""
    os.mkdir("folder")
    flight = Flight(trace="folder/t.data")
    flight.tell("quick 10")
    os.rename("folder", "elsewhere")
    flight.recorder.send_signal(signal.SIGUSR2)
    said = flight.hear("warning")
    assert "No such file" in said and "there is no snapshot; recording goes on" in said, said
    flight.tell("quick 50000")
    os.rename("elsewhere", "folder")
    line = flight.snapshot()
    assert len(script(line.path)) == line.events
    flight.end(expect=1)


def test_analyzers():
    """Every command reads a snapshot, and those about requests say what it is."""
    flight = Flight(*LATENCY, "latency>20ms")
    flight.tell("quick 20000", "slow 30")
    line = Line(flight.hear("latency>20ms"))
    for command in ("latency", "depth"):
        shown = run(FATHOM, command, "--model", MODEL, "-i", line.path)
        assert "note: a snapshot of the flight recorder: latency>20ms: " in shown.stdout, shown
        read = json.loads(run(FATHOM, command, "--json", "--model", MODEL, "-i", line.path).stdout)
        assert read["snapshot"].startswith("latency>20ms: ") and read["requests"] > 2000, read
    if shutil.which("perf"):
        stats = run("perf", "report", "--stats", "-i", line.path).stdout
        assert re.search(rf"SAMPLE events: +{line.events}\b", stats), stats
        assert FLIER in run("perf", "buildid-list", "-i", line.path).stdout
    flight.end()


def test_compressed():
    """-z compresses snapshots."""
    flight = Flight("-z")
    flight.tell("quick 50000")
    line = flight.snapshot()
    assert len(script(line.path)) == line.events
    assert os.path.getsize(line.path) < 2**19
    theirs = by_perf(line.path)
    assert theirs is None or len(theirs) == line.events
    flight.end()


def test_pids():
    """-p records a process that ran before, and ends with it; -a and -x one that comes."""
    flight = Flight(pid=True)
    flight.tell("name long", "quick 30000")
    line = flight.snapshot()
    assert {event.comm for event in script(line.path)} == {"long"}
    assert flight.end().why == "the processes ended"
    recorder = subprocess.Popen([FATHOM, "record", "--flight", "1m", "-e", "flier:*", "-x", FLIER,
                                 "-o", "a.data"], stderr=subprocess.PIPE, text=True)
    atexit.register(recorder.kill)
    while "kill -USR2" not in recorder.stderr.readline():
        assert recorder.poll() is None
    run(FLIER, input="quick 20000\nforks 1\n")
    recorder.send_signal(signal.SIGINT)
    said = recorder.communicate(timeout=DEADLINE)[1]
    assert recorder.returncode == 0 and "a.data: SIGINT; the last" in said, said
    names = {event.comm for event in script("a.data")}
    assert names == {"flier", "child"}, names


def test_errors():
    """What cannot be is told in one line, before anything is recorded."""
    def wrong(why, *options, usage=False, trace="t.data"):
        done = run(FATHOM, "record", "-e", "flier:*", "-o", trace, *options, "--", FLIER,
                   expect=2 if usage else 1)
        assert why in done.stderr and (usage or done.stderr.count("\n") == 1), done.stderr
        assert not os.path.exists("t.data")

    flight = ["--flight", "1m", "--trigger"]
    wrong("--trigger needs --flight", "--trigger", "flier:submit", usage=True)
    wrong("--snapshot-... needs --flight", "--snapshot-count", "3", usage=True)
    wrong("--model is for --trigger", "--flight", "1m", "--model", MODEL, usage=True)
    wrong("--flight", "--flight", "1000", usage=True)
    wrong("not to a pipe", "--flight", "1m", usage=True, trace="-")
    wrong("more than half of the memory", "--flight", "100t")
    wrong("'latency': '>' and a time are expected", *flight, "latency")
    wrong("'latency<5ms': '>' and a time", *flight, "latency<5ms")
    wrong("'latency>5parsec'", *flight, "latency>5parsec")
    wrong("no model fits", *flight, "latency>5ms")
    wrong("model fathom wants", *flight, "latency>5ms", "--model", "fathom")
    wrong("'flier:nothing': no probe that is recorded", *flight, "flier:nothing")
    wrong("flier:complete has no argument 'status'", *flight, "flier:complete/status/")
    wrong("types of arguments belong to -e", *flight, "flier:complete(result:u8)")
    wrong("more than half of --flight 1.00 MiB", "--flight", "1m", "-m", "1m")
    wrong("cannot write snapshots to nowhere", "--flight", "1m", trace="nowhere/t.data")
    wrong("is no file that snapshots could be", "--flight", "1m", trace="/dev/null")


def resources(pid):
    """Resident memory in KiB, and open files."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        memory = int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
    return memory, len(os.listdir(f"/proc/{pid}/fd"))


def test_soak():
    """Memory and open files stay what they are, whatever comes and goes."""
    # A sanitizer keeps freed memory for a while, by default 256 MiB of it, and remembers threads
    # that are gone; what leaks it tells itself.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    with open(FATHOM, "rb") as program:
        memory_slack = 8192 if b"__asan_init" in program.read() else 512
    flight = Flight(*LATENCY, "latency>5ms", "--trigger", "flier:complete/result<0/",
                    "--snapshot-interval", "0", "--snapshot-count", "1000000",
                    "--snapshot-total", "1000g")
    work = ["quick 3000", "threads 50", "forks 20", "slow 6", "fail", "name other", "quick 3000"]
    samples, until = [], time.monotonic() + SOAK
    while time.monotonic() < until or len(samples) < 8:
        flight.tell(*work)
        flight.snapshot()
        for path in glob.glob("t.data.*"):
            os.unlink(path)
        samples.append(resources(flight.recorder.pid))
    half = len(samples) // 2
    for number, what, slack in ((0, "KiB", memory_slack), (1, "open files", 1)):
        early = max(sample[number] for sample in samples[half // 2:half])
        late = max(sample[number] for sample in samples[half:])
        assert late <= early + slack, f"{early} {what} became {late}: {samples}"
    flight.end()
    print(f"{len(samples)} rounds: {samples[half]} and in the end {samples[-1]}")


if os.geteuid() != 0:
    skip("needs root")
refused = subprocess.run([FATHOM, "record", "--backend", BACKEND, "-e", "no:such", "-x", FLIER,
                          "--", FLIER], capture_output=True, text=True).stderr
if "fathom doctor" in refused:
    skip(refused.strip())
with tempfile.TemporaryDirectory(prefix="fathom-flight-") as scratch:
    os.chdir(scratch)
    globals()["test_" + TEST]()
    os.chdir("/")
