# SPDX-License-Identifier: GPL-2.0-or-later
"""Static probes by name in GDB: source this file, then "help fathom" (docs/gdb.md)."""
import os
import re
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fathom_gdb import condition as conditions  # noqa: E402
from fathom_gdb import inflight  # noqa: E402
from fathom_gdb.probes import TABLE, Hit  # noqa: E402


class Fathom(gdb.Command):
    """Static probes by name, with typed arguments.

fathom probes [GLOB]                 list the probes of the loaded files
fathom break PROVIDER:NAME [if EXPR] stop at a probe
fathom trace PROVIDER:NAME [if EXPR] print each hit and go on
fathom args                          the probe the program stands at
fathom inflight                      requests in flight of fathom bench

$_fathom("NAME") is an argument of the probe the program stands at,
$_fathom_word("NAME") its enum word."""

    def __init__(self):
        super().__init__("fathom", gdb.COMMAND_USER, prefix=True)


class FathomProbes(gdb.Command):
    """List the probes of the loaded files with the names and types of their arguments.
Usage: fathom probes [GLOB]

GLOB is PROVIDER:NAME with * and ?. Names and types come from the fathom note; without one
from the program fathom, if it is in $FATHOM or $PATH (provider files and debug information);
else they are arg1, arg2 ... with the size and the sign that the program was built with."""

    def __init__(self):
        super().__init__("fathom probes", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        path = None
        for probe in TABLE.matching(argument.strip() or "*"):
            if probe.loaded.path != path:
                path = probe.loaded.path
                print(f"{path}:")
            count = len(probe.sites)
            notes = [f"{count} sites"] if count > 1 else []
            notes += ["semaphore"] if any(site.has_semaphore for site in probe.sites) else []
            print(f"  {probe.prototype()}" + (f"  [{', '.join(notes)}]" if notes else ""))
        for path, error in TABLE.failures.items():
            print(f"{path}: not read: {error}")


class ProbeBreakpoint(gdb.Breakpoint):
    """All sites of a probe; GDB keeps its semaphore raised."""

    def __init__(self, probe, text, stops):
        self.probe, self.stops = probe.title(), stops
        self.text = conditions.translate(text, probe.arguments()) if text else None
        super().__init__(f"-probe-stap {self.probe}")

    def stop(self):
        try:
            if self.text and not int(gdb.parse_and_eval(self.text)):
                return False
            line = Hit().line()
        except (gdb.error, gdb.GdbError) as error:
            gdb.write(f"{self.probe}: {error}\n")
            return True
        thread = gdb.selected_thread()
        who = f"{thread.name} {thread.ptid[1]}: " if thread else ""
        gdb.write(f"{who}{line}\n")
        return self.stops


SPEC = re.compile(r"\s*([^\s:]+:[^\s:(]+)(?:\(([^()]*)\))?(?:\s+if\b\s*(.+?))?\s*", re.S)
USAGE = "PROVIDER:NAME[(ARG:string,...)] [if EXPR]"


def parse_texts(list_of_arguments):
    """The names in "arg1:string,arg2:string"."""
    names = []
    for part in filter(None, (list_of_arguments or "").replace(" ", "").split(",")):
        name, _, kind = part.partition(":")
        if kind != "string":
            raise gdb.GdbError(f"{part[:40]}: expected ARG:string")
        names.append(name)
    return names


def place_breakpoints(argument, command, stops):
    match = SPEC.fullmatch(argument)
    if not match:
        raise gdb.GdbError(f"usage: fathom {command} {USAGE}")
    pattern, texts, condition = match.groups()
    probes = {probe.title(): probe for probe in TABLE.matching(pattern)}
    for probe in probes.values():
        probe.take_as_text(parse_texts(texts))
        ProbeBreakpoint(probe, condition, stops)


class FathomBreak(gdb.Command):
    """Stop at all sites of a probe.
Usage: fathom break PROVIDER:NAME[(ARG:string,...)] [if EXPR]

EXPR may use the probe's arguments by name, enum words, text in quotes and anything that
GDB knows. At a stop, $_fathom("NAME") is an argument. (ARG:string) tells of a probe without
names which of its arguments are text.
Examples: fathom break fathom:submit if op == write && length > 65536
          fathom break python:function__entry(arg1:string,arg2:string) if arg2 == "main\""""

    def __init__(self):
        super().__init__("fathom break", gdb.COMMAND_BREAKPOINTS)

    def invoke(self, argument, from_tty):
        place_breakpoints(argument, "break", True)


class FathomTrace(gdb.Command):
    """Print one line per hit of a probe and go on.
Usage: fathom trace PROVIDER:NAME[(ARG:string,...)] [if EXPR]

Each hit stops the thread for some hundred microseconds; fathom record costs a thousandth
of that. "delete" ends it, as with any breakpoint."""

    def __init__(self):
        super().__init__("fathom trace", gdb.COMMAND_BREAKPOINTS)

    def invoke(self, argument, from_tty):
        place_breakpoints(argument, "trace", False)


class FathomArgs(gdb.Command):
    """Show the probe that the program stands at, with its arguments.
Usage: fathom args"""

    def __init__(self):
        super().__init__("fathom args", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        print(Hit().line())


class FathomInflight(gdb.Command):
    """List the requests that fathom bench has in flight, oldest first.
Usage: fathom inflight

Works on a core dump (gdb FATHOM CORE) and on a process. Ages are up to the newest time
that the process had noted down, at most a tenth of a second before the core was made."""

    def __init__(self):
        super().__init__("fathom inflight", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        try:
            print(inflight.table())
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"the core does not have the memory of the run: {error}") from error
        except gdb.error as error:
            raise gdb.GdbError(f"the requests cannot be read: {error}") from error


class ArgumentFunction(gdb.Function):
    """$_fathom("NAME"): an argument of the probe that the program stands at."""

    def __init__(self):
        super().__init__("_fathom")

    def invoke(self, name):
        return Hit().value(name.string())


class WordFunction(gdb.Function):
    """$_fathom_word("NAME"): the enum word, or the text, of an argument."""

    def __init__(self):
        super().__init__("_fathom_word")

    def invoke(self, name):
        hit = Hit()
        return hit.show(*hit.find(name.string()))


for command in (Fathom, FathomProbes, FathomBreak, FathomTrace, FathomArgs, FathomInflight,
                ArgumentFunction, WordFunction):
    command()
