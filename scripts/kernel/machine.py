# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine that runs one command and goes away.

The guest's root is the host's file system, shared by 9p and read-only: every program that is
installed or built here is there, with its libraries, and nothing is copied. Its standard
streams and the exit status travel through a virtio port each, so they are what the command
wrote, byte by byte; the kernel's own messages go to a console of their own."""
import dataclasses
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import clock
from archive import Archive
from failure import Failure
from tree import Kernel

HERE = os.path.dirname(os.path.abspath(__file__))
BUSYBOX = "/usr/bin/busybox"
QEMU = "qemu-system-x86_64"
FOR_THE_HOST = ["virtio_mmio", "9pnet_virtio", "9p", "virtio_console"]
PORTS = ("in", "out", "err", "status")
MESSAGE_SIZE = 512_000              # of 9p: the most that goes through virtio
TIMED_OUT, FAILED = 124, 125        # as timeout(1) and its kin have them


@dataclasses.dataclass
class Machine:
    """What the command line of scripts/vm can say of a machine."""
    kernel: Kernel
    accel: str = "tcg"
    cpus: int = 2
    memory: int = 1024              # MiB
    timeout: float = None           # seconds for all of it; None: for ever
    load: list = dataclasses.field(default_factory=list)        # modules, before the command
    shares: list = dataclasses.field(default_factory=list)      # directories, writable
    visible: list = dataclasses.field(default_factory=list)     # even if below /tmp or /root
    path: list = dataclasses.field(default_factory=list)        # directories before the usual
    cid: int = 0                    # of its vsock device; 0: none
    console: str = ""               # file that gets the kernel's messages; "": none

    def modules_to_load(self):
        return (["vmw_vsock_virtio_transport"] if self.cid else []) + self.load


