# SPDX-License-Identifier: GPL-2.0-or-later
"""The probes of the loaded files, where they are in memory, and the one the program is at.

GDB itself finds the notes, relocates the sites and raises semaphores; "info probes" tells
where the sites are now. Names and types come from the notes of the file (notes.py), else from
what fathom knows of it (names.py)."""
import fnmatch
import re

import gdb

from fathom_gdb import names, notes
from fathom_gdb.operands import Place, Unreadable, operand_value

TEXT_MAX = 256
LINE = re.compile(r"stap +(\S+) +(\S+) +(0x[0-9a-f]+) +(?:0x[0-9a-f]+ +)?(.+?) *$", re.M)


TEXTS = {} # PROVIDER:NAME to the arguments that the user said are texts


class Probe:
    """All sites of a probe in one loaded file."""

    def __init__(self, loaded, provider, name):
        self.loaded, self.provider, self.name = loaded, provider, name
        self.sites = [site for site in loaded.file.sites
                      if (site.provider, site.name) == (provider, name)]

    def title(self):
        return f"{self.provider}:{self.name}"

    def arguments(self):
        return self.loaded.arguments(self.sites[0])

    def take_as_text(self, names):
        """From now on these arguments are texts; what the user knows of a foreign probe."""
        known = {argument.name for argument in self.arguments()}
        for name in names:
            if name not in known:
                raise gdb.GdbError(f"{self.title()} has no argument {name[:40]}")
        TEXTS.setdefault(self.title(), set()).update(names)

    def prototype(self):
        return f"{self.title()}({', '.join(map(str, self.arguments()))})"


class Loaded:
    """A file in memory; bias: address in memory less the address in the file."""

    def __init__(self, path, lowest):
        self.path = path
        self.file = notes.File(path)
        if not self.file.sites:
            raise notes.Damaged("its probes are not found")
        self.bias = lowest - min(site.address for site in self.file.sites)
        self.by_address = {site.address + self.bias: site for site in self.file.sites}
        titles = dict.fromkeys((site.provider, site.name) for site in self.file.sites)
        self.probes = {title: Probe(self, *title) for title in sorted(titles)}
        self.known = None

    def look_up(self):
        """What fathom knows, asked when a probe without a note is met."""
        if self.known is None:
            self.known = names.look_up(self.path)
        return self.known

    def arguments(self, site):
        texts = TEXTS.get(f"{site.provider}:{site.name}", ())
        return [notes.Argument(argument.name, "t", 8) if argument.name in texts else argument
                for argument in self.file.arguments(site, self.look_up)]


class Table:
    """The files with probes; made anew when files come, go or move."""

    def __init__(self):
        self.files = None
        self.failures = {}
        for event in (gdb.events.new_objfile, gdb.events.clear_objfiles, gdb.events.exited):
            event.connect(self.forget)

    def forget(self, _event=None):
        self.files = None

    def look(self):
        if self.files is not None:
            return self.files
        lowest = {}
        for _, _, address, path in LINE.findall(gdb.execute("info probes stap", to_string=True)):
            lowest[path] = min(int(address, 16), lowest.get(path, 1 << 64))
        self.files, self.failures = [], {}
        for path, address in lowest.items():
            try:
                self.files.append(Loaded(path, address))
            except (OSError, notes.Damaged) as error:
                self.failures[path] = error
        return self.files

    def matching(self, pattern):
        """The probes that a PROVIDER:NAME, with globs, means; GdbError if none."""
        found = [probe for loaded in self.look() for probe in loaded.probes.values()
                 if fnmatch.fnmatchcase(probe.title(), pattern)]
        if not found:
            why = "".join(f"; {path}: {error}" for path, error in self.failures.items())
            raise gdb.GdbError(f"no probe {pattern} in the loaded files{why}")
        return found

    def at(self, address):
        """The loaded file and the site at an address in memory, or None."""
        for retry in (False, True):
            for loaded in self.look():
                site = loaded.by_address.get(address)
                if site:
                    return loaded, site
            if not retry:
                self.forget() # a program that moved without loading anything
        return None


TABLE = Table()


def escape(text):
    named = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
    return "".join(named.get(c, c if c.isprintable() else
                             "".join(f"\\x{byte:02x}" for byte in
                                     c.encode("utf-8", "surrogateescape"))) for c in text)


class Hit:
    """A thread that stands at a site."""

    def __init__(self):
        try:
            frame = gdb.newest_frame()
        except gdb.error as error:
            raise gdb.GdbError("the program is not running and there is no core") from error
        found = TABLE.at(frame.pc())
        if not found:
            raise gdb.GdbError(f"no probe is at {frame.pc():#x}: fathom break stops at one")
        self.loaded, self.site = found
        self.arguments = self.loaded.arguments(self.site)
        self.place = Place(frame, self.loaded.file, self.loaded.bias)

    def title(self):
        return f"{self.site.provider}:{self.site.name}"

    def find(self, name):
        for number, argument in enumerate(self.arguments):
            if name in (argument.name, f"arg{number + 1}"):
                return argument, self.site.operands[number]
        known = ", ".join(argument.name for argument in self.arguments) or "none"
        raise gdb.GdbError(f"{self.title()} has no argument {name}; it has {known}")

    def number(self, argument, operand):
        """As the argument's type has it: its size and its sign."""
        value = operand_value(operand, self.place)
        if argument.kind == "f" or isinstance(value, float):
            return value
        value &= (1 << 8 * argument.size) - 1
        top = 1 << 8 * argument.size - 1
        return (value ^ top) - top if argument.kind == "s" else value

    def text(self, address):
        """The NUL-terminated text at an address, up to TEXT_MAX bytes."""
        text = b""
        while len(text) < TEXT_MAX and b"\0" not in text:
            step = 64 - (address + len(text)) % 64 # never across a page
            text += self.place.memory(address + len(text), step)
        text, nul, _ = text[:TEXT_MAX].partition(b"\0")
        return f'"{escape(text.decode("utf-8", "surrogateescape"))}"' + ("" if nul else "...")

    def show(self, argument, operand):
        try:
            value = self.number(argument, operand)
            if argument.kind == "t":
                return self.text(value) if value else "(null)"
        except Unreadable as error:
            return f"?({error})"
        if argument.kind == "x":
            return f"{value:#x}"
        return argument.words and argument.word(value) or str(value)

    def value(self, name):
        """A gdb.Value of the argument's type; text is a char pointer."""
        argument, operand = self.find(name)
        try:
            number = self.number(argument, operand)
        except Unreadable as error:
            raise gdb.GdbError(f"{name} is not readable here: {error}") from error
        if argument.kind == "f":
            return gdb.Value(number).cast(gdb.lookup_type("double" if argument.size == 8
                                                          else "float"))
        architecture = self.place.frame.architecture()
        kind = architecture.integer_type(8 * argument.size, argument.kind == "s")
        value = gdb.Value(number & (1 << 64) - 1 if number >= 1 << 63 else number).cast(kind)
        return value.cast(gdb.lookup_type("char").pointer()) if argument.kind == "t" else value

    def line(self):
        shown = "".join(f" {argument.name}={self.show(argument, operand)}" for argument, operand
                        in zip(self.arguments, self.site.operands))
        return f"{self.title()}:{shown}"
