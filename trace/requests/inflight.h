/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests that are under way: found by key, listed by age.
 *
 * An open-addressing table of indices into a pool of requests. Nothing is allocated
 * once as many were in flight as ever will be.
 */
#ifndef FATHOM_TRACE_REQUESTS_INFLIGHT_H
#define FATHOM_TRACE_REQUESTS_INFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One I/O. What the model does not tell is 0, fd -1. */
struct request {
	uint64_t key;
	uint64_t submit_ns, complete_ns;
	uint64_t offset, length;
	int64_t result;	  /* or the status, by the model */
	int32_t scope;	  /* pid or tid within which the key is unique, or 0 */
	int32_t pid, tid; /* who submitted it */
	int32_t fd;
	uint16_t op;	       /* requests_op_word() */
	bool failed;	       /* by its result or status */
	bool across_loss;      /* records were lost while it was in flight */
	bool given_up;	       /* its end was taken for lost, see request.h */
	uint32_t losses;       /* how many losses there had been when it was submitted */
	uint32_t older, newer; /* neighbours by age, indices into the pool */
};

struct inflight_slot {
	uint32_t index; /* into the pool; 0 is free */
	uint32_t hash;
};

struct inflight {
	struct inflight_slot *slots;
	uint32_t mask;	      /* number of slots - 1 */
	struct request *pool; /* the first are the heads of the lists by age */
	uint32_t pool_size, pool_used, free; /* free: list through newer, 0 ends it */
	uint32_t count;
};

/* Returns 0 or -ENOMEM. */
int inflight_init(struct inflight *in);
void inflight_release(struct inflight *in); /* of a zeroed one is fine */

/* The request, or NULL. Pointers hold until the next inflight_add(). */
struct request *inflight_find(const struct inflight *in, uint64_t key, int32_t scope);

/* A zeroed request with @key and @scope, which must not be there yet, as the newest;
 * NULL without memory. */
struct request *inflight_add(struct inflight *in, uint64_t key, int32_t scope);

/* Takes @r out; its memory is used by the next inflight_add(). */
void inflight_remove(struct inflight *in, struct request *r);

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

#endif
