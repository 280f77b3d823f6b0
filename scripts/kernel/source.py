# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a module's source is, and what it is built against.

Debian's headers package is the exact way: it has the generated headers, the configuration, the
symbol versions and the tools of the very build that made the kernel, so a module built against
it needs nothing prepared. Only headers that are private to some directory are not in it; then
the full source is unpacked, or a tree of the user's taken, and prepared: the kernel's own
configuration, its release as the version string, its symbol versions, make modules_prepare."""
import glob
import os
import re
import shutil
import subprocess
import tarfile

import packages
from failure import Failure

# Options that tell of the tools at hand and of Debian's keys, not of what was chosen.
OF_THE_BUILD = re.compile(r"CONFIG_((CC|GCC|CLANG|AS|LD|LLD|PAHOLE|RUSTC?|TOOLS|MODULE_SIG)_"
                          r"|BUILD_SALT|SYSTEM_TRUSTED_KEYS)")


def package_version(kernel):
    """The version of Debian's package that the kernel came from: its sources have the same."""
    found = re.search(r"\bDebian (\S+)", kernel.banner())
    if not found:
        raise Failure(f"kernel {kernel.release} is not Debian's (its version is "
                      f"\"{kernel.banner()}\"): give its source with --tree DIR")
    return found.group(1)


class Packaged:
    """Debian's headers, and of the sources only the wanted directories."""

    def __init__(self, kernel, home, cache, actions):
        self.kernel, self.cache, self.actions = kernel, cache, actions
        self.version = package_version(kernel)
        self.headers = os.path.join(cache, "headers-" + kernel.release)
        self.build = os.path.join(self.headers, "usr/src/linux-headers-" + kernel.release)
        self.symvers = os.path.join(self.build, "Module.symvers")
        self.root = os.path.join(home, "src")
        self.words = []

    def prepare(self):
        if not os.path.isdir(self.headers):
            self.actions.do(f"unpack linux-headers-{self.kernel.release}, "
                            f"version {self.version}, in {self.headers}", self.unpack_headers)
        if not self.actions.dry:
            self.need_compiler()

    def need_compiler(self):
        """The one that built the kernel: another has other options, and its modules may have
        another layout."""
        with open(os.path.join(self.build, ".kernelvariables"), encoding="utf-8") as file:
            found = re.search(r"\bgcc-\d+", file.read())
        if found and not shutil.which(found.group()):
            raise Failure(f"kernel {self.kernel.release} was built with {found.group()}, which "
                          f"is not installed: apt-get install {found.group()}")

    def unpack_headers(self):
        """The package with those that it needs, in one tree that lies anywhere."""
        name = "linux-headers-" + self.kernel.release
        common = packages.depends(name, r"linux-headers-\S+-common(?:-\w+)?")
        kbuild = packages.depends(name, r"linux-kbuild-[\d.]+")
        parts = [f"{part}={self.version}" for part in (name, common)] + [kbuild]
        packages.unpack_all(parts, self.headers, self.move_headers)

    def move_headers(self, tree):
        """The package's Makefile includes another by its installed path."""
        path = os.path.join(tree, os.path.relpath(self.build, self.headers), "Makefile")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(" /usr/src/", f" {self.headers}/usr/src/"))

    def fetch(self, targets):
        """Gets the sources of the directories that are not there yet; the others may have been
        changed."""
        missing = [target for target in targets
                   if not os.path.isdir(os.path.join(self.root, target.directory))]
        if missing:
            names = ", ".join(target.directory for target in missing)
            self.actions.do(f"unpack {names} of linux-source, version {self.version}, in "
                            f"{self.root}", self.unpack_sources, missing)

    def archive(self):
        """The compressed source, which is its package's only content of interest."""
        series = re.match(r"\d+\.\d+", self.kernel.release).group()
        directory = os.path.join(self.cache, "source-" + self.version)
        packages.unpack(f"linux-source-{series}={self.version}", directory)
        return glob.glob(os.path.join(directory, "usr/src/linux-source-*.tar.xz"))[0]

    def unpack_sources(self, targets):
        """In one pass: the source is one stream of more than a gigabyte."""
        scratch = self.root + ".unpacking"
        wanted = tuple(target.directory + "/" for target in targets)
        shutil.rmtree(scratch, ignore_errors=True)
        with tarfile.open(self.archive(), "r|xz") as archive:
            for member in archive:
                place = member.name.partition("/")[2]
                if member.isfile() and place.startswith(wanted):
                    copy = os.path.join(scratch, os.path.normpath("/" + place)[1:])
                    os.makedirs(os.path.dirname(copy), exist_ok=True)
                    with open(copy, "wb") as file:
                        shutil.copyfileobj(archive.extractfile(member), file)
        for target in targets:
            place = os.path.join(self.root, target.directory)
            if not os.path.isdir(os.path.join(scratch, target.directory)):
                raise Failure(f"the source of kernel {self.kernel.release} has no "
                              f"{target.directory}")
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.rename(os.path.join(scratch, target.directory), place)
        shutil.rmtree(scratch)


