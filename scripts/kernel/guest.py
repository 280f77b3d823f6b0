# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens inside a machine before its command runs: the plan for init.c, as an initramfs.

The guest's root is the host's file system, shared by 9p and read-only: every program that is
installed or built here is there, with its libraries, and nothing is copied."""
import os
import shutil
import subprocess
import time

from archive import Archive
from failure import Failure
from machine import PORTS, VSOCK_MODULES

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ["virtio_pci", "9pnet_virtio", "9p", "virtio_console"]    # that reach the host
PRIVATE = ["/run", "/tmp", "/var/tmp", "/mnt"]      # empty, writable, gone with the machine
OURS = "/run/vm"                                    # what we bring along
HOST = OURS + "/host"                               # what the private ones hide
MODPROBE = OURS + "/bin/modprobe"
MESSAGE_SIZE = 512_000                              # of 9p: the most that virtio takes
WORD, STEP = "\x1f", "\x1e"                         # separators, see init.c


class Plan:
    """Steps as init.c takes them."""

    def __init__(self):
        self.text = ""

    def step(self, *words):
        if any(WORD in word or STEP in word for word in words):
            raise Failure("a unit or record separator (ASCII 31, 30) stands in a word of the "
                          "command or in a path")
        self.text += WORD.join(words) + STEP

    def mount(self, kind, target, source=None, options="", how="plain"):
        self.step("mount", how, source or kind, target, kind, options)

    def bind(self, source, target):
        self.step("mount", "bind", source, target, "", "")

    def share(self, tag, target, cache, how="plain"):
        self.mount("9p", target, tag, f"trans=virtio,version=9p2000.L,msize={MESSAGE_SIZE},"
                   f"cache={cache}", how)


def begin(plan, modules):
    """The first steps in the initramfs."""
    plan.mount("proc", "/proc")
    plan.mount("devtmpfs", "/dev")
    plan.mount("sysfs", "/sys")
    for file in modules:
        plan.step("module", "/modules/" + os.path.basename(file))
    plan.step("ports", str(len(PORTS)))


def enter(plan):
    """The host's files become the root."""
    plan.share("root", "/new", "loose", "ro")
    plan.step("root", "/new")
    plan.mount("proc", "/proc")
    plan.mount("devtmpfs", "/dev")
    plan.mount("sysfs", "/sys")


def hidden(directories):
    """Those that lie below a private directory, without those below another of them."""
    below = []
    for directory in sorted(set(map(os.path.realpath, directories))):
        if directory.startswith(tuple(parent + "/" for parent in PRIVATE + below)) \
                and not directory.startswith(tuple(parent + "/" for parent in below)):
            below.append(directory)
    return below


def furnish(plan, machine, loaded):
    """Mounts, names and modules that a program expects, but for those that are @loaded."""
    # bpf would ask for a module that nobody needs, and starting modprobe takes seconds.
    plan.step("file", "0", "/proc/sys/kernel/modprobe", "\n")
    plan.mount("devpts", "/dev/pts", options="mode=620,ptmxmode=666")
    plan.mount("tmpfs", "/dev/shm")
    plan.mount("tracefs", "/sys/kernel/tracing")
    plan.mount("bpf", "/sys/fs/bpf")
    plan.step("link", "/proc/self/fd", "/dev/fd")
    plan.step("file", "0", "/proc/sys/kernel/hostname",
              f"guest-{machine.cid}" if machine.cid else "vm")
    plan.step("loopback")
    plan.mount("tmpfs", PRIVATE[0])
    plan.bind("/", HOST)                            # before the others cover what it shows
    for directory in filter(os.path.isdir, PRIVATE[1:]):
        plan.mount("tmpfs", directory)
    for directory in hidden(machine.visible):
        plan.bind(HOST + directory, directory)
    for number, directory in enumerate(machine.shares):
        plan.share(f"share{number}", directory, "none")
    # The host's /lib has no place for the kernel's modules, so modprobe has to be told of ours.
    plan.bind(HOST + os.path.join(machine.kernel.root, "lib"), OURS + "/lib")
    plan.step("file", "755", MODPROBE, f'#!/bin/sh\nexec /sbin/modprobe -d {OURS} "$@"\n')
    plan.step("file", "0", "/proc/sys/kernel/modprobe", MODPROBE)
    for file in machine.kernel.closure(machine.modules()):
        if file not in loaded:
            plan.step("module", HOST + file)


def environment(plan, machine):
    path = [*machine.path, os.path.dirname(MODPROBE), os.environ.get("PATH", ""),
            "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"]
    columns, lines = shutil.get_terminal_size()
    for name, value in (("PATH", ":".join(path)), ("HOME", "/tmp"), ("LANG", "C.UTF-8"),
                        ("TERM", os.environ.get("TERM", "dumb")),
                        ("FATHOM_BUILD", os.path.dirname(machine.cache)),
                        ("COLUMNS", str(columns)), ("LINES", str(lines))):
        plan.step("set", name, value)


def built_init(cache):
    """init.c as a program, compiled if it is newer than what was compiled before."""
    source, program = os.path.join(HERE, "init.c"), os.path.join(cache, "init")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        os.makedirs(cache, exist_ok=True)
        scratch = f"{program}.{os.getpid()}"
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-static", "-o", scratch, source],
                       check=True)
        os.rename(scratch, program)
    return program


def work(plan, machine, loaded, command, interactive=False):
    enter(plan)
    furnish(plan, machine, loaded)
    environment(plan, machine)
    plan.step("directory", os.getcwd())
    plan.step("run", "terminal" if interactive else "ports", *command)


def packed(machine, plan, modules):
    archive = Archive()
    archive.copy("/init", built_init(machine.cache), 0o755)
    archive.file("/plan", plan.text)
    for file in modules:
        archive.copy("/modules/" + os.path.basename(file), file)
    return archive


def initramfs(machine, command, interactive):
    """Of a machine that does all at once."""
    modules, plan = machine.kernel.closure(MODULES), Plan()
    begin(plan, modules)
    work(plan, machine, modules, command, interactive)
    return packed(machine, plan, modules)


def modules_of_waiting(machine):
    return machine.kernel.closure(MODULES + VSOCK_MODULES)


def waiting_initramfs(machine):
    """Of one that is saved before it reaches for the host, and goes on with a continuation."""
    modules, plan = modules_of_waiting(machine), Plan()
    begin(plan, modules)
    plan.step("wait")
    return packed(machine, plan, modules)


def continuation(machine, command):
    """The rest of a plan, for a machine whose state is from earlier, and from elsewhere."""
    plan = Plan()
    plan.step("time", str(int(time.time())))
    plan.step("file", "0", "/sys/bus/pci/rescan", "1")
    work(plan, machine, modules_of_waiting(machine), command)
    return plan.text
