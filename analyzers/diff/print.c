// SPDX-License-Identifier: GPL-2.0-or-later
/* The ways to show what differs: for people, as JSON, as CSV. */
#include <inttypes.h>
#include <math.h>

#include "analyzers/diff/diff.h"
#include "analyzers/json.h"
#include "analyzers/requests_print.h"
#include "core/text.h"
#include "core/units.h"

enum { PATH_BYTES = 160, GROUPS_SHOWN = 40 };

static const char *const side_names[2] = {"A", "B"};

/* A side that has the group, to ask what it is called. */
static const struct requests *requests_of(const struct diff *d,
					  const struct diff_group *g, unsigned *number)
{
	unsigned side = g->number[0] == DIFF_NOWHERE;

	*number = g->number[side];
	return &d->sides[side].requests;
}

static const struct histogram *histogram_of(const struct diff *d,
					    const struct diff_group *g, unsigned side)
{
	return &d->sides[side].latency.groups[g->number[side]]->histogram;
}

static void side_row(struct text_table *t, const struct diff *d,
		     const struct diff_group *g, unsigned side)
{
	const struct histogram *h = histogram_of(d, g, side);
	double seconds = requests_seconds(&d->sides[side].requests);
	char text[UNIT_TEXT];

	text_cell(t, "%s", side_names[side]);
	text_cell(t, "%" PRIu64, h->count);
	text_cell(t, "%s",
		  count_text(text, seconds > 0 ? (double)h->count / seconds : 0));
	for (unsigned i = 0; i < DIFF_FIGURES; i++)
		text_cell(t, "%s", time_text(text, g->value[side][i]));
	text_cell(t, "%s", time_text(text, (double)h->max));
}

/* The intervals; an asterisk where the difference is none of chance. */
static void ratio_row(struct text_table *t, const struct diff_group *g)
{
	text_cell(t, "B/A");
	text_cell(t, "-");
	text_cell(t, "-");
	for (unsigned i = 0; i < DIFF_FIGURES; i++) {
		bool is_sure =
			g->verdicts[i] == DIFF_LONGER || g->verdicts[i] == DIFF_SHORTER;

		if (g->verdicts[i] == DIFF_UNKNOWN)
			text_cell(t, "?");
		else
			text_cell(t, "%.2f-%.2f%s", g->ratios[i].low, g->ratios[i].high,
				  is_sure ? "*" : "");
	}
	text_cell(t, "-");
}

static void group_rows(struct text_table *t, const struct diff *d,
		       const struct diff_group *g)
{
	unsigned number;
	const struct requests *r = requests_of(d, g, &number);

	for (unsigned side = 0; side < 2; side++) {
		if (g->number[side] == DIFF_NOWHERE)
			continue;
		requests_group_cells(t, r, number, false);
		side_row(t, d, g, side);
	}
	if (g->number[0] == DIFF_NOWHERE || g->number[1] == DIFF_NOWHERE)
		return;
	requests_group_cells(t, r, number, false);
	ratio_row(t, g);
}

static void print_table(const struct diff *d, unsigned nr)
{
	const struct requests *r = &d->sides[0].requests;
	struct text_table *t = text_table_new(r->grouping.nr_levels + 4 + DIFF_FIGURES);

	if (!t)
		return;
	requests_group_heads(t, r);
	text_cell(t, "in");
	text_cell(t, "count");
	text_cell(t, "rate/s");
	for (unsigned i = 0; i < DIFF_FIGURES; i++)
		text_cell(t, "%s", diff_figure_word(i));
	text_cell(t, "max");
	for (unsigned i = 0; i < nr; i++)
		group_rows(t, d, &d->groups[i]);
	text_table_print(t, stdout, false);
	text_table_free(t);
}

static void print_side(const struct diff *d, unsigned side)
{
	const struct diff_side *s = &d->sides[side];
	char path[PATH_BYTES];

	text_escape(path, sizeof(path), s->path, strlen(s->path), 0);
	printf("%s, %s: ", side_names[side], path);
	requests_summary(&s->requests);
}

static void print_notes(const struct diff *d, unsigned side)
{
	if (!requests_have_notes(&d->sides[side].requests))
		return;
	printf("\n%s:\n", side_names[side]);
	requests_notes(&d->sides[side].requests, stdout);
}

void diff_print_text(const struct diff *d)
{
	unsigned nr = d->nr_groups < GROUPS_SHOWN ? d->nr_groups : GROUPS_SHOWN, number;
	char title[GROUP_TITLE_ROOM], sentence[DIFF_SENTENCE];

	print_side(d, 0);
	print_side(d, 1);
	putchar('\n');
	print_table(d, nr);
	if (nr < d->nr_groups)
		printf("… and %u more; --csv has them all\n", d->nr_groups - nr);
	puts("B/A: between what the ratio lies, with 99% confidence; * is not chance\n");
	for (unsigned i = 0; i < nr; i++) {
		const struct requests *r = requests_of(d, &d->groups[i], &number);

		printf("* %s: %s\n", requests_group_title(r, number, title),
		       diff_sentence(&d->groups[i], sentence));
	}
	print_notes(d, 0);
	print_notes(d, 1);
}

