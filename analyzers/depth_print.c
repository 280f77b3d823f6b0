// SPDX-License-Identifier: GPL-2.0-or-later
/* The ways to show depth: for people, as JSON, over time as CSV. */
#include "analyzers/depth.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "analyzers/json.h"
#include "analyzers/requests_print.h"
#include "core/text.h"
#include "core/units.h"

enum {
	POINTS = 256,	 /* of the timeline in JSON and CSV */
	DEPTH_ROWS = 20, /* of the distribution */
	BAR_MIN = 10,
	BAR_MAX = 40,
	ROW_COLUMNS = 29, /* of a row, without the bar */
	PLOT_ROWS = 8,
	GROUPS_SHOWN = 40, /* in the table for people */
	DEPTHS_FOR_GROUPS = 4,
	FLAT_POINTS = 64,
};

#define COMMON	   0.01
#define NEARLY_ALL 0.95

/* The figures of all requests, or of a group of them. */
static json_t *json_level(const struct level *l)
{
	json_t *times = json_object();
	char depth[UNIT_TEXT];

	for (size_t i = 0; i < l->nr_times; i++) {
		if (!l->time_at[i])
			continue;
		snprintf(depth, sizeof(depth), "%zu", i);
		json_object_set_new(times, depth,
				    json_integer((json_int_t)l->time_at[i]));
	}
	return json_pack("{s:f, s:I, s:o}", "mean_depth", level_mean(l), "max_depth",
			 (json_int_t)l->max, "time_at_depth_ns", times);
}

/* The numbers of the groups in which requests began, as they are shown. */
static size_t sorted_groups(const struct depth *d, uint16_t *numbers)
{
	unsigned all = grouping_sorted(&d->requests->grouping, numbers);
	size_t nr = 0;

	for (unsigned i = 0; i < all; i++)
		if (d->groups[numbers[i]])
			numbers[nr++] = numbers[i];
	return nr;
}

static json_t *json_groups(const struct depth *d)
{
	uint16_t sorted[GROUPS_MAX + 1];
	size_t nr = sorted_groups(d, sorted);
	json_t *groups = json_array();

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(
			groups, requests_group_json(d->requests, sorted[i],
						    json_level(d->groups[sorted[i]])));
	return groups;
}

/* Where point @i of @nr begins: the first of the buckets that were put into it. */
static uint64_t point_ns(const struct series *t, unsigned i, unsigned nr)
{
	uint64_t used = series_used(t);

	return (i * used + nr - 1) / nr * t->bucket_ns;
}

static json_t *json_timeline(const struct depth *d)
{
	struct series_bucket points[POINTS];
	unsigned nr = series_condense(&d->series, points, POINTS);
	json_t *array = json_array();

	for (unsigned i = 0; i < nr; i++)
		json_array_append_new(array,
				      json_pack("{s:I, s:f, s:I}", "t_ns",
						(json_int_t)point_ns(&d->series, i, nr),
						"mean", series_mean(&points[i]), "max",
						(json_int_t)points[i].max));
	return array;
}

int depth_print_json(const struct depth *d)
{
	struct little little = depth_little(d);
	json_t *all = requests_json(d->requests), *more;

	more = json_pack("{s:{s:f, s:f, s:f}, s:o}", "little", "iops", little.iops,
			 "mean_latency_ns", little.mean_latency_ns, "depth", little.depth,
			 "timeline", json_timeline(d));
	json_object_set_new(more, "asked", asked_json(&d->asked));
	if (d->requests->grouping.is_early) {
		json_object_set_new(more, "by", requests_by_json(d->requests));
		json_object_set_new(more, "groups", json_groups(d));
	}
	if (json_object_update_new(all, json_level(&d->all)) ||
	    json_object_update_new(all, more)) {
		json_decref(all);
		all = NULL;
	}
	return json_print(all);
}

