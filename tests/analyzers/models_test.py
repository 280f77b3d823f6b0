# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom models on models, programs and traces: models_test.py FATHOM MAKE_TRACE PROBED MODEL

PROBED is a program with the probes of the file MODEL."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, MAKE_TRACE, PROBED, MODEL = (os.path.abspath(word) for word in sys.argv[1:5])


class Models(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fathom-models-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environment = os.environ | {"FATHOM_MODEL_PATH": self.folder}

    def fathom(self, *words, status=0, warns=""):
        done = subprocess.run([FATHOM, "models", *words], capture_output=True, text=True,
                              check=False, env=self.environment)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        self.assertIn(warns, done.stderr)
        if not warns and not status:
            self.assertEqual(done.stderr, "")
        return done.stdout

    def json(self, *words, status=0):
        return {model["name"]: model
                for model in json.loads(self.fathom("--json", *words, status=status))["models"]}

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_line_for_each(self):
        self.write("mine.model", "[request one]\nabout = what is \x1bmine\n"
                   "submit = a:b key=c\ncomplete = a:d key=c\n")
        lines = self.fathom().splitlines()
        self.assertRegex(lines[0], r"^model +a request is +from … to$")
        self.assertIn("fathom", [line.split()[0] for line in lines])
        self.assertIn("postgresql/lock", [line.split()[0] for line in lines])
        self.assertRegex(lines[1], r"^one +what is \\x1bmine +a:b … d$")
        self.assertEqual(len(lines), 1 + len(self.json()))

    def test_one_of_them(self):
        shown = self.fathom("python/call")
        self.assertIn("submit    python:function__entry(filename,function,lineno)   "
                      "key=filename+function op=function", shown)
        self.assertIn("-e 'python:function__entry' -e 'python:function__return' -e 'python:line'",
                      shown)
        self.assertEqual(list(self.json("qemu/virtio-blk")), ["qemu/virtio-blk"])
        stages = [line["stage"] for line in self.json("qemu/virtio-blk")["qemu/virtio-blk"]["lines"]
                  if line["role"] == "stage"]
        self.assertEqual(stages, ["block", "block", "io_uring", "reaped", "answer"])

    def test_a_program(self):
        listed = self.json("-x", FATHOM)
        self.assertEqual({name for name, model in listed.items() if model["fit"] != "none"},
                         {"fathom"})
        self.assertEqual([line["arguments"] for line in listed["fathom"]["lines"]],
                         [6, 2, 3, 3, 2, 3, 3, 3, 2, 2])
        self.assertRegex(self.fathom("-x", FATHOM), r"\nfathom +yes +10 of 10 ")
        self.assertIn("no probe of the", self.fathom("-x", MAKE_TRACE))
        self.assertRegex(self.fathom("fathom", "-x", FATHOM),
                         r"\n  submit +fathom:submit +1 +6 +id, fd, op, offset, length, depth\n")
        self.fathom(MODEL, "-x", PROBED)
        self.fathom(MODEL, "-x", MAKE_TRACE, status=1)
        self.fathom(MODEL, "fathom", "-x", PROBED, status=1)
        self.assertEqual(self.json("-x", MAKE_TRACE, "qemu", status=1)["qemu/io_uring"]["fit"],
                         "none")

    def test_arguments_count(self):
        """A model that wants more of a probe than it has does not fit."""
        for arguments, key, fits in (("id,fd", "id", True), ("a,b,c,d,e,f,g", "g", False),
                                     ("", "arg3", True), ("", "arg7", False),
                                     ("", "nonsuch", False), ("", "tid", True)):
            spec = f"({arguments})" if arguments else ""
            path = self.write("x.model", f"[request x]\nsubmit = fathom:submit{spec} key={key}\n"
                              "complete = fathom:complete key=id\n")
            with self.subTest(key):
                model = self.json(path, "-x", FATHOM, status=0 if fits else 1)["x"]
                self.assertEqual(model["fit"], "all")
                self.assertEqual(model["problem"], "" if fits else
                                 f"fathom:submit has 6 arguments, and none is '{key}'")

    def test_a_trace(self):
        trace = os.path.join(self.folder, "t.data")
        subprocess.run([MAKE_TRACE, "-e", "100", trace], check=True)
        lines = {line["probe"]: line.get("events") for line
                 in self.json("-i", trace, "fathom")["fathom"]["lines"]}
        self.assertEqual((lines["submit"], lines["complete"]), (50, 50))
        self.assertRegex(self.fathom("-i", trace), r"\nfathom +yes +50 +50 +0 ")
        self.fathom("-i", trace, "postgresql", status=1)
        path = self.write("x.model", "[request x]\nsubmit = fathom:submit key=nonsuch\n"
                          "complete = fathom:complete key=id\n")
        self.assertIn("has no integer argument 'nonsuch'",
                      self.json(path, "-i", trace, status=1)["x"]["problem"])
        with open(trace, "rb") as stream:
            whole = stream.read()
        with open(trace, "wb") as stream:
            stream.write(whole[:len(whole) * 3 // 4])
        self.fathom("-i", trace, status=1, warns="the trace is incomplete")

    def test_what_is_on_the_path(self):
        self.write("broken.model", "[request x]\nsubmit = a\n")
        path = self.write("python.model", "[request mine]\nsubmit = a:b key=c\n"
                          "complete = a:d key=c\n")
        shown = self.fathom(warns="broken.model:2: 'a' is not PROVIDER:PROBE")
        self.assertNotIn("python/call", shown)
        self.assertEqual(self.json("python")["mine"]["file"], path)
        self.assertEqual(self.json("hotspot/gc")["hotspot/gc"]["file"], "built in")
        self.fathom("broken", status=1, warns="broken.model:2:")

    def test_bad_usage(self):
        for words in ("-x", FATHOM, "-i", "x"), ("--nonsuch",), ("-x",):
            self.fathom(*words, status=2, warns="fathom models: ")
        for words, says in ((("nonsuch",), "no model 'nonsuch'"),
                            (("-x", "/nonsuch"), "/nonsuch: No such file"),
                            (("-x", __file__), "not an ELF file"),
                            (("-i", __file__), "models_test.py")):
            self.fathom(*words, status=1, warns=says)


if __name__ == "__main__":
    skips.main(sys.argv[:1])
