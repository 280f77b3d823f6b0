// SPDX-License-Identifier: GPL-2.0-or-later
/* The events of a trace in a sentence. */
#include "trace/describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trace/reader.h"

enum {
	LEAD = 13,     /* "the trace has" */
	AND_MORE = 17, /* ", ", " and 123 more", NUL */
};

char *describe_events(char *text, size_t room, const struct trace *trace, bool counts)
{
	size_t nr = trace_nr_types(trace), used = 0, left_out = 0;
	char one[80];

	snprintf(text, room, "the trace has no events");
	for (size_t i = 0; i < nr; i++) {
		const struct event_type *type = trace_type(trace, i);
		int length = snprintf(one, sizeof(one), "%.40s", type->name);

		if (counts && !type->count)
			continue;
		if (counts)
			length += snprintf(one + length, sizeof(one) - (size_t)length,
					   " (%" PRIu64 ")", type->count);
		if ((used ? used : LEAD) + (size_t)length + AND_MORE > room) {
			left_out++;
			continue;
		}
		snprintf(text + used, room - used, "%s %s", used ? "," : "the trace has",
			 one);
		used += strlen(text + used);
	}
	if (left_out)
		snprintf(text + used, room - used,
			 used ? " and %zu more" : "the trace has %zu other events",
			 left_out);
	return text;
}
