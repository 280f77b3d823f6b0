# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom list: names and types from every source, which one wins, and bad input."""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from naming import COMPILERS, built, files, main, named_by, probes, run, signature

# What every compiler's debug information gives for named.c.
SIGNATURES = {
    "submit": "u64 id, u32 way, str label",
    "members": "str title, u32 blocks, s16 weight, u32 flags",
    "kinds": "s32 balance, u32 sectors, x64 where, x64 raw, s8 small, u8 flag",
    "global": "u32 total",
    "twice": "s32 n, s32 n_2",
    "nameless": "s32 arg1",
    "noted": "u32 by_note",
}


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)


class DebugInformation(Folder):
    def test_signatures(self):
        for compiler in COMPILERS:
            listed = probes(built(compiler))
            for name, expected in SIGNATURES.items():
                with self.subTest(f"{compiler} {name}"):
                    self.assertEqual(signature(listed[name]), expected)

    def test_enum_words(self):
        for compiler in COMPILERS:
            listed = probes(built(compiler))
            self.assertEqual(listed["submit"]["arguments"][1]["words"],
                             {"0": "READ", "1": "WRITE", "7": "TRIM"})
            self.assertEqual(listed["kinds"]["arguments"][0]["words"],
                             {"-1": "DEBT", "0": "EVEN"})

    def test_stack(self):
        for compiler in COMPILERS:
            with self.subTest(compiler):
                self.assertTrue(signature(probes(built(compiler))["on_stack"])
                                .startswith("u32 local, u32 "))
        self.assertEqual(signature(probes(built("gcc"))["on_stack"]),
                         "u32 local, u32 blocks")

    def test_sites_are_one_probe_and_stand_in_the_source(self):
        with open(os.path.join(os.path.dirname(__file__), "named.c"), encoding="utf-8") as c:
            lines = c.read().split("\n")
        for compiler in COMPILERS:
            submit = probes(built(compiler))["submit"]
            self.assertGreaterEqual(len(submit["sites"]), 2)
            for site in submit["sites"]:
                self.assertTrue(site["source"]["file"].endswith("named.c"))
                self.assertIn("named, submit", lines[site["source"]["line"] - 1])

    def test_sites_that_differ_get_one_type_and_are_told(self):
        for compiler in COMPILERS:
            differ = probes(built(compiler))["differ"]
            self.assertEqual(signature(differ), "s64 small")
            told = " ".join(differ["conflicts"])
            self.assertIn("small", told)
            self.assertIn("large", told)
            self.assertIn("s64", told)
        self.assertIn("conflict: argument 1", run("list", "-v", "-x", built("gcc"), "differ"))

    def test_a_place_counts_more_than_constants(self):
        for compiler in set(COMPILERS) - {"gcc_O0"}:
            vote = probes(built(compiler))["vote"]
            self.assertEqual(signature(vote), "u32 level", compiler)
            self.assertIn("fixed at 2", " ".join(vote["conflicts"]))

    def test_stripped(self):
        subprocess.run(["strip", "-o", self.path("bare"), built("gcc")], check=True)
        listed = probes(self.path("bare"))
        self.assertEqual(signature(listed["submit"]), "u64 arg1, u32 arg2, u64 arg3")
        self.assertEqual(signature(listed["differ"]), "s64 arg1")
        self.assertEqual(signature(listed["noted"]), "u32 by_note")
        self.assertIsNone(listed["submit"]["sites"][0]["source"])

    def test_debug_link(self):
        subprocess.run(["objcopy", "--only-keep-debug", built("gcc"), self.path("apart.debug")],
                       check=True)
        subprocess.run(["strip", "-o", self.path("bare"), built("gcc")], check=True)
        subprocess.run(["objcopy", "--add-gnu-debuglink=apart.debug", "bare"], check=True,
                       cwd=self.folder)
        for place in ("apart.debug", ".debug/apart.debug"):
            if place.startswith("."):
                os.mkdir(self.path(".debug"))
                os.rename(self.path("apart.debug"), self.path(place))
            self.assertEqual(signature(probes(self.path("bare"))["members"]),
                             SIGNATURES["members"])
        os.remove(self.path(".debug/apart.debug"))
        self.assertEqual(named_by(probes(self.path("bare"))["submit"]), ["operand"] * 3)

    def test_damaged_debug_information_is_no_crash(self):
        with open(built("gcc"), "rb") as file:
            good = file.read()
        sections = subprocess.run(["readelf", "-SW", built("gcc")], check=True,
                                  capture_output=True, text=True).stdout
        for line in sections.splitlines():
            words = line.replace("[ ", "[").split()
            if len(words) < 6 or not words[1].startswith(".debug"):
                continue
            start, size = int(words[4], 16), int(words[5], 16)
            for seed in range(4):
                bad = bytearray(good)
                for i in range(start + seed * 3, start + size, 17):
                    bad[i] = (bad[i] * 31 + seed) & 255
                with open(self.path("bad"), "wb") as file:
                    file.write(bad)
                self.assertEqual(signature(probes(self.path("bad"))["noted"]), "u32 by_note")


