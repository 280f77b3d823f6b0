/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long one side took to answer: from the last payload of the other to its own first.
 *
 * The first few times are kept as they are, for most conversations are short; only from
 * then on is there a histogram, and only so many of them at once.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_TURNAROUND_H
#define FATHOM_ANALYZERS_VSOCK_TURNAROUND_H

#include <stdbool.h>
#include <stdint.h>

struct histogram;

enum {
	TURNAROUND_EXACT = 24,
	TURNAROUND_HISTOGRAMS_MAX = 1024, /* 59 KiB each */
	TURNAROUND_PERCENTILES = 3,
};

extern const double turnaround_percentiles[TURNAROUND_PERCENTILES]; /* 50, 90, 99 */

struct turnaround {
	uint64_t count, sum, max; /* ns */

	/* Once settled: false when too many others had a histogram. */
	bool known;
	uint64_t percentiles[TURNAROUND_PERCENTILES];

	uint64_t exact[TURNAROUND_EXACT];
	struct histogram *histogram; /* of all, or NULL */
};

/* @histograms counts those there are, for all who share it. */
void turnaround_add(struct turnaround *t, uint64_t ns, unsigned *histograms);

/* No more will come: finds the percentiles and frees what is not needed any more. */
void turnaround_settle(struct turnaround *t, unsigned *histograms);

#endif
