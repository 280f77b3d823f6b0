/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From events to waits: when the loops of a trace had nothing to do, how long until they
 * had an event, and how they spent that time. A loop is a thread. How its waits are known
 * depends on what the model tells.
 *
 * With wait_begin and wait_end, as fathom's own engine has them, a wait is what lies
 * between the first poll or sleep and the one that found something.
 *
 * With polling only, as in QEMU, the sleep behind polling in vain ends with the thread's
 * next event of the model, unless that comes at once: then polling ended because there
 * was something else to do. A gap without polling was a sleep if the window grows or
 * shrinks right behind it, or, where windows are not told, always.
 *
 * Without either, and for a thread that never polls, a gap that a complete ends is taken
 * for a sleep.
 *
 * Gaps shorter than WAIT_LEAST_NS are work. Where the trace has the kernel's
 * sched:sched_waking, that tells when the event of a sleep came, and a gap without one was
 * work, too.
 */
#ifndef FATHOM_ANALYZERS_WHAT_IF_WAITS_H
#define FATHOM_ANALYZERS_WHAT_IF_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/requests/binding.h"

enum { WAIT_LOOPS_MAX = 1024, WAIT_LEAST_NS = 2000 };

/* Times count from the wait's begin. */
struct traced_wait {
	uint64_t begin_ns;  /* on the trace's clock */
	uint64_t block_ns;  /* until the loop had the event */
	uint64_t quiet_ns;  /* until then there was none, for certain */
	uint64_t found_ns;  /* until polling found it; 0: it ended a sleep */
	uint64_t woken_ns;  /* until the kernel woke the thread; 0: not known */
	uint64_t window_ns; /* the limit of the polling it began with; 0: none */
	uint64_t polled_ns;
	unsigned naps; /* sleeps without an event */
};

struct wait_loop {
	int32_t pid, tid;
	uint64_t first_ns, last_ns; /* events */
	uint64_t woken_ns;	    /* by the kernel, since last_ns; 0: not */
	uint64_t waits;

	/* The wait under way. */
	bool open, polls; /* polls: this loop has polled */
	bool polling, sleeping;
	uint64_t since_ns;  /* when that began */
	uint64_t window_ns; /* how long it may poll; 0: not known */
	struct traced_wait now;
	unsigned sources;   /* of the events that ended the last wait */
	unsigned in_flight; /* requests; as far as they are told */
	unsigned depth;	    /* the most at a wait's begin */
	uint64_t at_depth,
		since_depth; /* waits that began with as many; since the first */
	bool fresh;	     /* completes still belong to the last wait */
};

/* Told in the order of the trace; for each loop: ended, any requests, sources, ended … */
struct wait_listener {
	void (*ended)(void *state, size_t loop, const struct traced_wait *wait);

	/* What the events of the last wait were: bits below 1 << POLL_SOURCES. */
	void (*sources)(void *state, size_t loop, unsigned sources);
};

struct waits {
	/* Set before the pass. */
	const struct model *model;
	const struct wait_listener *listener;
	void *state;

	/* Found out. */
	struct wait_loop *loops[WAIT_LOOPS_MAX];
	size_t nr_loops;
	uint64_t ignored; /* events of loops beyond WAIT_LOOPS_MAX */
	uint64_t first_ns, last_ns;

	struct binding binding;
	bool tells_sleeps;  /* the model has wait_end */
	bool tells_windows; /* … grow or shrink */
	size_t last;	   /* the loop of the event before */
	const struct event_type *waking;
	const struct event_field *woken; /* its pid */
};

void waits_begin(struct waits *w); /* once model is set */

/* As struct analyzer's. */
int waits_type(void *state, const struct event_type *type, struct failure *f);
int waits_event(void *state, const struct event *event, struct failure *f);

int waits_loss(void *state, const struct loss *loss, struct failure *f);

/* The last event submitted a request. */
void waits_note_submit(struct waits *w);

/* The last event completed a request of this source (a small number). Returns whether the
 * loop found it when its last wait ended, and not later without waiting. */
bool waits_note_complete(struct waits *w, unsigned source);

/* The number of requests that the loop keeps in flight, as far as its waits tell; 0 if it
 * does not. */
unsigned waits_kept_depth(const struct wait_loop *loop);

void waits_end(struct waits *w);
void waits_release(struct waits *w);

#endif
