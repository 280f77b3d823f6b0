// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps the first of several reasons. */
#include "collector/alarm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

void alarm_raise(struct alarm *alarm, const char *format, ...)
{
	char text[ALARM_TEXT];
	va_list args;

	if (alarm->count++)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_escape(alarm->why, sizeof(alarm->why), text, strlen(text), 0);
}
