# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that runs: its streams, its end, and what became of the command."""
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from failure import Failure
from guest import continuation, initramfs
from machine import PORTS, QEMU, qemu

TIMED_OUT, FAILED, NO_READER = 124, 125, 141    # as timeout(1) and a shell have them


def to(descriptor):
    """A function that writes all of some bytes to a file."""
    def write(data):
        while data:
            data = data[os.write(descriptor, data):]
    return write


def pump(read, write, finish):
    """A thread that copies until @read brings nothing more; @finish gets what went wrong."""
    def copy():
        wrong = None
        try:
            while data := read():
                write(data)
        except OSError as error:
            wrong = error
        finish(wrong)
    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread


class Running:
    """A started machine. Leaving the context ends it, come what may.

    @out and @err are called with what the command writes; @stdin is a descriptor or None. An
    interactive machine has the terminal instead."""

    def __init__(self, machine, command, out=to(1), err=to(2), stdin=None, interactive=False):
        self.machine = machine
        self.limit = machine.timeout and time.monotonic() + machine.timeout
        self.scratch = tempfile.mkdtemp(prefix="fathom-vm.")
        self.log = machine.console or os.path.join(self.scratch, "console")
        self.complaints = os.path.join(self.scratch, "qemu")
        self.up = threading.Event()             # the command was started
        self.status = None                      # of the command, once it is known
        self.unread = False                     # somebody closed our output
        try:
            self.start(command, interactive)
        except BaseException:
            shutil.rmtree(self.scratch)
            raise
        self.pumps = [self.copy("out", out), self.copy("err", err),
                      pump(self.ports["status"].makefile("rb").readline, self.note,
                           lambda wrong: None)]
        self.feed(stdin)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self, command, interactive):
        initrd = os.path.join(self.scratch, "initrd")
        pairs = {name: socket.socketpair() for name in PORTS}
        theirs = {name: pair[1].fileno() for name, pair in pairs.items()}
        self.ports = {name: pair[0] for name, pair in pairs.items()}
        console = (f"stdio,id=console,signal=off,logfile={self.log}" if interactive
                   else f"file,id=console,path={self.log}")
        words = qemu(self.machine, initrd, theirs)
        if self.machine.saved:
            self.ports["status"].sendall(continuation(self.machine, command).encode())
        else:
            initramfs(self.machine, command, interactive).write(initrd)
        words += ["-chardev", console, "-serial", "chardev:console"]
        passed = [*theirs.values()]
        try:
            with contextlib.ExitStack() as files:
                if self.machine.saved:
                    passed.append(files.enter_context(open(self.machine.saved, "rb")).fileno())
                    words += ["-incoming", f"fd:{passed[-1]}"]
                complaints = files.enter_context(open(self.complaints, "wb"))
                self.process = subprocess.Popen(
                    words, pass_fds=passed, stderr=complaints,
                    stdin=None if interactive else subprocess.DEVNULL)
        except FileNotFoundError as error:
            raise Failure(f"{QEMU} is not installed: scripts/setup vm") from error
        for _, end in pairs.values():
            end.close()

    def copy(self, name, write):
        def finish(wrong):
            if wrong:                           # a command would die of SIGPIPE
                self.unread = True
                self.process.terminate()
        return pump(lambda: self.ports[name].recv(65536), write, finish)

    def feed(self, stdin):
        port = self.ports["in"]
        if stdin is None:
            port.shutdown(socket.SHUT_WR)
        else:
            pump(lambda: os.read(stdin, 65536), port.sendall,
                 lambda wrong: wrong or port.shutdown(socket.SHUT_WR))

    def note(self, line):
        """A line from the guest's init: "up", and at the end the status."""
        if line == b"up\n":
            self.up.set()
        elif line.strip().isdigit():
            self.status = int(line)

    def end(self):
        """Ends QEMU if it runs still."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def left(self):
        """Seconds until its time is up, or None."""
        return self.limit and max(self.limit - time.monotonic(), 0)

    def wait(self):
        """The command's exit status, or TIMED_OUT or FAILED with the reason on stderr."""
        try:
            self.process.wait(self.left())
        except subprocess.TimeoutExpired:
            self.end()
            self.explain(f"not finished after {self.machine.timeout:g} s, so it was ended")
            return TIMED_OUT
        for thread in self.pumps:
            thread.join()
        if self.unread:
            return NO_READER
        if self.status is None:
            self.explain("the machine ended without the exit status of the command"
                         if self.up.is_set() else "the machine did not get to the command")
        return FAILED if self.status is None else self.status

    def explain(self, what):
        """Says @what, and what QEMU and the kernel said last."""
        print(f"scripts/vm: {what}", file=sys.stderr)
        for name, path in (("qemu", self.complaints), ("console", self.log)):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    lines = file.read().replace("\r", "").splitlines()
            except OSError:
                continue                        # QEMU did not get as far
            for line in lines[-60:]:
                print(f"  {name}: {line}", file=sys.stderr)
