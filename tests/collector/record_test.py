#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom record from end to end: record_test.py TEST BACKEND FATHOM FORMS HITTER

Each test runs the real command on a program that knows what it fired, and reads the trace
with `fathom script` and, where the test is about it, with perf. Exit 77: skipped.
"""
import atexit
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

TEST, BACKEND, FATHOM, FORMS, HITTER = sys.argv[1:6]
DEADLINE, GIVE_UP = 240, 280  # seconds; ctest ends us after 300
waiting_for = "the test to begin"


def gave_up(*_):
    raise TimeoutError(f"{TEST}: gave up after {GIVE_UP} s, waiting for {waiting_for}")


def wait_for(what):
    """Notes what a test that runs into its time limit will say it waited for."""
    global waiting_for
    waiting_for = what


def run(command, **more):
    """Runs a command to its end; one that takes too long tells what it said until then."""
    wait_for("the end of: " + " ".join(command))
    try:
        return subprocess.run(command, text=True, timeout=DEADLINE, **more)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"{late}; so far it said: {late.stderr}") from None


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def record(*arguments, expect=0, trace="t.data", **more):
    """Runs record; returns what it said on stderr."""
    done = run([FATHOM, "record", "--backend", BACKEND, "-o", trace, *arguments],
               capture_output=True, **more)
    assert done.returncode == expect, f"exit {done.returncode}: {done.stderr}"
    return done.stderr


def start(*command, **pipes):
    """Starts a program that dies with this test."""
    process = subprocess.Popen(command, text=True, **pipes)
    atexit.register(process.kill)
    return process


def start_ready(*arguments):
    process = start(HITTER, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_for("hitter to be ready")
    assert process.stdout.readline() == "ready\n"
    return process


def start_record(*arguments):
    """Starts record and waits until it says that its sites are attached."""
    recorder = start(FATHOM, "record", "--backend", BACKEND, "-o", "t.data", *arguments,
                     stderr=subprocess.PIPE)
    line = said = ""
    while "attached" not in line:
        wait_for(f"record to attach; so far it said: {said}")
        line = recorder.stderr.readline()
        assert line, f"record ended before it attached: {said}"
        said += line
    wait_for("what the test does while record records")
    return recorder


def end(recorder):
    """Waits for a recorder's end; returns what it said."""
    wait_for("record to end")
    said = recorder.communicate(timeout=DEADLINE)[1]
    assert recorder.returncode == 0, said
    return said


def script(trace="t.data", **more):
    """The trace's events as (probe, {argument: value}) in order."""
    done = run([FATHOM, "script", "-i", trace], capture_output=True, **more)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
    return parse(done.stdout)


def parse(text):
    events = []
    for line in text.splitlines():
        found = re.search(r"\s(\w+):(\w+):(.*)", line)
        if found:
            events.append((found[2], dict(re.findall(r"(\w+)=(\S+)", found[3]))))
    return events


def totals(said):
    """events and lost of record's last line."""
    found = re.search(r"([\d,]+) events, .* ([\d,]+) lost \]$", said.strip())
    assert found, said
    return tuple(int(text.replace(",", "")) for text in found.groups())


