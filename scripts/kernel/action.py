# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done to the machine or the disk goes through here, so that -n can say it instead."""
import os
import shlex
import subprocess
import sys

from failure import Failure

LINES_OF_A_FAILURE = 40


class Actions:
    """@dry: only say what would be done."""

    def __init__(self, dry):
        self.dry = dry

    def tell(self, text):
        print(text, flush=True)

    def warn(self, text):
        print(f"warning: {text}", file=sys.stderr, flush=True)

    def do(self, what, action, *arguments):
        """Calls @action, which @what describes."""
        if self.dry:
            self.tell(f"would: {what}")
        else:
            action(*arguments)

    def run(self, *command, log=None):
        """Runs a command to its end. Its output goes to the file @log; the end of it is shown
        if it fails."""
        self.do(shlex.join(command), self.really_run, command, log or os.devnull)

    @staticmethod
    def really_run(command, log):
        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, "a+", encoding="utf-8", errors="replace") as output:
            begin = output.tell()
            try:
                status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.STDOUT, check=False).returncode
            except FileNotFoundError as error:
                raise Failure(f"{command[0]} is not installed: scripts/setup kmod") from error
            if status == 0:
                return
            output.seek(begin)
            for line in output.read().splitlines()[-LINES_OF_A_FAILURE:]:
                print(f"  {line}", file=sys.stderr)
        raise Failure(f"{command[0]} failed; all it said is in {log}"
                      if log != os.devnull else f"{shlex.join(command)} failed")