class Machines(Folder):
    """Operands of programs that need not run here."""

    def library(self, operands, target):
        path = self.path("notes.so")
        subprocess.run(["clang", f"--target={target}-linux-gnu", "-fuse-ld=lld", "-shared",
                        "-nostdlib", f'-DOPERANDS="{operands}"', "-o", path,
                        os.path.join(os.path.dirname(os.path.abspath(__file__)), "notes.c")],
                       check=True)
        return path

    def one(self, operands, target="aarch64"):
        probe = probes(self.library(operands, target))["one"]
        return signature(probe), probe["sites"][0]["unreadable"]

    def setUp(self):
        super().setUp()
        if not shutil.which("clang") or not shutil.which("ld.lld"):
            self.skipTest("clang or lld is not installed")

    def test_aarch64(self):
        self.assertEqual(
            self.one("8@x0 -4@w1 2@[sp, 14] 1@[x29,-3] 8@[x0, x1, lsl 3] -4@[x0, w2, sxtw 2]"
                     " 4@5 -4@-7 8@xzr 8f@[sp, 8]"),
            ("u64 arg1, s32 arg2, u16 arg3, u8 arg4, u64 arg5, s32 arg6, u32 arg7, s32 arg8, "
             "u64 arg9, f64 arg10", {}))

    def test_aarch64_that_cannot_be_read(self):
        types, unreadable = self.one("8f@d8 16@x3 8@[x0, 8]! -2@w4")
        self.assertEqual(types, "f64 arg1, u64 arg2, u64 arg3, s16 arg4")
        self.assertEqual(unreadable, {
            "1": "a vector register, which no kernel tracer can read",
            "2": "a value of other than 1, 2, 4 or 8 bytes", "3": "an operand of unknown form"})
        self.assertIn("    argument 3 cannot be read here: an operand of unknown form\n",
                      run("list", "-v", "-x", self.path("notes.so")))

    def test_another_machine(self):
        """Of others a probe is listed, too; what can be read of its operands are the sizes."""
        types, unreadable = self.one("-4@3 8@16(1)", "powerpc64le")
        self.assertEqual(types, "s32 arg1, u64 arg2")
        self.assertEqual(set(unreadable.values()),
                         {"an operand of a machine that is not known here"})

    def test_record_needs_this_machine(self):
        path = self.library("8@x0", "powerpc64le")
        self.assertIn(f"{path} is for another machine (ELF machine 21)",
                      run("record", "-e", "notes:one", "-x", path, expect=1))

    def test_more_arguments_than_there_can_be(self):
        path = self.library(" ".join(f"4@{number}" for number in range(15)), "aarch64")
        self.assertEqual(len(probes(path)["one"]["arguments"]), 12)


