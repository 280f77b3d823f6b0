/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value over time in bounded memory, though nobody knows how long the trace is.
 *
 * A fixed number of buckets of equal length. When the last is full, neighbours are
 * merged and the length doubles: at any time between half and all buckets are used.
 * The value is a step function; a bucket has its time-weighted mean and its maximum.
 */
#ifndef FATHOM_ANALYZERS_SERIES_H
#define FATHOM_ANALYZERS_SERIES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SERIES_BUCKETS = 1024, SERIES_FIRST_NS = 1024 };

struct series_bucket {
	double area; /* value times ns */
	uint64_t max;
	uint64_t held; /* ns of the bucket that were seen */
};

struct series {
	uint64_t start_ns;  /* of the first bucket */
	uint64_t now_ns;    /* how far the value is known */
	uint64_t bucket_ns; /* length of a bucket; 0: nothing was added */
	uint64_t value;	    /* from now_ns on */
	struct series_bucket buckets[SERIES_BUCKETS];
};

/* The value is @value from @time_ns (not before the time of the call before) on. */
void series_set(struct series *t, uint64_t time_ns, uint64_t value);

/* How many buckets are in use. */
unsigned series_used(const struct series *t);

/* Sums the buckets up to @count of nearly equal length; returns how many it made. */
unsigned series_condense(const struct series *t, struct series_bucket *to,
			 unsigned count);

double series_mean(const struct series_bucket *bucket); /* 0 if empty */

/*
 * Draws the means, @height rows of at most text_columns(@to) columns, with the value
 * on the left by @label (time_text, count_text) and the seconds below.
 */
void series_plot(const struct series *t, FILE *to, unsigned height,
		 char *(*label)(char *text, double value));

#endif
