#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which file is meant, and whose hits count: libraries that are loaded later, containers,
programs that were replaced, children. places_test.py BACKEND FATHOM PLUGGER PLUG OTHER_PLUG

PLUGGER loads the library PLUG when it is told to; OTHER_PLUG is another build of it.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

BACKEND, FATHOM, PLUGGER, PLUG, OTHER = sys.argv[1:6]
DEADLINE = 60
NEVER = "(attached, never hit)"


class Plugger:
    """The program, told what to do line by line."""

    def __init__(self, case, *before):
        self.process = subprocess.Popen([*before, PLUGGER], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.stdout.close)
        case.addCleanup(self.process.stdin.close)
        self.pid = str(self.process.pid)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer == "done\n", (line, answer)


class Places(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="fathom-places-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chdir(self.folder)
        self.addCleanup(os.chdir, "/")
        self.library = os.path.join(self.folder, "libplug.so")
        shutil.copy(PLUG, self.library)

    def start(self, *arguments, env=None):
        """Starts record; returns it once its sites are attached, with what it said."""
        recorder = subprocess.Popen([FATHOM, "record", "--backend", BACKEND, "-o", "t.data",
                                     "-e", "plug:*", *arguments], stderr=subprocess.PIPE,
                                    text=True, env=env)
        self.addCleanup(recorder.stderr.close)
        self.addCleanup(recorder.wait)
        self.addCleanup(recorder.kill)
        said = line = ""
        while "attached, backend" not in line:
            line = recorder.stderr.readline()
            self.assertTrue(line, said)
            said += line
        return recorder, said

    def end(self, recorder):
        """Ends record; the (probe, argument) pairs of its trace, and what it said."""
        recorder.send_signal(signal.SIGINT)
        said = recorder.stderr.read()
        self.assertEqual(recorder.wait(DEADLINE), 0, said)
        return self.events(), said

    def events(self):
        text = subprocess.run([FATHOM, "script", "-i", "t.data"], capture_output=True, text=True,
                              check=True, timeout=DEADLINE).stdout
        return [(name, int(number)) for name, number in
                re.findall(r"plug:(\w+): arg1=(\d+)", text)]

    def both(self, *numbers):
        return [(name, number) for number in numbers for name in ("work", "gated")]

    def test_library_of_a_command_that_is_loaded_later(self):
        done = subprocess.run([FATHOM, "record", "--backend", BACKEND, "-o", "t.data", "-e",
                               "plug:*", "-x", "libplug.so", "--", PLUGGER],
                              input=f"load {self.library}\nwork 1\nfork 2 child\nwork 3\n",
                              capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.events(), self.both(1, 2, 3))

    def test_library_of_a_process_that_is_loaded_later(self):
        plugger = Plugger(self)
        recorder, _ = self.start("-x", self.library, "-p", plugger.pid)
        plugger.tell(f"load {self.library}")
        for line in ("work 1", "fork 2 child", "work 3"):
            plugger.tell(line)
        self.assertEqual(self.end(recorder)[0], self.both(1, 3))

    def test_children_of_a_process(self):
        plugger, stranger = Plugger(self), Plugger(self)
        for one in (plugger, stranger):
            one.tell(f"load {self.library}")
        recorder, _ = self.start("-p", plugger.pid, "--follow")
        stranger.tell("work 9")
        for line in ("work 1", "fork 2 child", "work 3"):
            plugger.tell(line)
        self.assertEqual(self.end(recorder)[0], self.both(1, 2, 3))

    def test_names_of_processes_that_live_short(self):
        plugger = Plugger(self)
        plugger.tell(f"load {self.library}")
        recorder, _ = self.start("-a", "-x", self.library)
        plugger.tell("forks 50 brief")
        self.end(recorder)
        text = subprocess.run([FATHOM, "script", "-i", "t.data"], capture_output=True,
                              text=True, check=True).stdout
        hits = re.findall(r"^(\S+) +\d+ \[\d+\] +([\d.]+): plug:work: arg1=(\d+)", text, re.M)
        self.assertEqual([(name, number) for name, _, number in hits],
                         [(f"brief{number}", str(number)) for number in range(50)])
        times = [float(time) for _, time, _ in hits]
        self.assertEqual(times, sorted(times))

    def contained(self):
        """A process in a mount namespace that has a copy of the library at a place of its own."""
        hidden = os.path.join(self.folder, "hidden")
        os.mkdir(hidden)
        if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", hidden]).returncode:
            self.skipTest("no mount namespace here")
        script = ('mount -t tmpfs none "$1" && cp "$2" "$1" && ln -s "$1/libplug.so" "$1/link.so"'
                  ' && exec "$3"')
        plugger = Plugger(self, "unshare", "-m", "sh", "-c", script, "sh", hidden, self.library)
        plugger.tell(f"load {self.library}")
        self.assertEqual(os.listdir(hidden), [])
        return plugger, hidden

    def test_container(self):
        """By its path there, by a link there, by our copy, by name, without -x."""
        plugger, hidden = self.contained()
        recorder, _ = self.start("-x", f"{hidden}/libplug.so", "-p", plugger.pid)
        plugger.tell("work 0")  # of our library
        plugger.tell(f"load {hidden}/libplug.so")
        plugger.tell("work 1")
        self.assertEqual(self.end(recorder)[0], self.both(1))
        os.rename(self.library, "copy.so")
        for words in (["-x", f"{hidden}/libplug.so"], ["-x", f"{hidden}/link.so"],
                      ["-x", "libplug.so"], []):
            with self.subTest(words=words):
                recorder, _ = self.start(*words, "-p", plugger.pid)
                plugger.tell("work 2")
                self.assertEqual(self.end(recorder)[0], self.both(2))

    def test_container_with_a_copy(self):
        """What is here is there as another file, which its build id tells."""
        plugger, hidden = self.contained()
        other = Plugger(self, "nsenter", "-m", "-t", plugger.pid)
        other.tell(f"load {hidden}/libplug.so")
        here = os.path.join(self.folder, "here.so")
        shutil.copy(PLUG, here)
        recorder, _ = self.start("-x", here, "-p", other.pid)
        other.tell("work 3")
        self.assertEqual(self.end(recorder)[0], self.both(3))
        recorder, said = self.start("-a", "-x", self.library)
        for number, one in enumerate((plugger, other)):
            one.tell(f"work {number}")
        self.assertEqual(self.end(recorder)[0], self.both(0, 1))
        self.assertNotIn("warning", said)

    def test_replaced(self):
        """After an upgrade a process still runs the old file: -p means it, others are told."""
        plugger = Plugger(self)
        plugger.tell(f"load {self.library}")
        shutil.copy(OTHER, "new.so")
        os.replace("new.so", self.library)
        recorder, said = self.start("-a", "-x", self.library)
        plugger.tell("work 1")
        events, end = self.end(recorder)
        self.assertEqual(events, [])
        self.assertEqual(end.count(NEVER), 2)
        self.assertIn(f"warning: process {plugger.pid} runs another build of {self.library} "
                      f"(an older one, or a container's): -p {plugger.pid} records it", said)
        recorder, said = self.start("-x", self.library, "-p", plugger.pid)
        plugger.tell("work 2")
        self.assertEqual(self.end(recorder)[0], self.both(2))
        self.assertNotIn("warning", said)

    def test_program_of_the_path(self):
        """-x NAME without a slash, as a shell would find it, or as a process has it."""
        folder = os.path.join(self.folder, "bin")
        os.mkdir(folder)
        shutil.copy(PLUG, folder + "/plugged")
        os.mkdir("wrappers")
        with open("wrappers/plugged", "w") as script:
            script.write("#!/bin/sh\n")
        env = {**os.environ, "PATH": f"{self.folder}/wrappers:{folder}:" + os.environ["PATH"]}
        recorder, _ = self.start("-x", "plugged", env=env)
        plugger = Plugger(self)
        plugger.tell(f"load {folder}/plugged")
        plugger.tell("work 0")
        self.assertEqual(self.end(recorder)[0], self.both(0))
        os.mkdir("apart")
        shutil.copy(PLUG, "apart/libapart.so")
        plugger.tell("load ./apart/libapart.so")
        recorder, _ = self.start("-x", "libapart.so")
        plugger.tell("work 1")
        self.assertEqual(self.end(recorder)[0], self.both(1))
        done = subprocess.run([FATHOM, "record", "-e", "plug:*", "-x", "no-such-plug"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "fathom record: no-such-plug: no such file, no program of $PATH, "
                             "and no running process has a file of that name mapped\n"))


skips.unless_record_works(FATHOM, BACKEND, PLUGGER)
skips.main(sys.argv[:1] + sys.argv[6:])
