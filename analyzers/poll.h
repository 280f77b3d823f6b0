/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What busy polling cost and saved: what fathom poll and fathom report show. */
#ifndef FATHOM_ANALYZERS_POLL_H
#define FATHOM_ANALYZERS_POLL_H

#include "analyzers/analyzer.h"
#include "analyzers/intervals.h"
#include "analyzers/series.h"
#include "trace/requests/binding.h"

enum { POLL_LOOPS_MAX = 1024 };

/* What of a loop is told per interval. */
struct poll_counts {
	uint64_t windows, progress, progress_ns, empty_ns, waits, wait_ns, naps, nap_ns;
};

/* One event loop of one process. */
struct poll_loop {
	uint64_t loop; /* the model's loop argument */
	int32_t pid;
	uint64_t windows; /* that ended: progress + empty */
	uint64_t progress, empty;
	uint64_t progress_ns, empty_ns;
	uint64_t grow, shrink;
	uint64_t waits, wait_ns; /* blocked in the kernel until something came */
	uint64_t naps, nap_ns;	 /* … and woke without */
	uint64_t unmatched;	 /* begins without end, ends without begin */
	uint64_t window_max_ns;
	bool polling, waiting; /* a window, a wait is open */
	uint64_t poll_since_ns, wait_since_ns;
	uint64_t window_ns;	 /* now, as far as known */
	struct series window;	 /* its size over time */
	struct poll_counts told; /* before the open interval */
};

struct poll {
	/* Set before the pass. */
	const struct model_options *options;
	struct intervals *intervals; /* NULL: nobody asked for them */

	/* Found out. */
	struct poll_loop *loops[POLL_LOOPS_MAX]; /* as they came; at the end by loop */
	size_t nr_loops;
	uint64_t first_ns, last_ns;
	uint64_t lost;	  /* records that the recorder lost */
	uint64_t ignored; /* events of loops beyond POLL_LOOPS_MAX */

	struct model *model;
	bool guessed;
	const struct trace *trace;
	struct binding binding;
	struct poll_loop *last; /* the loop of the event before */
};

extern const struct analyzer poll_analyzer; /* the state is a struct poll */

void poll_release(struct poll *p);

/* poll_intervals.c: before the first event behind the open interval, and in the end. */
void poll_intervals_next(struct poll *p, uint64_t time_ns);
void poll_intervals_finish(struct poll *p);

/* poll_print.c: the ways to show it, on stdout. */
void poll_print_text(const struct poll *p);
void poll_print_csv(const struct poll *p);
void poll_notes(const struct poll *p, FILE *to); /* what could move the figures */
int poll_print_json(const struct poll *p);	 /* 0 or -ENOMEM */

/* Behind the rows of the intervals: 0 or -ENOMEM. */
int poll_end_intervals(const struct poll *p);

#endif
