// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the time of requests went per interval: of those that ended in it. */
#include "analyzers/breakdown/breakdown.h"

static void print_row(const struct breakdown *b, unsigned group, const char *stage,
		      const struct histogram *h, double share)
{
	const struct interval_cell cells[] = {
		{"stage", INTERVAL_WORD, .text = stage},
		{"count", INTERVAL_COUNT, .whole = h->count},
		{"mean", INTERVAL_TIME, .whole = (uint64_t)histogram_mean(h)},
		{"p50", INTERVAL_TIME, .whole = histogram_percentile(h, 50)},
		{"p99", INTERVAL_TIME, .whole = histogram_percentile(h, 99)},
		{"share", INTERVAL_SHARE, .real = share},
	};

	intervals_row(b->intervals, b->requests, group, cells,
		      sizeof(cells) / sizeof(*cells));
}

static void print_group(const struct breakdown *b, unsigned number)
{
	const struct parts_group *group = b->parts.groups[number];
	double sum = (double)group->total.sum;
	uint8_t order[STAGES_MAX];
	unsigned nr = parts_order(group, order);

	print_row(b, number, "total", &group->total, 1);
	for (unsigned i = 0; i < nr; i++) {
		const struct histogram *h = group->stages[order[i]];

		print_row(b, number, breakdown_stage_name(b, order[i]), h,
			  sum > 0 ? (double)h->sum / sum : 0);
	}
}

/* The rows of the open interval; then the sums are empty again. */
static void close_interval(struct breakdown *b)
{
	uint16_t order[GROUPS_MAX + 1];
	unsigned nr = breakdown_groups(b, order);
	struct parts_group all;

	if (!nr)
		return;
	for (unsigned i = 0; i < nr; i++)
		print_group(b, order[i]);
	if (parts_all(&b->parts, &all))
		b->out_of_memory = true;
	intervals_plot(b->intervals, histogram_percentile(&all.total, 99));
	parts_group_release(&all);
	parts_release(&b->parts);
}

void breakdown_intervals_next(struct breakdown *b, uint64_t time_ns)
{
	close_interval(b);
	if (!b->intervals->end_ns)
		intervals_open(b->intervals, b->requests->first_ns);
	intervals_open(b->intervals, time_ns);
}

void breakdown_intervals_finish(struct breakdown *b)
{
	close_interval(b);
}
