/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other rules of polling, replayed over the waits of a trace.
 *
 * A cell is one rule with one limit (poll_max_ns), or one of the three that others are
 * held against: what was recorded, blocking always, and the oracle, which knows when each
 * event will come, polls for those that come within its limit, and sleeps through the
 * others. The oracle cannot nap: a rule that naps may do better.
 *
 * What is held fixed: when an event comes, counted from the begin of its wait, and the
 * work of the loop between waits. At depth 1 that is the device's own time and the
 * program's: an event that is seen earlier makes all that follows earlier by as much.
 * With more requests in flight it is an approximation: those that would have been found
 * together may come one by one. What polling costs others on the same CPU is not
 * modelled.
 *
 * Every wake-up takes wake_ns, of an event and of a nap alike.
 */
#ifndef FATHOM_ANALYZERS_WHAT_IF_REPLAY_H
#define FATHOM_ANALYZERS_WHAT_IF_REPLAY_H

#include "analyzers/what_if/waits.h"
#include "core/histogram.h"
#include "core/poll_rule.h"

enum { REPLAY_LIMITS_MAX = 16 };

#define REPLAY_NO_LOOP SIZE_MAX /* of a request that nobody waited for */

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

	uint64_t found;		  /* waits that polling ended */
	uint64_t polled_ns;	  /* in all */
	uint64_t naps;		  /* that ended without an event */
	uint64_t in_vain;	  /* waits that slept again behind a nap */
	uint64_t delay_ns;	  /* by which events were seen late, in all */
	struct histogram latency; /* of requests */
};

struct replay_setup {
	struct poll_settings settings; /* max_ns is the limits' */
	uint64_t limits_ns[REPLAY_LIMITS_MAX];
	size_t nr_limits;
	uint64_t wake_ns;
};

struct replay_loop;

struct replay {
	struct replay_setup setup;
	size_t nr_cells;
	struct replay_cell *cells; /* recorded, blocking, then by rule and limit */
	uint64_t waits, requests;
	uint64_t time_ns; /* of all loops, as recorded: who replays sets it */
	struct replay_loop *loops[WAIT_LOOPS_MAX];
};

/* The limits in @text, "TIME,TIME…" in nanoseconds unless they say other; NULL: powers
 * of two from 4 us to 1 ms. 0 or -EINVAL with what is wrong. */
int replay_limits(struct replay_setup *setup, const char *text, struct failure *f);

/* Returns 0 or -ENOMEM. replay_release() in either case. */
int replay_init(struct replay *r, const struct replay_setup *setup);
void replay_release(struct replay *r);

/* A wait, the latency of a request that completed behind it, and what the events were:
 * as struct wait_listener tells them. 0 or -ENOMEM. */
int replay_wait(struct replay *r, size_t loop, const struct traced_wait *wait);
void replay_request(struct replay *r, size_t loop, uint64_t latency_ns);
void replay_sources(struct replay *r, size_t loop, unsigned sources);

/* When the event of @wait came, counted from its begin. */
uint64_t replay_arrival(const struct traced_wait *wait, uint64_t wake_ns);

/* How long all loops would have taken. */
uint64_t replay_time(const struct replay *r, const struct replay_cell *cell);

/* CPU time for waiting beyond what blocking takes: polling, and half a wake-up for each
 * sleep behind a nap in vain. */
uint64_t replay_burnt(const struct replay *r, const struct replay_cell *cell);

/* … as a share of the loops' time: of one CPU each. */
double replay_burnt_share(const struct replay *r, const struct replay_cell *cell);

/* The share (0 to 1) of the wake-ups' time that the loops did not wait for. */
double replay_saved(const struct replay *r, const struct replay_cell *cell);

/* The cells of one rule, nr_limits of them by limit; NULL is the oracle. */
const struct replay_cell *replay_cells_of(const struct replay *r,
					  const struct poll_rule *rule);

#endif
