# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of kmod_test.py that runs in the machine, where the kernel's own vsock modules are
loaded: KMOD HOME."""
import json
import os
import signal
import socket
import subprocess
import sys
import unittest

KMOD, HOME = sys.argv[1:3]
PORT = 4321


def kmod(*words, status=0):
    # Without what a machine's own site adds, which is slow under emulation.
    ran = subprocess.run([sys.executable, "-IS", KMOD, "--home", HOME, *words],
                         capture_output=True, text=True, check=False)
    if ran.returncode != status:
        raise AssertionError(f"kmod {' '.join(words)}: exit {ran.returncode}: {ran.stderr}")
    return ran


def loaded():
    with open("/proc/modules", encoding="ascii") as file:
        return {line.split()[0] for line in file}


def note(module):
    try:
        with open(f"/sys/module/{module}/parameters/note", encoding="ascii") as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


def talk():
    """One conversation over the loopback."""
    with socket.socket(socket.AF_VSOCK) as server:
        server.bind((socket.VMADDR_CID_ANY, PORT))
        server.listen()
        with socket.socket(socket.AF_VSOCK) as client:
            client.connect((1, PORT))
            served, _ = server.accept()
            with served:
                client.sendall(b"question")
                served.recv(100)
                served.sendall(b"answer")
                client.recv(100)


class Guest(unittest.TestCase):
    """In the order of the names: one kernel lives through all."""

    def test_1_others_are_not_replaced_unasked(self):
        self.assertIsNone(note("vsockmon"))
        ran = kmod("load", "vsockmon", status=1)
        self.assertIn("another vsock is loaded: --replace", ran.stderr)
        self.assertIn("vsock_loopback", ran.stderr)

    def test_2_replaced_in_order(self):
        before = loaded()
        planned = kmod("-n", "load", "--replace", "vsockmon", "note=told").stdout
        steps = [line.split()[1:] for line in planned.splitlines() if line.startswith("would: ")]
        removed = [words[1] for words in steps if words[0] == "rmmod"]
        self.assertEqual((removed[-1], set(removed) <= before), ("vsock", True))
        inserted = [os.path.basename(words[1]) for words in steps if words[0] == "insmod"]
        self.assertEqual(inserted, ["vsock.ko", "vsockmon.ko"])
        self.assertEqual(loaded(), before)
        ran = kmod("load", "--replace", "vsockmon", "note=told")
        self.assertEqual(loaded(), before)      # those that used the old ones are back
        self.assertEqual((note("vsockmon"), note("vsock")), ("told", "changed"))
        self.assertIn("tainted now: E (not signed)", ran.stderr)
        self.assertIn("tainted now: O (built out of the tree)", ran.stderr)

    def test_3_loaded_already(self):
        kmod("load", "vsockmon")
        self.assertEqual(note("vsockmon"), "told")

    def test_4_captures(self):
        capture = subprocess.Popen(["fathom", "vsock", "--json"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.assertIn("capturing on vsockmon0", capture.stderr.readline())
        talk()
        capture.send_signal(signal.SIGINT)
        out, err = capture.communicate()
        self.assertEqual(capture.returncode, 0, err)
        conversation, = json.loads(out)["conversations"]
        self.assertEqual((conversation["bytes_ab"], conversation["bytes_ba"]), (8, 6))

    def test_5_unloaded_in_order(self):
        kmod("unload", "vsock")
        self.assertFalse([name for name in loaded() if "vsock" in name])

    def test_6_what_was_staged_comes_before_the_kernels_own(self):
        subprocess.run(["/sbin/modprobe", "-d", os.path.join(HOME, "root"), "vsockmon"],
                       check=True)
        self.assertEqual((note("vsockmon"), note("vsock")), ("changed", "changed"))


if __name__ == "__main__":
    sys.exit(not unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful())
