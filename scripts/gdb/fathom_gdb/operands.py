# SPDX-License-Identifier: GPL-2.0-or-later
"""The value of a probe's argument: "-4@8(%rbp)" evaluated in a frame.

GDB has $_probe_arg0 ... $_probe_arg11. They are not used, because GDB 13 refuses all
arguments of a probe that has one floating point among them ("Unknown numeric token on
expression `8f@%rax"), and shows text and words as numbers."""
import re
import struct

import gdb

from fathom_gdb.notes import operand_type

NUMBER = r"(?:0x[0-9a-fA-F]+|\d+)"
TERM = re.compile(rf"([+-]?)({NUMBER}|[A-Za-z_.][\w.$]*)")
X86_MEMORY = re.compile(r"([^()%:]*)(?:\((%\w+)?(?:,(%\w+)(?:,([1248]))?)?\))?")
ARM_MEMORY = re.compile(r"\[ *(\w+) *(?:, *([^\],]+?) *(?:, *(lsl|sxtw|uxtw|sxtx) *#?(\d+)?)?)? *\]")

X86_NARROW = {}
for letter in "abcd":
    full = f"r{letter}x"
    X86_NARROW.update({f"{letter}l": (full, 0), f"{letter}h": (full, 8), f"{letter}x": (full, 0),
                       f"e{letter}x": (full, 0), full: (full, 0)})
for word in ("si", "di", "bp", "sp"):
    X86_NARROW.update({name: ("r" + word, 0) for name in (word + "l", word, "e" + word, "r" + word)})
for index in range(8, 16):
    X86_NARROW.update({f"r{index}{tail}": (f"r{index}", 0) for tail in ("", "d", "w", "b", "l")})


class Unreadable(Exception):
    """Why an argument has no value here."""


class Place:
    """Where operands are evaluated: a frame, and the file that the site is of."""

    def __init__(self, frame, file, bias):
        self.frame, self.file, self.bias = frame, file, bias

    def register(self, name):
        try:
            return int(self.frame.read_register(name)) & (1 << 64) - 1
        except (ValueError, gdb.error) as error:
            raise Unreadable(f"no register {name}") from error

    def symbol(self, name):
        address = self.file.symbol(name)
        if address is None:
            raise Unreadable(f"no symbol {name}")
        return address + self.bias

    def memory(self, address, size):
        try:
            return bytes(gdb.selected_inferior().read_memory(address & (1 << 64) - 1, size))
        except gdb.MemoryError as error:
            raise Unreadable(f"no memory at {address & (1 << 64) - 1:#x}") from error


def displacement(text, place):
    """Of "44+table", "-8" or nothing."""
    total, at = 0, 0
    while at < len(text):
        match = TERM.match(text, at)
        if not match or at and not match[1]:
            raise Unreadable(f"{text[:40]} is not understood")
        value = int(match[2], 0) if match[2][0].isdigit() else place.symbol(match[2])
        total += -value if match[1] == "-" else value
        at = match.end()
    return total


def x86_register(name, place):
    if name not in X86_NARROW:
        raise Unreadable(f"register {name[:20]} is not known")
    full_name, shift = X86_NARROW[name]
    return place.register(full_name) >> shift


def low_half(value):
    """Of a vector register: where a float or a double is."""
    return (int(value) & (1 << 64) - 1).to_bytes(8, "little")


def x86_bits(where, size, place):
    """The operand's bytes, at least @size of them."""
    if where.startswith("$"):
        return (displacement(where[1:], place) & (1 << 64) - 1).to_bytes(8, "little")
    if re.fullmatch(r"%[xyz]mm\d+", where):
        return low_half(place.frame.read_register("xmm" + where[4:])["v2_int64"][0])
    if re.fullmatch(r"%\w+", where):
        return x86_register(where[1:], place).to_bytes(8, "little")
    match = X86_MEMORY.fullmatch(where)
    if not match:
        raise Unreadable(f"{where[:40]} is not understood")
    offset, base, index, scale = match.groups()
    if base == "%rip" and not re.search("[A-Za-z_]", offset):
        raise Unreadable(f"{where[:40]} names no symbol")
    address = displacement(offset, place)
    if base and base != "%rip":
        address += x86_register(base[1:], place)
    if index:
        address += x86_register(index[1:], place) * int(scale or 1)
    return place.memory(address, size)


def arm_register(name, place):
    if name in ("xzr", "wzr"):
        return 0
    if name == "sp":
        return place.register("sp")
    if not re.fullmatch(r"[xw]\d+", name):
        raise Unreadable(f"register {name[:20]} is not known")
    value = place.register("x" + name[1:])
    return value & 0xffffffff if name[0] == "w" else value


def arm_index(text, extend, shift, place):
    if re.fullmatch(rf"#?-?{NUMBER}", text):
        return int(text.lstrip("#"), 0)
    value = arm_register(text, place)
    if extend == "sxtw":
        value = (value & 0xffffffff ^ 0x80000000) - 0x80000000
    return value << int(shift or 0)


def arm_bits(where, size, place):
    if re.fullmatch(rf"#?-?{NUMBER}", where):
        return (int(where.lstrip("#"), 0) & (1 << 64) - 1).to_bytes(8, "little")
    if re.fullmatch(r"[dsv]\d+", where):
        return low_half(place.frame.read_register("v" + where[1:])["d"]["u"][0])
    match = ARM_MEMORY.fullmatch(where)
    if not match:
        return arm_register(where, place).to_bytes(8, "little")
    base, index, extend, shift = match.groups()
    address = arm_register(base, place)
    if index:
        address += arm_index(index, extend, shift, place)
    return place.memory(address, size)


MACHINES = {"i386:x86-64": x86_bits, "aarch64": arm_bits}


def operand_value(operand, place):
    """The argument as a Python int or float, by the operand's own size and sign."""
    size, signed, floating, where = operand_type(operand)
    machine = MACHINES.get(place.frame.architecture().name())
    if not machine:
        raise Unreadable("the operands of this machine are not known")
    if size not in (1, 2, 4, 8) or floating and size < 4:
        raise Unreadable(f"it has {size} bytes")
    bits = machine(where, size, place)[:size]
    if floating:
        return struct.unpack("<d" if size == 8 else "<f", bits)[0]
    return int.from_bytes(bits, "little", signed=signed)
