# SPDX-License-Identifier: GPL-2.0-or-later
"""A host and its guest, with real and different vsock addresses: 2 and the guest's own.

The host is a machine of ours, because this one's kernel may have no vhost_vsock and its vsock
traffic is nobody's business; the guest is a machine that this script starts inside the first."""
import subprocess
import sys
import threading

from failure import Failure
from running import FAILED, Running, TIMED_OUT

HOST_MODULES = ["vhost_vsock", "vsockmon"]
FOR_THE_INNER_QEMU = 768            # MiB that the host needs beyond its guest's memory


def make_host(machine):
    """Changes a guest's description into one of the machine that will be its host."""
    machine.load = HOST_MODULES + machine.load
    machine.memory += FOR_THE_INNER_QEMU
    machine.cpus += 1
    machine.cid = 0


class Relay:
    """Passes on what the guest writes, as lines of standard error, and looks for a word."""

    def __init__(self, word):
        self.word = word.encode()
        self.seen = threading.Event()
        self.lock = threading.Lock()

    def stream(self):
        """A function that takes the bytes of one of the guest's streams."""
        rest = b""

        def take(data):
            nonlocal rest
            *lines, rest = (rest + data).split(b"\n")
            with self.lock:
                for line in lines:
                    sys.stderr.buffer.write(b"guest: " + line + b"\n")
                    if self.word in line:
                        self.seen.set()
                sys.stderr.flush()
        return take


def wait_until_ready(guest, event):
    """Waits for @event; fails if the guest ends before, or its time is up."""
    while not event.wait(0.1):
        if guest.process.poll() is not None or guest.left() == 0:
            guest.wait()
            raise Failure("the guest was never ready")


def run_here(machine, guest_command, host_command, ready, wait):
    """Runs the guest's command in @machine and the host's here once the guest is ready; the
    host's exit status, or with @wait the guest's if that of the host is 0."""
    relay = Relay(ready or "")
    with Running(machine, ["/bin/sh", "-c", guest_command], relay.stream(),
                 relay.stream()) as guest:
        wait_until_ready(guest, relay.seen if ready else guest.up)
        host = subprocess.Popen(["/bin/sh", "-c", host_command])
        try:
            status = host.wait(guest.left())
        except subprocess.TimeoutExpired:
            host.kill()
            print("scripts/vm: the host's command is not finished", file=sys.stderr)
            return TIMED_OUT
        if status < 0:
            print(f"scripts/vm: the host's command died of signal {-status}", file=sys.stderr)
            return FAILED
        return guest.wait() if wait and status == 0 else status
