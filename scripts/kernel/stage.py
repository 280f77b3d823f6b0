# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs modules for a copy to another machine, as its distribution would ship them."""
import gzip
import lzma
import os
import shutil
import subprocess
import tarfile

from failure import Failure


def pack_xz(data):
    """With what the kernel's own decompressor can read: no other check, a small window."""
    return lzma.compress(data, check=lzma.CHECK_CRC32,
                         filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])


def pack_zstd(data):
    try:
        return subprocess.run(["zstd", "-qc"], input=data, check=True,
                              capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"zstd is needed to pack modules as this kernel has them: {error}") \
            from error


PACK = {".xz": pack_xz, ".gz": gzip.compress, ".zst": pack_zstd, ".ko": bytes}


def suffix(kernel):
    """How the kernel's own modules are compressed: their last suffix."""
    return os.path.splitext(next(iter(kernel.needs.values()))[0])[1]


def copy(source, target):
    with open(source, "rb") as file:
        data = file.read()
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(PACK[os.path.splitext(target)[1]](data))


def archive(path, root, files):
    """Only files are members: the archive's directories would take the place of links such as
    /lib on the machine where it is unpacked."""
    with tarfile.open(path, "w") as tar:
        for file in files:
            member = tar.gettarinfo(file, os.path.relpath(file, root))
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            with open(file, "rb") as data:
                tar.addfile(member, data)


def warn_of_initramfs(names, kernel, actions):
    """A module in the initramfs is loaded from there, before any other can be found."""
    image = "/boot/initrd.img-" + kernel.release
    if not os.path.exists(image) or not shutil.which("lsinitramfs"):
        return
    listed = subprocess.run(["lsinitramfs", image], capture_output=True, text=True,
                            check=False).stdout
    inside = [name for name in names if f"/{name}.ko" in listed]
    if inside:
        actions.warn(f"{image} has the old {', '.join(inside)}: update-initramfs -u -k "
                     f"{kernel.release} once the new ones are in place")


def stage(results, kernel, directory, actions):
    """@results: {name: file} with places below a directory called modules."""
    end = suffix(kernel)
    root = os.path.join(directory, "stage")
    files = []
    for path in results.values():
        place = path.rpartition("/modules/")[2]
        target = os.path.join(root, "lib/modules", kernel.release, "updates",
                              place + (end if end != ".ko" else ""))
        actions.do(f"copy {path} to {target}", copy, path, target)
        files.append(target)
    tar = os.path.join(directory, f"modules-{kernel.release}.tar")
    actions.do(f"pack them into {tar}", archive, tar, root, files)
    actions.tell(f"""On a machine with kernel {kernel.release}, as root:
  tar -C / -xf {os.path.basename(tar)}
  depmod {kernel.release}
  update-initramfs -u -k {kernel.release}      # if one of them is in the initramfs
depmod prefers updates/ to the kernel's own; removing them there and depmod brings those back.""")
    warn_of_initramfs(results, kernel, actions)
