// SPDX-License-Identifier: GPL-2.0-or-later
/* How long one side took to answer. */
#include "analyzers/vsock/turnaround.h"

#include <math.h>
#include <stdlib.h>

#include "core/histogram.h"

const double turnaround_percentiles[TURNAROUND_PERCENTILES] = {50, 90, 99};

static void begin_histogram(struct turnaround *t, unsigned *histograms)
{
	if (*histograms >= TURNAROUND_HISTOGRAMS_MAX)
		return;
	t->histogram = malloc(sizeof(*t->histogram));
	if (!t->histogram)
		return;
	++*histograms;
	histogram_init(t->histogram);
	for (unsigned i = 0; i < TURNAROUND_EXACT; i++)
		histogram_add(t->histogram, t->exact[i]);
}

void turnaround_add(struct turnaround *t, uint64_t ns, unsigned *histograms)
{
	if (t->count < TURNAROUND_EXACT)
		t->exact[t->count] = ns;
	else if (t->count == TURNAROUND_EXACT)
		begin_histogram(t, histograms);
	if (t->histogram)
		histogram_add(t->histogram, ns);
	t->count++;
	t->sum += ns;
	if (ns > t->max)
		t->max = ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of sorted times, by the same rank as that of a histogram. */
static uint64_t exact_percentile(const struct turnaround *t, double percent)
{
	size_t rank = (size_t)ceil(percent / 100 * (double)t->count * (1 - 1e-12));

	return t->exact[rank ? rank - 1 : 0];
}

void turnaround_settle(struct turnaround *t, unsigned *histograms)
{
	bool exact = t->count && t->count <= TURNAROUND_EXACT;

	if (t->known || (!exact && !t->histogram))
		return;
	t->known = true;
	if (exact)
		qsort(t->exact, (size_t)t->count, sizeof(*t->exact), compare);
	for (unsigned i = 0; i < TURNAROUND_PERCENTILES; i++)
		t->percentiles[i] =
			exact ? exact_percentile(t, turnaround_percentiles[i])
			      : histogram_percentile(t->histogram,
						     turnaround_percentiles[i]);
	if (!t->histogram)
		return;
	free(t->histogram);
	t->histogram = NULL;
	--*histograms;
}
