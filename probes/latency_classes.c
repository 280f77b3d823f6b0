// SPDX-License-Identifier: GPL-2.0-or-later
/* fio's classes of latencies, depths and batches, and its percentiles. */
#include "probes/bench_report.h"

#include "core/histogram.h"

const double percentile_list[NR_PERCENTILES] = {
	1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99};

const char *percentile_key(char key[PERCENTILE_KEY], int index)
{
	snprintf(key, PERCENTILE_KEY, "%f", percentile_list[index]);
	return key;
}

const char *const direction_names[2] = {"read", "write"};

const char *const ns_labels[NS_CLASSES] = {"2",	  "4",	 "10",	"20",  "50",
					   "100", "250", "500", "750", "1000"};
const char *const us_labels[US_CLASSES] = {"2",	  "4",	 "10",	"20",  "50",
					   "100", "250", "500", "750", "1000"};
const char *const ms_labels[MS_CLASSES] = {"2",	  "4",	 "10",	"20",	"50",	"100",
					   "250", "500", "750", "1000", "2000", ">=2000"};
const char *const depth_labels[] = {"1", "2", "4", "8", "16", "32", ">=64"};
const char *const batch_labels[] = {"0", "4", "8", "16", "32", "64", ">=64"};

/* A value belongs to the first class whose bound it does not pass. */
static const uint64_t bounds[] = {2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000};

static unsigned class_of(uint64_t value, unsigned last)
{
	unsigned i = 0;

	while (i < last && value > bounds[i])
		i++;
	return i;
}

static double *place(struct latency_classes *classes, uint64_t ns)
{
	if (ns < 1000)
		return &classes->ns[class_of(ns, NS_CLASSES - 1)];
	if (ns < 1000000)
		return &classes->us[class_of(ns / 1000, US_CLASSES - 1)];
	return &classes->ms[class_of(ns / 1000000, MS_CLASSES - 1)];
}

void latency_classify(struct latency_classes *classes,
		      const struct histogram *const *clat, unsigned count)
{
	double total = 0;

	*classes = (struct latency_classes){0};
	for (unsigned i = 0; i < count; i++)
		total += (double)clat[i]->count;
	for (unsigned i = 0; i < count && total > 0; i++)
		for (unsigned k = 0; k < HISTOGRAM_BUCKETS; k++)
			if (clat[i]->buckets[k])
				*place(classes, histogram_low(k)) +=
					100 * (double)clat[i]->buckets[k] / total;
}
