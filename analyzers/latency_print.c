// SPDX-License-Identifier: GPL-2.0-or-later
/* The three ways to show latencies: for people, as JSON, as CSV. */
#include "analyzers/latency.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzers/json.h"
#include "analyzers/requests_print.h"
#include "core/text.h"
#include "core/units.h"

enum {
	NAME_MAX_BYTES = 96,
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

char *latency_group_name(char *text, size_t room, const struct latency *l,
			 const struct latency_group *group)
{
	const char *word;
	size_t used;

	if (group->is_other) {
		snprintf(text, room, "other");
		return text;
	}
	if (l->by == BY_OP) {
		word = requests_op_word(l->requests, (unsigned)group->value);
		text_escape(text, room, word, strlen(word), 0);
		return text;
	}
	used = 0;
	if (group->thread && *group->thread) {
		used = text_escape(text, room - 24, group->thread, strlen(group->thread),
				   0);
		text[used++] = '/';
	}
	snprintf(text + used, room - used, "%" PRId64, group->value);
	return text;
}

/* Operations as they came, the rest by value. */
static int compare_groups(const void *a, const void *b)
{
	const struct latency_group *x = *(struct latency_group *const *)a;
	const struct latency_group *y = *(struct latency_group *const *)b;

	if (x->is_other != y->is_other)
		return x->is_other ? 1 : -1;
	return (x->value > y->value) - (x->value < y->value);
}

static size_t sorted_groups(const struct latency *l, struct latency_group **groups)
{
	memcpy(groups, l->groups, l->nr_groups * sizeof(*groups));
	qsort(groups, l->nr_groups, sizeof(*groups), compare_groups);
	return l->nr_groups;
}

/* Those that took most of the time first. */
static int compare_sums(const void *a, const void *b)
{
	const struct latency_group *x = *(struct latency_group *const *)a;
	const struct latency_group *y = *(struct latency_group *const *)b;

	return (x->histogram.sum < y->histogram.sum) -
	       (x->histogram.sum > y->histogram.sum);
}

/* Of more groups than a person reads, the table shows those that took most time. */
static size_t choose_groups(const struct latency *l, struct latency_group **groups)
{
	size_t nr = sorted_groups(l, groups);

	if (nr <= GROUPS_SHOWN)
		return nr;
	qsort(groups, nr, sizeof(*groups), compare_sums);
	return GROUPS_SHOWN;
}

/* The value a group is told by: a word or a number. */
static json_t *json_group_value(const struct latency *l,
				const struct latency_group *group)
{
	char name[NAME_MAX_BYTES];

	if (l->by == BY_OP || l->by == BY_THREAD || group->is_other)
		return json_string(latency_group_name(name, sizeof(name), l, group));
	return json_integer(group->value);
}

static json_t *json_group(const struct latency *l, const struct latency_group *group)
{
	const struct histogram *h = &group->histogram;
	json_t *p = json_object();

	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		json_object_set_new(p, percentiles[i].name,
				    json_integer((json_int_t)histogram_percentile(
					    h, percentiles[i].percent)));
	return json_pack("{s:o, s:I, s:f, s:I, s:I, s:o}", latency_by_words[l->by],
			 json_group_value(l, group), "count", (json_int_t)h->count,
			 "mean_ns", histogram_mean(h), "min_ns", (json_int_t)h->min,
			 "max_ns", (json_int_t)h->max, "percentiles_ns", p);
}

int latency_print_json(const struct latency *l)
{
	struct latency_group *sorted[LATENCY_GROUPS_MAX + 1];
	size_t nr = sorted_groups(l, sorted);
	json_t *groups = json_array(), *all;

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(groups, json_group(l, sorted[i]));
	all = requests_json(l->requests);
	json_object_set_new(all, "groups", groups);
	return json_print(all);
}

void latency_print_csv(const struct latency *l)
{
	struct latency_group *sorted[LATENCY_GROUPS_MAX + 1];
	size_t nr = sorted_groups(l, sorted);
	struct text_table *t = text_table_new(5 + NR_PERCENTILES);
	char name[NAME_MAX_BYTES];

	if (!t)
		return;
	text_cell(t, "%s", latency_by_words[l->by]);
	text_cell(t, "count");
	text_cell(t, "mean_ns");
	text_cell(t, "min_ns");
	text_cell(t, "max_ns");
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		text_cell(t, "p%s_ns", percentiles[i].name);
	for (size_t g = 0; g < nr; g++) {
		const struct histogram *h = &sorted[g]->histogram;

		text_cell(t, "%s", latency_group_name(name, sizeof(name), l, sorted[g]));
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

/* Do fewer than FEW of @count values lie above the percentile? Then one of them more or
 * less would move it. */
static bool is_shaky(uint64_t count, double percent)
{
	uint64_t parts = (uint64_t)(percent * 1000 + 0.5); /* of 100000 */

	return count - (count * parts + 99999) / 100000 < FEW;
}

/* A column in which one is marked keeps the place of the mark in all its rows. */
static void percentile_cell(struct text_table *t, const struct histogram *h,
			    double percent, uint64_t least)
{
	const char *mark = is_shaky(h->count, percent) ? "~"
			   : is_shaky(least, percent)  ? " "
						       : "";
	char text[UNIT_TEXT];

	text_cell(t, "%s%s", time_text(text, (double)histogram_percentile(h, percent)),
		  mark);
}

static uint64_t least_count(struct latency_group **groups, size_t nr)
{
	uint64_t least = UINT64_MAX;

	for (size_t g = 0; g < nr; g++)
		if (groups[g]->histogram.count < least)
			least = groups[g]->histogram.count;
	return least;
}

static void table_row(struct text_table *t, const struct latency *l,
		      const struct latency_group *group, uint64_t least)
{
	const struct histogram *h = &group->histogram;
	char text[NAME_MAX_BYTES];

	text_cell(t, "%s", latency_group_name(text, sizeof(text), l, group));
	text_cell(t, "%" PRIu64, h->count);
	text_cell(t, "%s", time_text(text, histogram_mean(h)));
	text_cell(t, "%s", time_text(text, (double)h->min));
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		percentile_cell(t, h, percentiles[i].percent, least);
	text_cell(t, "%s", time_text(text, (double)h->max));
}

static void print_table(const struct latency *l, struct latency_group **groups, size_t nr)
{
	struct text_table *t = text_table_new(5 + NR_PERCENTILES);
	uint64_t least = least_count(groups, nr);

	if (!t)
		return;
	text_cell(t, "%s", latency_by_words[l->by]);
	text_cell(t, "count");
	text_cell(t, "mean");
	text_cell(t, "min");
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		text_cell(t, is_shaky(least, percentiles[i].percent) ? "p%s " : "p%s",
			  percentiles[i].name);
	text_cell(t, "max");
	for (size_t g = 0; g < nr; g++)
		table_row(t, l, groups[g], least);
	text_table_print(t, stdout, false);
	text_table_free(t);
	if (is_shaky(least, percentiles[NR_PERCENTILES - 1].percent))
		printf("~ fewer than %d requests took longer\n", FEW);
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
	struct latency_group *groups[LATENCY_GROUPS_MAX + 1];
	size_t nr = choose_groups(l, groups);
	char name[NAME_MAX_BYTES];

	requests_heading(l->requests);
	print_table(l, groups, nr);
	if (nr < l->nr_groups)
		printf("… and %zu more, which took less time; --csv has them all\n",
		       l->nr_groups - nr);
	for (size_t i = 0; i < nr && nr <= BARS_FOR_GROUPS; i++) {
		printf("\n%s %s:\n", latency_by_words[l->by],
		       latency_group_name(name, sizeof(name), l, groups[i]));
		print_histogram(&groups[i]->histogram, text_columns(stdout));
	}
	if (l->requests->lost || l->requests->failed ||
	    l->requests->unmatched.completes || l->requests->unmatched.submits ||
	    l->requests->unmatched.reused || l->requests->unmatched.skipped)
		putchar('\n');
	requests_notes(l->requests, stdout);
}
