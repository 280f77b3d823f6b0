# SPDX-License-Identifier: GPL-2.0-or-later
"""An initramfs: a cpio archive in the "newc" format, made in memory."""
import os
import stat


class Archive:
    def __init__(self):
        self.bytes = bytearray()
        self.inode = 0
        self.directories = {"", "/"}

    def entry(self, path, mode, data=b""):
        name = path.lstrip("/").encode() + b"\0"
        self.inode += 1
        numbers = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        self.bytes += b"070701" + b"".join(b"%08x" % number for number in numbers) + name
        self.pad()
        self.bytes += data
        self.pad()

    def pad(self):
        self.bytes += bytes(-len(self.bytes) % 4)

    def directory(self, path):
        if path not in self.directories:
            self.directory(os.path.dirname(path))
            self.directories.add(path)
            self.entry(path, stat.S_IFDIR | 0o755)

    def file(self, path, data, mode=0o644):
        """@data: the content, text or bytes."""
        self.directory(os.path.dirname(path))
        self.entry(path, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)

    def copy(self, path, source, mode=0o644):
        with open(source, "rb") as file:
            self.file(path, file.read(), mode)

    def write(self, path):
        self.entry("TRAILER!!!", 0)
        with open(path, "wb") as file:
            file.write(self.bytes)