def nobody():
    """In a child before exec: an ordinary user."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def has_perf():
    if not shutil.which("perf"):
        skip("perf is not installed")


def perf(*arguments, **more):
    return run(["perf", *arguments], capture_output=True, check=True, **more)


def test_forms():
    """Every operand form arrives with the value the program knows."""
    said = record("-e", "forms:*", "--", FORMS)
    printed = subprocess.run([FORMS], capture_output=True, text=True, check=True).stdout
    wanted = [(line.split()[0], dict(re.findall(r"(\w+)=(\S+)", line)))
              for line in printed.splitlines()]
    got = script()
    assert len(got) == len(wanted), f"{len(got)} events of {len(wanted)}: {got}"
    for (probe, arguments), (name, values) in zip(got, wanted):
        assert probe == name, (probe, name)
        if BACKEND == "uprobe":  # what the kernel itself cannot fetch is left out
            for argument in values.keys() - arguments.keys():
                assert f"forms:{probe}: {argument} is left out" in said, (probe, argument, said)
            values = {a: v for a, v in values.items() if a in arguments}
            assert values or not arguments, probe
        assert arguments == values, f"{probe}: {arguments}, not {values}"
    assert "forms:left_out: arg1 is left out: a vector register" in said, said
    assert "forms:left_out: arg3 is left out" in said, said


def test_one_event():
    """Sites with different operands are one event of the trace."""
    record("-e", "forms:mixed", "--", FORMS)
    assert [probe for probe, _ in script()] == ["mixed", "mixed"]
    has_perf()
    assert perf("evlist", "-i", "t.data").stdout.split("\n")[0] == "forms:mixed"


def test_list():
    """-e takes a list; one of its SPECs that matches nothing is an error."""
    record("-e", "forms:mixed,hitter:*", "-x", HITTER, "-x", FORMS, "--", FORMS)
    assert [probe for probe, _ in script()] == ["mixed", "mixed"]
    said = record("-e", "forms:mixed,nosuch", "--", FORMS, expect=1)
    assert "'nosuch'" in said, said
    said = record("-e", "forms:mixed,,x", "--", FORMS, expect=1)
    assert "missing at column 13" in said, said


def test_texts():
    """A string that is not there is told from one that cannot be read."""
    record("-e", "hitter:text", "--", HITTER, "texts")
    texts = [arguments.get("text") for _, arguments in script()]
    wanted = ['"words"', '""', '""'] if BACKEND == "uprobe" else ['"words"', '"(null)"', '"(fault)"']
    assert texts == wanted, texts


def test_words():
    record("-e", "hitter:hit", "--", HITTER, "count", "100")
    events = script()
    assert len(events) == 100
    for number, (_, arguments) in enumerate(events, 1):
        assert arguments == {"number": str(number), "kind": ["even", "odd"][number & 1],
                             "square": str(number * number), "address": str(number << 12),
                             "length": "4096", "fd": "3"}, arguments


def test_follow():
    """Threads, children and an exec are followed; a stranger is not."""
    # Inherited perf events of a process fall silent when a thread of it ends whose context
    # the kernel had swapped with another's; perf record has that, too.
    mode, hits = ("forks", 5000) if BACKEND == "uprobe" else ("tree", 8000)
    stranger = start_ready("wait", "500")
    shell = f"echo >&{stranger.stdin.fileno()}; exec {HITTER} {mode}"
    try:
        said = record("-e", "hitter:hit", "-x", HITTER, "--", "sh", "-c", shell,
                      pass_fds=[stranger.stdin.fileno()])
    finally:
        stranger.communicate("\n")
    assert totals(said) == (hits, 0), said
    assert len(script()) == hits


def test_pid():
    """-p records that process, threads that are there and later ones, and no other; and ends
    with it."""
    one, other = start_ready("threads"), start_ready("threads")
    recorder = start_record("-e", "hitter:*", "-p", str(one.pid))
    for process in (other, one):
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
    for process in (other, one):
        process.communicate("")
    said = end(recorder)
    assert totals(said) == (3000, 0), said


def test_moment():
    """All probes begin and end to count at the same moment, though their sites are
    attached and detached one after the other."""
    process = start_ready("pairs")
    said = record("-e", "hitter:begin,hitter:end", "-p", str(process.pid),
                  "--duration", "200ms")
    process.kill()
    assert totals(said)[1] == 0, said
    events = script()
    first = int(events[0][1]["number"]) * 2 + (events[0][0] == "end")
    for at, (probe, arguments) in enumerate(events, first):
        wanted = ("begin", "end")[at % 2], str(at // 2)
        assert (probe, arguments["number"]) == wanted, (probe, arguments, wanted)


def test_all():
    """-x alone records every process of the file; a signal ends it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        recorder = start_record("-e", "hit", "-x", HITTER)
        for _ in range(3):
            run([HITTER, "count", "100"], check=True)
        recorder.send_signal(number)
        said = end(recorder)
        assert totals(said) == (300, 0), said
        assert len(script()) == 300


