# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of docs/perf.md: every row is tried on traces of fathom, and what perf cannot do
with its own recordings either is tried on those."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from recordings import HERE, LATENCY, perf_trace

FATHOM, PROGRAM, PROBED = (os.path.abspath(word) for word in sys.argv[1:4])
PAGE = os.path.join(HERE, "../../docs/perf.md")
TABLE = re.compile(r"^\| `([^`]+)` \| (yes|no) \| (yes|no) \| (.*?) *\|$", re.M)
REQUESTS = 1000


class Trace:
    """A recording; is_stream: perf gets it through its standard input."""

    def __init__(self, name, path, is_stream, hits):
        self.name, self.path, self.is_stream, self.hits = name, path, is_stream, hits

    def perf(self, *words):
        """stdout, or "" if perf failed. Other files are made in a folder of their own."""
        command = 2 if words[0] == "data" else 1
        with open(self.path, "rb") as stdin:
            done = subprocess.run(
                ["perf", *words[:command], "-i", "-" if self.is_stream else self.path,
                 *words[command:]], check=False,
                stdin=stdin if self.is_stream else subprocess.DEVNULL, capture_output=True,
                cwd=FOLDER)
        return "" if done.returncode else done.stdout.decode("utf-8", "replace")

    def script(self, *words):
        return self.perf("script", *words).splitlines()

    def read(self, name):
        path = os.path.join(FOLDER, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        os.unlink(path)
        return text

    def counted(self, lines):
        return sum(bool(re.search(r"\d: +(sdt_)?fathom\w*:", line)) for line in lines)


def report_by_fields(trace):
    text = trace.perf("report", "--sort", "op,length", "--stdio")
    return "write" in text and bool(re.search(r"\d% +read +4096", text))


def own_report_by_fields(trace):
    return bool(re.search(r"\d% +8192", trace.perf("report", "--sort", "arg5", "--stdio")))


def generate_script(trace):
    trace.perf("script", "-g", "python")
    return "__submit" in trace.read("perf-script.py")


def generated_script(trace):
    """The script is generated from a file, which has all events."""
    Interop.files[0].perf("script", "-g", "python")
    text = trace.perf("script", "-s", "perf-script.py")
    trace.read("perf-script.py")
    ids = re.findall(r"\bid=(\d+)", text)
    return len(set(ids)) == REQUESTS and "length=4096" in text and "op=read" in text


def time_window(trace):
    lines = trace.script("--ns")
    times = [re.search(r"(\d+\.\d{9}):", line)[1] for line in lines]
    return trace.script("--ns", "--time", f"{times[10]},{times[19]}") == lines[10:20]


def json_file(trace):
    trace.perf("data", "convert", "--force", "--to-json", "out.json")
    try:
        return len(json.loads(trace.read("out.json"))["samples"]) == trace.hits
    except ValueError:
        return False


def injected(trace):
    trace.perf("inject", "-b", "-o", "injected.data")
    path = os.path.join(FOLDER, "injected.data")
    if not os.path.exists(path) or not os.path.getsize(path):
        return False
    result = Trace("injected", path, False, trace.hits)
    works = result.counted(result.script()) == trace.hits
    os.unlink(path)
    return works


CHECKS = {
    "perf script": lambda t: t.counted(t.script()) == t.hits and
                   sum(" op=read " in line for line in t.script()) > REQUESTS / 3,
    "perf script --ns -F comm,pid,tid,cpu,time,event,trace":
        lambda t: t.counted(t.script("--ns", "-F", "comm,pid,tid,cpu,time,event,trace")) == t.hits,
    "perf script --reltime": lambda t: t.counted(t.script("--reltime")) == t.hits and
                             " 0.000000:" in t.script("--reltime")[0],
    "perf script --time START,STOP": time_window,
    "perf script --time 10%-20%": lambda t: 0 < len(t.script("--time", "10%-20%")) < t.hits,
    "perf script -F event,ip,sym": lambda t: "probe_submit" in t.perf("script", "-F", "event,ip,sym")
                                   or "queue_one" in t.perf("script", "-F", "event,ip,sym"),
    "perf script -g python": generate_script,
    "perf script -s perf-script.py": generated_script,
    "perf script -s fathom-latency.py":
        lambda t: t.hits == REQUESTS or # one event only: nothing pairs
        json.loads(t.perf("script", "-s", LATENCY, "--", "--json") or "{}").get("requests")
        == REQUESTS,
    "perf script --header-only": lambda t: os.uname().nodename in t.perf("script", "--header-only"),
    "perf report --sort comm,pid --stdio":
        lambda t: bool(re.search(r"100.00% +fathom +\d+:fathom",
                                 t.perf("report", "--sort", "comm,pid", "--stdio"))),
    "perf report --sort op,length --stdio": report_by_fields,
    "perf report --sort sym --stdio":
        lambda t: bool(re.search(r"% +\[.\] [a-z]", t.perf("report", "--sort", "sym", "--stdio"))),
    "perf report --stats":
        lambda t: bool(re.search(rf"SAMPLE events: +{t.hits}\b", t.perf("report", "--stats"))),
    "perf evlist -v": lambda t: ("fathom" in t.perf("evlist", "-v")
                                 and "unknown tracepoint" not in t.perf("evlist", "-v")),
    "perf evlist --trace-fields":
        lambda t: bool(re.search(r"submit\w*: trace_fields: .*(length|arg5)",
                                 t.perf("evlist", "--trace-fields"))),
    "perf buildid-list":
        lambda t: bool(re.search(r"^[0-9a-f]{40} .*/(fathom|probed_requests)$",
                                 t.perf("buildid-list"), re.M)),
    "perf data convert --to-json": json_file,
    "perf inject -b": injected,
    "perf trace": lambda t: "fathom" in t.perf("trace"),
}
OWN_CHECKS = {**CHECKS, "perf report --sort op,length --stdio": own_report_by_fields}
ALSO_OWN = "also of perf's own"


def save(path, *words):
    done = subprocess.run(words, check=False, capture_output=True)
    if done.returncode:
        raise AssertionError(f"{words}: {done.stderr.decode()}")
    if done.stdout.startswith(b"PERFILE2"):
        with open(path, "wb") as file:
            file.write(done.stdout)


def record_fathom(name, event, hits, *words):
    path, is_stream = os.path.join(FOLDER, name), name.endswith("stream")
    job = os.path.join(FOLDER, "job.fio")
    with open(job, "w", encoding="ascii") as file:
        file.write(f"[test]\nioengine=null\nrw=randrw\nbs=4k\nsize={4 * REQUESTS}k\niodepth=8\n")
    save(path, FATHOM, "record", "-q", "-o", "-" if is_stream else path, "-e", event, *words,
         "--", FATHOM, "bench", job)
    return Trace(name, path, is_stream, hits)


def record_perf(name):
    path, is_stream = os.path.join(FOLDER, name), name == "own stream"
    for _ in range(5): # as recordings.perf says
        try:
            save(path, "perf", "record", "-q", "-m", "512", "-o", "-" if is_stream else path,
                 *PROBES.events(), "--", PROGRAM, str(REQUESTS))
            break
        except AssertionError as error:
            print(error)
    return Trace(name, path, is_stream, 2 * REQUESTS - 1)


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        batches, loops = REQUESTS // 4, 1
        hits = 2 * REQUESTS + batches + loops
        cls.files = [record_fathom("several", "fathom:*", hits),
                     record_fathom("single", "fathom:submit", REQUESTS),
                     record_fathom("compressed", "fathom:*", hits, "-z")]
        cls.streams = [record_fathom("stream", "fathom:*", hits),
                       record_fathom("compressed stream", "fathom:*", hits, "-z")]
        cls.own = [record_perf("own file"), record_perf("own stream")]
        with open(PAGE, encoding="utf-8") as page:
            cls.rows = TABLE.findall(page.read())

    def test_the_table_is_whole(self):
        self.assertEqual({command for command, *_ in self.rows}, set(CHECKS))

    def test_rows(self):
        for command, file, stream, why in self.rows:
            for trace in (*self.files, *self.streams):
                with self.subTest(command=command, trace=trace.name):
                    wanted = stream if trace.is_stream else file
                    self.assertEqual(bool(CHECKS[command](trace)), wanted == "yes")
            self.assertEqual(why == "", (file, stream) == ("yes", "yes"), command)

    def test_what_perf_cannot_do_with_its_own(self):
        for command, file, stream, why in self.rows:
            if ALSO_OWN not in why:
                continue
            for trace, ours in zip(self.own, (file, stream)):
                if ours == "no":
                    with self.subTest(command=command, trace=trace.name):
                        self.assertFalse(OWN_CHECKS[command](trace))

    def test_words_text_and_floats(self):
        path = os.path.join(FOLDER, "types")
        save(path, FATHOM, "record", "-q", "-o", path, "-e", "demo:every_type", "--", PROBED)
        line, = Trace("types", path, False, 1).script("-F", "trace")
        self.assertRegex(line.strip(), r"^\([0-9a-f]+\) a_u8=1 a_u16=1 a_u32=1 a_u64=1 a_s8=-1 "
                         r"a_s16=-2 a_s32=1 a_s64=1 a_x64=0x1 a_f64=0x3fe0000000000000 "
                         rf'a_str="{re.escape(PROBED)}" op=write$')


perf_trace.need_perf()
FOLDER = tempfile.mkdtemp(prefix="fathom-interop-test-")
PROBES = perf_trace.Probes(PROGRAM, "fathomtest", "submit", "complete")
try:
    STATUS = perf_trace.run_cases(sys.argv[:1] + sys.argv[4:])
finally:
    PROBES.remove()
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
