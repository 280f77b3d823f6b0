#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Strings, filters, semaphores, many sites: capture_test.py TEST BACKEND FATHOM TEXTS HITTER MANY

TEXTS is a program whose probe has neither names nor types. Exit 77: skipped.
"""
import atexit
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

TEST, BACKEND, FATHOM, TEXTS, HITTER, MANY = sys.argv[1:7]
DEADLINE = 60
FAULT = "" if BACKEND == "uprobe" else "(fault)"  # of a string that cannot be read


def run_record(*arguments, **more):
    return subprocess.run([FATHOM, "record", "--backend", BACKEND, "-o", "t.data", *arguments],
                          capture_output=True, text=True, timeout=DEADLINE, **more)


def record(*arguments, expect=0, **more):
    """Runs record; returns what it said on stderr."""
    done = run_record(*arguments, **more)
    assert done.returncode == expect, f"exit {done.returncode}: {done.stderr}"
    return done.stderr


def script(program=FATHOM):
    return subprocess.run([program, "script", "-i", "t.data"], capture_output=True, check=True,
                          timeout=DEADLINE).stdout.decode(errors="replace")


def said_texts():
    return re.findall(r'arg1="((?:[^"\\]|\\.)*)"', script())


def test_strings():
    """The user says what is a string; its contents come, bounded and escaped."""
    record("-e", "texts:say(arg1:string)", "--", TEXTS, "once")
    texts = said_texts()
    assert texts == ["one", "two", "", "two and a half",
                     'tab\\there \\"quoted\\" \\\\ \\x1b[31mred', "0123456789" * 4,
                     FAULT], texts
    if shutil.which("perf"):
        printed = script("perf")
        assert 'arg1="two and a half" arg2=3' in printed
        assert "\x1b[31mred" in printed  # perf does not escape (docs/perf.md)
    if BACKEND != "uprobe":  # the kernel's uprobe events take whole strings
        record("-e", "texts:say(arg1:string)", "--string-size", "16", "--", TEXTS, "once")
        assert said_texts()[5] == "012345678901234"
    record("-e", "texts:say(arg1:x64,arg2:u8)", "--", TEXTS, "once")
    assert "arg1=0x8 arg2=6" in script(), script()


def test_neighbours():
    """Values behind one register are read at once, and each alone where that fails."""
    record("-e", "texts:pair", "--", TEXTS, "edge")
    got = re.findall(r"arg1=(-?\d+) arg2=(-?\d+)", script())
    assert got == [("7", "-8"), ("7", "0")], got


def test_filters():
    """Only hits that pass are recorded; the rest takes no room."""
    def hits(condition, wanted):
        said = record("-e", f"hitter:hit/{condition}/", "--", HITTER, "count", "1000")
        assert re.search(rf"\D{wanted} events?, ", said), (condition, said)

    hits("number>900", 100)
    hits("kind==odd && number<=10", 5)
    hits("!(kind==odd) && (number<=10 || number>=991)", 10)
    hits("kind==even && fd!=3", 0)
    hits("kind", 500)
    hits("address & 0x1000", 500)
    hits("square==0x100 && length==4096", 1)

    def texts(condition, *wanted):
        record("-e", f"texts:say(arg1:string)/{condition}/", "--", TEXTS, "once")
        got = said_texts()
        assert got == list(wanted), (condition, got)

    texts('arg1=="two"', "two")
    texts('arg1=="" && arg2<5', "")
    texts("arg1=='two and a half' || arg2==0", "one", "two and a half")
    texts('arg1!="two" && arg2<3', "one", "")


def test_filter_errors():
    def wrong(spec, why):
        said = record("-e", spec, "-x", HITTER, "--", HITTER, expect=1)
        assert why in said and said.count("\n") == 1, said

    wrong("hitter:hit/numbr==1/", "column 1: hitter:hit has no argument 'numbr'; "
                                  "did you mean 'number'?")
    wrong("hitter:hit/number==1", "column 21: '/' behind the filter is expected")
    wrong("hitter:hit(kind:word)", "'kind:word': the type is string")
    wrong("hitter:hit(kind:string)", "kind has 1 bytes and is no pointer to a string")
    wrong("hitter:hit(sum:u8)", "hitter:hit has no argument 'sum'")


class Waiting:
    """A program that tells its semaphore whenever it is asked."""

    def __init__(self, how="wait"):
        self.process = subprocess.Popen([TEXTS, how], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE)
        atexit.register(self.process.kill)
        assert self.process.stdout.readline() == "ready\n"

    def semaphore(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


def start_record(*arguments):
    recorder = subprocess.Popen([FATHOM, "record", "--backend", BACKEND, "-o", "t.data",
                                 *arguments], stderr=subprocess.PIPE, text=True)
    atexit.register(recorder.kill)
    line = ""
    while "attached" not in line:
        line = recorder.stderr.readline()
        assert line, "record ended before it attached"
    return recorder


def test_semaphore():
    """Raised while record runs, in processes that run already and in later ones; back to
    its old value afterwards, also when record is killed."""
    first = Waiting()
    assert first.semaphore() == 0
    recorder = start_record("-e", "texts:say", "-x", TEXTS)
    second = Waiting()
    assert (first.semaphore(), second.semaphore()) == (1, 1)
    other = start_record("-e", "texts:say", "-p", str(first.process.pid))
    assert first.semaphore() == 1  # the kernel raises it once, whoever records
    recorder.send_signal(signal.SIGINT)
    said = recorder.communicate(timeout=DEADLINE)[1]
    assert recorder.returncode == 0 and re.search(r"texts:say +3 hits", said), said
    assert first.semaphore() == 1
    other.kill()
    other.communicate(timeout=DEADLINE)
    assert (first.semaphore(), second.semaphore()) == (0, 0)


def test_semaphore_not_raised():
    """What the kernel could not raise, without a word, record tells."""
    locked, well = Waiting("locked"), Waiting()
    for process, told in ((locked, True), (well, False)):
        recorder = start_record("-e", "texts:say", "-p", str(process.process.pid))
        assert process.semaphore() == (not told)
        recorder.send_signal(signal.SIGINT)
        said = recorder.communicate(timeout=DEADLINE)[1]
        why = f"(the semaphore was not raised in process {process.process.pid})"
        assert (why in said) == told, said
    said = record("-e", "texts:sealed", "-x", TEXTS, "--", TEXTS, "once")
    assert re.search(r"warning: texts:sealed: its semaphore at 0x\w+ is in memory that cannot "
                     r"be written", said), said


def test_sites():
    """Hits are told by site; one that is attached and never hit is seen."""
    said = record("-e", "many:shared", "--", MANY)
    assert re.search(r"many:shared +2 hits +\(1 of 3 sites never hit\)", said), said
    said = record("-v", "-e", "many:shared", "--", MANY)
    assert re.findall(r" (\d+) at 0x\w+ of \S+, nop", said) == ["1", "1", "0"], said
    assert re.search(r"3 sites attached in [\d.]+ \w+, detached in ", said), said


def test_many():
    """A whole provider at once: every one of 4,000 probes is hit once."""
    said = record("-e", "many:p*", "--", MANY)
    assert "4000 probes attached" in said and "4,000 events" in said, said
    assert re.search(r"and 3\d{3} more that were hit", said) and "never hit" not in said, said
    names = re.findall(r"many:p(\d{4}):", script())
    assert sorted(names) == [f"{n:04}" for n in range(4000)], len(set(names))


def test_open_files():
    """A program of its own for each of 600 constants: the limit of open files is raised, or
    what it takes is said."""
    def few(hard):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    said = record("-e", "constants:*", "--", MANY, preexec_fn=few(4096))
    assert "600 probes attached" in said and "600 events" in said, said
    numbers = re.findall(r"constants:c(\d+): arg1=(\d+)", script())
    assert sorted(int(number) for number, _ in numbers) == list(range(600))
    assert all(int(name) == int(number) for name, number in numbers)
    done = run_record("-e", "constants:*", "--", MANY, preexec_fn=few(64))
    if done.returncode:  # else root may raise the hard limit, too
        assert re.fullmatch(r"fathom record: constants:c\d+: too many open files: a program and a "
                            r"link for each of more than \d+ layouts of arguments; raise the "
                            r"limit \(ulimit -Hn\) or name fewer probes\n", done.stderr), done


skips.unless_record_works(FATHOM, BACKEND, HITTER)
with tempfile.TemporaryDirectory(prefix="fathom-capture-") as scratch:
    os.chdir(scratch)
    globals()["test_" + TEST]()
    os.chdir("/")