class Sources(Folder):
    PROVIDER = """
typedef enum { in, out } way_of_file;
provider named {
    probe noted(int by_file);
    probe submit(unsigned long file_id, way_of_file file_way);
    probe twice(mystery, int other);
    probe members(int title, mystery_2 b, short, double ratio);
};
"""

    def test_note_beats_file_beats_debug_information(self):
        listed = probes(built("gcc"), "--provider", self.write("named.d", self.PROVIDER))
        self.assertEqual(signature(listed["noted"]), "u32 by_note")
        self.assertEqual(named_by(listed["noted"]), ["fathom note"])
        self.assertEqual(signature(listed["submit"]), "u64 file_id, u32 file_way, str label")
        self.assertEqual(named_by(listed["submit"]),
                         ["provider file", "provider file", "DWARF"])
        self.assertEqual(listed["submit"]["arguments"][1]["words"], {"0": "in", "1": "out"})
        self.assertIn("declares 2 arguments, the program has 3",
                      " ".join(listed["submit"]["conflicts"]))
        self.assertEqual(listed["submit"]["provider_file"], self.path("named.d"))

    def test_name_and_type_may_come_from_different_sources(self):
        listed = probes(built("gcc"), "--provider", self.write("named.d", self.PROVIDER))
        twice = listed["twice"]["arguments"]
        self.assertEqual([(a["name"], a["named_by"], a["typed_by"]) for a in twice],
                         [("n", "DWARF", "DWARF"), ("other", "provider file", "provider file")])

    def test_operands_have_the_last_word_about_size(self):
        members = probes(built("gcc"), "--provider",
                         self.write("named.d", self.PROVIDER))["members"]
        # title is 8 bytes wide, ratio is an integer here.
        self.assertEqual(signature(members), "u64 title, u32 b, s16 weight, u32 ratio")
        self.assertEqual(len(members["conflicts"]), 2, members["conflicts"])

    def test_unknown_types_take_size_and_sign_of_the_operand(self):
        subprocess.run(["strip", "-o", self.path("bare"), built("gcc")], check=True)
        given = self.write("named.d", "provider named { probe kinds(odd a, odd b, odd c,"
                                      " odd d, odd e, odd f); };")
        self.assertEqual(signature(probes(self.path("bare"), "--provider", given)["kinds"]),
                         "s32 a, u32 b, u64 c, u64 d, s8 e, u8 f")

    def test_search_path(self):
        os.mkdir(self.path("first"))
        self.write("first/named.d", "provider named { probe twice(int from_first, int); };")
        self.write("named.trace-events", 'twice(int from_second, int) "%d %d"\n')
        for path, name in ((f"{self.path('first')}:{self.folder}", "from_first"),
                           (f"/nonexistent:{self.folder}", "from_second")):
            listed = probes(built("gcc"), env={"FATHOM_PROVIDER_PATH": path})
            self.assertEqual(listed["twice"]["arguments"][0]["name"], name)

    def test_names_become_unique_identifiers(self):
        given = self.write("e", 'submit(int common_pid, int a-b, int ' + "x" * 80 + ') ""\n'
                                'twice(int same, int same) ""\n')
        listed = probes(built("gcc"), "--provider", given)
        self.assertEqual([a["name"] for a in listed["submit"]["arguments"]],
                         ["common_pid_2", "a_b", "x" * 63])
        self.assertEqual([a["name"] for a in listed["twice"]["arguments"]], ["same", "same_2"])

    def test_bad_provider_file(self):
        given = self.write("bad.d", "provider named {\n  probe twice(int;\n};\n")
        self.assertIn(f"{given}:2: expected ',' or ')', found ';'",
                      run("list", "-x", built("gcc"), "--provider", given, expect=1))
        self.assertIn("/nonexistent.d", run("list", "-x", built("gcc"), "--provider",
                                            "/nonexistent.d", expect=1))


