/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests worth a look of their own: the slowest, or those that the user names, each
 * with what went on around it.
 *
 * One pass, bounded memory: of the requests that ended a few thousand are remembered, so
 * that a slow one finds its neighbours when it ends; those that came after it are still
 * in flight then, or not yet there.
 */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_SLOWEST_H
#define FATHOM_ANALYZERS_BREAKDOWN_SLOWEST_H

#include "analyzers/breakdown/life.h"
#include "analyzers/breakdown/threads.h"
#include "trace/requests/requests.h"

enum {
	SLOWEST_MAX = 1000,
	NEIGHBOURS_NEAR = 6,  /* that were submitted just before and after */
	NEIGHBOURS_ALL = 256, /* … or were in flight at the same time */
	REMEMBERED = 4096,    /* a power of two */
};

/* A request that was submitted a little earlier or later. */
struct neighbour {
	uint64_t key, submit_ns;
	uint64_t complete_ns; /* 0: not yet */
	uint16_t op;
};

struct slow_request {
	struct request request;
	struct life life;
	struct thread_time meanwhile; /* what its thread did while it lived */
	struct neighbour *neighbours; /* by submit */
	unsigned nr_neighbours;
	uint64_t left_out; /* that there was no room for */
};

struct slowest {
	/* Set before the pass. */
	unsigned wanted; /* how many, at most SLOWEST_MAX; 0: none */
	bool by_key;	 /* only requests with this key */
	uint64_t key;
	bool around; /* neighbours are all that were in flight at the same time */

	/* Found out. */
	struct slow_request *items; /* a heap, the fastest first; at the end sorted */
	unsigned count;
	struct neighbour *neighbours; /* of all */
	struct neighbour past[REMEMBERED];
	uint64_t nr_past;
};

/* Is a request to be kept? Asked before the work of slowest_add(). */
static inline bool slowest_wants(const struct slowest *s, const struct request *q)
{
	if (!s->wanted || (s->by_key && q->key != s->key))
		return false;
	return s->count < s->wanted ||
	       q->complete_ns - q->submit_ns >
		       s->items[0].request.complete_ns - s->items[0].request.submit_ns;
}

/* 0 or -ENOMEM. */
int slowest_add(struct slowest *s, const struct inflight *in, const struct request *q,
		const struct life *l, const struct thread_time *now);

/* A request ended: it may be the neighbour of others. */
void slowest_remember(struct slowest *s, const struct request *q);

/* Sorts them, the slowest first. */
void slowest_finish(struct slowest *s);
void slowest_release(struct slowest *s);

#endif
