// SPDX-License-Identifier: GPL-2.0-or-later
/* The three ways to show latencies: for people, as JSON, as CSV. */
#include "analyzers/latency.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzers/json.h"
#include "analyzers/losses_print.h"
#include "analyzers/requests_print.h"
#include "core/text.h"
#include "core/units.h"

enum {
	ROWS_MAX = 24,
	BARS_FOR_GROUPS = 4,
	GROUPS_SHOWN = 40, /* in the table for people */
	BAR_MIN = 10,
	BAR_MAX = 200,
	FEW = 10,	  /* as bench has it */
	ROW_COLUMNS = 20, /* of a histogram's row, without the count and the bar */
};

static const struct {
	const char *name;
	double percent;
} percentiles[] = {
	{"50", 50}, {"90", 90}, {"99", 99}, {"99.9", 99.9}, {"99.99", 99.99},
};

enum { NR_PERCENTILES = sizeof(percentiles) / sizeof(*percentiles) };

/* The numbers of the groups in which requests ended, as they are shown. */
static size_t sorted_groups(const struct latency *l, uint16_t *numbers)
{
	unsigned all = grouping_sorted(&l->requests->grouping, numbers);
	size_t nr = 0;

	for (unsigned i = 0; i < all; i++)
		if (l->groups[numbers[i]])
			numbers[nr++] = numbers[i];
	return nr;
}

/* Those that took most of the time first. */
static int compare_sums(const void *a, const void *b, void *latency)
{
	const struct latency *l = latency;
	uint64_t x = l->groups[*(const uint16_t *)a]->histogram.sum;
	uint64_t y = l->groups[*(const uint16_t *)b]->histogram.sum;

	return (x < y) - (x > y);
}

/* Of more groups than a person reads, the table shows those that took most time. */
static size_t choose_groups(const struct latency *l, uint16_t *numbers, size_t *all)
{
	*all = sorted_groups(l, numbers);
	if (*all <= GROUPS_SHOWN)
		return *all;
	qsort_r(numbers, *all, sizeof(*numbers), compare_sums, (void *)l);
	return GROUPS_SHOWN;
}

/* Between what the percentiles lie if as many requests as can be are unknown. */
static json_t *json_bounds(const struct latency *l, const struct histogram *h)
{
	uint64_t unknown = losses_unknown(l->requests);
	json_t *all = json_object();

	for (unsigned i = 0; i < NR_PERCENTILES; i++) {
		struct percentile_bounds b =
			percentile_bounds(h, percentiles[i].percent, unknown);

		json_object_set_new(all, percentiles[i].name, losses_bounds_json(&b));
	}
	return all;
}

static json_t *json_group(const struct latency *l, unsigned number)
{
	const struct histogram *h = &l->groups[number]->histogram;
	json_t *p = json_object(), *figures;

	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		json_object_set_new(p, percentiles[i].name,
				    json_integer((json_int_t)histogram_percentile(
					    h, percentiles[i].percent)));
	figures = json_pack("{s:I, s:f, s:I, s:I, s:o}", "count", (json_int_t)h->count,
			    "mean_ns", histogram_mean(h), "min_ns", (json_int_t)h->min,
			    "max_ns", (json_int_t)h->max, "percentiles_ns", p);
	if (l->requests->lost)
		json_object_set_new(figures, "percentiles_bounds_ns", json_bounds(l, h));
	return requests_group_json(l->requests, number, figures);
}

int latency_print_json(const struct latency *l)
{
	uint16_t sorted[GROUPS_MAX + 1];
	size_t nr = sorted_groups(l, sorted);
	json_t *groups = json_array(), *all;

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(groups, json_group(l, sorted[i]));
	all = requests_json(l->requests);
	json_object_set_new(all, "by", requests_by_json(l->requests));
	json_object_set_new(all, "groups", groups);
	return json_print(all);
}

