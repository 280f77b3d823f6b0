/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which requests are looked at: a filter (trace/filter.h), as --where takes it.
 *
 *   latency>2ms && op==write   latency, id, pid, tid, failed; and what the model tells of
 *                              op, offset, size, fd, result or status
 *   device>1ms || depth>16     what the analyzer knows besides
 *   worker==3                  an argument of the events in which requests begin; if none
 *                              of them has it, of those in which they end
 *
 * A name means the first of these that there is. Where a name has a '-' or a '.', a '_'
 * stands for it. Comparisons with arguments are made when their event is at hand: of each
 * request in flight a bit per comparison is kept, not the values.
 */
#ifndef FATHOM_TRACE_REQUESTS_WHERE_H
#define FATHOM_TRACE_REQUESTS_WHERE_H

#include "trace/filter.h"
#include "trace/requests/binding.h"

struct request;
struct words;

/* A number that the analyzer knows of each request that ended. */
struct where_more {
	const char *name;
	enum filter_unit unit;
};

/* What a comparison compares. */
struct where_value {
	enum where_source {
		WHERE_REQUEST,	/* what is known of every request */
		WHERE_MORE,	/* … by the analyzer */
		WHERE_SUBMIT,	/* an argument, of the event in which it begins */
		WHERE_COMPLETE, /* … or ends */
	} source;
	unsigned which;	  /* of them */
	const char *name; /* of the argument */
};

struct where {
	/* Set before the pass. */
	const char *text; /* NULL: all requests */

	/* Set before the first event, by the analyzer whose requests are chosen. */
	const struct where_more *more;
	unsigned nr_more;

	/* Found out. */
	struct filter *filter; /* NULL: there is none, or no event came */
	struct where_value values[FILTER_NODES_MAX];
	unsigned nr_values;
};

/* Before the first event, all types known: parses the filter and finds the arguments. 0,
 * or a negative errno with the column in @f. */
int where_settle(struct where *w, const struct binding *b, struct failure *f);

/* Finds them in the events of one more line. 0 or -ENOMEM. */
int where_bind(const struct where *w, struct bound_line *line);

/* The comparisons that hold of those with arguments of @event, which is of @line. */
uint64_t where_holds(const struct where *w, const struct bound_line *line,
		     const struct event *event);

/* Is a request that ended one of those? @more: the analyzer's numbers. */
bool where_passes(const struct where *w, const struct request *q, const struct words *ops,
		  const uint64_t *more);

/* Does it compare the operation? A word that never comes is not known before the end. */
bool where_asks_op(const struct where *w);

/* … one of the analyzer's numbers, of those from @first to @last? */
bool where_asks_more(const struct where *w, unsigned first, unsigned last);

void where_release(struct where *w);

#endif
