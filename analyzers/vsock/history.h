/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a conversation did over time, in bounded memory: per direction the bytes that were
 * sent and the least credit there was.
 *
 * A fixed number of buckets of equal length on one time axis for all curves. When they
 * are full, neighbours are merged and the length doubles.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_HISTORY_H
#define FATHOM_ANALYZERS_VSOCK_HISTORY_H

#include <stdint.h>

enum { HISTORY_BUCKETS = 64, HISTORY_FIRST_NS = 1024, HISTORY_SIDES = 2 };

struct history_bucket {
	uint64_t bytes[HISTORY_SIDES];
	uint32_t free[HISTORY_SIDES]; /* the least */
};

struct history {
	uint64_t start_ns, now_ns;    /* of the first bucket; how far it goes */
	unsigned shift;		      /* a bucket is HISTORY_FIRST_NS << shift ns long */
	unsigned used;		      /* buckets, at least 1 */
	uint32_t free[HISTORY_SIDES]; /* from now_ns on */
	struct history_bucket buckets[HISTORY_BUCKETS];
};

void history_begin(struct history *h, uint64_t start_ns);

/* Time goes on to @time_ns (what is earlier counts as now). */
void history_at(struct history *h, uint64_t time_ns);

/* Half as many buckets, each twice as long. */
void history_halve(struct history *h);

/* Now, and from now on. */
static inline void history_bytes(struct history *h, unsigned side, uint32_t bytes)
{
	h->buckets[h->used - 1].bytes[side] += bytes;
}

static inline void history_free(struct history *h, unsigned side, uint32_t bytes)
{
	struct history_bucket *now = &h->buckets[h->used - 1];

	h->free[side] = bytes;
	if (bytes < now->free[side])
		now->free[side] = bytes;
}

static inline uint64_t history_bucket_ns(const struct history *h)
{
	return (uint64_t)HISTORY_FIRST_NS << h->shift;
}

#endif
