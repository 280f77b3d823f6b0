# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rows of scripts/bench stand on: a build, scratch space, processes with their
times and memory, pairs and medians, and the table."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Ran(NamedTuple):
    seconds: float      # wall
    cpu: float          # user + system, seconds
    kib: int            # peak resident memory of the largest process
    out: str            # standard output
    err: str            # standard error


def run(*command, discard=False, env=None):
    """Runs a command to its end; raises if it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], env=env,
                                   stdout=subprocess.DEVNULL if discard else out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        ran = Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, out.read(),
                  err.read())
    if process.returncode:
        raise subprocess.SubprocessError(f"{' '.join(map(str, command))[:60]}: exit code "
                                         f"{process.returncode}: {ran.err.strip()[-200:]}")
    return ran


class Bench:
    """The build under test and a scratch directory that goes away."""

    def __init__(self, quick):
        self.quick = quick
        self.repeats = 3 if quick else 5

    def __enter__(self):
        self.build = os.path.join(ROOT, os.environ.get("FATHOM_BUILD", "build"), "bench")
        subprocess.run([os.path.join(ROOT, "scripts/setup"), "bench"], check=True)
        os.makedirs(self.build, exist_ok=True)
        run("cmake", "-S", ROOT, "-B", self.build, "-G", "Ninja")
        run("ninja", "-C", self.build)
        self.fathom = os.path.join(self.build, "fathom")
        self.hits = os.path.join(self.build, "tests/bench/hits")
        self.scratch = tempfile.mkdtemp(prefix="scratch.", dir=self.build)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def work(self, amount):
        """That much work, or a tenth of it with --quick."""
        return amount // 10 if self.quick else amount

    def pairs(self, *measures):
        """Calls the measures in turn, again and again; a list of results for each."""
        results = [[] for _ in measures]
        for turn in range(self.repeats):
            for result, measure in zip(results, measures):
                if sys.stderr.isatty():
                    print(f"\r{turn + 1}/{self.repeats} ", end="", file=sys.stderr)
                result.append(measure())
        return results

    def file(self, size_mib):
        """A scratch file filled with data that does not compress."""
        path = self.path(f"file{size_mib}")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                for _ in range(size_mib):
                    file.write(os.urandom(1 << 20))
                os.fsync(file.fileno())
        return path

    def job(self, name, **keys):
        """Writes a job file that both fathom bench and fio take."""
        path = self.path(name + ".fio")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[{name}]\n")
            for key, value in keys.items():
                file.write(f"{key}={value}\n" if value is not None else f"{key}\n")
        return path

    def fathom_bench(self, job, *options, program=None):
        """The first job of fathom bench's JSON."""
        ran = run(program or self.fathom, "bench", "--json", *options, job)
        return json.loads(ran.out)["jobs"][0]

    def fio(self, job):
        ran = run("fio", "--output-format=json", job)
        return json.loads(ran.out[ran.out.index("{"):])["jobs"][0]


def median(values):
    return statistics.median(values)


def verdict(value, bound):
    """bound: (">=", x) or ("<=", x)."""
    sign, limit = bound
    return "yes" if (value >= limit if sign == ">=" else value <= limit) else "no"


def row(what, against, mine, theirs, ratio, bound):
    """One line of the table; @mine and @theirs are texts, @ratio is judged by @bound."""
    return (what, against, mine, theirs, f"{ratio:.3g} ({bound[0]} {bound[1]:g})",
            verdict(ratio, bound))


def print_table(results):
    heading = ("what", "against", "fathom", "peer", "ratio (target)", "met")
    table = [heading] + [tuple(map(str, line)) for line in results]
    widths = [max(len(line[i]) for line in table) for i in range(len(heading))]
    for number, line in enumerate(table):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
        if not number:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
