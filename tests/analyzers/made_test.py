# SPDX-License-Identifier: GPL-2.0-or-later
"""What the analyses say of made-up traces that lack something: lost records, a cut end."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

FATHOM, MAKE_TRACE = sys.argv[1:3]
LOST = 2 * 17 # make_trace -l: 17 on each of 2 CPUs
COMMANDS = {("latency",): (), ("depth",): (), ("poll",): ("-p",), ("poll", "--what-if"): ("-p",)}


def make_trace(path, *options):
    subprocess.run([MAKE_TRACE, "-e", "2000", "-r", "20", *options, path], check=True)


def fathom(*words):
    return subprocess.run([FATHOM, *words], capture_output=True, text=True, check=False)


class Made(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "made.data")

    def test_losses_stand_beside_the_figures(self):
        for command, options in COMMANDS.items():
            with self.subTest(command):
                make_trace(self.path, "-l", *options)
                told = f"note: {LOST} records were lost"
                text = fathom(*command, "-i", self.path)
                self.assertEqual((text.returncode, text.stderr), (0, ""))
                self.assertIn(told, text.stdout)
                table = fathom(*command, "-i", self.path, "--csv")
                self.assertNotIn("note:", table.stdout)
                self.assertIn(told, table.stderr)
                answer = fathom(*command, "-i", self.path, "--json")
                self.assertEqual(json.loads(answer.stdout)["lost"], LOST)

    def test_losses_bound_the_percentiles(self):
        make_trace(self.path, "-l")
        answer = json.loads(fathom("latency", "-i", self.path, "--json").stdout)
        self.assertEqual(answer["gaps"]["unknown_max"], LOST // 2)
        self.assertEqual(answer["cut"], [])
        for group in answer["groups"]:
            self.assertEqual(group["percentiles_bounds_ns"]["50"], [500, 500])
            self.assertEqual(group["percentiles_bounds_ns"]["99.99"], [500, None])
        self.assertIn(f"up to {LOST // 2} requests more", fathom("latency", "-i",
                                                                 self.path).stdout)

    def test_no_losses_no_note(self):
        for command, options in COMMANDS.items():
            with self.subTest(command):
                make_trace(self.path, *options)
                self.assertNotIn("lost", fathom(*command, "-i", self.path).stdout)
                answer = fathom(*command, "-i", self.path, "--json")
                self.assertEqual(json.loads(answer.stdout)["lost"], 0)
                self.assertNotIn("bounds", answer.stdout)

    def test_no_blanks_at_the_ends(self):
        for command, options in COMMANDS.items():
            make_trace(self.path, "-w", "-e", "8000", *options)
            for line in fathom(*command, "-i", self.path).stdout.splitlines():
                self.assertEqual(line, line.rstrip(), command)

    def test_one_line_about_a_damaged_trace_without_requests(self):
        make_trace(self.path, "-1")
        with open(self.path, "r+b") as trace:
            trace.truncate(os.path.getsize(self.path) * 3 // 5)
        for command in COMMANDS:
            for words in (), ("--model", "fathom"):
                done = fathom(*command, "-i", self.path, *words)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                if words or command[0] != "poll":
                    self.assertIn("incomplete: cut at offset", done.stderr)


unittest.main(argv=sys.argv[:1])
