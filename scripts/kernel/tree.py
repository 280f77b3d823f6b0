# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that is unpacked somewhere: its image, and its modules with what they need."""
import fcntl
import glob
import lzma
import os
import re
import struct
import subprocess

import packages
from failure import Failure

META = "linux-image-amd64"          # always depends on Debian's newest kernel
DECOMPRESS = {b"\xfd7zXZ\0": lzma.decompress}


def module_name(path):
    """How the kernel calls the module of a file: a-b.ko.xz is a_b."""
    return os.path.basename(path).split(".")[0].replace("-", "_")


class Kernel:
    """@root holds boot/vmlinuz-RELEASE and lib/modules/RELEASE."""

    def __init__(self, root):
        images = sorted(glob.glob(os.path.join(root, "boot/vmlinuz-*")))
        if not images:
            raise Failure(f"{root} has no kernel: no boot/vmlinuz-* in it")
        self.root = os.path.realpath(root)
        self.release = os.path.basename(images[-1]).removeprefix("vmlinuz-")
        self.modules = os.path.join(self.root, "lib/modules", self.release)
        self.index()

    def image(self):
        """The file to boot: the uncompressed kernel where there is one, it starts sooner."""
        plain = os.path.join(self.root, "boot", "vmlinux-" + self.release)
        return plain if os.path.exists(plain) else plain.replace("vmlinux", "vmlinuz")

    def index(self):
        """Reads which module is where and what it needs."""
        table = os.path.join(self.modules, "modules.dep")
        if not os.path.exists(table):
            subprocess.run(["depmod", "-b", self.root, self.release], check=True)
        self.needs = {}
        with open(table, encoding="utf-8") as file:
            for line in file:
                path, _, needed = line.partition(":")
                self.needs[module_name(path)] = (path, needed.split())
        with open(os.path.join(self.modules, "modules.builtin"), encoding="utf-8") as file:
            self.built_in = {module_name(line.strip()) for line in file}

    def closure(self, names):
        """Files of the modules @names and of all that they need, in the order of loading."""
        files = []
        for name in (name.replace("-", "_") for name in names):
            if name in self.built_in:
                continue
            if name not in self.needs:
                raise Failure(f"kernel {self.release} has no module called {name}")
            path, needed = self.needs[name]
            files += [file for file in [*reversed(needed), path] if file not in files]
        return [os.path.join(self.modules, file) for file in files]


def uncompressed(image):
    """The ELF kernel in a bzImage, or None if it is packed in a way not known here. The boot
    protocol's header says where it is; its last four bytes are the unpacked size."""
    if image[0x202:0x206] != b"HdrS":
        return None
    setup_sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    begin = (setup_sectors + 1) * 512 + offset
    packed = image[begin:begin + length - 4]
    for magic, unpack in DECOMPRESS.items():
        if packed.startswith(magic):
            return unpack(packed)
    return None


def complete(root):
    """Adds to an unpacked package what installing it would have made, and the plain image."""
    kernel = Kernel(root)
    with open(kernel.image(), "rb") as file:
        plain = uncompressed(file.read())
    if plain:
        with open(os.path.join(root, "boot", "vmlinux-" + kernel.release), "wb") as file:
            file.write(plain)


def package_of(wanted):
    """The package that has the kernel called so on the command line."""
    name = wanted if wanted.startswith("linux-image-") else "linux-image-" + wanted
    if re.search(r"-\d+\.\d+\.\d+-", name):
        return name
    return packages.depends(name, r"linux-image-\d[\w.+-]*")


def find(wanted, cache):
    """The kernel @wanted: a directory, a package, a release, or None for Debian's newest. What
    was fetched once stays in @cache and is taken from there, newer or not."""
    if wanted and os.path.isdir(wanted):
        return Kernel(wanted)
    wanted = wanted or META
    directory = os.path.join(cache, "kernels", wanted)
    if not os.path.isdir(directory):
        os.makedirs(os.path.dirname(directory), exist_ok=True)
        with open(os.path.join(cache, "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            package = package_of(wanted)
            packages.unpack(package, os.path.join(cache, "kernels", package), complete)
            if package != wanted and not os.path.exists(directory):
                os.symlink(package, directory)
    return Kernel(directory)
