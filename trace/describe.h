/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of a trace in a sentence. */
#ifndef FATHOM_TRACE_DESCRIBE_H
#define FATHOM_TRACE_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

struct trace;

/* "the trace has a:b (12), c:d (3) and 5 more", for a trace that says nothing. With
 * @counts the numbers, and only what has events (known at the end of the pass). What
 * does not fit into @room (at least 50) is left out. Returns @text. */
char *describe_events(char *text, size_t room, const struct trace *trace, bool counts);

#endif
