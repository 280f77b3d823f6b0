# SPDX-License-Identifier: GPL-2.0-or-later
"""contains.py FILE PROGRAM: every line that the program prints stands in the file, side by
side and in that order; what is missing is printed."""
import subprocess
import sys

lines = subprocess.run(sys.argv[2:], check=True, text=True, stdout=subprocess.PIPE).stdout
with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
if lines not in text:
    print("\n".join(line for line in lines.splitlines() if line not in text) or lines)
    sys.exit(f"{sys.argv[1]} lacks these lines, or has others between them")
