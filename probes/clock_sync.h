/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far two clocks are apart, from messages that carry their times.
 *
 * The master asks at its time t1, the agent gets that at its t2 and answers at its t3,
 * the master gets that at t4. Whatever the ways there and back took, the agent's clock
 * minus the master's lies between t3 - t4 and t2 - t1: the middle is taken, and half of
 * the interval is the bound of its error. Of several rounds the one with the shortest
 * way has the tightest bound, and needs no assumption about the ways or the clocks' drift.
 */
#ifndef FATHOM_PROBES_CLOCK_SYNC_H
#define FATHOM_PROBES_CLOCK_SYNC_H

#include <stdint.h>

struct clock_round {
	uint64_t asked_ns;    /* t1, of the master's clock */
	uint64_t received_ns; /* t2, of the agent's */
	uint64_t sent_ns;     /* t3, of the agent's */
	uint64_t answered_ns; /* t4, of the master's */
};

struct clock_offset {
	int64_t offset_ns; /* the agent's clock minus the master's */
	uint64_t error_ns; /* the truth is within this of it */
	unsigned rounds;   /* that were made; 0: nothing is known */
};

/* -EINVAL if the times of @round cannot be: the agent had it longer than it was away. */
int clock_offset_add(struct clock_offset *offset, const struct clock_round *round);

#endif
