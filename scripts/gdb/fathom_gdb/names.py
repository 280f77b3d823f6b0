# SPDX-License-Identifier: GPL-2.0-or-later
"""Names and types of probes that have no fathom note: from provider files and debug
information, as the program fathom knows them. Nothing here needs GDB.

fathom is looked for in $FATHOM (empty: not at all), then in $PATH. Without it the arguments of
such probes are arg1 ... argN."""
import json
import os
import shutil
import subprocess

from fathom_gdb.notes import Argument

SECONDS = 30


def find_fathom():
    given = os.environ.get("FATHOM")
    return given if given is not None else shutil.which("fathom")


def read_argument(described):
    words = {int(value): word for value, word in described["words"].items()}
    if described["type"] == "str":
        return Argument(described["name"], "t", 8)
    return Argument(described["name"], described["type"][0], int(described["type"][1:]) // 8,
                    words)


def look_up(path):
    """(provider, name) to the arguments of the probe; empty if nobody tells."""
    program = find_fathom()
    if not program:
        return {}
    try:
        done = subprocess.run([program, "list", "--json", "-x", path], capture_output=True,
                              timeout=SECONDS, check=True, stdin=subprocess.DEVNULL)
        file, = json.loads(done.stdout)
        return {(probe["provider"], probe["name"]): [read_argument(argument) for argument
                                                     in probe["arguments"]]
                for probe in file["probes"]}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return {}
