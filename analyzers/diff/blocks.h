/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Latencies by blocks of neighbours in time, in bounded memory though nobody knows how
 * long the trace is: what a bootstrap draws from.
 *
 * Blocks are of equal numbers of requests. (Rejected: of equal times. A trace that idles
 * most of its time, or reads first and writes then, would have all requests of a group in
 * a few.) When the last is full, neighbours are merged and the number doubles, so that
 * between half and all of them are in use. A block has a histogram of half the resolution
 * of core/histogram.h, which is enough for an interval.
 */
#ifndef FATHOM_ANALYZERS_DIFF_BLOCKS_H
#define FATHOM_ANALYZERS_DIFF_BLOCKS_H

#include "core/histogram.h"

enum {
	BLOCKS_MAX = 32,
	BLOCK_BUCKETS = HISTOGRAM_BUCKETS / 2,
};

struct block {
	uint64_t count;
	double sum; /* ns */
	uint32_t buckets[BLOCK_BUCKETS];
};

/* Zeroed, they are empty. */
struct blocks {
	struct block *items[BLOCKS_MAX]; /* the first of them are there */
	unsigned used;
	uint64_t length; /* requests in a full block */
};

/* The next request took @latency_ns. 0 or -ENOMEM. */
int blocks_add(struct blocks *b, uint64_t latency_ns);

void blocks_release(struct blocks *b);

#endif
