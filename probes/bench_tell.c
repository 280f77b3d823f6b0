// SPDX-License-Identifier: GPL-2.0-or-later
/* What bench and agent say on stderr while a job runs. */
#include "probes/bench_tell.h"

#include <stdio.h>
#include <string.h>

#include "core/command.h"
#include "core/json_members.h"
#include "core/text.h"
#include "core/units.h"

void tell_progress(const char *phase, const struct run_progress *p)
{
	char reads[UNIT_TEXT], writes[UNIT_TEXT], speed[UNIT_TEXT], done[16] = "";
	char what[32];

	snprintf(what, sizeof(what), "%s", phase);
	text_tame(what);
	if (p->done < 0 && p->iops[0] + p->iops[1] <= 0) {
		progress("%s", what);
		return;
	}
	if (p->done >= 0)
		snprintf(done, sizeof(done), "%3.0f%% ",
			 100 * (p->done < 1 ? p->done : 1));
	progress("%s%s, read %s IOPS, write %s IOPS, %s/s", done, what,
		 count_text(reads, p->iops[0]), count_text(writes, p->iops[1]),
		 size_text(speed, p->bytes_per_second[0] + p->bytes_per_second[1]));
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