def test_hangup():
    """Under nohup neither record nor the command end when the terminal goes."""
    with start(FATHOM, "record", "--backend", BACKEND, "-o", "t.data", "-e", "hit", "--", HITTER,
               "wait", "100", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
               stderr=subprocess.PIPE,
               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as recorder:
        wait_for("hitter to be ready")
        assert recorder.stdout.readline() == "ready\n"
        child, = open(f"/proc/{recorder.pid}/task/{recorder.pid}/children").read().split()
        for pid in (recorder.pid, int(child)):
            os.kill(pid, signal.SIGHUP)
        recorder.stdin.write("\n\n")
        recorder.stdin.flush()
        assert totals(end(recorder)) == (100, 0)


def test_odd_names():
    """Files are called as they like: tracefs would take a blank, a line's end or # for ends."""
    for name in ("a b", "a:b", "a#b", "a\nb", "a(1)%b"):
        odd = shutil.copy(HITTER, os.path.abspath(name))
        record("-e", "hit", "--", odd, "count", "10")
        assert len(script()) == 10, name
    has_perf()
    assert len(parse(perf("script", "-i", "t.data").stdout)) == 10


def test_losses():
    """With a tiny ring some are lost, and all are counted."""
    hits = 300000
    said = record("-e", "hitter:hit", "-m", "4k", "--", HITTER, "count", str(hits))
    events, lost = totals(said)
    assert lost > 0, said
    assert events + lost == hits, said
    numbers = [int(arguments["number"]) for _, arguments in script()]
    assert len(numbers) == events
    assert all(a < b for a, b in zip(numbers, numbers[1:])), "stale or doubled records"
    has_perf()
    stats = perf("report", "--stats", "-i", "t.data").stdout
    assert re.search(r"LOST events:\s+[1-9]", stats), stats


def test_kill():
    """A killed record leaves nothing in tracefs once the next has run."""
    events = "/sys/kernel/tracing/uprobe_events"
    recorder = start_record("-e", "hit", "-x", HITTER)
    run([HITTER, "count", "5000"], check=True)
    recorder.kill()
    recorder.communicate()
    group = f"fathom_{recorder.pid}/"
    left = group in open(events).read()
    assert left == (BACKEND == "uprobe"), "is this test still about anything?"
    record("-e", "hit", "--", HITTER, "count", "10", trace="next.data")
    assert group not in open(events).read()


def test_compressed():
    arguments = ["-e", "hit", "--", HITTER, "count", "50000"]
    record(*arguments, trace="plain.data")
    record("-z", *arguments, trace="t.data")
    small, large = (os.path.getsize(f"{name}.data") for name in ("t", "plain"))
    assert small < large * 0.25, (small, large)
    assert script() == script("plain.data")
    has_perf()
    assert len(parse(perf("script", "-i", "t.data").stdout)) == 50000


def test_pipe():
    """-o - streams what both can read; the command's own output stays out of it."""
    for reader in (FATHOM, "perf"):
        if reader == "perf":
            has_perf()
        for compressed in ([], ["-z"]):
            writer = start(FATHOM, "record", "-q", "--backend", BACKEND, "-o", "-", *compressed,
                           "-e", "hit", "--", HITTER, "count", "1000", stdout=subprocess.PIPE)
            text = run([reader, "script", "-i", "-"], stdin=writer.stdout, capture_output=True,
                       check=True).stdout
            assert writer.wait(DEADLINE) == 0
            assert len(parse(text)) == 1000, (reader, compressed)


def test_broken_pipe():
    """A reader that goes away ends the recording; what it did not get is lost."""
    writer = start(FATHOM, "record", "--backend", BACKEND, "-o", "-", "-e", "hit", "--", HITTER,
                   "count", "200000", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    writer.stdout.close()
    wait_for("record to see that its reader is gone")
    said = writer.stderr.read()
    assert writer.wait(DEADLINE) == 1, said
    assert "Broken pipe" in said and "0 lost ]" not in said, said
    os.mkfifo("fifo")
    writer = start(FATHOM, "record", "--backend", BACKEND, "-o", "fifo", "-e", "hit", "--", HITTER,
                   "count", "200000", stderr=subprocess.PIPE)
    wait_for("record to open the fifo")
    with open("fifo", "rb", buffering=0) as fifo:
        fifo.read(1)
    wait_for("record to see that the fifo's reader is gone")
    said = writer.stderr.read()
    assert writer.wait(DEADLINE) == 1 and "Broken pipe" in said, said


def test_perf():
    """What stock perf does with the file."""
    has_perf()
    record("-e", "hitter:hit", "--", HITTER, "count", "1000")
    lines = perf("script", "-i", "t.data").stdout.splitlines()
    assert len(lines) == 1000
    assert re.match(r"\s*hitter\s+\d+ \[\d+\]\s+[\d.]+: hitter:hit: \([0-9a-f]+\) "
                    r"number=1 kind=odd square=1 address=4096 length=4096 fd=3$", lines[0]), lines[0]
    assert re.search(r"SAMPLE events:\s+1000", perf("report", "--stats", "-i", "t.data").stdout)
    described = perf("evlist", "-v", "-i", "t.data").stdout
    assert described.startswith("hitter:hit: type: 2"), described
    built = perf("buildid-list", "-i", "t.data").stdout
    assert re.search(r"^[0-9a-f]{40} .*hitter$", built, re.M), built


def test_kernel():
    """Tracepoints of the kernel beside the probes: those of the requests of a job, each once."""
    has_perf()
    requests = 256
    with open("job.fio", "w") as job:
        job.write(f"[read]\nfilename=scratch\nsize={4096 * requests}\nbs=4k\nrw=randread\n"
                  "ioengine=io_uring\niodepth=4\n")
    # The tracepoints see every process: the rings have to take the others' events, too.
    said = record("-m", "64m", "-e", "fathom:submit", "--kernel", "--", FATHOM, "bench", "job.fio")
    assert totals(said)[1] == 0, said
    text = run([FATHOM, "script", "-i", "t.data", "--json"], capture_output=True,
               check=True).stdout
    events = [json.loads(line) for line in text.splitlines()]
    thread, = {event["tid"] for event in events if event["event"] == "fathom:submit"}
    submits = [event["args"] for event in events if event["tid"] == thread
               and event["event"].startswith("io_uring:io_uring_submit_")]
    rings = {arguments["ctx"] for arguments in submits}
    completes = [event["args"] for event in events if event["event"] ==
                 "io_uring:io_uring_complete" and event["args"]["ctx"] in rings]
    assert len(submits) == len(completes) == requests, (len(submits), len(completes))
    assert all(arguments["res"] == 4096 for arguments in completes)
    assert [event["time_ns"] for event in events] == sorted(e["time_ns"] for e in events)
    names = {event["event"] for event in events if event["tid"] == thread}
    assert "sched:sched_switch" in names, names
    bystander = {event["comm"] for event in events if event["tid"] == os.getpid()}
    assert len(bystander) == 1 and "" not in bystander, bystander
    lines = perf("script", "-i", "t.data").stdout.splitlines()
    assert len(lines) == len(events), (len(lines), len(events))
    assert re.search(rf"fathom:submit +{requests} hits", said), said
    everyone = sum(event["event"] == "io_uring:io_uring_complete" for event in events)
    assert re.search(rf"io_uring:io_uring_complete +{everyone:,} events", said), said
    record("-e", "hit", "--kernel=sched:nonesuch", "--", HITTER, "count", "1", expect=1)
    record("-e", "hit", "--kernel=sched", "--", HITTER, "count", "1", expect=1)
    said = record("-e", "hit", "--kernel=sched:sched_process_e*", "--", HITTER, "count", "7")
    assert "7 hits" in said and "sched:sched_process_exit" in said, said


def test_full_disk():
    """On a disk that fills up the trace stays readable and the exit code is 1."""
    os.mkdir("disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "disk"]).returncode:
        skip("cannot mount a small tmpfs")
    try:
        # On one CPU: of several rings the one that has the first hit may be written last.
        said = record("-e", "hit", "--", HITTER, "count", "200000", expect=1, trace="disk/t.data",
                      preexec_fn=lambda: os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]))
        assert "No space left" in said, said
        shown = run([FATHOM, "script", "-i", "disk/t.data"], capture_output=True)
        assert shown.returncode == 1 and "incomplete" in shown.stderr, shown.stderr
        kept = parse(shown.stdout)
        assert 1000 < len(kept) < 200000, len(kept)
        assert kept[0][1]["number"] == "1"
        summary, failure = said.strip().rsplit("\n", 1)
        assert "No space left" in failure and "incomplete: " in summary, said
        events, lost = totals(summary)
        assert events == len(kept), said
        # After the end of the disk nothing is recorded, but nothing drained is forgotten.
        assert re.search(r" hits could not be written \]", said) and lost > 0, said
        bytes_of_hit = os.path.getsize("disk/t.data") / events
        assert events + lost >= (1 << 20) / bytes_of_hit, said
    finally:
        subprocess.run(["umount", "disk"], check=True)


def test_descriptors():
    """The limit of open files is raised, or explained."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 4096))
    record("-e", "forms:*", "--", FORMS, preexec_fn=few)
    assert len(script()) == 9


def test_duration():
    """Time is up before the command is; it is ended, too."""
    started = time.monotonic()
    record("-e", "hit", "-x", HITTER, "--duration", "200ms", "--", "sleep", "1000")
    assert time.monotonic() - started < DEADLINE / 2


def test_doctor():
    """Every line is there, the backend it names works, and --clean is quiet when clean."""
    import json
    text = run([FATHOM, "doctor"], capture_output=True, check=True).stdout
    assert re.search(r"^fast sites +(yes|no) +\S", text, re.M), text
    told = json.loads(run([FATHOM, "doctor", "--json", "--clean"],
                          capture_output=True, check=True).stdout)
    works = {feature["name"]: feature["works"] for feature in told["features"]}
    assert works["clean"] and works["user"], told
    assert all(feature["detail"] for feature in told["features"] if not feature["works"]), told
    said = record("-e", "hit", "--", HITTER, "count", "1")
    assert f"backend {told['backend']}:" in said, (told, said)
    if "forked child" in text:  # the fast site is there, and hitter did not promise
        assert "-DFATHOM_SDT_NO_FORK" in said, said


def test_ordinary_user():
    """doctor and list blame the missing right, not the kernel, and say what helps."""
    import json
    os.chmod(".", 0o755)
    copy = os.path.abspath(shutil.copy(FATHOM, "fathom-copy"))
    told = json.loads(run([copy, "doctor", "--json"], preexec_fn=nobody, check=True,
                          capture_output=True).stdout)
    for feature in told["features"]:
        if not feature["works"] and feature["name"] != "vsockmon":
            assert re.search("root|perf events", feature["detail"]), feature
    mine = start_ready("wait", "0")
    done = subprocess.run([copy, "list", "-p", str(mine.pid)], preexec_fn=nobody,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "it takes root, or the user" in done.stderr, done.stderr


def test_two_rights():
    """With CAP_BPF and CAP_PERFMON alone each backend works, or is told not to."""
    os.chmod(".", 0o777)
    copy, hitter = (os.path.abspath(shutil.copy(path, name + "-copy"))
                    for path, name in ((FATHOM, "fathom"), (HITTER, "hitter")))
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            "--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon", copy]
    told = json.loads(run([*user, "doctor", "--json"], capture_output=True, check=True).stdout)
    features = {feature["name"]: feature for feature in told["features"]}
    for backend in ("bpf", "bpf-perf", "uprobe"):
        done = run([*user, "record", "--backend", backend, "-o", "t.data", "-e", "hit", "-a",
                    "-x", hitter, "--", hitter, "count", "10"], capture_output=True)
        feature = features["backend_" + backend.replace("-", "_")]
        if feature["works"]:
            assert done.returncode == 0 and totals(done.stderr) == (10, 0), done.stderr
            assert "(this kernel has no faster one)" not in done.stderr, done.stderr
        else:
            assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
            assert feature["detail"] in done.stderr, done.stderr
    if not features["follow"]["works"]:
        done = run([*user, "record", "-o", "t.data", "-e", "hit", "--", hitter],
                   capture_output=True)
        assert done.returncode == 1 and "; with -a there" in done.stderr, done.stderr


def test_errors():
    """One line that says what is wrong."""
    def wrong(code, wanted, *arguments, **more):
        said = record(*arguments, expect=code, **more)
        assert wanted in said, said
        if code == 1:
            assert said.count("\n") == 1, said

    wrong(2, "-e PROVIDER:NAME is missing", "--", HITTER)
    wrong(2, "-p excludes -a and a command", "-e", "x", "-p", "1", "--", HITTER)
    wrong(2, "Give -x FILE", "-e", "x")
    wrong(1, "o such file", "-e", "x", "-x", "/nowhere")
    wrong(1, "did you mean 'hitter:hit'?", "-e", "hitter:hitt", "--", HITTER)
    wrong(1, "no probe matches 'abc:*'", "-e", "abc:*", "--", HITTER)
    wrong(1, "-x FILE", "-e", "x:y", "--", "/bin/true")
    wrong(1, "/bin/true", "-e", "x:y", "--", "/bin/true")
    shutil.copy(HITTER, "bare")
    subprocess.run(["objcopy", "-R", ".note.stapsdt", "-R", ".note.fathom", "bare"], check=True)
    wrong(1, "bare has no probes; -x FILE names", "-e", "x:y", "-x", "./bare", "--", "/bin/true")
    wrong(1, "command not found", "-e", "x", "--", "no-such-command-here")
    # What cannot be run is found out before an old trace becomes t.data.old.
    with open("t.data", "w") as old:
        old.write("precious")
    for command, reason in (("./nosuch", "./nosuch: No such file or directory"),
                            ("nosuch", "command not found"), ("/", "/: Is a directory"),
                            ("./t.data", "Permission denied")):
        wrong(1, reason, "-e", "hit", "-x", HITTER, "--", command)
    with open("lame.sh", "w") as lame:
        lame.write("#! /no/such/shell -e\n")
    os.chmod("lame.sh", 0o755)
    wrong(1, "its interpreter /no/such/shell", "-e", "hit", "-x", HITTER, "--", "./lame.sh")
    assert not os.path.exists("t.data.old") and open("t.data").read() == "precious"
    with open("script.sh", "w") as lame:
        lame.write(f"#!/bin/sh\n{HITTER} count 7\n")
    os.chmod("script.sh", 0o755)
    wrong(1, "./script.sh is a script: name the program", "-e", "hit", "--", "./script.sh")
    said = record("-e", "hit", "-x", HITTER, "--", "./script.sh")
    assert totals(said) == (7, 0), said
    wrong(1, "no process", "-e", "x", "-p", "999999999")
    wrong(1, "not a process id", "-e", "x", "-p", "1x")

    os.chmod(".", 0o777)
    copy = shutil.copy(FATHOM, "fathom-copy")
    done = subprocess.run([os.path.abspath(copy), "record", "-e", "hit", "--",
                           os.path.abspath(shutil.copy(HITTER, "hitter-copy"))],
                          capture_output=True, text=True, preexec_fn=nobody)
    assert done.returncode == 1 and "fathom doctor" in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


skips.unless_record_works(FATHOM, BACKEND, HITTER)
signal.signal(signal.SIGALRM, gave_up)
signal.alarm(GIVE_UP)
with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    globals()["test_" + TEST]()
    os.chdir("/")
