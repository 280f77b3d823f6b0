# SPDX-License-Identifier: GPL-2.0-or-later
"""The reader of notes in scripts/gdb, on damaged files: it says Damaged, nothing else."""
import os
import random
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../scripts/gdb"))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.dont_write_bytecode = True
import skips  # noqa: E402
from fathom_gdb import notes  # noqa: E402

PROGRAMS = sys.argv[1:]


def read(data):
    """How many sites; -1 if the file is refused."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            found = notes.File(file.name)
            for site in found.sites:
                found.arguments(site)
            found.symbol("table")
            return len(found.sites)
        except notes.Damaged:
            return -1


class Damage(unittest.TestCase):
    def setUp(self):
        self.programs = []
        for path in PROGRAMS:
            with open(path, "rb") as file:
                self.programs.append(file.read())

    def test_whole(self):
        self.assertEqual([read(data) for data in self.programs], [1, 3])

    def test_cut(self):
        for data in self.programs:
            for size in range(0, len(data), 101):
                self.assertIn(read(data[:size]), (-1, 0))

    def test_flipped(self):
        chance = random.Random(4)
        for data in self.programs:
            start = data.find(b"stapsdt\0") - 12
            headers = int.from_bytes(data[40:48], "little")
            for _ in range(500):
                damaged = bytearray(data)
                for _ in range(4):
                    at = chance.choice((chance.randrange(64), start + chance.randrange(300),
                                        headers + chance.randrange(len(data) - headers)))
                    damaged[at] = chance.choice((0, 1, 0x7f, 0xff, chance.randrange(256)))
                self.assertLessEqual(read(bytes(damaged)), 3)


class Text(unittest.TestCase):
    def test_operands(self):
        self.assertEqual(notes.split_operands("8@[x0, 8] -4@x1 4f@[sp,-8] 1@5"),
                         ["8@[x0, 8]", "-4@x1", "4f@[sp,-8]", "1@5"])
        self.assertEqual(notes.split_operands(":nothing"), [])
        self.assertEqual(notes.operand_type("-4@8(%rbp)"), (4, True, False, "8(%rbp)"))
        self.assertEqual(notes.operand_type("8f@%xmm0"), (8, False, True, "%xmm0"))
        self.assertEqual(notes.operand_type("%rax"), (8, True, False, "%rax"))

    def test_declarations(self):
        arguments = notes.parse_declaration("u8(0=read,-1=none) op;str name;f64 mean;")
        self.assertEqual([str(argument) for argument in arguments],
                         ["u8(0=read,-1=none) op", "str name", "f64 mean"])
        self.assertEqual([arguments[0].word(value) for value in (0, 255, 1)],
                         ["read", "none", None])
        for bad in ("u8", "u7 x;", "u8 x", "u8(read) x;", "u8 1x;", "u8 x;" * 13):
            with self.assertRaises(notes.Damaged):
                notes.parse_declaration(bad)


if __name__ == "__main__":
    skips.main(sys.argv[:1])
