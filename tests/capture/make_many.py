#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a C program with 4,000 probes of one site each, all hit once, many:shared with three
sites of which two are hit, and 600 probes with a constant of their own: make_many.py FILE"""
import sys

PROBES, PER_FUNCTION, CONSTANTS = 4000, 500, 600
KINDS = ("DTRACE_PROBE2(many, p{n:04}, number, small);",
         "DTRACE_PROBE3(many, p{n:04}, number, small, cell);",
         "DTRACE_PROBE1(many, p{n:04}, {constant});",
         "DTRACE_PROBE2(many, p{n:04}, text, small);")

with open(sys.argv[1], "w") as out:
    out.write("#include <sys/sdt.h>\nstatic volatile long cell;\n")
    functions = PROBES // PER_FUNCTION
    for f in range(functions):
        out.write(f"__attribute__((noinline)) static void f{f}(long number, int small, "
                  "const char *text)\n{\n")
        for n in range(f * PER_FUNCTION, (f + 1) * PER_FUNCTION):
            out.write("\t" + KINDS[n % len(KINDS)].format(n=n, constant=n % 7) + "\n")
        out.write("}\n")
    out.write("__attribute__((noinline)) static void constants(void)\n{\n")
    for n in range(CONSTANTS):
        out.write(f"\tDTRACE_PROBE1(constants, c{n:03}, {n});\n")
    out.write("}\n")
    out.write("int main(int argc, char **argv)\n{\n")
    for f in range(functions):
        out.write(f"\tf{f}({f}, argc, argv[0]);\n")
    out.write("\tconstants();\n")
    out.write("\tDTRACE_PROBE1(many, shared, 1);\n\tDTRACE_PROBE1(many, shared, argc);\n"
              "\tif (argc > 9)\n\t\tDTRACE_PROBE1(many, shared, 3);\n\treturn 0;\n}\n")
