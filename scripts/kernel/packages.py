# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages, unpacked into a directory of the caller's and never installed."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from failure import Failure


ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def install(kind, *programs):
    """Lets scripts/setup install what @kind needs if one of the @programs is missing."""
    if all(map(shutil.which, programs)):
        return
    if subprocess.run([os.path.join(ROOT, "scripts/setup"), kind], check=False).returncode:
        raise Failure(f"scripts/setup {kind} failed")


def output(*command, cwd=None):
    """Standard output of a command, or None if it failed."""
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return ran.stdout if ran.returncode == 0 else None


def refresh():
    """Fetches the lists of packages anew; only root may."""
    return os.geteuid() == 0 and output("apt-get", "-q", "update") is not None


def known(package):
    """The candidate's entry in the lists of packages, fetching them if they lack it."""
    for attempt in (True, False):
        text = output("apt-cache", "show", "--no-all-versions", package)
        if text:
            return text
        if not (attempt and refresh()):
            break
    raise Failure(f"apt knows no package {package}")


def version(package):
    return re.search(r"^Version: (.+)$", known(package), re.M).group(1)


def depends(package, pattern):
    """The first package that @package depends on and whose name matches @pattern."""
    found = re.search(rf"^Depends:.*?\b({pattern})\b", known(package), re.M)
    if not found:
        raise Failure(f"package {package} depends on none called {pattern}")
    return found.group(1)


def download(package, into):
    """Path of the package's file in the directory @into. @package: PACKAGE or PACKAGE=VERSION."""
    for attempt in (True, False):
        if output("apt-get", "-q", "download", package, cwd=into) is not None:
            name = package.partition("=")[0]
            return glob.glob(os.path.join(into, name + "_*.deb"))[0]
        if not (attempt and refresh()):
            break
    raise Failure(f"package {package} could not be downloaded; 'apt-get download "
                  f"{package}' tells why")


def unpack_all(names, directory, finish=lambda tree: None):
    """Unpacks packages into one @directory unless it is there; @finish completes the tree before
    anyone sees it."""
    if os.path.isdir(directory):
        return
    parent = os.path.dirname(directory)
    os.makedirs(parent, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix=".unpacking.", dir=parent)
    try:
        tree = os.path.join(scratch, "tree")
        for name in names:
            archive = download(name, scratch)
            subprocess.run(["dpkg-deb", "-x", archive, tree], check=True)
            os.remove(archive)
        finish(tree)
        os.rename(tree, directory)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def unpack(package, directory, finish=lambda tree: None):
    unpack_all([package], directory, finish)
