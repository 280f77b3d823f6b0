/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a trace to an answer: the table of an analyzer and the one pass that feeds it.
 *
 * An analyzer gathers; its command prints, after the pass. It keeps all it knows in
 * its own state, so that several can share a pass. docs/add-an-analyzer.md is the
 * guide; script.c is the smallest example.
 */
#ifndef FATHOM_ANALYZERS_ANALYZER_H
#define FATHOM_ANALYZERS_ANALYZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "trace/reader.h"

struct failure;

/* Slots in the order of their calls, all in the thread of analyze(). */
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

/* An analyzer at work. */
struct analysis {
	const struct analyzer *analyzer;
	void *state;
};

/*
 * Reads @trace to its end and feeds the @count analyses. Shows progress on stderr.
 * Ends early and in order when a signal asks (core/stop.h); Ctrl-C ends only the
 * reading of a file, a pipe is read to its end. Returns 0, or the first
 * negative errno of the reader or an analyzer, with the reason in @f.
 */
int analyze(struct trace *trace, const struct analysis *analyses, size_t count,
	    struct failure *f);

/*
 * What every command does: opens the trace @input, makes the pass, and lets @print show
 * the answer from @user (0 or a negative errno with the sentence; may be NULL). Says on
 * stderr what failed, and whether the trace is incomplete. Returns the exit code:
 * EXIT_FAILED also for an incomplete trace, EXIT_FINE when whoever read stdout left.
 */
int run_analyses(const char *command, const char *input, const struct analysis *analyses,
		 size_t count, int (*print)(void *user, struct failure *f), void *user);

/* "the trace has a:b (12), c:d (3) and 5 more", for a trace that says nothing. With
 * @counts the numbers, and only what has events (known at the end of the pass). What
 * does not fit into @room (at least 50) is left out. Returns @text. */
char *describe_events(char *text, size_t room, const struct trace *trace, bool counts);

/* Not common_pid and the like, nor where the probe was hit (__probe_ip). */
static inline bool field_is_argument(const struct event_field *field)
{
	return !field->common && strncmp(field->type.name, "__probe_", 8) != 0;
}

#endif
