# SPDX-License-Identifier: GPL-2.0-or-later
"""The static probes of an ELF file: its stapsdt notes and fathom's names (docs/probe-notes.md).

Every byte is somebody else's: it is read through Bytes, which knows its bounds. A damaged
note is counted and left out. Nothing here needs GDB."""
import mmap
import re
import struct

NOTES_MAX = 1_000_000
SECTIONS_MAX = 100_000
ARGUMENTS_MAX = 12
WORDS_MAX = 256
SHT_SYMTAB, SHT_NOTE, SHT_NOBITS, SHT_DYNSYM = 2, 7, 8, 11
SYMBOL_SIZE = 24
NOTE_STAPSDT = 3       # of owner stapsdt
NOTE_DECLARATION = 1   # of owner fathom

ARGUMENT = re.compile(r"(?:(str)|([usxf])(8|16|32|64))(?:\(([^()]*)\))? +([A-Za-z_]\w{0,62});")
WORD = re.compile(r"\s*(-?(?:0x[0-9a-fA-F]+|\d+))=([A-Za-z_]\w*)\s*")


class Damaged(Exception):
    """What is wrong with the file."""


class Bytes:
    """A part of a file; reading outside of it raises Damaged."""

    def __init__(self, data, start, size):
        if start > len(data) or size > len(data) - start:
            raise Damaged(f"{size} bytes at offset {start} are outside of the file")
        self.data, self.start, self.end, self.at = data, start, start + size, start

    def left(self):
        return self.end - self.at

    def take(self, size):
        if size > self.left():
            raise Damaged(f"{size} bytes expected at offset {self.at}, {self.left()} are there")
        self.at += size
        return self.data[self.at - size:self.at]

    def unpack(self, layout):
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def text(self):
        end = self.data.find(b"\0", self.at, self.end)
        if end < 0:
            raise Damaged(f"the text at offset {self.at} has no end")
        return self.take(end + 1 - self.at)[:-1].decode("utf-8", "replace")

    def align(self, step):
        self.take(min(-(self.at - self.start) % step, self.left()))


class Argument:
    """Name and type. kind: a letter of the note's types, or t for text."""

    def __init__(self, name, kind, size, words=None):
        self.name, self.kind, self.size, self.words = name, kind, size, words or {}

    def type_text(self):
        words = ",".join(f"{value}={word}" for value, word in self.words.items())
        base = "str" if self.kind == "t" else f"{self.kind}{8 * self.size}"
        return f"{base}({words})" if words else base

    def word(self, value):
        """The enum word of a value, or None; -1 of a u8 is the word of 255."""
        bits = (1 << 8 * self.size) - 1
        return next((word for key, word in self.words.items() if key & bits == value & bits), None)

    def __str__(self):
        return f"{self.type_text()} {self.name}"


class Site:
    """One address of a probe, as the file has it, and where its arguments are."""

    def __init__(self, provider, name, address, operands, semaphore):
        self.provider, self.name, self.address = provider, name, address
        self.operands, self.has_semaphore = operands, bool(semaphore)


def split_operands(text):
    """Blanks separate operands, but not inside the brackets of aarch64."""
    if text.startswith(":"):
        return []
    return re.findall(r"(?:\[[^\]]*\]|[^\s\[])+", text)[:ARGUMENTS_MAX]


def operand_type(operand):
    """Size in bytes, signed?, floating point?, and the place; "8f@%xmm0"."""
    match = re.fullmatch(r"(-?)(\d{1,3})(f?)@(.+)", operand)
    if not match:
        return 8, True, False, operand
    return int(match[2]), bool(match[1]), bool(match[3]), match[4]


def arguments_of_operands(operands):
    """arg1 ... argN, with the size and the sign that the stapsdt note tells."""
    arguments = []
    for number, operand in enumerate(operands, 1):
        size, signed, floating, _ = operand_type(operand)
        kind = "f" if floating else "s" if signed else "u"
        arguments.append(Argument(f"arg{number}", kind, size))
    return arguments


def parse_words(text):
    words = {}
    for part in text.split(",")[:WORDS_MAX]:
        match = WORD.fullmatch(part)
        if not match:
            raise Damaged(f"not VALUE=WORD: {part[:40]!r}")
        words[int(match[1], 0)] = match[2]
    return words


