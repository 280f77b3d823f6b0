// SPDX-License-Identifier: GPL-2.0-or-later
/* Log-linear histogram of 64-bit values. */
#include "core/histogram.h"

#include <math.h>

enum { LINEAR = 2 << HISTOGRAM_BITS }; /* below it, a bucket is one value */

void histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	into->count += from->count;
	if (__builtin_add_overflow(into->sum, from->sum, &into->sum))
		into->sum = UINT64_MAX;
	into->squares += from->squares;
	if (from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

static unsigned bucket_shift(unsigned index)
{
	return index < LINEAR ? 0 : (index >> HISTOGRAM_BITS) - 1;
}

uint64_t histogram_width(unsigned index)
{
	return 1ULL << bucket_shift(index);
}

uint64_t histogram_low(unsigned index)
{
	unsigned shift = bucket_shift(index);

	return ((uint64_t)index - ((uint64_t)shift << HISTOGRAM_BITS)) << shift;
}

/* ceil(percent of count), as fio and most textbooks have it. */
uint64_t histogram_rank(uint64_t count, double percent)
{
	/* 99.9 % of 1000 is 999, though not in floating point. */
	uint64_t rank = (uint64_t)ceil(percent / 100 * (double)count * (1 - 1e-12));

	if (rank < 1)
		return 1;
	return rank > count ? count : rank;
}

uint64_t histogram_at(const struct histogram *h, uint64_t rank)
{
	uint64_t seen = 0, value;
	unsigned i = 0;

	while ((seen += h->buckets[i]) < rank)
		i++;
	value = histogram_low(i) + histogram_width(i) / 2;
	if (value < h->min)
		value = h->min;
	return value > h->max ? h->max : value;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	return h->count ? histogram_at(h, histogram_rank(h->count, percent)) : 0;
}

double histogram_mean(const struct histogram *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}

double histogram_stddev(const struct histogram *h)
{
	double n = (double)h->count, mean = histogram_mean(h), variance;

	if (h->count < 2)
		return 0;
	variance = (h->squares - n * mean * mean) / (n - 1);
	return variance > 0 ? sqrt(variance) : 0;
}
