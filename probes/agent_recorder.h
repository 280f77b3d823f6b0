/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recording of an agent's own probes: `fathom record` as a child, whose trace goes to
 * the master piece by piece. Nothing is kept here: while the master takes nothing the
 * child's pipe fills, then its rings, and what these lose it counts.
 */
#ifndef FATHOM_PROBES_AGENT_RECORDER_H
#define FATHOM_PROBES_AGENT_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/control.h"

struct failure;
struct link;

struct recorder {
	pid_t pid; /* 0: there is none */
	int trace; /* its standard output; -1 when there is no more */
	int words; /* its standard error, the same */
	bool attached, stopping;
	bool cut_short; /* it was stopped before the job was over */
	struct control_stream sent;
	char said[2048]; /* its lines, but for those of each probe */
	size_t said_size;
	char line[512]; /* the last one as far as it has come */
	size_t line_size;
};

/* It will have attached to this process when its words say so. */
int recorder_start(struct recorder *r, struct failure *f);

/* Reads its words. Call when they can be read. */
void recorder_listen(struct recorder *r);

/* Sends the next piece of the trace. Call when it can be read. */
int recorder_relay(struct recorder *r, struct link *link, uint32_t number,
		   struct failure *f);

/* Lets it end in order; its last pieces and words are still to come. */
void recorder_stop(struct recorder *r);

static inline bool recorder_is_over(const struct recorder *r)
{
	return r->trace < 0 && r->words < 0;
}

/* Waits for its end, which it is told to come to if it has not yet. Returns true if it
 * worked. */
bool recorder_close(struct recorder *r);

#endif
