/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request does, by the op= of a model's line: a number of requests.ops. */
#ifndef FATHOM_TRACE_REQUESTS_OPERATION_H
#define FATHOM_TRACE_REQUESTS_OPERATION_H

#include "trace/requests/requests.h"

enum { OPERATION_UNKNOWN = UINT16_MAX }; /* in bound_line.op_of: not looked up yet */

/* Once per line that tells an operation, before its first event. */
void operation_prepare(struct requests *r, struct bound_line *line);

/* Looks up what operation_of() does not know; also one that is a string. */
unsigned operation_find(struct requests *r, struct bound_line *line,
			const struct event *event);

static inline unsigned operation_of(struct requests *r, struct bound_line *line,
				    const struct event *event)
{
	uint64_t value;

	if (line->op_text)
		return operation_find(r, line, event);
	value = expression_value(&line->values[VALUE_OP], event);
	if (value < sizeof(line->op_of) / sizeof(*line->op_of) &&
	    line->op_of[value] != OPERATION_UNKNOWN)
		return line->op_of[value];
	return operation_find(r, line, event);
}

#endif