static void csv_rows(struct text_table *t, const struct diff *d,
		     const struct diff_group *g)
{
	unsigned number;
	const struct requests *r = requests_of(d, g, &number);

	for (unsigned i = 0; i < DIFF_FIGURES; i++) {
		requests_group_cells(t, r, number, true);
		text_cell(t, "%s", diff_figure_word(i));
		for (unsigned side = 0; side < 2; side++)
			if (g->number[side] == DIFF_NOWHERE) {
				text_cell(t, "0");
				text_cell(t, "%s", "");
			} else {
				text_cell(t, "%" PRIu64, histogram_of(d, g, side)->count);
				text_cell(t, "%.0f", g->value[side][i]);
			}
		if (g->verdicts[i] == DIFF_UNKNOWN) {
			text_cell(t, "%s", "");
			text_cell(t, "%s", "");
		} else {
			text_cell(t, "%.6f", g->ratios[i].low);
			text_cell(t, "%.6f", g->ratios[i].high);
		}
		text_cell(t, "%s", diff_verdict_word(g->verdicts[i]));
	}
}

void diff_print_csv(const struct diff *d)
{
	static const char *const heads[] = {"figure",	  "a_count", "a_ns",
					    "b_count",	  "b_ns",    "ratio_low",
					    "ratio_high", "verdict"};
	const unsigned nr_heads = sizeof(heads) / sizeof(*heads);
	const struct requests *r = &d->sides[0].requests;
	struct text_table *t = text_table_new(r->grouping.nr_levels + nr_heads);

	if (!t)
		return;
	requests_group_heads(t, r);
	for (unsigned i = 0; i < nr_heads; i++)
		text_cell(t, "%s", heads[i]);
	for (unsigned i = 0; i < d->nr_groups; i++)
		csv_rows(t, d, &d->groups[i]);
	text_table_print(t, stdout, true);
	text_table_free(t);
}

static json_t *json_side(const struct diff *d, const struct diff_group *g, unsigned side)
{
	const struct histogram *h;
	json_t *all;

	if (g->number[side] == DIFF_NOWHERE)
		return json_null();
	h = histogram_of(d, g, side);
	all = json_pack("{s:I, s:f, s:I, s:I}", "count", (json_int_t)h->count, "mean_ns",
			histogram_mean(h), "min_ns", (json_int_t)h->min, "max_ns",
			(json_int_t)h->max);
	json_object_set_new(all, "percentiles_ns", json_object());
	for (unsigned i = DIFF_P50; i < DIFF_FIGURES; i++)
		json_object_set_new(json_object_get(all, "percentiles_ns"),
				    diff_figure_word(i) + 1,
				    json_integer((json_int_t)g->value[side][i]));
	return all;
}

/* A ratio over nothing has no number. */
static json_t *json_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_ratios(const struct diff_group *g)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < DIFF_FIGURES; i++) {
		bool is_known = g->verdicts[i] != DIFF_UNKNOWN;

		json_object_set_new(
			all, diff_figure_word(i),
			json_pack("{s:o, s:o, s:s}", "low",
				  is_known ? json_number(g->ratios[i].low) : json_null(),
				  "high",
				  is_known ? json_number(g->ratios[i].high) : json_null(),
				  "verdict", diff_verdict_word(g->verdicts[i])));
	}
	return all;
}

static json_t *json_group(const struct diff *d, const struct diff_group *g)
{
	char sentence[DIFF_SENTENCE];
	unsigned number;
	const struct requests *r = requests_of(d, g, &number);

	return requests_group_json(r, number,
				   json_pack("{s:o, s:o, s:o, s:s}", "a",
					     json_side(d, g, 0), "b", json_side(d, g, 1),
					     "ratios", json_ratios(g), "text",
					     diff_sentence(g, sentence)));
}

static json_t *json_trace(const struct diff_side *s)
{
	json_t *all = requests_json(&s->requests);

	json_object_set_new(all, "seconds", json_real(requests_seconds(&s->requests)));
	return all;
}

int diff_print_json(const struct diff *d)
{
	json_t *groups = json_array();

	for (unsigned i = 0; i < d->nr_groups; i++)
		json_array_append_new(groups, json_group(d, &d->groups[i]));
	return json_print(json_pack(
		"{s:o, s:o, s:o, s:I, s:i, s:f, s:o}", "a", json_trace(&d->sides[0]), "b",
		json_trace(&d->sides[1]), "by", requests_by_json(&d->sides[0].requests),
		"seed", (json_int_t)d->seed, "drawings", BOOTSTRAP_DRAWINGS, "confidence",
		BOOTSTRAP_CONFIDENCE / 1000.0, "groups", groups));
}
