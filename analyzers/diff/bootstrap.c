// SPDX-License-Identifier: GPL-2.0-or-later
/* Intervals of ratios, by bootstrap over blocks of neighbours in time. */
#include "analyzers/diff/bootstrap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Source: Sebastiano Vigna's public domain SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Blocks, and the buckets that any of them uses. */
struct urn {
	const struct blocks *blocks;
	unsigned first, last;
};

/* A trace that might have been: how often each block was drawn. */
struct drawing {
	unsigned times[BLOCKS_MAX];
	double count, sum;
};

static void use_buckets(struct urn *u, const struct block *block)
{
	for (unsigned i = 0; i < BLOCK_BUCKETS; i++) {
		if (!block->buckets[i])
			continue;
		u->first = i < u->first ? i : u->first;
		u->last = i > u->last ? i : u->last;
	}
}

static void fill_urn(struct urn *u, const struct blocks *blocks)
{
	*u = (struct urn){.blocks = blocks, .first = BLOCK_BUCKETS};
	for (unsigned i = 0; i < blocks->used; i++)
		use_buckets(u, blocks->items[i]);
}

static void draw(const struct urn *u, uint64_t *random, struct drawing *d)
{
	*d = (struct drawing){0};
	for (unsigned i = 1; i < u->blocks->used; i++) {
		uint64_t at = next_random(random) % u->blocks->used;

		d->times[at]++;
		d->count += (double)u->blocks->items[at]->count;
		d->sum += u->blocks->items[at]->sum;
	}
}

/* How many requests of the drawing are in each bucket that is in use. */
static void add_up(const struct urn *u, const struct drawing *d, double *counts)
{
	memset(counts + u->first, 0, (u->last - u->first + 1) * sizeof(*counts));
	for (unsigned b = 0; b < u->blocks->used; b++) {
		const uint32_t *buckets = u->blocks->items[b]->buckets;
		double times = d->times[b];

		for (unsigned i = u->first; d->times[b] && i <= u->last; i++)
			counts[i] += times * buckets[i];
	}
}

/* Within a bucket, values are taken to lie evenly. */
static double value_in(unsigned bucket, double part)
{
	double low = (double)histogram_low(2 * bucket);
	double width = (double)histogram_width(2 * bucket) +
		       (double)histogram_width(2 * bucket + 1);

	return low + part * width;
}

/* The figures of a drawing; the percents rise, behind the mean if it is asked for. */
static void take_figures(const struct urn *u, const struct drawing *d,
			 const double *percents, unsigned nr, double *figures)
{
	double counts[BLOCK_BUCKETS], below = 0;
	unsigned at = 0;

	add_up(u, d, counts);
	for (; at < nr && percents[at] < 0; at++)
		figures[at] = d->sum / d->count;
	for (unsigned i = u->first; i <= u->last && at < nr; i++) {
		double here = counts[i];

		while (at < nr && here > 0 &&
		       percents[at] / 100 * d->count <= below + here) {
			double part = (percents[at] / 100 * d->count - below) / here;

			figures[at++] = value_in(i, part);
		}
		below += here;
	}
	for (; at < nr; at++) /* of 100 %, by rounding */
		figures[at] = value_in(u->last, 1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct ratio interval_of(double *values)
{
	unsigned tail = BOOTSTRAP_DRAWINGS * (1000 - BOOTSTRAP_CONFIDENCE) / 2000;

	qsort(values, BOOTSTRAP_DRAWINGS, sizeof(*values), compare);
	return (struct ratio){values[tail], values[BOOTSTRAP_DRAWINGS - 1 - tail]};
}

int bootstrap_ratios(const struct blocks *a, const struct blocks *b,
		     const double *percents, unsigned nr, uint64_t seed,
		     struct ratio *ratios)
{
	double of_a[BOOTSTRAP_FIGURES_MAX], of_b[BOOTSTRAP_FIGURES_MAX], *values;
	struct urn urns[2];
	struct drawing d;

	if (a->used < BOOTSTRAP_BLOCKS_MIN || b->used < BOOTSTRAP_BLOCKS_MIN)
		return -ENODATA;
	values = calloc((size_t)nr * BOOTSTRAP_DRAWINGS, sizeof(*values));
	if (!values)
		return -ENOMEM;
	fill_urn(&urns[0], a);
	fill_urn(&urns[1], b);
	for (unsigned i = 0; i < BOOTSTRAP_DRAWINGS; i++) {
		draw(&urns[0], &seed, &d);
		take_figures(&urns[0], &d, percents, nr, of_a);
		draw(&urns[1], &seed, &d);
		take_figures(&urns[1], &d, percents, nr, of_b);
		for (unsigned k = 0; k < nr; k++)
			values[k * BOOTSTRAP_DRAWINGS + i] =
				of_a[k] > 0 ? of_b[k] / of_a[k] : INFINITY;
	}
	for (unsigned k = 0; k < nr; k++)
		ratios[k] = interval_of(values + k * BOOTSTRAP_DRAWINGS);
	free(values);
	return 0;
}
