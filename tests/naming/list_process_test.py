# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom list -p and -a on running programs, and record with the names that list shows.
Needs root: for files that were deleted, for mount namespaces, and for probes."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from naming import built, files, main, run, signature

if os.geteuid() != 0:
    print("SKIP: not root")
    sys.exit(77)


class Running(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.program = os.path.join(self.folder, "program")
        shutil.copy(built("gcc"), self.program)

    def start(self, *command):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def listed(self, *words):
        return [file for file in files(*words)
                if any(probe["provider"] == "named" for probe in file["probes"])]

    def check(self, file):
        probe = {probe["name"]: probe for probe in file["probes"]}["submit"]
        self.assertEqual(signature(probe), "u64 id, u32 way, str label")

    def test_process(self):
        first, second = (self.start(self.program, "wait") for _ in range(2))
        file, = self.listed("-p", f"{first.pid},{second.pid}")
        self.assertEqual(file["path"], self.program)
        self.assertIsNone(file["mapped_as"])
        self.assertEqual(file["pids"], [first.pid, second.pid])
        self.check(file)

    def test_all(self):
        process = self.start(self.program, "wait")
        file, = (file for file in self.listed("-a", "named:*")
                 if file["path"] == self.program)
        self.assertEqual(file["pids"], [process.pid])
        paths = [file["path"] for file in files("-a")]
        self.assertEqual(len(paths), len(set(paths)))

    def test_deleted(self):
        process = self.start(self.program, "wait")
        os.remove(self.program)
        file, = self.listed("-p", str(process.pid))
        self.assertRegex(file["path"], f"^/proc/{process.pid}/map_files/")
        self.assertEqual(file["mapped_as"], self.program + " (deleted)")
        self.check(file)

    def test_replaced(self):
        process = self.start(self.program, "wait")
        os.rename(self.program, self.program + ".old")
        shutil.copy("/bin/true", self.program)
        file, = self.listed("-p", str(process.pid))
        self.check(file)

    def test_mount_namespace(self):
        hidden = os.path.join(self.folder, "hidden")
        os.mkdir(hidden)
        script = ('mount -t tmpfs none "$1" && cp "$2" "$1/inside" && '
                  'exec "$1/inside" wait')
        try:
            process = self.start("unshare", "-m", "sh", "-c", script, "sh", hidden,
                                 self.program)
        except AssertionError:
            self.skipTest("no mount namespace here")
        self.assertEqual(os.listdir(hidden), [])
        file, = self.listed("-p", str(process.pid))
        self.assertEqual(file["path"], f"/proc/{process.pid}/root{hidden}/inside")
        self.check(file)

    def test_build_id(self):
        """A separate file of debug information below /usr/lib/debug."""
        build_id = files("-x", self.program)[0]["build_id"]
        subprocess.run(["strip", self.program], check=True)
        folder = f"/usr/lib/debug/.build-id/{build_id[:2]}"
        is_ours = not os.path.exists(folder)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, build_id[2:] + ".debug")
        try:
            subprocess.run(["objcopy", "--only-keep-debug", built("gcc"), path], check=True)
            self.check(files("-x", self.program)[0])
        finally:
            os.remove(path)
            if is_ours:
                os.rmdir(folder)
        names = [a["name"] for a in files("-x", self.program, "submit")[0]["probes"][0]
                 ["arguments"]]
        self.assertEqual(names, ["arg1", "arg2", "arg3"])

    def test_record_has_the_same_names(self):
        trace = os.path.join(self.folder, "trace")
        process = subprocess.run(
            [sys.argv[1], "record", "-q", "-e", "named:submit", "-e", "named:noted", "-o", trace,
             "--", self.program], capture_output=True, text=True)
        if process.returncode:
            self.skipTest(process.stderr)
        lines = run("script", "-i", trace).splitlines()
        self.assertEqual(len(lines), 3, lines)
        self.assertTrue(lines[0].endswith(f'named:submit: id=1 way=READ label="{self.program}"'),
                        lines[0])
        self.assertTrue(lines[1].endswith(f'named:submit: id=2 way=WRITE label="{self.program}"'),
                        lines[1])
        self.assertTrue(lines[2].endswith("named:noted: by_note=7"), lines[2])


if __name__ == "__main__":
    main(["list_process_test"])