def settings(machine, interactive):
    """The shell variables that guest-init reads."""
    shares = "\n".join(f"share share{number} {shlex.quote(directory)}"
                       for number, directory in enumerate(machine.shares))
    boot = machine.kernel.closure(FOR_THE_HOST)
    values = {
        "boot_modules": " ".join(map(os.path.basename, boot)),
        "msize": str(MESSAGE_SIZE),
        "visible": " ".join(map(os.path.realpath, machine.visible)),
        "shares": shares,
        "kernel": machine.kernel.root,
        "load": " ".join(machine.modules_to_load()),
        "path": ":".join([*machine.path, "/run/vm/bin", "/usr/local/sbin:/usr/local/bin",
                          "/usr/sbin:/usr/bin:/sbin:/bin"]),
        "term": os.environ.get("TERM", "dumb"),
        "directory_of_command": os.getcwd(),
        "interactive": "yes" if interactive else "",
        "size": "columns {0} rows {1}".format(*shutil.get_terminal_size()),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def initramfs(machine, command, interactive):
    archive = Archive()
    archive.copy("/busybox", BUSYBOX, 0o755)
    archive.copy("/init", os.path.join(HERE, "guest-init"), 0o755)
    archive.file("/settings", settings(machine, interactive))
    archive.file("/command", f"exec {shlex.join(command)}\n")
    for file in machine.kernel.closure(FOR_THE_HOST):
        archive.copy("/modules/" + os.path.basename(file), file)
    return archive


def kernel_arguments(accel):
    words = ["console=ttyS0", "quiet", "loglevel=4", "panic=-1", "mitigations=off", "nokaslr",
             "rcupdate.rcu_expedited=1", "random.trust_cpu=on", "apparmor=0", "selinux=0"]
    if accel == "tcg":
        # Without a rate to start from, the kernel measures the TSC against a timer that a busy
        # host serves late, and may wait for ever.
        words += ["tsc=reliable", f"tsc_early_khz={clock.tsc_khz()}", "no_timer_check"]
    return " ".join(words)


def shared(number, tag, path, readonly):
    return ["-fsdev", f"local,id=fs{number},path={path.replace(',', ',,')},"
            f"security_model=none,multidevs=remap,readonly={'on' if readonly else 'off'}",
            "-device", f"virtio-9p-device,fsdev=fs{number},mount_tag={tag}"]


def qemu(machine, initrd, console, ports):
    """QEMU's command line; @ports: for each name the socket's file descriptor."""
    cpu, accel = (("host", "kvm") if machine.accel == "kvm"
                  else ("max,-la57", "tcg,thread=multi,tb-size=256"))
    words = [QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-M", "microvm,acpi=on,pit=on,pic=on,rtc=on,isa-serial=on,"
                   "auto-kernel-cmdline=off,x-option-roms=off",
             "-bios", "qboot.rom", "-accel", accel, "-cpu", cpu,
             "-smp", str(machine.cpus), "-m", str(machine.memory),
             "-kernel", machine.kernel.image(), "-initrd", initrd,
             "-append", kernel_arguments(machine.accel), *console,
             *shared("root", "root", "/", True), "-device", "virtio-serial-device"]
    for number, directory in enumerate(machine.shares):
        words += shared(number, f"share{number}", directory, False)
    for name, descriptor in ports.items():
        words += ["-chardev", f"socket,id={name},fd={descriptor}",
                  "-device", f"virtserialport,chardev={name},name={name}"]
    if machine.cid:
        words += ["-device", f"vhost-vsock-device,guest-cid={machine.cid}"]
    return words


def pump(read, write, close=lambda: None):
    """A thread that copies until @read brings nothing more."""
    def copy():
        try:
            while data := read():
                write(data)
        except OSError:
            pass                    # the reader has left
        close()
    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread


def write_all(descriptor):
    def write(data):
        while data:
            data = data[os.write(descriptor, data):]
    return write


class Running:
    """A started machine. Leaving the context ends it, come what may."""

    def __init__(self, machine, command, interactive=False, stdin=None, stdout=1, stderr=2):
        self.machine = machine
        self.interactive = interactive
        self.streams = {"out": stdout, "err": stderr}
        self.stdin = stdin
        self.scratch = tempfile.mkdtemp(prefix="fathom-vm.")
        self.log = machine.console or os.path.join(self.scratch, "console")
        self.complaints = os.path.join(self.scratch, "qemu")
        initrd = os.path.join(self.scratch, "initrd")
        initramfs(machine, command, interactive).write(initrd)
        self.start(initrd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self, initrd):
        pairs = {name: socket.socketpair() for name in PORTS}
        theirs = {name: pair[1].fileno() for name, pair in pairs.items()}
        self.ports = {name: pair[0] for name, pair in pairs.items()}
        console = (["-chardev", f"stdio,id=console,signal=off,logfile={self.log}"]
                   if self.interactive
                   else ["-chardev", f"file,id=console,path={self.log}"])
        try:
            with open(self.complaints, "wb") as complaints:
                self.process = subprocess.Popen(
                    qemu(self.machine, initrd, [*console, "-serial", "chardev:console"], theirs),
                    pass_fds=theirs.values(), stderr=complaints,
                    stdin=None if self.interactive else subprocess.DEVNULL)
        except FileNotFoundError as error:
            raise Failure(f"{QEMU} is not installed: scripts/setup vm") from error
        for _, end in pairs.values():
            end.close()
        self.began = time.monotonic()
        self.pumps = [pump(lambda port=self.ports[name]: port.recv(65536), write_all(target))
                      for name, target in self.streams.items()]
        port = self.ports["in"]
        if self.stdin is None:
            port.shutdown(socket.SHUT_WR)
        else:
            pump(lambda: os.read(self.stdin, 65536), port.sendall,
                 lambda: port.shutdown(socket.SHUT_WR))

    def end(self):
        """Ends QEMU if it runs still."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def wait(self):
        """The command's exit status, or TIMED_OUT or FAILED with the reason on stderr."""
        limit = self.machine.timeout
        try:
            self.process.wait(limit and max(self.began + limit - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self.end()
            self.explain(f"not finished after {limit:g} s, so it was ended")
            return TIMED_OUT
        for thread in self.pumps:
            thread.join()
        self.ports["status"].setblocking(False)
        try:
            return int(self.ports["status"].recv(64))
        except (BlockingIOError, ConnectionError, ValueError):
            self.explain("the machine ended without the exit status of the command")
            return FAILED

    def explain(self, what):
        """Says @what, and what QEMU and the kernel said last."""
        print(f"scripts/vm: {what}", file=sys.stderr)
        for name, path in (("qemu", self.complaints), ("console", self.log)):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    lines = file.read().replace("\r", "").splitlines()
            except OSError:
                continue            # QEMU did not get as far
            for line in lines[-30:]:
                print(f"  {name}: {line}", file=sys.stderr)
