# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of many kinds that stock perf makes: fathom says of each what an independent
reckoning from the text of perf script says, and what its own recording of the same run says."""
import collections
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from recordings import ABORTED, Fathom, check_groups, perf, perf_script, perf_trace, reckon

FATHOM, PROGRAM, MODEL = (os.path.abspath(word) for word in sys.argv[1:4])
REQUESTS, EVENTS = 500, 2 * 500 - 3 + 2 # three stay open, two have no beginning
UNMATCHED = {"completes": 2, "submits": 3, "reused": 0, "skipped": 0}

# What perf record is told beside the events; by the name of the recording.
KINDS = {
    "plain": [], "compressed": ["-z"], "compressed most": ["-z22"], "call chains": ["-g"],
    "stacks": ["--call-graph", "dwarf,1024"], "per thread": ["--per-thread"],
    "system-wide": ["-a"], "cpu list": ["-C", "0-{last_cpu}"],
    "samples beside": ["-e", "cpu-clock"], "tracepoints beside": ["-a", "-e", "sched:sched_switch"],
    "all beside": ["-a", "-e", "cpu-clock", "-e", "sched:sched_switch", "-g", "-z"],
    "system calls beside": ["-e", "raw_syscalls:sys_enter", "-e", "raw_syscalls:sys_exit"],
    "counters beside": ["-e", "context-switches,page-faults", "-e", "dummy"],
    "monotonic": ["-k", "CLOCK_MONOTONIC"], "raw clock": ["-k", "CLOCK_MONOTONIC_RAW"],
    "raw samples": ["-R"], "period": ["-c", "1"], "group": ["--group"],
    "registers": ["--intr-regs"], "user registers": ["--user-regs=ip,sp,bx"],
    "addresses": ["-d"], "physical": ["--phys-data"], "weights": ["-W"], "times": ["-T", "-P"],
    "page sizes": ["--data-page-size", "--code-page-size"], "counts": ["-s"],
    "namespaces": ["--namespaces"], "cgroups": ["-a", "--all-cgroups"],
    "switches": ["--switch-events"], "not inherited": ["-i"], "cpu": ["--sample-cpu"],
    "identifier": ["--sample-identifier"], "tail": ["--tail-synthesize"],
    "overwrite": ["--overwrite"], "asynchronous": ["--aio"], "flushes": ["--mmap-flush=1M"],
    "no synthesis": ["--synth=no"], "boundaries": ["--timestamp-boundary"],
    "no build ids": ["-N"], "all build ids": ["--buildid-all"],
}
BESIDE = ("plain", "compressed", "call chains", "stacks", "per thread", "samples beside",
          "tracepoints beside")


def record(path, *words, requests=REQUESTS, before=()):
    """perf record -o path; False if this perf or kernel cannot do that."""
    words = [word.format(last_cpu=os.cpu_count() - 1) for word in words]
    command = [*before, "perf", "record", "-q", "-B", "-m", "512", "-o", path, *PROBES.events(),
               *words, "--", PROGRAM, str(requests)]
    for _ in range(5):
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode not in (ABORTED, 128 - ABORTED):
            break
    return done


def whole(path, record_again):
    """The events of a recording that has every hit once. perf 6.1 on Linux 6.18 now and then
    has hits twice in its file (all of one run, or one in 20,000): its own, then, not ours."""
    for _ in range(3):
        events, _ = perf_script(path, f"sdt_{PROBES.provider}:")
        if len(events) <= EVENTS:
            break
        twice = collections.Counter((time, tid) for time, tid, *_ in events)
        print(f"perf recorded {len(events)} hits of {EVENTS}, "
              f"{sum(count > 1 for count in twice.values())} at the same time; once more")
        done = record_again()
        assert done.returncode == 0, done.stderr
    return events


class Recordings(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(FOLDER, "perf.data")
        self.addCleanup(shutil.rmtree, self.path, ignore_errors=True)

    def check(self, path, record_again):
        """fathom's latency and script against perf script's text."""
        events = whole(path, record_again)
        latencies, unmatched = reckon(events)
        answer = TOOL.latency(path, "--model", MODEL_FILE)
        self.assertEqual((len(events), unmatched), (EVENTS, UNMATCHED))
        self.assertEqual((answer["events"], answer["unmatched"], answer["lost"]),
                         (len(events), unmatched, 0))
        check_groups(self, answer["groups"], latencies)
        ours = [(event["time_ns"], event["tid"], event["event"].split(":")[1], event["args"])
                for event in TOOL.events(path)
                if event.get("event", "").startswith(f"sdt_{PROBES.provider}:")]
        self.assertEqual(ours, events)

    def record_all(self):
        """Side by side, for perf waits most of its time; but those of the whole system alone."""
        paths = {kind: os.path.join(FOLDER, f"{number}.data")
                 for number, kind in enumerate(KINDS)}
        for path in paths.values():
            self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            running = {kind: pool.submit(record, paths[kind], *words)
                       for kind, words in KINDS.items() if not {"-a", "-C"} & set(words)}
        for kind, words in KINDS.items():
            yield kind, paths[kind], (running[kind].result() if kind in running
                                      else record(paths[kind], *words))

    def test_every_kind(self):
        for kind, path, done in self.record_all():
            with self.subTest(kind=kind):
                if done.returncode:
                    print(f"perf cannot record {kind} here: {done.stderr.decode().strip()[:100]}")
                    self.assertNotIn(kind, BESIDE)
                    continue
                self.check(path, lambda path=path, kind=kind: record(path, *KINDS[kind]))

    def record_pipe(self, *words):
        done = record("-", *words)
        with open(self.path, "wb") as file:
            file.write(done.stdout)
        return done

    def test_pipes(self):
        for words in ([], ["-z"], ["-g"], ["-a", "-e", "sched:sched_switch"]):
            with self.subTest(words=words):
                done = self.record_pipe(*words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.check(self.path, lambda words=words: self.record_pipe(*words))
                os.unlink(self.path)

    def test_samples_are_thinned_out(self):
        """With -F perf keeps some of the hits: fathom must pair what is there, no more."""
        self.assertEqual(record(self.path, "-F", "2000").returncode, 0)
        events, _ = perf_script(self.path, f"sdt_{PROBES.provider}:")
        self.assertTrue(0 < len(events) < EVENTS)
        latencies, unmatched = reckon(events)
        status = 0 if latencies else 1
        text, errors = TOOL.run("latency", "-i", self.path, "--model", MODEL_FILE, "--csv",
                                status=status)
        if latencies:
            self.assertEqual({row.split(",")[0]: int(row.split(",")[1]) for row in
                              text.splitlines()[1:]},
                             {word: len(values) for word, values in latencies.items()})
        else:
            self.assertIn("no request in the trace", errors)

    def test_parts(self):
        """--switch-output: each part is a trace of its own."""
        done = record(self.path, "--switch-output=64K", requests=20 * REQUESTS)
        self.assertEqual(done.returncode, 0, done.stderr)
        parts = sorted(name for name in os.listdir(FOLDER) if name.startswith("perf.data.2"))
        self.assertGreater(len(parts), 1)
        total = set()
        for part in parts:
            path = os.path.join(FOLDER, part)
            events, _ = perf_script(path, f"sdt_{PROBES.provider}:")
            ours = [event for event in TOOL.events(path) if "event" in event]
            self.assertEqual([event["time_ns"] for event in ours], [time for time, *_ in events])
            total |= {(name.split("_")[0], arguments["arg1"]) for _, _, name, arguments in events}
            os.unlink(path)
        self.assertEqual(len(total), EVENTS + 2 * 19 * REQUESTS)

    def test_refusals(self):
        """No samples at all, and recordings that are directories."""
        self.assertEqual(record(self.path, "-n").returncode, 0)
        _, errors = TOOL.run("latency", "-i", self.path, "--model", MODEL_FILE, status=1)
        self.assertIn("no request in the trace", errors)
        os.unlink(self.path)
        if record(self.path, "--threads").returncode == 0:
            for command in ("latency", "script"):
                _, errors = TOOL.run(command, "-i", self.path, status=1)
                self.assertEqual(errors, f"fathom {command}: {self.path}: a directory; "
                                         "a trace is one file here\n")


class SideBySide(unittest.TestCase):
    """One run, recorded by both at once, perf inside of fathom."""

    def requests(self, events):
        """What was asked and answered, by key; complete is arg2 or result."""
        return sorted((name.split("_")[0], *arguments.values())
                      for name, arguments in events)

    def test_every_kind(self):
        theirs, ours = os.path.join(FOLDER, "theirs.data"), os.path.join(FOLDER, "ours.data")
        for kind in BESIDE:
            with self.subTest(kind=kind):
                done = record(theirs, *KINDS[kind], before=[
                    FATHOM, "record", "-q", "-x", PROGRAM, "-e", "fathomtest:*", "-o", ours,
                    "--"])
                self.assertEqual(done.returncode, 0, done.stderr)
                perf_events, _ = perf_script(theirs, f"sdt_{PROBES.provider}:")
                own, _ = perf_script(ours, "fathomtest:")
                pid = perf_events[0][1]
                own = [event for event in own if event[1] == pid] # others may run it as well
                self.assertEqual(self.requests(event[2:] for event in perf_events),
                                 self.requests(event[2:] for event in own))
                answers = (TOOL.latency(theirs, "--model", MODEL_FILE),
                           TOOL.latency(ours, "--model", MODEL))
                self.assertEqual(*(answer["unmatched"] for answer in answers))
                self.assertEqual(*({group["op"]: group["count"] for group in answer["groups"]}
                                   for answer in answers))


perf_trace.need_perf()
FOLDER = tempfile.mkdtemp(prefix="fathom-perf-test-")
TOOL = Fathom(FATHOM, FOLDER)
PROBES = perf_trace.Probes(PROGRAM, "fathomtest", "submit", "complete")
try:
    MODEL_FILE = PROBES.model(MODEL, FOLDER)
    STATUS = perf_trace.run_cases(sys.argv[:1] + sys.argv[4:])
finally:
    PROBES.remove()
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
