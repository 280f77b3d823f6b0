# SPDX-License-Identifier: GPL-2.0-or-later
"""What the end-to-end tests of fathom bench share: scratch files, running, JSON."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "fathom"
main = skips.main
ENGINES = ("io_uring", "libaio", "psync")


def job_text(sections, **common):
    """A job file: [global] with @common, then @sections, {name: {key: value}}."""
    def lines(keys):
        return [key if value is None else f"{key}={value}" for key, value in keys.items()]
    text = ["[global]"] + lines(common)
    for name, keys in sections.items():
        text += [f"[{name}]"] + lines(keys)
    return "\n".join(text) + "\n"


class BenchTest(unittest.TestCase):
    def setUp(self):
        # /var/tmp is on a disk more often than /tmp is.
        self.directory = tempfile.mkdtemp(prefix="fathom-bench-test.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def file(self, name, size, byte=b"x"):
        path = self.path(name)
        with open(path, "wb") as out:
            out.write(byte * size)
        return path

    def job(self, text, name="job.fio"):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def bench(self, text, *options, status=0):
        ran = subprocess.run([FATHOM, "bench", *options, self.job(text)], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(ran.returncode, status, ran.stderr)
        return ran

    def json(self, text, *options):
        return json.loads(self.bench(text, "--json", *options).stdout)

    def fails(self, text, *options):
        """The last line on stderr of a bench that must fail with exit code 1."""
        return self.bench(text, *options, status=1).stderr.strip().splitlines()[-1]


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)
