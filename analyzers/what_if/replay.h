/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other rules of polling, replayed over the waits of a trace.
 *
 * A cell is one rule with one limit (poll_max_ns), or one of the three that others are
 * held against: what was recorded, blocking always, and the oracle, which knows when each
 * event will come, polls for those that come within its limit, and sleeps through the
 * others. The oracle cannot nap: a rule that naps may do better.
 *
 * Held fixed are the time that each event takes from outside and the loop's own work: an
 * event that is seen earlier makes all that follows earlier. Two kinds of loops.
 *
 * One by one: a wait's event comes as long after the wait's begin as it did. With one
 * request in flight that is the device's own time. It is also what is done where more is
 * not known, though there events that the trace saw together stay together, which polling
 * may have found one by one.
 *
 * Closed: the loop keeps a number of requests in flight, its depth. Each takes the device
 * as long as it did, and a new one is submitted for each that is found. So it turns out
 * anew which are found together.
 *
 * Not modelled: a device that answers otherwise when asked earlier, and what polling takes
 * from others on the same CPU. Every wake-up takes wake_ns, of an event and of a nap
 * alike.
 */
#ifndef FATHOM_ANALYZERS_WHAT_IF_REPLAY_H
#define FATHOM_ANALYZERS_WHAT_IF_REPLAY_H

#include "analyzers/what_if/waits.h"
#include "core/histogram.h"
#include "core/poll_rule.h"

enum {
	REPLAY_LIMITS_MAX = 16,
	REPLAY_DEPTH_MAX = 1024, /* of a closed loop */
};

enum replay_kind {
	REPLAY_RECORDED, /* one, cells[REPLAY_RECORDED] */
	REPLAY_BLOCKING, /* one, cells[REPLAY_BLOCKING] */
	REPLAY_RULE,
	REPLAY_ORACLE,
};

struct replay_cell {
	enum replay_kind kind;
	const struct poll_rule *rule; /* REPLAY_RULE */
	uint64_t limit_ns;

	uint64_t waits;
	uint64_t found;		  /* waits that polling ended */
	uint64_t polled_ns;	  /* in all */
	uint64_t naps;		  /* that ended without an event */
	uint64_t in_vain;	  /* waits that slept again behind a nap */
	uint64_t delay_ns;	  /* by which events were seen late, in all */
	uint64_t time_ns;	  /* of all loops, from each one's first wait on */
	struct histogram latency; /* of requests */
};

struct replay_setup {
	struct poll_settings settings; /* max_ns is the limits' */
	uint64_t limits_ns[REPLAY_LIMITS_MAX];
	size_t nr_limits;
	uint64_t wake_ns;
};

/* A request that completed behind a wait. */
struct replay_request {
	uint64_t latency_ns;
	bool waited; /* the wait was for it; else it was there without waiting */
	unsigned source;

	/* In a closed loop: */
	int64_t arrival_ns; /* after the begin of the first wait behind its submit */
	uint64_t own_ns;    /* of its latency, what was before that begin, and from when
			     * it was found until it was told */
};

struct replay_round {
	struct traced_wait wait;
	unsigned sources; /* of the wait's events: bits, not 0 */
	uint64_t work_ns; /* from the wait's end to the next begin */
	const struct replay_request *requests;
	size_t nr_requests;
};

struct replay_loop;

struct replay {
	struct replay_setup setup;
	size_t nr_cells;
	struct replay_cell *cells; /* recorded, blocking, then by rule and limit */
	uint64_t requests;
	struct replay_loop *loops[WAIT_LOOPS_MAX]; /* each nr_cells of them */
};

/* The limits in @text, "TIME,TIME…" in nanoseconds unless they say other; NULL: powers
 * of two from 4 us to 1 ms. 0 or -EINVAL with what is wrong. */
int replay_limits(struct replay_setup *setup, const char *text, struct failure *f);

/* Returns 0 or -ENOMEM. replay_release() in either case. */
int replay_init(struct replay *r, const struct replay_setup *setup);
void replay_release(struct replay *r);

/* The next round of a loop. @depth 1: one by one; more, and always the same for a loop: a
 * closed loop of so many. 0 or -ENOMEM. */
int replay_round(struct replay *r, size_t loop, unsigned depth,
		 const struct replay_round *round);

/* After the last: ends what is in flight. */
void replay_finish(struct replay *r);

/* When the event of @wait came, counted from its begin; not 0. */
uint64_t replay_arrival(const struct traced_wait *wait, uint64_t wake_ns);

/* CPU time for waiting beyond what blocking takes: polling, and a wake-up for each sleep
 * behind a nap in vain. */
uint64_t replay_burnt(const struct replay *r, const struct replay_cell *cell);

/* … as a share of the loops' time: of one CPU each. */
double replay_burnt_share(const struct replay *r, const struct replay_cell *cell);

/* The share (0 to 1) of the wake-ups' time that the loops did not wait for. */
double replay_saved(const struct replay *r, const struct replay_cell *cell);

/* The cells of one rule, nr_limits of them by limit; NULL is the oracle. */
const struct replay_cell *replay_cells_of(const struct replay *r,
					  const struct poll_rule *rule);

#endif
