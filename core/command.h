/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of fathom: each is a row of core/commands.def. */
#ifndef FATHOM_CORE_COMMAND_H
#define FATHOM_CORE_COMMAND_H

enum {
	EXIT_FINE = 0,  /* the work is done */
	EXIT_FAILED = 1, /* the work failed; one line on stderr says why */
	EXIT_USAGE = 2, /* the command line is wrong */
};

struct failure;

/* Prints "fathom COMMAND: reason" on stderr; returns EXIT_FAILED. */
int command_failed(const char *command, const struct failure *f);

/* Prints "fathom COMMAND: warning: text" on stderr. */
void command_warn(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define COMMAND(name, function, summary) int function(int argc, char **argv);
#include "core/commands.def"
#undef COMMAND

#endif