def parse_declaration(text):
    """The arguments of "u64 id;u8(0=read,1=write) op;"."""
    arguments, at = [], 0
    while at < len(text):
        match = ARGUMENT.match(text, at)
        if not match or len(arguments) == ARGUMENTS_MAX:
            raise Damaged(f"not TYPE NAME: {text[at:at + 40]!r}")
        string, kind, bits, words, name = match.groups()
        arguments.append(Argument(name, "t" if string else kind, 8 if string else int(bits) // 8,
                                  parse_words(words) if words else None))
        at = match.end()
    return arguments


class File:
    """sites; declared: (provider, name) to arguments; bad: how many notes were damaged."""

    def __init__(self, path):
        self.path, self.sites, self.declared, self.bad = path, [], {}, 0
        self.base, self.sections = 0, []
        with open(path, "rb") as file:
            try:
                self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:
                raise Damaged("an empty file") from error
        self.read_sections()
        for name, kind, _, offset, size, _ in self.sections:
            if kind == SHT_NOTE and name in (".note.stapsdt", ".note.fathom"):
                self.read_notes(Bytes(self.data, offset, size))

    def read_sections(self):
        head = Bytes(self.data, 0, min(64, len(self.data)))
        magic = head.take(16)
        if magic[:6] != b"\x7fELF\x02\x01":
            raise Damaged("not a 64-bit little-endian ELF file")
        table, = Bytes(self.data, 40, 8).unpack("Q")
        step, count, names = Bytes(self.data, 58, 6).unpack("HHH")
        if step != 64 or count > SECTIONS_MAX:
            raise Damaged(f"section headers of {step} bytes")
        raw = [Bytes(self.data, table + i * step, step).unpack("IIQQQQIIQQ")
               for i in range(count)]
        if names >= len(raw):
            raise Damaged("it has no section names")
        strings = Bytes(self.data, raw[names][4], raw[names][5])
        for name, kind, _, address, offset, size, link, *_ in raw:
            text = Bytes(self.data, strings.start + name, max(strings.end - strings.start - name, 0))
            self.sections.append((text.text(), kind, address, offset, size, link))
            if self.sections[-1][0] == ".stapsdt.base":
                self.base = address

    def read_notes(self, notes):
        for _ in range(NOTES_MAX):
            if notes.left() < 12:
                return
            owner_size, size, kind = notes.unpack("III")
            try:
                owner = notes.take(owner_size)
                notes.align(4)
                body = Bytes(self.data, notes.at, size)
                notes.take(size)
                notes.align(4)
            except Damaged:
                self.bad += 1
                return
            try:
                self.read_note(owner, kind, body)
            except Damaged:
                self.bad += 1

    def read_note(self, owner, kind, body):
        if owner == b"stapsdt\0" and kind == NOTE_STAPSDT:
            address, base, semaphore = body.unpack("QQQ")
            provider, name, operands = body.text(), body.text(), body.text()
            if self.base and base:
                address += self.base - base # prelink moved the file
            self.sites.append(Site(provider, name, address, split_operands(operands), semaphore))
        elif owner == b"fathom\0" and kind == NOTE_DECLARATION:
            probe = body.text(), body.text()
            self.declared.setdefault(probe, parse_declaration(body.text()))

    def arguments(self, site, look_up=None):
        """Declared by the note, or by what look_up() returns, if that fits the site; else
        arg1 ... argN."""
        name = site.provider, site.name
        declared = self.declared.get(name)
        if declared is None and look_up:
            declared = look_up().get(name)
        if declared is not None and len(declared) == len(site.operands):
            return declared
        return arguments_of_operands(site.operands)

    def symbol(self, wanted):
        """The address of a symbol in the file, or None."""
        for _, kind, _, offset, size, link in self.sections:
            if kind not in (SHT_SYMTAB, SHT_DYNSYM) or link >= len(self.sections):
                continue
            symbols, names = Bytes(self.data, offset, size), self.sections[link]
            for _ in range(size // SYMBOL_SIZE):
                name, _, _, section, value, _ = symbols.unpack("IBBHQQ")
                start, end = names[3] + name, names[3] + names[4]
                if section and self.data[start:min(start + len(wanted) + 1, end)] == \
                        wanted.encode() + b"\0":
                    return value
        return None
