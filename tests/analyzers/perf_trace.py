# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings that stock perf made of a probed program, and what perf script says of them."""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

run_cases = skips.run
TRACEFS = "/sys/kernel/tracing"


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def need(condition, reason):
    if not condition:
        skip(reason)


def need_perf():
    need(os.geteuid() == 0, "needs root")
    need(shutil.which("perf"), "perf is not installed")
    need(shutil.which("readelf"), "readelf is not installed")
    need(os.access(TRACEFS + "/uprobe_events", os.W_OK), "tracefs has no uprobe_events here")


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def perf(*words):
    """Runs perf apart from the user's cache of build ids."""
    with tempfile.TemporaryDirectory(prefix="fathom-perf-") as cache:
        done = subprocess.run(["perf", "--buildid-dir", cache, *words], capture_output=True,
                              check=False)
    if done.returncode:
        raise RuntimeError(f"perf {words}: {done.returncode}: {done.stderr}")
    return done.stdout


def perf_record(*words):
    """Without build ids (-B), for the reason of without_false_build_ids()."""
    return perf("record", "-q", "-B", *words)


def without_false_build_ids(path):
    """A copy whose MMAP2 records do not claim to bear a build id. Linux (6.18) sets that flag
    for everyone who is told of a mapping once anyone on the machine wants build ids, and perf
    6.1 smashes its stack when it takes the flag at its word."""
    mmap2, has_build_id = 10, 1 << 14
    with open(path, "rb") as file:
        data = bytearray(file.read())
    at, size = struct.unpack_from("QQ", data, 40)
    end = at + size
    while at < end:
        kind, misc, length = struct.unpack_from("IHH", data, at)
        if kind == mmap2:
            struct.pack_into("IH", data, at, kind, misc & ~has_build_id)
        at += length
    with open(path + ".copy", "wb") as file:
        file.write(data)
    return path + ".copy"


def sites(program, provider, probe):
    """Of every site of a probe: file offset, the semaphore's or 0, operands."""
    notes = run("readelf", "-nW", program)
    segments = [tuple(int(x, 16) for x in m) for m in re.findall(
        r"LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) 0x\w+ R[W ]", run("readelf", "-lW", program))]

    def offset(address):
        for begin, start, size in segments:
            if start <= address < start + size:
                return address - start + begin
        return 0

    for name, where, semaphore, operands in re.findall(
            rf"Provider: {provider}\n +Name: (\w+)\n +Location: (0x\w+),.* Semaphore: (0x\w+)\n"
            r" +Arguments: (.*)", notes):
        if name == probe:
            yield offset(int(where, 16)), offset(int(semaphore, 16)), operands


def register_name(alias):
    """The kernel's name of a register: %rax, %eax, %ax and %al are ax, %r8d is r8."""
    numbered = re.fullmatch(r"(r\d+)[dwb]?", alias)
    if numbered:
        return numbered[1]
    plain = re.fullmatch(r"[re]?([abcd]x|[sd]i|[sb]p)", alias)
    if plain:
        return plain[1]
    low = re.fullmatch(r"([abcd])l|([sd]i|[sb]p)l", alias)
    need(low, f"the compiler put an argument into %{alias}")
    return low[1] + "x" if low[1] else low[2]


def fetch_arguments(operands):
    """As perf does it: argN by position, constants left out."""
    for number, operand in enumerate(operands.split(), 1):
        size, place = operand.split("@")
        kind = f"{'s' if size.startswith('-') else 'u'}{8 * abs(int(size))}"
        direct = re.fullmatch(r"%(\w+)", place)
        indirect = re.fullmatch(r"(-?\d*)\(%(\w+)\)", place)
        if direct:
            yield f"arg{number}=%{register_name(direct[1])}:{kind}"
        elif indirect:
            yield f"arg{number}={int(indirect[1] or 0):+d}(%{register_name(indirect[2])}):{kind}"


class Probes:
    """Uprobe events with names of their own, as perf probe would make them."""

    def __init__(self, program, provider, *probes):
        self.provider = f"{provider}{os.getpid()}"
        self.names = []
        for probe in probes:
            for nr, (offset, semaphore, operands) in enumerate(sites(program, provider, probe)):
                name = probe + (f"_{nr}" if nr else "")
                place = f"{program}:{offset:#x}" + (f"({semaphore:#x})" if semaphore else "")
                arguments = " ".join(fetch_arguments(operands))
                self.write(f"p:sdt_{self.provider}/{name} {place} {arguments}")
                self.names.append(name)

    @staticmethod
    def write(line):
        events = os.open(f"{TRACEFS}/uprobe_events", os.O_WRONLY | os.O_APPEND)
        try:
            os.write(events, line.encode() + b"\n")
        finally:
            os.close(events)

    def events(self, *names):
        for name in names or self.names:
            yield "-e"
            yield f"sdt_{self.provider}:{name}"

    def model(self, path, folder):
        """The model at path, for the provider's name as it is here."""
        to = os.path.join(folder, "renamed.model")
        with open(path, encoding="utf-8") as model, open(to, "w", encoding="utf-8") as copy:
            copy.write(model.read().replace(self.provider.rstrip("0123456789") + ":",
                                            self.provider + ":"))
        return to

    def remove(self):
        for name in self.names:
            self.write(f"-:sdt_{self.provider}/{name}")


def perf_events(path):
    """What perf script prints of a trace, parsed: time in ns, tid, event, arguments."""
    text = perf("script", "-i", without_false_build_ids(path), "--ns", "-F",
                "tid,time,event,trace").decode()
    for line in text.splitlines():
        match = re.match(r" *(\d+) +(\d+)\.(\d{9}): +(\S+): +\(\w+\)(.*)", line)
        if not match:
            raise ValueError(line)
        tid, seconds, ns, event, rest = match.groups()
        arguments = {key: int(value, 0) for key, value in re.findall(r"(\w+)=(\S+)", rest)}
        yield int(seconds) * 10**9 + int(ns), int(tid), event.split(":")[1], arguments
