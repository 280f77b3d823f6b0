// SPDX-License-Identifier: GPL-2.0-or-later
/* Latencies per interval: of the requests that ended in it. */
#include "analyzers/latency.h"

#include <stdlib.h>

#include "analyzers/requests_print.h"
#include "core/units.h"

static void print_group(struct latency_intervals *l, unsigned group,
			const struct histogram *h, double seconds)
{
	const struct interval_cell cells[] = {
		{"count", INTERVAL_COUNT, .whole = h->count},
		{"iops", INTERVAL_RATE,
		 .real = seconds > 0 ? (double)h->count / seconds : 0},
		{"mean", INTERVAL_TIME, .whole = (uint64_t)histogram_mean(h)},
		{"p50", INTERVAL_TIME, .whole = histogram_percentile(h, 50)},
		{"p99", INTERVAL_TIME, .whole = histogram_percentile(h, 99)},
		{"p99.9", INTERVAL_TIME, .whole = histogram_percentile(h, 99.9)},
		{"max", INTERVAL_TIME, .whole = h->max},
	};

	intervals_row(&l->intervals, l->requests, group, cells,
		      sizeof(cells) / sizeof(*cells));
}

/* The rows of the open interval; then its figures are empty again. */
static void close_interval(struct latency_intervals *l, uint64_t last_ns)
{
	double seconds = intervals_seconds(&l->intervals, last_ns);
	uint16_t order[GROUPS_MAX + 1];
	unsigned nr = grouping_sorted(&l->requests->grouping, order);

	if (!l->all.count)
		return;
	for (unsigned i = 0; i < nr; i++) {
		struct histogram *h = l->groups[order[i]];

		if (!h || !h->count)
			continue;
		print_group(l, order[i], h, seconds);
		histogram_init(h);
	}
	intervals_plot(&l->intervals, histogram_percentile(&l->all, 99));
	histogram_init(&l->all);
}

static struct histogram *group_of(struct latency_intervals *l, const struct request *q)
{
	unsigned number = requests_group(l->requests, q);

	if (l->groups[number])
		return l->groups[number];
	l->groups[number] = malloc(sizeof(struct histogram));
	if (l->groups[number])
		histogram_init(l->groups[number]);
	else
		l->out_of_memory = true;
	return l->groups[number];
}

static void latency_end(void *state, const struct request *q)
{
	struct latency_intervals *l = state;
	struct histogram *h = group_of(l, q);

	if (intervals_are_over(&l->intervals, q->complete_ns)) {
		close_interval(l, q->complete_ns);
		if (!l->intervals.end_ns)
			intervals_open(&l->intervals, l->requests->first_ns);
		intervals_open(&l->intervals, q->complete_ns);
	}
	if (h)
		histogram_add(h, q->complete_ns - q->submit_ns);
	histogram_add(&l->all, q->complete_ns - q->submit_ns);
}

static void latency_finish(void *state, uint64_t time_ns)
{
	close_interval(state, time_ns);
}

const struct request_listener latency_intervals_listener = {.end = latency_end,
							    .finish = latency_finish};

void latency_intervals_init(struct latency_intervals *l)
{
	histogram_init(&l->all);
}

void latency_intervals_release(struct latency_intervals *l)
{
	for (size_t i = 0; i <= GROUPS_MAX; i++)
		free(l->groups[i]);
}
