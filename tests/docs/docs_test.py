# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents are true: every command and option of --help stands in its man page and
the other way round, links lead somewhere, man pages are well-formed, and the source of a
command is where its name says."""
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

ROOT, FATHOM = sys.argv[1], sys.argv[2]
MAN = os.path.join(ROOT, "docs/man")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def fathom(*words):
    return subprocess.run([FATHOM, *words], check=True, capture_output=True, text=True).stdout


def commands():
    return re.findall(r"^  (\w+) +", fathom("--help"), re.M)


def markdown():
    yield "README.md"
    for folder, _, names in os.walk(os.path.join(ROOT, "docs")):
        for name in names:
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


class Documents(unittest.TestCase):
    def test_every_command_has_its_page_and_file(self):
        self.assertTrue(commands())
        overview = read("docs/man/fathom.1")
        for command in commands():
            with self.subTest(command):
                self.assertTrue(os.path.exists(f"{MAN}/fathom-{command}.1"))
                self.assertIn(f"fathom-{command}", overview)
                homes = [folder for folder in ("probes", "collector", "analyzers")
                         if os.path.exists(os.path.join(ROOT, folder, command + ".c"))]
                self.assertEqual(len(homes), 1, "one file has the command's name")

    def test_options_and_pages_agree(self):
        for command in commands():
            with self.subTest(command):
                told = set(re.findall(r"^  +(?:-\w, +)?--([a-z-]+)",
                                      fathom(command, "--help"), re.M)) - {"help"}
                page = read(f"docs/man/fathom-{command}.1").replace("\\-", "-")
                written = set(re.findall(r"^\.(?:It|Op) Fl .*?-([a-z][a-z-]+)", page, re.M))
                self.assertEqual(told - set(re.findall(r"-([a-z][a-z-]*)", page)), set(),
                                 "options missing in the page")
                self.assertEqual(written - told - {"help"}, set(), "options that do not exist")

    def test_keys_of_jobs_agree(self):
        rows = re.search(r"struct key keys\[\] = {\n(.*?)^};", read("probes/job_keys.c"),
                         re.M | re.S)[1]
        keys = set(re.findall(r'^\t{"(\w+)"', rows, re.M))
        table = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", read("docs/jobs.md"), re.M)
        self.assertGreater(len(keys), 20)
        self.assertLessEqual(keys, set(re.findall(r"\w+", " ".join(table))))
        page = re.search(r"^\.Sh KEYS\n(.*?)^\.Sh", read("docs/man/fathom-bench.1"),
                         re.M | re.S)[1]
        self.assertEqual(keys - set(re.findall(r"\w+", page)), set())

    def test_links(self):
        for name in markdown():
            for link in re.findall(r"\]\(([^)#]+)[^)]*\)", read(name)):
                if "://" in link:
                    continue
                with self.subTest(f"{name}: {link}"):
                    target = os.path.join(ROOT, os.path.dirname(name), link)
                    self.assertTrue(os.path.exists(target))

    def test_every_page_stands_in_the_index(self):
        index = set(re.findall(r"^\| \[([^]]+)\]\(", read("docs/README.md"), re.M))
        pages = {name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md")}
        self.assertEqual(index, pages - {"README.md"})

    def test_no_placeholder_is_left(self):
        for name in markdown():
            self.assertIsNone(re.search(r"^[A-Z]{3,}$", read(name), re.M), name)

    def test_pages_are_well_formed(self):
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed")
        for name in sorted(os.listdir(MAN)):
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                                   os.path.join(MAN, name)], capture_output=True, text=True)
            with self.subTest(name):
                self.assertEqual(lint.stdout, "")


if __name__ == "__main__":
    skips.main(sys.argv[:1])