void latency_print_csv(const struct latency *l)
{
	uint16_t sorted[GROUPS_MAX + 1];
	size_t nr = sorted_groups(l, sorted);
	struct text_table *t =
		text_table_new(l->requests->grouping.nr_levels + 4 + NR_PERCENTILES);

	if (!t)
		return;
	requests_group_heads(t, l->requests);
	text_cell(t, "count");
	text_cell(t, "mean_ns");
	text_cell(t, "min_ns");
	text_cell(t, "max_ns");
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		text_cell(t, "p%s_ns", percentiles[i].name);
	for (size_t g = 0; g < nr; g++) {
		const struct histogram *h = &l->groups[sorted[g]]->histogram;

		requests_group_cells(t, l->requests, sorted[g], true);
		text_cell(t, "%" PRIu64, h->count);
		text_cell(t, "%.1f", histogram_mean(h));
		text_cell(t, "%" PRIu64, h->min);
		text_cell(t, "%" PRIu64, h->max);
		for (unsigned i = 0; i < NR_PERCENTILES; i++)
			text_cell(t, "%" PRIu64,
				  histogram_percentile(h, percentiles[i].percent));
	}
	text_table_print(t, stdout, true);
	text_table_free(t);
}

bool latency_is_shaky(uint64_t count, double percent)
{
	uint64_t parts = (uint64_t)(percent * 1000 + 0.5); /* of 100000 */

	return count - (count * parts + 99999) / 100000 < FEW;
}

/* A column in which one is marked keeps the place of the mark in all its rows. */
static void percentile_cell(struct text_table *t, const struct histogram *h,
			    double percent, uint64_t least)
{
	const char *mark = latency_is_shaky(h->count, percent) ? "~"
			   : latency_is_shaky(least, percent)  ? " "
							       : "";
	char text[UNIT_TEXT];

	text_cell(t, "%s%s", time_text(text, (double)histogram_percentile(h, percent)),
		  mark);
}

static uint64_t least_count(const struct latency *l, const uint16_t *groups, size_t nr)
{
	uint64_t least = UINT64_MAX;

	for (size_t g = 0; g < nr; g++)
		if (l->groups[groups[g]]->histogram.count < least)
			least = l->groups[groups[g]]->histogram.count;
	return least;
}

static void table_row(struct text_table *t, const struct latency *l, unsigned number,
		      uint64_t least)
{
	const struct histogram *h = &l->groups[number]->histogram;
	char text[UNIT_TEXT];

	requests_group_cells(t, l->requests, number, false);
	text_cell(t, "%" PRIu64, h->count);
	text_cell(t, "%s", time_text(text, histogram_mean(h)));
	text_cell(t, "%s", time_text(text, (double)h->min));
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		percentile_cell(t, h, percentiles[i].percent, least);
	text_cell(t, "%s", time_text(text, (double)h->max));
}

static void print_table(const struct latency *l, const uint16_t *groups, size_t nr)
{
	struct text_table *t =
		text_table_new(l->requests->grouping.nr_levels + 4 + NR_PERCENTILES);
	uint64_t least = least_count(l, groups, nr);

	if (!t)
		return;
	requests_group_heads(t, l->requests);
	text_cell(t, "count");
	text_cell(t, "mean");
	text_cell(t, "min");
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		text_cell(t,
			  latency_is_shaky(least, percentiles[i].percent) ? "p%s "
									  : "p%s",
			  percentiles[i].name);
	text_cell(t, "max");
	for (size_t g = 0; g < nr; g++)
		table_row(t, l, groups[g], least);
	text_table_print(t, stdout, false);
	text_table_free(t);
	if (latency_is_shaky(least, percentiles[NR_PERCENTILES - 1].percent))
		printf("~ fewer than %d requests took longer\n", FEW);
}

/* The percentiles again, as far as they are known. */
static void print_bounds(const struct latency *l, const uint16_t *groups, size_t nr)
{
	uint64_t unknown = losses_unknown(l->requests);
	struct text_table *t =
		text_table_new(l->requests->grouping.nr_levels + NR_PERCENTILES);
	char text[LOSSES_BOUNDS_TEXT];

	if (!t)
		return;
	printf("\nup to %" PRIu64 " requests more, of which records were lost, leave the "
	       "percentiles between:\n",
	       unknown);
	requests_group_heads(t, l->requests);
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		text_cell(t, "p%s", percentiles[i].name);
	for (size_t g = 0; g < nr; g++) {
		requests_group_cells(t, l->requests, groups[g], false);
		for (unsigned i = 0; i < NR_PERCENTILES; i++) {
			struct percentile_bounds b =
				percentile_bounds(&l->groups[groups[g]]->histogram,
						  percentiles[i].percent, unknown);

			text_cell(t, "%s", losses_bounds_text(&b, text));
		}
	}
	text_table_print(t, stdout, false);
	text_table_free(t);
}

