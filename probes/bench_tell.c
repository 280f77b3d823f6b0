// SPDX-License-Identifier: GPL-2.0-or-later
/* What bench and agent say on stderr while a job runs. */
#include "probes/bench_tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/command.h"
#include "core/json_members.h"
#include "core/text.h"
#include "core/units.h"
#include "probes/bench_report.h"

/* Appends; what does not fit is cut. */
__attribute__((format(printf, 3, 4))) static void add(char *line, size_t room,
						      const char *format, ...)
{
	size_t length = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + length, room - length, format, args);
	va_end(args);
}

/* What is not known, as rates in the first half second, is left out. */
void tell_progress(const char *phase, const struct run_progress *p)
{
	double speed = p->bytes_per_second[0] + p->bytes_per_second[1];
	char line[256] = "", what[32], text[UNIT_TEXT];

	snprintf(what, sizeof(what), "%s", phase);
	text_tame(what);
	if (p->done >= 0)
		add(line, sizeof(line), "%3.0f%% ", 100 * (p->done < 1 ? p->done : 1));
	add(line, sizeof(line), "%s", what);
	for (int i = 0; i < 2; i++)
		if (p->iops[i] > 0)
			add(line, sizeof(line), ", %s %s IOPS", direction_names[i],
			    count_text(text, p->iops[i]));
	if (speed > 0)
		add(line, sizeof(line), ", %s/s", size_text(text, speed));
	if (p->left_ns)
		add(line, sizeof(line), ", %llu s left",
		    (unsigned long long)(p->left_ns + 999999999) / 1000000000);
	progress("%s", line);
}

/* The text behind the subject, for a line that has the subject already. */
static const char *rest_of(const json_t *warning)
{
	const char *text = member_text(warning, "text");
	size_t length = strlen(member_text(warning, "subject"));

	text += length < strlen(text) ? length : 0;
	return text + strspn(text, ": ");
}

static bool share_subject(const json_t *a, const json_t *b)
{
	return strcmp(member_text(a, "subject"), member_text(b, "subject")) == 0;
}

size_t tell_warnings(const char *command, const json_t *warnings, size_t told)
{
	size_t count = json_array_size(warnings);

	for (size_t i = told; i < count;) {
		const json_t *first = json_array_get(warnings, i), *next;
		char line[4096];
		size_t length = (size_t)snprintf(line, sizeof(line), "%s",
						 member_text(first, "text"));

		for (i++; (next = json_array_get(warnings, i)) &&
			  share_subject(first, next) && length < sizeof(line);
		     i++)
			length += (size_t)snprintf(line + length, sizeof(line) - length,
						   "; also %s", rest_of(next));
		text_tame(line);
		command_warn(command, "%s", line);
	}
	return count;
}
