# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that are up already: one is booted once, and its state kept in a file.

A kernel takes seconds to boot in an emulator, and minutes in an emulated one. So the guest in a
machine is booted outside, up to where it would reach for the host's files, and continues inside.
It has no device there that only the inner one can have; QEMU starts those anew when it takes the
state, and the guest looks for them (guest.continuation)."""
import contextlib
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

from failure import Failure
from guest import waiting_initramfs
from machine import PORTS, QEMU, qemu

LIMIT = 120                 # seconds until the guest waits, and as many to save it


class Monitor:
    """QEMU's, through which it is told what to do ("QMP")."""

    def __init__(self, end):
        self.socket, self.answers = end, end.makefile("r", encoding="utf-8")
        self.answers.readline()                 # the greeting
        self.ask("qmp_capabilities")

    def ask(self, command, files=(), **arguments):
        """The answer to a command that comes with open @files."""
        asked = json.dumps({"execute": command, "arguments": arguments}).encode()
        socket.send_fds(self.socket, [asked], [file.fileno() for file in files])
        for line in self.answers:
            answer = json.loads(line)
            if "error" in answer:
                raise Failure(f"QEMU: {command}: {answer['error']['desc']}")
            if "return" in answer:              # others are events
                return answer["return"]
        raise Failure(f"QEMU ended at {command}")


@contextlib.contextmanager
def started(words, ends):
    process = subprocess.Popen(words, pass_fds=ends, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def save(monitor, file):
    """Writes the state of a machine to an open file, as a migration."""
    monitor.ask("getfd", [file], fdname="state")
    monitor.ask("migrate", uri="fd:state")
    end = time.monotonic() + LIMIT
    while (told := monitor.ask("query-migrate"))["status"] != "completed":
        if told["status"] == "failed" or time.monotonic() > end:
            raise Failure(f"the state of a machine could not be saved: {told}")
        time.sleep(0.05)


def make(machine, initrd, path):
    """Boots the machine until it waits, and saves it."""
    pairs = {name: socket.socketpair() for name in (*PORTS, "monitor")}
    theirs = {name: pair[1].fileno() for name, pair in pairs.items()}
    control = theirs.pop("monitor")
    words = qemu(machine.bare(), initrd, theirs)
    words += ["-chardev", f"socket,id=monitor,fd={control}", "-mon", "monitor,mode=control"]
    with open(path, "wb") as file, started(words, [*theirs.values(), control]):
        for _, end in pairs.values():
            end.close()
        status = pairs["status"][0]
        status.settimeout(LIMIT)
        if status.recv(64) != b"waiting\n":
            raise Failure("a machine to be saved did not come up")
        save(Monitor(pairs["monitor"][0]), file)


def without_rate(words):
    """The command line without what is measured each time."""
    return [re.sub(r"tsc_early_khz=\d+", "", word) for word in words]


def state_of(machine):
    """The file with the state of such a machine, made if there is none."""
    archive = waiting_initramfs(machine)
    emulator = os.stat(shutil.which(QEMU))
    described = [*without_rate(qemu(machine.bare(), "", {})), emulator.st_size, emulator.st_mtime]
    key = hashlib.sha256(repr(described).encode() + archive.bytes).hexdigest()[:16]
    path = os.path.join(machine.cache, f"saved-{key}")
    with open(os.path.join(machine.cache, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            for old in glob.glob(os.path.join(machine.cache, "saved-*")):
                os.unlink(old)
            with tempfile.TemporaryDirectory(dir=machine.cache) as scratch:
                initrd, state = (os.path.join(scratch, name) for name in ("initrd", "state"))
                archive.write(initrd)
                make(machine, initrd, state)
                os.rename(state, path)
    return path