class Tree:
    """A whole source tree. It is built in place if it is configured, else apart from it."""

    def __init__(self, kernel, tree, home, cache, actions):
        self.kernel, self.root, self.home, self.cache = kernel, tree, home, cache
        self.actions = actions
        if not actions.dry and not os.path.exists(os.path.join(tree, "Kbuild")):
            raise Failure(f"--tree {tree}: not a kernel's source")
        configured = os.path.exists(os.path.join(tree, ".config"))
        self.build = tree if configured else os.path.join(home, "build")
        self.symvers = os.path.join(self.build, "Module.symvers")
        # As Debian does it: the release is given, whatever version the Makefile says.
        self.words = ["KERNELRELEASE=" + kernel.release]

    def prepare(self):
        self.actions.do(f"prepare {self.build} with the configuration, the release and the "
                        f"symbol versions of {self.kernel.release}", self.configure)
        self.actions.run("make", "-C", self.root, *self.apart(), *self.words,
                         "modules_prepare", log=os.path.join(self.home, "prepare.log"))

    def apart(self):
        return [] if self.build == self.root else ["O=" + self.build]

    def configure(self):
        os.makedirs(self.build, exist_ok=True)
        wanted = kernel_file(self.kernel, "config")
        config = os.path.join(self.build, ".config")
        if not os.path.exists(config):
            shutil.copy(wanted, config)
            self.actions.run("make", "-C", self.root, *self.apart(), *self.words,
                             "olddefconfig", log=os.path.join(self.home, "prepare.log"))
        different = differences(wanted, config)
        if different:
            self.actions.warn("the configuration differs from the kernel's in "
                              + ", ".join(different[:8]))
        if not os.path.exists(self.symvers):
            packaged = Packaged(self.kernel, self.home, self.cache, self.actions)
            packaged.prepare()      # only Debian's headers tell the kernel's symbol versions
            shutil.copy(packaged.symvers, self.symvers)

    def fetch(self, targets):
        for target in targets:
            there = os.path.isdir(os.path.join(self.root, target.directory))
            if not there and not self.actions.dry:
                raise Failure(f"{self.root} has no {target.directory}")


def kernel_file(kernel, name):
    """A file that a kernel's package puts beside it, such as its configuration."""
    path = os.path.join(kernel.root, "boot", f"{name}-{kernel.release}")
    if not os.path.exists(path):
        raise Failure(f"{path} is missing: what kernel {kernel.release} was built with is "
                      "not known")
    return path


def options(path):
    with open(path, encoding="utf-8") as file:
        return {line.strip() for line in file
                if line.startswith("CONFIG_") and not OF_THE_BUILD.match(line)}


def differences(one, other):
    """Names of the options that two configurations have set differently."""
    return sorted({line.partition("=")[0] for line in options(one) ^ options(other)})


def full_tree(kernel, home, cache, actions):
    """Debian's whole source of a kernel, unpacked."""
    packaged = Packaged(kernel, home, cache, actions)
    target = os.path.join(home, "tree")
    if not os.path.isdir(target):
        actions.do(f"unpack all of linux-source, version {packaged.version}, in {target}",
                   unpack_all_sources, packaged, target)
    return target


def unpack_all_sources(packaged, target):
    scratch = target + ".unpacking"
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    subprocess.run(["tar", "-xJf", packaged.archive(), "-C", scratch, "--strip-components=1"],
                   check=True)
    os.rename(scratch, target)