/* A row for each depth that a group had. */
static void print_groups_csv(const struct depth *d)
{
	uint16_t sorted[GROUPS_MAX + 1];
	size_t nr = sorted_groups(d, sorted);
	struct text_table *t = text_table_new(d->requests->grouping.nr_levels + 2);

	if (!t)
		return;
	requests_group_heads(t, d->requests);
	text_cell(t, "depth");
	text_cell(t, "time_ns");
	for (size_t g = 0; g < nr; g++) {
		const struct level *l = d->groups[sorted[g]];

		for (size_t i = 0; i < l->nr_times; i++) {
			if (!l->time_at[i])
				continue;
			requests_group_cells(t, d->requests, sorted[g], true);
			text_cell(t, "%zu", i);
			text_cell(t, "%" PRIu64, l->time_at[i]);
		}
	}
	text_table_print(t, stdout, true);
	text_table_free(t);
}

void depth_print_csv(const struct depth *d)
{
	struct series_bucket points[POINTS];
	unsigned nr = series_condense(&d->series, points, POINTS);

	if (d->requests->grouping.is_early) {
		print_groups_csv(d);
		return;
	}
	puts("t_ns,mean,max");
	for (unsigned i = 0; i < nr; i++)
		printf("%" PRIu64 ",%.6f,%" PRIu64 "\n", point_ns(&d->series, i, nr),
		       series_mean(&points[i]), points[i].max);
}

static void print_depths(const struct level *l, uint64_t from, uint64_t to, double total)
{
	uint64_t ns = level_time(l, from, to);
	unsigned columns = text_columns(stdout), width;
	char bar[3 * BAR_MAX + 1], time[UNIT_TEXT], depths[2 * UNIT_TEXT];

	if (!ns)
		return;
	if (from == to)
		snprintf(depths, sizeof(depths), "%" PRIu64, from);
	else
		snprintf(depths, sizeof(depths), "%" PRIu64 "-%" PRIu64, from, to);
	width = columns > ROW_COLUMNS + BAR_MIN ? columns - ROW_COLUMNS : BAR_MIN;
	if (width > BAR_MAX)
		width = BAR_MAX;
	text_bar(bar, width, (double)ns / total);
	printf("  %9s %8s %5.1f%%%s%s\n", depths, time_text(time, (double)ns),
	       100 * (double)ns / total, *bar ? " " : "", bar);
}

/* How many depths hold a hundredth of the time or more, and how much all of them. */
static unsigned common_depths(const struct level *l, double total, double *held)
{
	unsigned nr = 0;

	*held = 0;
	for (uint64_t i = 0; i <= l->max && i < l->nr_times; i++) {
		if ((double)l->time_at[i] < total * COMMON)
			continue;
		*held += (double)l->time_at[i];
		nr++;
	}
	return nr;
}

/* One row per common depth where few make nearly all of the time, else ranges. */
static void print_distribution(const struct level *l)
{
	uint64_t step = (l->max + DEPTH_ROWS) / DEPTH_ROWS;
	double total = (double)level_total_ns(l), held;
	unsigned common = common_depths(l, total, &held);
	char time[UNIT_TEXT];

	puts("\n      depth     time");
	if (total <= 0)
		return;
	if (common > DEPTH_ROWS || held < total * NEARLY_ALL) {
		for (uint64_t from = 0; from <= l->max; from += step)
			print_depths(l, from,
				     from + step - 1 < l->max ? from + step - 1 : l->max,
				     total);
		return;
	}
	for (uint64_t i = 0; i <= l->max; i++)
		if ((double)l->time_at[i] >= total * COMMON)
			print_depths(l, i, i, total);
	if (total > held)
		printf("  %9s %8s %5.1f%%\n", "others", time_text(time, total - held),
		       100 * (total - held) / total);
}

static void print_little(const struct depth *d)
{
	struct little little = depth_little(d);
	double mean = level_mean(&d->all), off;
	char rate[UNIT_TEXT], latency[UNIT_TEXT];

	off = mean > 0 ? 100 * (little.depth / mean - 1) : 0;
	off = fabs(off) < 0.05 ? 0 : off; /* no -0.0% */
	printf("\nLittle's law: %s/s x %s = %.2f, the measured mean is %.2f (%+.1f%%)\n",
	       count_text(rate, little.iops), time_text(latency, little.mean_latency_ns),
	       little.depth, mean, off);
	if (off > 5 || off < -5)
		puts("  they differ: requests that began before or ended after the "
		     "trace, or"
		     " were lost, are only in one of the two");
}

char *depth_text(char *text, double depth)
{
	const char *format = depth < 1 ? "%.2g" : depth < 10 ? "%.1f" : "%.0f";

	snprintf(text, UNIT_TEXT, format, depth);
	return text;
}

