/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a trace to an answer: the one pass that feeds the analyzers (trace/analyzer.h).
 *
 * An analyzer gathers; its command prints, after the pass. It keeps all it knows in
 * its own state, so that several can share a pass. script.c is the smallest example.
 */
#ifndef FATHOM_ANALYZERS_ANALYZER_H
#define FATHOM_ANALYZERS_ANALYZER_H

#include <stddef.h>
#include <stdio.h>

#include "trace/analyzer.h"

struct failure;

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

/* A line "note: …" if @trace is a flight recorder's snapshot: why there is one, and how
 * far back it reaches. NULL is no trace. */
void note_snapshot(const struct trace *trace, FILE *to);

#endif
