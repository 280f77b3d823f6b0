/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests that are under way: found by key, listed by age.
 *
 * A table of indices into a pool of requests. Nothing is allocated once as many were in
 * flight as ever will be. Where requests nest (inflight.nests),
 * those of one scope make a stack, of which the table has the top.
 */
#ifndef FATHOM_TRACE_REQUESTS_INFLIGHT_H
#define FATHOM_TRACE_REQUESTS_INFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/requests/index_table.h"

/* One I/O. What the model does not tell is 0, fd -1. */
struct request {
	uint64_t key;
	uint64_t submit_ns, complete_ns;
	uint64_t offset, length;
	uint64_t holds;	  /* comparisons, by their bits (where.h) */
	int64_t result;	  /* or the status, by the model */
	int32_t scope;	  /* pid or tid within which the key is unique, or 0 */
	int32_t pid, tid; /* who submitted it */
	int32_t fd;
	uint16_t op;	       /* requests_op_word() */
	uint16_t group;	       /* as far as it is known, see requests_group() */
	bool failed;	       /* by its result or status */
	bool across_loss;      /* records were lost while it was in flight */
	bool given_up;	       /* its end was taken for lost, see losses.c */
	uint64_t lost;	       /* records that had been lost when it was submitted */
	uint32_t older, newer; /* neighbours by age, indices into the pool */
	uint32_t below, above; /* … on the stack; 0 is none */
};

/* Where the table was looked at last: what follows a look-up is mostly an adding or a
 * removing of the same key. */
struct inflight_memo {
	uint64_t key;
	int32_t scope;
	uint32_t slot;
	bool holds; /* the table is as it was */
};

struct inflight {
	struct index_table table; /* of indices into the pool */
	struct inflight_memo *memo;
	struct request *pool; /* the first are the heads of the lists by age */
	uint32_t pool_size, pool_used, free; /* free: list through newer, 0 ends it */
	uint32_t count;
	uint64_t key_mask; /* 0: they nest, whatever their keys */
};

/* Returns 0 or -ENOMEM. */
int inflight_init(struct inflight *in, bool nests);
void inflight_release(struct inflight *in); /* of a zeroed one is fine */

/* The request, or NULL; where they nest, the one on top of @scope, whatever its key.
 * Pointers hold until the next inflight_add(). */
struct request *inflight_find(const struct inflight *in, uint64_t key, int32_t scope);

/* A zeroed request with @key and @scope, which must not be there yet unless they nest,
 * as the newest; NULL without memory. */
struct request *inflight_add(struct inflight *in, uint64_t key, int32_t scope);

/* Takes @r out; its memory is used by the next inflight_add(). */
void inflight_remove(struct inflight *in, struct request *r);

/* The one that @r nests in, or NULL. */
static inline struct request *inflight_below(const struct inflight *in,
					     const struct request *r)
{
	return r->below ? &in->pool[r->below] : NULL;
}

/* Moves @r from the list of the live to that of those given up; it can still be
 * found. */
void inflight_give_up(struct inflight *in, struct request *r);

/* A list by age: its head stands in the pool, newer of it is the oldest request. */
enum inflight_list { INFLIGHT_LIVE, INFLIGHT_GIVEN_UP, INFLIGHT_LISTS };

/* NULL when the list is empty. */
static inline struct request *inflight_oldest(const struct inflight *in,
					      enum inflight_list list)
{
	uint32_t first = in->pool[list].newer;

	return first < INFLIGHT_LISTS ? NULL : &in->pool[first];
}

/* The live request that was submitted next before @r (NULL: the newest); NULL at the
 * oldest. */
static inline struct request *inflight_older(const struct inflight *in,
					     const struct request *r)
{
	uint32_t next = r ? r->older : in->pool[INFLIGHT_LIVE].older;

	return next < INFLIGHT_LISTS ? NULL : &in->pool[next];
}

/* The number of @r: below pool_size, and its own while it is in flight. */
static inline uint32_t inflight_index(const struct inflight *in, const struct request *r)
{
	return (uint32_t)(r - in->pool);
}

#endif
