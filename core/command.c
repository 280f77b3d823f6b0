// SPDX-License-Identifier: GPL-2.0-or-later
/* What command files say to the user. */
#include "core/command.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/failure.h"

int command_failed(const char *command, const struct failure *f)
{
	fflush(stdout);
	fprintf(stderr, "fathom %s: %s\n", command, f->text);
	return EXIT_FAILED;
}

void command_warn(const char *command, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "fathom %s: warning: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
