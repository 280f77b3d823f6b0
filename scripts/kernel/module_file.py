# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel module says of itself: for which kernel it was built, and which versions of
which symbols it wants. The file is somebody else's: every place in it is checked."""
import gzip
import lzma
import os
import struct
import subprocess

from failure import Failure

SIGNATURE = b"~Module signature appended~\n"
VERSION = struct.Struct("<Q56s")        # struct modversion_info of 64-bit kernels
SECTION = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr


def unpack_zstd(data):
    return subprocess.run(["zstd", "-dc"], input=data, check=True, capture_output=True).stdout


UNPACK = {".xz": lzma.decompress, ".gz": gzip.decompress, ".zst": unpack_zstd}


def module_name(path):
    """How the kernel calls the module of a file: a-b.ko.xz is a_b."""
    return os.path.basename(path).split(".")[0].replace("-", "_")


def sections(data):
    """The sections of a 64-bit little-endian ELF file, by name."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    offset, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    if size != SECTION.size or offset + size * count > len(data) or names >= count:
        raise ValueError("its section table lies outside the file")
    rows = [SECTION.unpack_from(data, offset + size * i) for i in range(count)]
    table = data[rows[names][4]:][:rows[names][5]]
    found = {}
    for name, _, _, _, begin, length, *_ in rows:
        text = table[name:].split(b"\0", 1)[0].decode(errors="replace")
        found[text] = data[begin:begin + length]
    return found


def c_string(data):
    return data.split(b"\0", 1)[0].decode(errors="replace")


class ModuleFile:
    """A module, compressed or not."""

    def __init__(self, path):
        self.path, self.name = path, module_name(path)
        try:
            with open(path, "rb") as file:
                data = file.read()
            data = UNPACK.get(os.path.splitext(path)[1], bytes)(data)
            self.sections = sections(data)
        except (OSError, ValueError, struct.error, lzma.LZMAError, EOFError,
                subprocess.CalledProcessError) as error:
            raise Failure(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        self.signed = data.endswith(SIGNATURE)
        self.info = [c_string(entry).partition("=")
                     for entry in self.sections.get(".modinfo", b"").split(b"\0") if entry]
        if not self.vermagic:
            raise Failure(f"{path}: not a kernel module: it has no vermagic")

    def values(self, key):
        return [value for name, _, value in self.info if name == key]

    @property
    def vermagic(self):
        return (self.values("vermagic") or [""])[0].strip()

    @property
    def depends(self):
        """Names of the modules that it needs."""
        return [name.replace("-", "_") for text in self.values("depends")
                for name in text.split(",") if name]

    @property
    def in_tree(self):
        return "Y" in self.values("intree")

    @property
    def versions(self):
        """The version (CRC) that it wants of each symbol."""
        table = self.sections.get("__versions", b"")
        whole = len(table) - len(table) % VERSION.size
        return {c_string(name): crc for crc, name in VERSION.iter_unpack(table[:whole])}

    @property
    def build_id(self):
        """Of the linker, by which a loaded module is known."""
        return self.sections.get(".note.gnu.build-id", b"")
