/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one wait goes by a plan, when its event is known. */
#ifndef FATHOM_ANALYZERS_WHAT_IF_PLAY_H
#define FATHOM_ANALYZERS_WHAT_IF_PLAY_H

#include "analyzers/what_if/replay.h"

struct outcome {
	bool found;    /* by polling */
	unsigned naps; /* that ended without the event */
	uint64_t polled_ns;
	uint64_t delay_ns;     /* by which the loop sees the event late */
	struct poll_wait told; /* to the rule; without sources */
};

/*
 * A wait whose event comes @arrival_ns (not 0) after its begin, by the plan of @tuner, or
 * as the cell's kind has it; waking up takes @wake_ns. Counts it in @cell.
 */
void play_in(struct replay_cell *cell, const struct poll_tuner *tuner,
	     uint64_t arrival_ns, uint64_t wake_ns, struct outcome *o);

#endif
