/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is fed the events of a trace: the table of an analyzer.
 *
 * analyze() (analyzers/) feeds it what a file or a pipe holds. docs/add-an-analyzer.md is
 * the guide.
 */
#ifndef FATHOM_TRACE_ANALYZER_H
#define FATHOM_TRACE_ANALYZER_H

#include "trace/reader.h"

/* Slots in the order of their calls, all in one thread. */
struct analyzer {
	const char *name;

	/*
	 * Once, when the first item is at hand or the trace turned out empty: the types
	 * known by then are told by trace_type(). A negative errno refuses the trace,
	 * with the reason in @f, and ends the pass. May be NULL.
	 */
	int (*begin)(void *state, const struct trace *trace, struct failure *f);

	/*
	 * Each type once, after begin and before its first event: bind fields here, not
	 * per event. Returns 1 to get its events, 0 to be spared them, or a negative
	 * errno. The type outlives the pass. NULL: every event is wanted.
	 */
	int (*type)(void *state, const struct event_type *type, struct failure *f);

	/*
	 * Each event of a wanted type, in time order. A negative errno ends the pass.
	 * This is the hot path: no allocation, no lookup by name.
	 */
	int (*event)(void *state, const struct event *event, struct failure *f);

	/* Records that the recorder lost, in their place in time. May be NULL. */
	int (*loss)(void *state, const struct loss *loss, struct failure *f);

	/* Once, after the last event, also of a damaged trace: closes what is open. Not
	 * called when the pass failed. May be NULL. */
	void (*end)(void *state);
};

#endif
