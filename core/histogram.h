/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log-linear histogram of 64-bit values (nanoseconds, mostly).
 *
 * 128 buckets per power of two; a percentile is the middle of its bucket, so it is
 * within 0.4 % of the exact value. Values up to 255 are exact. Count, sum, minimum
 * and maximum are exact. Adding is a shift and an increment: fit for a hot path.
 * One writer; merge to combine threads.
 */
#ifndef FATHOM_CORE_HISTOGRAM_H
#define FATHOM_CORE_HISTOGRAM_H

#include <stdint.h>
#include <string.h>

enum {
	HISTOGRAM_BITS = 7,
	HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS,
};

struct histogram {
	uint64_t count;
	uint64_t sum; /* saturates at UINT64_MAX */
	uint64_t min; /* UINT64_MAX while empty */
	uint64_t max;
	double squares; /* sum of squared values, for the deviation */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_init(struct histogram *h);

static inline unsigned histogram_bucket(uint64_t value)
{
	unsigned top, shift;

	if (value < (2U << HISTOGRAM_BITS))
		return (unsigned)value;
	top = 63U - (unsigned)__builtin_clzll(value);
	shift = top - HISTOGRAM_BITS;
	return (shift << HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	h->count++;
	if (__builtin_add_overflow(h->sum, value, &h->sum))
		h->sum = UINT64_MAX;
	h->squares += (double)value * (double)value;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->buckets[histogram_bucket(value)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from);

/* The lowest value of bucket @index, and how many values it covers. */
uint64_t histogram_low(unsigned index);
uint64_t histogram_width(unsigned index);

/* The rank of that percentile among @count values: from 1, which is the least. */
uint64_t histogram_rank(uint64_t count, double percent);

/* The value of this rank, which is at most the count. */
uint64_t histogram_at(const struct histogram *h, uint64_t rank);

/* The value below or at which @percent (0 to 100) of the values lie; 0 if empty. */
uint64_t histogram_percentile(const struct histogram *h, double percent);

double histogram_mean(const struct histogram *h);
double histogram_stddev(const struct histogram *h); /* of the sample, as fio's */

#endif
