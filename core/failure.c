// SPDX-License-Identifier: GPL-2.0-or-later
/* A failure with its reason in one line. */
#include "core/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

int fail(struct failure *f, int code, const char *format, ...)
{
	va_list args;

	if (!f)
		return code;
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	text_tame(f->text);
	return code;
}

int fail_in(struct failure *f, int code, const char *format, ...)
{
	char context[sizeof(f->text)], rest[sizeof(f->text)];
	va_list args;

	if (!f)
		return code;
	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	memcpy(rest, f->text, sizeof(rest));
	snprintf(f->text, sizeof(f->text), "%.200s: %.300s", context, rest);
	text_tame(f->text);
	return code;
}
