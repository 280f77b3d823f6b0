# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine that runs one command and goes away: how QEMU is started for it.

The command's standard streams and its exit status travel through a virtio port each, so they
are what it wrote, byte by byte; the kernel's own messages go to a console of their own."""
import dataclasses

import clock
from tree import Kernel

QEMU = "qemu-system-x86_64"
PORTS = ("in", "out", "err", "status")
VSOCK_MODULES = ["vmw_vsock_virtio_transport"]      # of a guest


@dataclasses.dataclass
class Machine:
    """What the command line of scripts/vm can say of a machine."""
    kernel: Kernel
    cache: str                      # BUILD/vm, for what is made once
    accel: str = "tcg"
    cpus: int = 2
    memory: int = 1024              # MiB
    timeout: float = None           # seconds for all of it; None: for ever
    load: list = dataclasses.field(default_factory=list)        # modules, with what they need
    shares: list = dataclasses.field(default_factory=list)      # directories, writable
    visible: list = dataclasses.field(default_factory=list)     # even if below /tmp
    path: list = dataclasses.field(default_factory=list)        # directories before the usual
    cid: int = 0                    # of its vsock device; 0: none
    console: str = ""               # file that gets the kernel's messages; "": none
    saved: str = ""                 # file with the state to begin with; "": it boots

    def modules(self):
        """Names of the modules that are loaded before the command."""
        return (VSOCK_MODULES if self.cid else []) + self.load

    def bare(self):
        """Without the devices that only some have."""
        return dataclasses.replace(self, shares=[], cid=0, saved="")


def kernel_arguments(accel):
    words = ["console=ttyS0", "quiet", "loglevel=4", "panic=-1", "mitigations=off", "nokaslr",
             "rcupdate.rcu_expedited=1", "random.trust_cpu=on", "apparmor=0", "selinux=0",
             "cryptomgr.notests"]
    if accel == "tcg":
        # Without a rate to start from, the kernel measures the TSC against a timer that a busy
        # host serves late, and may wait for ever.
        words += ["tsc=reliable", f"tsc_early_khz={clock.tsc_khz()}", "no_timer_check"]
    return " ".join(words)


def shared(number, tag, path, readonly):
    return ["-fsdev", f"local,id=fs{number},path={path.replace(',', ',,')},"
            f"security_model=none,multidevs=remap,readonly={'on' if readonly else 'off'}",
            "-device", f"virtio-9p-pci,fsdev=fs{number},mount_tag={tag}"]


def origin(machine, initrd):
    """What the machine begins with."""
    if machine.saved:
        return ["-option-rom", "pvh.bin"]       # as -kernel brings it, it is part of the state
    return ["-kernel", machine.kernel.image(), "-initrd", initrd,
            "-append", kernel_arguments(machine.accel)]


def qemu(machine, initrd, ports):
    """QEMU's command line but for the console; @ports: for each name a socket's descriptor. The
    devices that not all machines have come last: those before then have the same slots in all."""
    cpu, accel = (("host", "kvm") if machine.accel == "kvm"
                  else ("max,-la57", "tcg,thread=multi,tb-size=256"))
    words = [QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
             "-M", "pc,vmport=off,usb=off", "-bios", "qboot.rom", "-accel", accel, "-cpu", cpu,
             "-smp", str(machine.cpus), "-m", str(machine.memory),
             *origin(machine, initrd),
             *shared("root", "root", "/", True), "-device", "virtio-serial-pci"]
    for name, descriptor in ports.items():
        words += ["-chardev", f"socket,id={name},fd={descriptor}",
                  "-device", f"virtserialport,chardev={name},name={name}"]
    for number, directory in enumerate(machine.shares):
        words += shared(number, f"share{number}", directory, False)
    if machine.cid:
        words += ["-device", f"vhost-vsock-pci,guest-cid={machine.cid}"]
    return words