/*
 * Would a plot be solid blocks? Not if any point, save the first and the last where
 * the trace begins and ends, is more than a row off the mean. Fills in the range.
 */
static bool is_flat(const struct depth *d, double *least, double *most)
{
	struct series_bucket points[FLAT_POINTS];
	unsigned nr = series_condense(&d->series, points, FLAT_POINTS);
	double mean = level_mean(&d->all);

	if (nr < FLAT_POINTS)
		return false;
	*least = *most = series_mean(&points[1]);
	for (unsigned i = 1; i < nr - 1; i++) {
		double at = series_mean(&points[i]);

		*least = at < *least ? at : *least;
		*most = at > *most ? at : *most;
	}
	return *least >= mean - mean / PLOT_ROWS && *most <= mean + mean / PLOT_ROWS;
}

static void print_plot(const struct depth *d)
{
	double least, most;

	if (is_flat(d, &least, &most)) {
		printf("\nmean depth over time: steady, %.2f to %.2f\n", least, most);
		return;
	}
	puts("\nmean depth over time:");
	series_plot(&d->series, stdout, PLOT_ROWS, depth_text);
}

/* The deepest first. */
static int compare_means(const void *a, const void *b, void *depth)
{
	const struct depth *d = depth;
	double x = level_mean(d->groups[*(const uint16_t *)a]);
	double y = level_mean(d->groups[*(const uint16_t *)b]);

	return (x < y) - (x > y);
}

static size_t choose_groups(const struct depth *d, uint16_t *numbers, size_t *all)
{
	*all = sorted_groups(d, numbers);
	if (*all <= GROUPS_SHOWN)
		return *all;
	qsort_r(numbers, *all, sizeof(*numbers), compare_means, (void *)d);
	return GROUPS_SHOWN;
}

static void group_row(struct text_table *t, const struct depth *d, unsigned number)
{
	const struct level *l = d->groups[number];
	double total = (double)level_total_ns(l);

	requests_group_cells(t, d->requests, number, false);
	text_cell(t, "%.2f", level_mean(l));
	text_cell(t, "%" PRIu64, l->max);
	text_cell(t, "%.1f%%",
		  total > 0 ? 100 * (double)level_time(l, 1, l->max) / total : 0);
}

/* A row per group, and the depths of each if they are few. */
static void print_groups(const struct depth *d)
{
	uint16_t sorted[GROUPS_MAX + 1];
	size_t all, nr = choose_groups(d, sorted, &all);
	struct text_table *t;
	char title[GROUP_TITLE_ROOM];

	if (!d->requests->grouping.is_early)
		return;
	putchar('\n');
	t = text_table_new(d->requests->grouping.nr_levels + 3);
	if (!t)
		return;
	requests_group_heads(t, d->requests);
	text_cell(t, "mean");
	text_cell(t, "max");
	text_cell(t, "in flight");
	for (size_t i = 0; i < nr; i++)
		group_row(t, d, sorted[i]);
	text_table_print(t, stdout, false);
	text_table_free(t);
	if (nr < all)
		printf("… and %zu more, of which fewer were in flight; --csv has them "
		       "all\n",
		       all - nr);
	for (size_t i = 0; i < nr && nr <= DEPTHS_FOR_GROUPS; i++) {
		printf("\n%s:", requests_group_title(d->requests, sorted[i], title));
		print_distribution(d->groups[sorted[i]]);
	}
}

void depth_print_text(const struct depth *d)
{
	const struct requests *r = d->requests;
	char count[UNIT_TEXT], span[UNIT_TEXT], model[80], choice[CHOICE_TEXT];
	char asked[ASKED_TEXT];

	text_escape(model, sizeof(model), r->model->name, strlen(r->model->name), 0);
	printf("%s requests in %s (model %s%s): mean depth %.2f, max %" PRIu64 "\n",
	       count_text(count, (double)r->requests),
	       time_text(span, requests_seconds(r) * 1e9), model,
	       requests_choice_text(choice, r), level_mean(&d->all), d->all.max);
	print_distribution(&d->all);
	print_groups(d);
	print_plot(d);
	print_little(d);
	if (asked_sentence(&d->asked, asked))
		printf("\n* %s\n", asked);
	requests_notes(r, stdout);
}
