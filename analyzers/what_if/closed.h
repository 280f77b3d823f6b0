/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loop that keeps a number of requests in flight, in one cell of a replay. */
#ifndef FATHOM_ANALYZERS_WHAT_IF_CLOSED_H
#define FATHOM_ANALYZERS_WHAT_IF_CLOSED_H

#include "analyzers/what_if/replay.h"

struct closed_loop;

/* Counts in @cell, follows and tells @tuner (both outlive it). NULL without memory;
 * free() releases it. */
struct closed_loop *closed_new(struct replay_cell *cell, struct poll_tuner *tuner,
			       uint64_t wake_ns, unsigned depth);

/* The loop submits one more request, after @work_ns of work. When the depth is full, it
 * goes on until it has found one. */
void closed_push(struct closed_loop *c, const struct replay_request *request,
		 uint64_t work_ns);

/* Waits for all that is in flight. */
void closed_finish(struct closed_loop *c);

#endif
