# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/vm: what goes in comes out, the machine ends, and what is wrong is told."""
import glob
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

VM, BUILD = sys.argv[1:3]

# Prints bytes that no text has, on both streams, and says on the way what the guest is like.
COMMAND = r"""
cat
printf 'err\0\377\r\n' >&2
grep -q '^vsock_loopback ' /proc/modules || exit 1
[ "$(command -v fathom)" = "$1/fathom" ] && fathom --version >"$2/version" || exit 2
touch /usr/here 2>/dev/null && exit 3
touch /tmp/here ~/here || exit 4
[ "$(pwd)" = "$3" ] || exit 5
uname -r >"$2/release"
exit 7
"""


def vm(*words, data=b"", **options):
    ran = subprocess.run([VM, *words], input=data, capture_output=True, check=False, **options)
    return ran.returncode, ran.stdout, ran.stderr


def users(path):
    """Processes that have the file open."""
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link) == path:
                yield int(link.split("/")[2])
        except OSError:
            pass                    # it has ended


class Inside(unittest.TestCase):
    def test_streams_status_and_surroundings(self):
        data = os.urandom(200_000)
        with tempfile.TemporaryDirectory() as share:
            status, out, err = vm("run", "--cpus", "1", "--build", BUILD, "-m", "vsock_loopback,vsockmon",
                                  "--share", share, "--", "sh", "-c", COMMAND, "sh", BUILD,
                                  share, os.getcwd(), data=data)
            self.assertEqual((status, err), (7, b"err\0\377\r\n"), err.decode(errors="replace"))
            self.assertTrue(out == data, f"{len(out)} bytes of {len(data)}, or others")
            self.assertCountEqual(os.listdir(share), ["version", "release"])
            with open(share + "/release", encoding="utf-8") as file:
                self.assertNotEqual(file.read().strip(), os.uname().release)

    def test_a_machine_that_dies_is_a_failure(self):
        crash = "echo c >/proc/sysrq-trigger"
        status, out, err = vm("run", "--cpus", "1", "sh", "-c", crash)
        self.assertEqual((status, out), (125, b""))
        self.assertIn(b"without the exit status", err)
        self.assertIn(b"sysrq triggered crash", err)

    def test_a_machine_that_takes_too_long_is_ended(self):
        with tempfile.NamedTemporaryFile() as console:
            status, _, err = vm("run", "--timeout", "2", "--console", console.name,
                                "sleep", "1000")
            self.assertEqual(status, 124)
            self.assertIn(b"not finished after 2 s", err)
            self.assertEqual(list(users(console.name)), [os.getpid()])


class Wrong(unittest.TestCase):
    def expect(self, sentence, *words):
        status, out, err = vm(*words)
        self.assertEqual((status, out), (125, b""))
        self.assertEqual(err.decode().count("\n"), 1, err)
        self.assertIn(sentence, err.decode())

    def test_each_mistake_gets_a_line(self):
        self.expect("has no module called nix", "run", "-m", "nix", "true")
        self.expect("--share /nix: not a directory", "run", "--share", "/nix", "true")
        self.expect("/etc has no kernel", "run", "--kernel", "/etc", "true")
        self.expect("standard input is no terminal", "shell")

    def test_bad_usage(self):
        for words in ((), ("run",), ("run", "--"), ("run", "--cpus", "many", "true")):
            with self.subTest(words):
                status, _, err = vm(*words)
                self.assertEqual(status, 2)
                self.assertIn(b"usage: ", err)


if __name__ == "__main__":
    skips.main(sys.argv[:1] + sys.argv[3:])