class Output(Folder):
    def test_table_and_csv(self):
        table = run("list", "-x", built("gcc"), "named:submit", "twice").split("\n")
        self.assertEqual(table[0].split(),
                         ["PROBE", "SITES", "SEMAPHORE", "SOURCE", "ARGUMENTS"])
        self.assertRegex(table[1], r"^named:submit +\d+ +no +named.c:\d+ +"
                                   r"\(u64 id, u32 way, str label\)$")
        self.assertEqual(len(table), 4)
        csv = run("list", "--csv", "-x", built("gcc"), "twice").split("\n")
        self.assertIn("named:twice,1,no,named.c:", csv[1])

    def test_several_files_are_listed_once_each(self):
        os.symlink(built("gcc"), self.path("again"))
        shutil.copy(built("gcc"), self.path("copy"))
        listed = files("-x", built("gcc"), "-x", self.path("again"), "-x", self.path("copy"))
        self.assertEqual([f["path"] for f in listed], [built("gcc"), self.path("copy")])
        self.assertEqual(listed[0]["build_id"], listed[1]["build_id"])
        self.assertRegex(listed[0]["build_id"], "^[0-9a-f]{40}$")

    def test_errors(self):
        self.assertIn("did you mean 'named:submit'",
                      run("list", "-x", built("gcc"), "named:submitt", expect=1))
        self.assertIn("has no static probes", run("list", "-x", "/bin/true", expect=1))
        self.assertIn("/nonexistent", run("list", "-x", "/nonexistent", expect=1))
        self.assertIn("-x FILE", run("list", expect=2))
        self.assertIn("before the GLOB", run("list", "-x", "f", "glob", "-v", expect=2))
        self.assertIn("no process", run("list", "-p", "999999999", expect=1))
        self.write("text", "not ELF")
        self.assertIn("text", run("list", "-x", self.path("text"), expect=1))


class Large(Folder):
    """60,000 symbols, 4,000 sites of 1,000 probes."""

    def source(self):
        text = ["\t.text\n"]
        for i in range(60000):
            text.append(f"\t.globl f{i}\n\t.type f{i}, @function\nf{i}:\tret\n")
        for i in range(4000):
            operands = "8@%rdi -4@%esi" if i % 2 else "8@-16(%rbp) 4@$7"
            text.append(f"s{i}:\tnop\n\t.pushsection .note.stapsdt,\"\",\"note\"\n"
                        f"\t.4byte 8, 2f-1f, 3\n\t.asciz \"stapsdt\"\n"
                        f"1:\t.8byte s{i}, 0, 0\n\t.asciz \"large\"\n\t.asciz \"p{i % 1000}\"\n"
                        f"\t.asciz \"{operands}\"\n2:\t.balign 4\n\t.popsection\n")
        text.append("\t.section .note.GNU-stack,\"\",@progbits\n")
        return "".join(text)

    def test_large(self):
        self.write("large.s", self.source())
        subprocess.run(["gcc", "-shared", "-o", self.path("large"), self.path("large.s")],
                       check=True)
        begin = time.monotonic()
        listed = probes(self.path("large"))
        print(f"listed 4,000 sites among 60,000 symbols in {time.monotonic() - begin:.2f} s")
        self.assertEqual(len(listed), 1000)
        for i in range(1000):
            probe = listed[f"p{i}"]
            self.assertEqual(len(probe["sites"]), 4)
            self.assertEqual(signature(probe),
                             "u64 arg1, s32 arg2" if i % 2 else "u64 arg1, u32 arg2")
        addresses = {site["address"] for probe in listed.values() for site in probe["sites"]}
        self.assertEqual(len(addresses), 4000)


class Symbols(Folder):
    def build(self, *sources):
        """A library of files with the same static variable each, and a probe of it."""
        paths = [self.write(f"{name}.c", "#include <sys/sdt.h>\nstatic volatile int count;\n"
                            f"void {name}(void) {{ count++; STAP_PROBE1(p, {name}, count); }}\n")
                 for name in sources]
        subprocess.run(["gcc", "-O2", "-g", "-shared", "-fPIC", "-o", self.path("symbols"), *paths],
                       check=True)
        return probes(self.path("symbols"))

    def test_a_name_of_several_variables_is_not_guessed(self):
        alone = self.build("first")["first"]
        if "count(%rip)" not in alone["sites"][0]["operands"]:
            self.skipTest("the compiler loads the variable")
        self.assertEqual(named_by(alone), ["DWARF"])
        both = self.build("first", "second")
        self.assertEqual([named_by(both[name]) for name in ("first", "second")],
                         [["operand"], ["operand"]])


if __name__ == "__main__":
    main(["list_test"])
