# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/kmod: modules are built from the kernel's own source with a visible change, and loaded
into the unmodified kernel. kmod_test.py KMOD VM BUILD"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tarfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

KMOD, VM, BUILD = sys.argv[1:4]
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HOME = os.path.join(BUILD, "tests/vm/kmod")
sys.path.insert(0, os.path.join(ROOT, "scripts/kernel"))
import stage  # noqa: E402
from module_file import ModuleFile  # noqa: E402

MODULES = ("drivers/net/vsockmon.ko", "net/vmw_vsock/vsock.ko")
CHANGE = '\nstatic char *note = "changed";\nmodule_param(note, charp, 0444);\n'


def kmod(*words, status=0):
    ran = subprocess.run([KMOD, "--home", HOME, "--kernel", "linux-image-amd64", *words],
                         capture_output=True, text=True, check=False)
    if ran.returncode != status:
        raise AssertionError(f"kmod {' '.join(words)}: exit {ran.returncode}: {ran.stderr}")
    return ran


def built(name):
    path, = glob.glob(f"{HOME}/*/modules/{name}")
    return path


class Kmod(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(HOME, ignore_errors=True)
        cls.planned = kmod("-n", "build", *MODULES).stdout.splitlines()
        cls.made_by_planning = os.path.exists(HOME)
        for folder in kmod("source", *MODULES).stdout.split():
            for name in ("vsockmon.c", "af_vsock.c"):
                path = os.path.join(folder, name)
                if os.path.exists(path):
                    with open(path, "a", encoding="utf-8") as file:
                        file.write(CHANGE)
        cls.said = kmod("build", *MODULES)

    def refused(self, words, *sentences, status=1):
        ran = kmod(*words, status=status)
        for sentence in sentences:
            self.assertIn(sentence, ran.stderr)
        self.assertNotIn("Traceback", ran.stderr)
        return ran

    def changed(self, old, new):
        """A copy of the built vsockmon in which bytes were replaced."""
        with open(built(MODULES[0]), "rb") as file:
            data = file.read()
        self.assertIn(old, data)
        path = os.path.join(HOME, "vsockmon.ko")
        with open(path, "wb") as file:
            file.write(data.replace(old, new, 1))
        return path

    def test_a_plan_does_nothing(self):
        self.assertFalse(self.made_by_planning)
        self.assertTrue(all(line.startswith("would: ") for line in self.planned))
        makes = [line for line in self.planned if line.startswith("would: make ")]
        self.assertIn("vsock.ko", makes[0])         # what others need comes first
        self.assertIn("vsockmon.ko", makes[1])

    def test_what_fits_is_told_with_what_it_brings(self):
        self.assertEqual(self.said.stdout.count(": fits 6.1.0-"), len(MODULES))
        self.assertIn("O (built out of the tree), E (not signed)", self.said.stderr)

    def test_another_version_string_is_refused(self):
        path = self.changed(b"vermagic=6.1.0", b"vermagic=6.2.0")
        self.refused(("check", path), "it is built for \"6.2.0-", "nothing was loaded")

    def test_another_version_of_a_symbol_is_refused(self):
        symbol = b"rtnl_link_register"
        with open(built(MODULES[0]), "rb") as file:
            data = file.read()
        row = next(data[place - 8:place] for place in range(8, len(data))
                   if data.startswith(symbol + b"\0", place) and data[place - 4:place] == bytes(4))
        path = self.changed(row + symbol, bytes([row[0] ^ 1]) + row[1:] + symbol)
        self.refused(("check", path), "other versions of rtnl_link_register")

    def test_an_unknown_symbol_is_refused(self):
        path = self.changed(b"dev_lstats_read\0", b"dev_lstats_reap\0")
        self.refused(("check", path), "nothing exports dev_lstats_reap")

    def test_changed_exports_are_told_with_who_is_shut_out(self):
        """As if the change had altered a type that an exported function takes."""
        path = built("net/vmw_vsock/Module.symvers")
        with open(path, encoding="ascii") as file:
            table = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write(re.sub(r"(?m)^0x\w+\tvsock_core_register\t",
                              "0x00000001\tvsock_core_register\t", table))
        try:
            ran = kmod("check", built(MODULES[1]))
        finally:
            with open(path, "w", encoding="ascii") as file:
                file.write(table)
        self.assertIn("exported symbols changed: vsock_core_register\n", ran.stderr)
        self.assertRegex(ran.stderr, "vmw_vsock_virtio_transport uses vsock_core_register and "
                         "cannot be loaded")

    def test_packed_as_distributions_pack(self):
        """Debian 12 does not; what does reads ours."""
        for end in (".gz", ".xz", ".zst"):
            path = os.path.join(HOME, "packed.ko" + end)
            stage.copy(built(MODULES[0]), path)
            with self.subTest(end):
                self.assertEqual(ModuleFile(path).sections, ModuleFile(built(MODULES[0])).sections)
                kmod("check", path)
        told = subprocess.run(["modinfo", "-F", "vermagic", os.path.join(HOME, "packed.ko.xz")],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("6.1.0-", told)

    def test_damaged_files_get_one_line(self):
        with open(built(MODULES[0]), "rb") as file:
            data = file.read()
        path = os.path.join(HOME, "damaged.ko")
        for length in (0, 3, 63, 64, 1000, len(data) // 2, len(data) - 1):
            with open(path, "wb") as file:
                file.write(data[:length])
            with self.subTest(length):
                self.assertEqual(self.refused(("check", path), path).stderr.count("\n"), 1)

    def test_mistakes_get_one_line(self):
        for words, sentence in (
                (("build", "net/nowhere"), "has no module of net/nowhere"),
                (("build", "/etc"), "the place in the kernel's source"),
                (("build", "--set", "VSOCKMON", MODULES[0]), "CONFIG_NAME=m"),
                (("check", "/nowhere.ko"), "No such file"),
                (("load", "vsockmon"), "does not run here"),
                (("build", "--tree", "/etc", MODULES[0]), "not a kernel's source"),
                (("--kernel", "6.1.0-999-amd64", "stage"), "apt knows no package")):
            with self.subTest(words):
                self.assertEqual(self.refused(words, sentence).stderr.count("\n"), 1)

    def test_compile_errors_are_shown(self):
        path, = glob.glob(f"{HOME}/*/src/drivers/net/vsockmon.c")
        with open(path, "a+", encoding="utf-8") as file:
            end = file.tell()
            file.write("#error broken on purpose\n")
        try:
            self.refused(("build", MODULES[0]), "broken on purpose", "make failed")
        finally:
            os.truncate(path, end)

    def test_staged_files_carry_no_directories(self):
        ran = kmod("stage")
        self.assertIn("depmod 6.1.0-", ran.stdout)
        path, = glob.glob(f"{HOME}/*/modules-*.tar")
        with tarfile.open(path) as tar:
            self.assertTrue(all(member.isfile() for member in tar))
            self.assertCountEqual([name.partition("/updates/")[2] for name in tar.getnames()],
                                  MODULES)

    def unpack_staged(self):
        """As on another machine: beside the kernel's own modules, then depmod."""
        tar, = glob.glob(f"{HOME}/*/modules-*.tar")
        release = re.search(r"modules-(.*)\.tar", tar).group(1)
        modules = os.path.join(HOME, "root/lib/modules", release)
        shutil.rmtree(os.path.join(HOME, "root"), ignore_errors=True)
        os.makedirs(modules)
        own = os.path.join(ROOT, os.environ.get("FATHOM_BUILD", "build"),
                           "vm/kernels/linux-image-amd64/lib/modules", release)
        for name in ("kernel", "modules.order", "modules.builtin", "modules.builtin.modinfo"):
            os.symlink(os.path.join(own, name), os.path.join(modules, name))
        subprocess.run(["tar", "-C", HOME + "/root", "-xf", tar], check=True)
        subprocess.run(["depmod", "-b", HOME + "/root", release], check=True)

    def test_in_the_unmodified_kernel(self):
        kmod("stage")
        self.unpack_staged()
        ran = subprocess.run([VM, "run", "-m", "vsock_loopback,vsockmon", "--cpus", "1", "--timeout",
                              "200", "--share", HOME, "--build", BUILD, "--", sys.executable,
                              os.path.join(HERE, "kmod_guest.py"), KMOD, HOME], check=False,
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)


if __name__ == "__main__":
    skips.main(sys.argv[:1] + sys.argv[4:])
