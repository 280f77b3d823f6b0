/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From waits and completed requests to rounds, which a replay is fed with: a wait, what
 * it brought, and the work until the next. A round is whole when the next wait has ended.
 */
#ifndef FATHOM_ANALYZERS_WHAT_IF_ROUNDS_H
#define FATHOM_ANALYZERS_WHAT_IF_ROUNDS_H

#include "analyzers/what_if/replay.h"

enum { ROUNDS_BEGINS = 256 };

struct round_loop {
	bool open;
	unsigned depth; /* 1: one by one */
	struct replay_round round;

	/* What the round's requests are made of, in order. */
	struct {
		uint64_t submit_ns, complete_ns;
	} * times;
	struct replay_request *requests;
	size_t nr, room;

	uint64_t begins[ROUNDS_BEGINS]; /* of the last waits, a ring */
	uint64_t nr_begins;
};

struct rounds {
	struct replay *replay; /* set before the first */
	struct round_loop *loops[WAIT_LOOPS_MAX];
};

struct round_request {
	uint64_t submit_ns, complete_ns;
	bool waited;
	unsigned source;
};

/* In the order of the trace, see struct wait_listener. @depth as in replay_round(), the
 * first time counts. Each 0 or -ENOMEM. */
int rounds_wait(struct rounds *r, size_t loop, unsigned depth,
		const struct traced_wait *wait);
int rounds_request(struct rounds *r, size_t loop, const struct round_request *request);
void rounds_sources(struct rounds *r, size_t loop, unsigned sources);

/* The last rounds are whole, too. */
int rounds_finish(struct rounds *r);
void rounds_release(struct rounds *r);

#endif
