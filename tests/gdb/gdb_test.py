# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/gdb/fathom.py in GDB's batch mode: on probed programs, fathom bench and cores."""
import glob
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402

FATHOM, OPERANDS, REQUESTS, SDT_FOLDER = (os.path.abspath(word) for word in sys.argv[1:5])
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/gdb/fathom.py")
FOLDER = tempfile.mkdtemp(prefix="fathom-gdb-test-", dir="/var/tmp")
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C", "FATHOM": "",
               "ASAN_OPTIONS": "detect_leaks=0"} # leaks cannot be looked for under ptrace
CORE_TOO_LARGE = "a core of a program with the address sanitizer has terabytes"
USAGE = "usage: fathom break PROVIDER:NAME[(ARG:string,...)] [if EXPR]"
NO_RUN = "the program is not fathom, or is stripped: it has no bench_run\n"


def is_sanitized(path):
    with open(path, "rb") as file:
        return b"__asan_init" in file.read()


SANITIZED = is_sanitized(FATHOM)


def skip(reason):
    print("SKIP:", reason)
    sys.exit(77)


def gdb(*commands, program=(), core=None, fathom=""):
    """What GDB prints, stderr at its end. @fathom: the program that tells names."""
    words = ["gdb", "-batch", "-nx", "-ex", "set debuginfod enabled off",
             "-ex", "set width 0", "-ex", f"source {SCRIPT}"]
    for command in commands:
        words += ["-ex", command]
    words += ["--core", core] if core else []
    words += ["--args", *program] if program else []
    done = subprocess.run(words, capture_output=True, text=True, check=False,
                          env={**ENVIRONMENT, "FATHOM": fathom}, timeout=120, stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def job(engine, **more):
    path = os.path.join(FOLDER, f"{engine}.fio")
    keys = {"ioengine": engine, "rw": "randrw", "bs": "4k", "size": "4m", "iodepth": 8,
            "runtime": 60, "time_based": 1, **more}
    if engine != "null":
        keys["filename"] = os.path.join(FOLDER, "scratch")
    with open(path, "w", encoding="ascii") as file:
        file.write("[test]\n" + "".join(f"{key}={value}\n" for key, value in keys.items()))
    return FATHOM, "bench", path


def hits(text, probe):
    """The arguments of each line that shows a hit."""
    return [dict(re.findall(r"(\w+)=(\"(?:[^\"\\]|\\.)*\"|\?\([^)]*\)|\S+)", line)) for line in
            re.findall(rf"^\S+ \d+: {probe}:(.*)$", text, re.M)]


def in_flight(text):
    """The rows of fathom inflight."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("requests in flight: "))
    count = int(re.match(r"requests in flight: (\d+)", lines[start])[1])
    head = lines[start + 1].split()
    rows = [dict(zip(head, re.sub(r"(\d) ([num]?s)\b", r"\1\2", line).split()))
            for line in lines[start + 2:start + 2 + count]]
    assert len(rows) == count, text
    return rows


def take_heap_out(core):
    """Makes the heap's segment of a core empty; how many there were."""
    with open(core, "r+b") as file:
        data = bytearray(file.read())
        table, = struct.unpack_from("<Q", data, 32)
        count, = struct.unpack_from("<H", data, 56)
        starts = {table + 56 * i: struct.unpack_from("<Q", data, table + 56 * i + 16)[0]
                  for i in range(count)}
        heap = max(start for start in starts.values() if start < 6 << 44)
        taken = [at for at, start in starts.items() if start == heap]
        for at in taken:
            struct.pack_into("<QQ", data, at + 32, 0, 0)
        file.seek(0)
        file.write(data)
    return len(taken)


class Probed(unittest.TestCase):
    """tests/sdt/probed.c as gcc and clang build it in several ways, without debug info."""

    def test_every_build(self):
        programs = sorted(path for path in glob.glob(SDT_FOLDER + "/sdt_*")
                          if os.path.isfile(path) and path != SDT_FOLDER + "/sdt_test")
        self.assertTrue(programs)
        for program in programs:
            with self.subTest(program=os.path.basename(program)):
                self.check_program(program)

    def check_program(self, program):
        text = gdb("fathom probes", "fathom break demo:costly", "fathom break demo:every_type",
                   "run 1 2 3", 'print $_fathom("a_s16")', 'print $_fathom("a_f64")',
                   'print $_fathom("a_str")', 'print $_fathom_word("op")',
                   'print /x $_fathom("a_s16")', "fathom trace demo:two__sites", "continue",
                   'print $_fathom("n")', "continue", program=[program])
        self.assertIn("  demo:every_type(u8 a_u8, u16 a_u16, u32 a_u32, u64 a_u64, s8 a_s8, "
                      "s16 a_s16, s32 a_s32, s64 a_s64, x64 a_x64, f64 a_f64, str a_str, "
                      "u8(0=read,1=write,-1=none) op)\n", text)
        self.assertIn("  demo:costly(u32 n)  [semaphore]\n", text)
        self.assertIn("  demo:two__sites(s32 n)  [2 sites]\n", text)
        self.assertEqual(hits(text, "demo:every_type"), [{
            "a_u8": "4", "a_u16": "4", "a_u32": "4", "a_u64": "4", "a_s8": "-1", "a_s16": "-2",
            "a_s32": "4", "a_s64": "4", "a_x64": "0x4", "a_f64": "2.0",
            "a_str": f'"{program}"', "op": "read"}])
        self.assertEqual(hits(text, "demo:two__sites"), [{"n": "4"}, {"n": "8192"}])
        self.assertEqual(hits(text, "demo:costly"), [{"n": "4"}]) # its semaphore was raised
        values = re.findall(r"^\$\d+ = (.*)$", text, re.M)
        self.assertEqual(values[:2] + values[3:], ["-2", "2", '"read"', "0xfffe", "4"])
        self.assertRegex(values[2], rf'0x[0-9a-f]+ "{re.escape(program)}"')

    def test_conditions(self):
        program = os.path.join(SDT_FOLDER, "sdt_gcc_c11")
        for condition, hit in (("a_u8 == 1", 1), ("a_u8 == 2", 0), ("op == write", 1),
                               ("op == none", 0), ('op == "write"', 1), ('"none" == op', 0),
                               ('op != "none" && a_u8 == 1', 1), ("a_s8 < 0 && a_s16 == -2", 1),
                               (f'a_str == "{program}"', 1), (f'"{program}" != a_str', 0),
                               ("a_f64 > 0.4 && a_f64 < 0.6", 1), ("arg8 == 1", 1)):
            with self.subTest(condition=condition):
                text = gdb(f"fathom trace demo:every_type if {condition}", "run",
                           program=[program])
                self.assertEqual(len(hits(text, "demo:every_type")), hit, text)

    def test_operands(self):
        text = gdb("fathom trace forms:all", "run", program=[OPERANDS])
        self.assertEqual(list(hits(text, "forms:all")[0].values()), [
            "-50", "65535", "-3", "133", "-123", "-1.5", "0.25", "-22", "33",
            "?(no memory at 0x10)", "?(it has 3 bytes)", "?(%fs:0 is not understood)"])

    def test_without_names(self):
        text = gdb("fathom probes", "fathom trace fathomtest:submit if arg1 < 7", "run 100",
                   program=[REQUESTS])
        self.assertIn("  fathomtest:submit(u64 arg1, s32 arg2, u8 arg3, u64 arg4, u32 arg5)"
                      "  [2 sites]\n", text)
        self.assertEqual([(hit["arg1"], hit["arg3"], hit["arg5"])
                          for hit in hits(text, "fathomtest:submit")],
                         [(str(i), "01"[i % 3 == 0], ("4096", "8192")[i % 3 == 0])
                          for i in range(7)])

    def test_text_of_a_foreign_probe(self):
        python = "/usr/bin/python3.11"
        if "python:function__entry(u64 arg1," not in gdb("fathom probes", program=[python]):
            self.skipTest("no Python 3.11 with probes")
        trace = "fathom trace python:function__entry(arg1:string, arg2:string) if arg2 "
        for sign, fires in (("==", 1), ("!=", 0)): # the only function that C calls here
            text = gdb(f'{trace} {sign} "<genexpr>"', "fathom probes python:function__entry",
                       "run", program=[python, "-S", "-c", "pass"])
            self.assertIn("python:function__entry(str arg1, str arg2, s32 arg3)", text)
            shown = {(hit["arg1"], hit["arg2"]) for hit in hits(text, "python:function__entry")}
            self.assertEqual(shown, {('"<frozen getpath>"', '"<genexpr>"')} if fires else set())

    def test_names_that_fathom_knows(self):
        """From provider files and debug information: names, strings and words."""
        python, postgres = "/usr/bin/python3.11", "/usr/lib/postgresql/15/bin/postgres"
        text = gdb("fathom probes python:function__entry",
                   'fathom trace python:function__entry if function == "<genexpr>"', "run",
                   program=[python, "-S", "-c", "pass"], fathom=FATHOM)
        if "No symbol table is loaded" in text or "no probe" in text:
            self.skipTest("no Python 3.11 with probes")
        self.assertIn("python:function__entry(str filename, str function, s32 lineno)", text)
        shown = {(hit["filename"], hit["function"]) for hit in hits(text, "python:function__entry")}
        self.assertEqual(shown, {('"<frozen getpath>"', '"<genexpr>"')})
        if os.path.exists(postgres):
            text = gdb("fathom probes postgresql:lwlock__acquire", program=[postgres],
                       fathom=FATHOM)
            self.assertIn("postgresql:lwlock__acquire(str tranche, u32(0=exclusive,1=shared,"
                          "2=wait_until_free) mode)", text)
        for absent in ("/nonexistent/fathom", "/bin/false"):
            self.assertIn("python:gc__start(s32 arg1)", gdb("fathom probes python:gc__start",
                                                            program=[python], fathom=absent))

    def test_errors_are_one_line(self):
        program = os.path.join(SDT_FOLDER, "sdt_gcc_c11")
        for command, wanted in (
                ("fathom break", USAGE),
                ("fathom break demo", USAGE),
                ("fathom break demo:nothing", "no probe demo:nothing in the loaded files"),
                ("fathom break demo:costly(m:string)", "demo:costly has no argument m"),
                ("fathom break demo:costly(n:u32)", "n:u32: expected ARG:string"),
                ("fathom args", "the program is not running and there is no core"),
                ("fathom inflight", "no process and no core: gdb FATHOM CORE, or gdb -p PID")):
            self.assertEqual(gdb(command, program=[program]), wanted + "\n")
        text = gdb("break main", "run", "fathom args", "fathom inflight", program=[program])
        self.assertRegex(text, r"no probe is at 0x[0-9a-f]+: fathom break stops at one\n")
        self.assertIn(NO_RUN, text)
        text = gdb("fathom break demo:every_type", "run", 'print $_fathom("depth")',
                   program=[program])
        self.assertIn("demo:every_type has no argument depth; it has a_u8, a_u16,", text)
        self.assertNotIn("Traceback", text)

    def test_help(self):
        text = gdb("help fathom", "help fathom break", "help fathom inflight", "help function")
        self.assertIn("fathom probes [GLOB]", text)
        self.assertIn("U" + USAGE[1:], text)
        self.assertIn("$_fathom", text)


class Bench(unittest.TestCase):
    def stop_and_dump(self, engine, **more):
        """Stops at a submit; the core is made there, so what is in flight is known."""
        core = None if SANITIZED else os.path.join(FOLDER, "core")
        text = gdb("fathom trace fathom:complete", "fathom trace fathom:submit",
                   "fathom trace fathom:dispatch",
                   "fathom break fathom:submit if id == 21", "run", "fathom inflight",
                   *([f"generate-core-file {core}"] if core else []), "kill",
                   program=job(engine, **more))
        if core:
            self.addCleanup(os.unlink, core)
        return text, core

    def check(self, engine, **more):
        text, core = self.stop_and_dump(engine, **more)
        submits = {hit["id"]: hit for hit in hits(text, "fathom:submit")}
        done = {hit["id"] for hit in hits(text, "fathom:complete")}
        self.assertEqual(set(submits), {str(i) for i in range(1, 22)})
        rows = in_flight(text)
        self.assertEqual({row["id"] for row in rows}, set(submits) - done)
        for row in rows:
            hit = submits[row["id"]]
            self.assertEqual([row[name] for name in ("op", "fd", "offset", "length")],
                             [hit[name] for name in ("op", "fd", "offset", "length")])
        self.assertEqual(len(rows), int(submits["21"]["depth"]))
        self.assertEqual([int(row["id"]) for row in rows],
                         sorted(int(row["id"]) for row in rows)) # oldest first
        self.assertEqual((rows[-1]["id"], rows[-1]["stage"]), ("21", "queued"))
        self.assertEqual(rows[0]["stage"], "dispatched" if len(rows) > 4 else rows[0]["stage"])
        if core:
            after = gdb("fathom inflight", "fathom args", core=core, program=[FATHOM])
            self.assertEqual(in_flight(after), rows)
            self.assertIn("fathom:submit: id=21 ", after)
        return core

    def test_null(self):
        self.check("null")

    def test_io_uring(self):
        self.check("io_uring")

    def test_psync(self):
        self.check("psync")

    @unittest.skipIf(SANITIZED, CORE_TOO_LARGE)
    def test_a_program_without_debug_information(self):
        core = self.check("null")
        stripped = os.path.join(FOLDER, "stripped")
        for option, wanted in (
                ("--strip-debug", "this fathom has no debug information: its requests cannot "
                                  "be read\n"),
                ("--strip-all", NO_RUN)):
            subprocess.run(["objcopy", option, FATHOM, stripped], check=True)
            text = gdb("fathom inflight", "fathom args", core=core, program=[stripped])
            self.assertIn(wanted, text)
            self.assertIn("fathom:submit: id=21 ", text) # probes need none

    @unittest.skipIf(SANITIZED, CORE_TOO_LARGE)
    def test_a_core_without_memory(self):
        core = self.check("null")
        self.assertTrue(take_heap_out(core))
        text = gdb("fathom inflight", core=core, program=[FATHOM])
        self.assertIn("the core does not have the memory of the run: Cannot access memory", text)
        self.assertNotIn("Traceback", text)

    def test_no_run_yet(self):
        text = gdb("break main", "run", "fathom inflight", program=job("null"))
        self.assertIn("fathom bench is not running a job: it has not begun, or it is over\n",
                      text)

    def test_trace_of_a_whole_run(self):
        text = gdb("fathom trace fathom:*", "run",
                   program=job("null", size="200k", time_based=0, iodepth=4))
        submits, completes = hits(text, "fathom:submit"), hits(text, "fathom:complete")
        self.assertEqual([hit["id"] for hit in submits], [str(i) for i in range(1, 51)])
        self.assertEqual({hit["id"] for hit in completes}, {hit["id"] for hit in submits})
        self.assertEqual({hit["op"] for hit in submits}, {"read", "write"})
        self.assertEqual({hit["result"] for hit in completes}, {"4096"})
        self.assertIn("exited normally]", text)


if not shutil.which("gdb"):
    skip("gdb is not installed")
if "yes" not in gdb("python print('yes')"):
    skip("this gdb has no Python")
if "exited" not in gdb("run", program=["/bin/true"]):
    skip("gdb cannot trace processes here")
try:
    STATUS = skips.run(sys.argv[:1] + sys.argv[5:])
finally:
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
