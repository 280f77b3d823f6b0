/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters of hits: about the arguments of an event, tested in the kernel (or, for a trigger
 * of the flight recorder, on what was recorded). */
#ifndef FATHOM_COLLECTOR_PLAN_FILTER_H
#define FATHOM_COLLECTOR_PLAN_FILTER_H

#include "trace/filter.h"

struct plan_event;

/* Parses @text for @event, whose arguments must have their final types and places; values
 * are numbered as they are. Free with filter_free(). */
int plan_filter_parse(struct filter **filter, const char *text,
		      const struct plan_event *event, struct failure *f);

/* Writes the filter as the kernel's event filters have it, with arguments called arg1,
 * arg2, … by their place in the event. 0, or -E2BIG. */
int filter_kernel_text(char *out, size_t room, const struct filter *filter,
		       const struct plan_event *event);

#endif