/* How many of the histogram's buckets make a row, so that at most ROWS_MAX rows lie
 * between the first and the last bucket: a power of two, one octave at most. */
static unsigned buckets_per_row(unsigned first, unsigned last)
{
	unsigned per = 16;

	while (last / per - first / per >= ROWS_MAX && per < 1U << HISTOGRAM_BITS)
		per *= 2;
	return per;
}

static uint64_t row_count(const struct histogram *h, unsigned from, unsigned per)
{
	uint64_t count = 0;

	for (unsigned i = from; i < from + per && i < HISTOGRAM_BUCKETS; i++)
		count += h->buckets[i];
	return count;
}

/* How the rows of a histogram are laid out. */
struct layout {
	unsigned per;	/* buckets in a row */
	uint64_t most;	/* in a row */
	int digits;	/* of the counts */
	unsigned width; /* of the bars */
};

static struct layout make_layout(const struct histogram *h, unsigned columns)
{
	unsigned first = histogram_bucket(h->min), last = histogram_bucket(h->max);
	struct layout layout = {.per = buckets_per_row(first, last), .most = 1};
	unsigned taken;

	for (unsigned i = first / layout.per * layout.per; i <= last; i += layout.per)
		if (row_count(h, i, layout.per) > layout.most)
			layout.most = row_count(h, i, layout.per);
	layout.digits = snprintf(NULL, 0, "%" PRIu64, layout.most);
	taken = ROW_COLUMNS + (unsigned)layout.digits;
	layout.width = columns > taken + BAR_MIN ? columns - taken : BAR_MIN;
	if (layout.width > BAR_MAX)
		layout.width = BAR_MAX;
	return layout;
}

static void print_row(const struct histogram *h, unsigned from,
		      const struct layout *layout)
{
	uint64_t count = row_count(h, from, layout->per);
	char low[UNIT_TEXT], bar[3 * BAR_MAX + 1];

	time_text(low, (double)histogram_low(from));
	text_bar(bar, layout->width, (double)count / (double)layout->most);
	printf("  %8s %*" PRIu64 " %5.1f%%%s%s\n", low, layout->digits, count,
	       100 * (double)count / (double)h->count, *bar ? " " : "", bar);
}

static void print_histogram(const struct histogram *h, unsigned columns)
{
	unsigned last = histogram_bucket(h->max), skipped = 0;
	struct layout layout = make_layout(h, columns);

	for (unsigned i = histogram_bucket(h->min) / layout.per * layout.per; i <= last;
	     i += layout.per) {
		if (!row_count(h, i, layout.per)) {
			skipped++;
			continue;
		}
		if (skipped)
			printf("  %8s\n", "...");
		skipped = 0;
		print_row(h, i, &layout);
	}
}

void latency_print_text(const struct latency *l)
{
	uint16_t groups[GROUPS_MAX + 1];
	size_t all, nr = choose_groups(l, groups, &all);
	char title[GROUP_TITLE_ROOM];

	requests_heading(l->requests);
	print_table(l, groups, nr);
	if (nr < all)
		printf("… and %zu more, which took less time; --csv has them all\n",
		       all - nr);
	if (l->requests->lost)
		print_bounds(l, groups, nr);
	for (size_t i = 0; i < nr && nr <= BARS_FOR_GROUPS; i++) {
		printf("\n%s:\n", requests_group_title(l->requests, groups[i], title));
		print_histogram(&l->groups[groups[i]]->histogram, text_columns(stdout));
	}
	if (requests_have_notes(l->requests))
		putchar('\n');
	requests_notes(l->requests, stdout);
	losses_print_cut(l->requests);
}
