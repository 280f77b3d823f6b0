# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests on real programs share: running fathom record and reading its trace."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

FATHOM = sys.argv[1]
BACKENDS = ("bpf", "bpf-perf", "uprobe")
DEADLINE = 60


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def need(path, package):
    """The path of a program or library; skips when its package is not installed."""
    return path if os.path.exists(path) else skip(f"{path} of the package {package} is not installed")


def workable_backends():
    """The backends that work here, by what record itself says."""
    if os.geteuid() != 0:
        skip("needs root")
    working = []
    for backend in BACKENDS:
        done = subprocess.run([FATHOM, "record", "--backend", backend, "-e", "no:such",
                               "-x", FATHOM, "--", "true"], capture_output=True, text=True)
        if "what works here is" not in done.stderr and "no backend works" not in done.stderr:
            working.append(backend)
    return working or skip("no backend works here")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, errors="replace",
                          timeout=DEADLINE, **more)


def record(backend, *arguments, trace="t.data"):
    """Runs record to its end; returns what it said."""
    done = run(FATHOM, "record", "--backend", backend, "-o", trace, *arguments)
    assert done.returncode == 0, done.stderr
    assert re.search(r" 0 lost \]$", done.stderr.strip()), done.stderr
    return done.stderr


def events(trace="t.data"):
    """(thread name, "provider:probe", {argument: value}) of each event, in order."""
    done = run(FATHOM, "script", "-i", trace)
    assert done.returncode == 0, done.stderr
    found = []
    for line in done.stdout.splitlines():
        if line.startswith("#"):  # losses of the side-band; of hits record says that none was lost
            continue
        parts = re.match(r"(.*?) +\d+ \[\d+\] +[\d.]+: ([\w:]+):(.*)", line)
        assert parts, line
        values = dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', parts[3]))
        found.append((parts[1], parts[2], values))
    return found


def latency(model, trace="t.data"):
    """{operation: number of requests} by a shipped model; all must have begun and ended."""
    done = run(FATHOM, "latency", "-i", trace, "--json", "--model", model)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["unmatched"]["reused"] == answer["unmatched"]["skipped"] == 0, answer
    return {group["op"]: group["count"] for group in answer["groups"]}


def perf_script(trace="t.data"):
    """The same trace as perf prints it, or "" without perf."""
    return run("perf", "script", "-i", trace).stdout if shutil.which("perf") else ""


def each_backend(test):
    """Calls @test(backend) for each that works, in a directory of its own."""
    for backend in workable_backends():
        with tempfile.TemporaryDirectory(prefix="fathom-real-") as directory:
            os.chmod(directory, 0o755)
            os.chdir(directory)
            test(backend)
            os.chdir("/")
        print("ok", backend)
