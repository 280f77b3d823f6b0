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
from module_file import module_name

META = "linux-image-amd64"          # always depends on Debian's newest kernel
DECOMPRESS = {b"\xfd7zXZ\0": lzma.decompress}


class Kernel:
    """@root holds boot/vmlinuz-RELEASE and lib/modules/RELEASE."""

    def __init__(self, root, release=None):
        self.root = os.path.realpath(root)
        self.release = release or self.only_release()
        self.modules = os.path.join(self.root, "lib/modules", self.release)
        self.index()

    def only_release(self):
        images = sorted(glob.glob(os.path.join(self.root, "boot/vmlinuz-*")))
        if not images:
            raise Failure(f"{self.root} has no kernel: no boot/vmlinuz-* in it")
        return os.path.basename(images[-1]).removeprefix("vmlinuz-")

    def is_running(self):
        return self.release == os.uname().release

    def banner(self):
        """What "uname -rv" says under this kernel, or would."""
        if self.is_running():
            return " ".join(os.uname()[2:4])
        path = os.path.join(self.root, "boot/vmlinuz-" + self.release)
        try:
            with open(path, "rb") as file:
                header = file.read(1 << 16)
            place, = struct.unpack_from("<H", header, 0x20e)    # of the boot protocol
            return header[place + 0x200:].split(b"\0", 1)[0].decode(errors="replace")
        except (OSError, struct.error) as error:
            raise Failure(f"{path}: {error}") from error

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
    """The package that has the kernel: @wanted, or what that depends on."""
    if re.search(r"-\d+\.\d+\.\d+-", wanted):
        packages.known(wanted)
        return wanted
    return packages.depends(wanted, r"linux-image-\d[\w.+-]*")


def find(wanted, cache):
    """The kernel @wanted: a directory, a package, a release, or None for Debian's newest. What
    was fetched once stays in @cache and is taken from there, newer or not."""
    if wanted and os.path.isdir(wanted):
        return Kernel(wanted)
    wanted = wanted or META
    wanted = wanted if wanted.startswith("linux-image-") else "linux-image-" + wanted
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


def running(cache):
    """The kernel that runs here, installed or from its package."""
    release = os.uname().release
    if os.path.exists(f"/lib/modules/{release}/modules.dep"):
        return Kernel("/", release)
    try:
        return find(release, cache)
    except Failure as failure:
        raise Failure(f"the running kernel {release} has no /lib/modules, and {failure}; "
                      "--kernel names another") from failure
