/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between what the ratio of a figure of two traces lies, by bootstrap over blocks of
 * time.
 *
 * Latencies of neighbours in time are alike: a slow device is slow for a while. Drawing
 * single requests would take them for independent and find differences between any two
 * runs. So whole blocks are drawn, with replacement: each drawing is a trace that might
 * have been, and the figures of many of them show how far chance moves them. One block
 * fewer is drawn than there are, for they differ less from each other than from the
 * truth. What is alike for longer than a block, such as a cache that was
 * warm in one run, no bootstrap sees: only more runs would.
 */
#ifndef FATHOM_ANALYZERS_DIFF_BOOTSTRAP_H
#define FATHOM_ANALYZERS_DIFF_BOOTSTRAP_H

#include "analyzers/diff/blocks.h"

enum {
	BOOTSTRAP_DRAWINGS = 1000,
	BOOTSTRAP_FIGURES_MAX = 8,
	BOOTSTRAP_BLOCKS_MIN = BLOCKS_MAX / 2, /* fewer say nothing */
};

/* Of 1000 intervals, so many hold the real ratio. */
enum { BOOTSTRAP_CONFIDENCE = 990 };

/* What is compared; the mean is a percent below 0. */
#define BOOTSTRAP_MEAN (-1.0)

struct ratio {
	double low, high;
};

/*
 * Fills @ratios with between what the figures @percents, @nr of them in rising order, of
 * @b over those of @a lie. The same seed gives the same answer. Returns 0, -ENODATA if
 * one of them has fewer than BOOTSTRAP_BLOCKS_MIN blocks, or -ENOMEM.
 */
int bootstrap_ratios(const struct blocks *a, const struct blocks *b,
		     const double *percents, unsigned nr, uint64_t seed,
		     struct ratio *ratios);

#endif
