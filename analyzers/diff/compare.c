// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of two traces differs, and whether it could be chance.
 *
 * A figure of the second trace is longer or shorter if 1 lies outside of the interval of
 * its ratio and the interval leaves what DIFF_NOTHING allows: of millions of requests
 * also a difference that nobody cares for is none of chance. A percentile that fewer than
 * ten requests lie above, in either trace, is not judged, and the mean of less than twice
 * as many neither.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/diff/diff.h"

static const struct {
	const char *word;
	double percent;
} figures[DIFF_FIGURES] = {
	[DIFF_MEAN] = {"mean", BOOTSTRAP_MEAN},
	[DIFF_P50] = {"p50", 50},
	[DIFF_P90] = {"p90", 90},
	[DIFF_P99] = {"p99", 99},
	[DIFF_P999] = {"p99.9", 99.9},
};

static const char *const verdict_words[DIFF_VERDICTS] = {
	[DIFF_UNKNOWN] = "unknown", [DIFF_CHANCE] = "chance",	[DIFF_SAME] = "same",
	[DIFF_LONGER] = "longer",   [DIFF_SHORTER] = "shorter",
};

const char *diff_figure_word(enum diff_figure figure)
{
	return figures[figure].word;
}

const char *diff_verdict_word(enum diff_verdict verdict)
{
	return verdict_words[verdict];
}

static struct blocks *blocks_of(struct diff_side *s, unsigned number)
{
	if (!s->blocks[number])
		s->blocks[number] = calloc(1, sizeof(struct blocks));
	return s->blocks[number];
}

static void diff_end(void *state, const struct request *q)
{
	struct diff_side *s = state;
	struct blocks *b = blocks_of(s, requests_group(&s->requests, q));

	if (!b || blocks_add(b, q->complete_ns - q->submit_ns))
		s->out_of_memory = true;
}

const struct request_listener diff_listener = {.end = diff_end};

void diff_side_release(struct diff_side *s)
{
	for (unsigned i = 0; i <= GROUPS_MAX; i++) {
		if (s->blocks[i])
			blocks_release(s->blocks[i]);
		free(s->blocks[i]);
	}
	latency_release(&s->latency);
	requests_release(&s->requests);
}

static const struct histogram *histogram_of(const struct diff_side *s, unsigned number)
{
	return &s->latency.groups[number]->histogram;
}

/* Are they called the same? */
static bool is_same_group(const struct diff *d, unsigned a, unsigned b)
{
	const struct grouping *of_a = &d->sides[0].requests.grouping;
	const struct grouping *of_b = &d->sides[1].requests.grouping;
	char x[4 * GROUP_TEXT_MAX + 1], y[4 * GROUP_TEXT_MAX + 1];

	for (unsigned key = 0; key < of_a->nr_levels; key++)
		if (strcmp(group_name(grouping_value(of_a, a, key), x, sizeof(x)),
			   group_name(grouping_value(of_b, b, key), y, sizeof(y))) != 0)
			return false;
	return true;
}

/* The groups of a side in which requests ended, as they are shown. */
static unsigned groups_of(const struct diff_side *s, uint16_t *numbers)
{
	unsigned all = grouping_sorted(&s->requests.grouping, numbers), nr = 0;

	for (unsigned i = 0; i < all; i++)
		if (s->latency.groups[numbers[i]])
			numbers[nr++] = numbers[i];
	return nr;
}

static void add_group(struct diff *d, unsigned a, unsigned b)
{
	d->groups[d->nr_groups++] =
		(struct diff_group){.number = {(uint16_t)a, (uint16_t)b}};
}

static void match_groups(struct diff *d)
{
	uint16_t of_a[GROUPS_MAX + 1], of_b[GROUPS_MAX + 1];
	unsigned nr_a = groups_of(&d->sides[0], of_a);
	unsigned nr_b = groups_of(&d->sides[1], of_b), at;

	for (unsigned i = 0; i < nr_a; i++) {
		for (at = 0; at < nr_b; at++)
			if (of_b[at] != DIFF_NOWHERE &&
			    is_same_group(d, of_a[i], of_b[at]))
				break;
		add_group(d, of_a[i], at < nr_b ? of_b[at] : DIFF_NOWHERE);
		if (at < nr_b)
			of_b[at] = DIFF_NOWHERE;
	}
	for (at = 0; at < nr_b; at++)
		if (of_b[at] != DIFF_NOWHERE)
			add_group(d, DIFF_NOWHERE, of_b[at]);
}

static bool is_known(const struct histogram *h, enum diff_figure figure)
{
	return !latency_is_shaky(h->count,
				 figure == DIFF_MEAN ? 50 : figures[figure].percent);
}

static enum diff_verdict judge(const struct ratio *r)
{
	if (r->low >= 1 - DIFF_NOTHING && r->high <= 1 + DIFF_NOTHING)
		return DIFF_SAME;
	if (r->low <= 1 && r->high >= 1)
		return DIFF_CHANCE;
	return r->low > 1 ? DIFF_LONGER : DIFF_SHORTER;
}

static void take_values(const struct diff *d, struct diff_group *g)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct histogram *h;

		if (g->number[side] == DIFF_NOWHERE)
			continue;
		h = histogram_of(&d->sides[side], g->number[side]);
		g->value[side][DIFF_MEAN] = histogram_mean(h);
		for (unsigned i = DIFF_P50; i < DIFF_FIGURES; i++)
			g->value[side][i] =
				(double)histogram_percentile(h, figures[i].percent);
	}
}

static int judge_group(const struct diff *d, struct diff_group *g)
{
	double percents[DIFF_FIGURES];
	const struct diff_side *a = &d->sides[0], *b = &d->sides[1];
	int err;

	take_values(d, g);
	if (g->number[0] == DIFF_NOWHERE || g->number[1] == DIFF_NOWHERE)
		return 0;
	for (unsigned i = 0; i < DIFF_FIGURES; i++)
		percents[i] = figures[i].percent;
	err = bootstrap_ratios(a->blocks[g->number[0]], b->blocks[g->number[1]], percents,
			       DIFF_FIGURES, d->seed, g->ratios);
	for (unsigned i = 0; !err && i < DIFF_FIGURES; i++)
		if (is_known(histogram_of(a, g->number[0]), i) &&
		    is_known(histogram_of(b, g->number[1]), i))
			g->verdicts[i] = judge(&g->ratios[i]);
	return err == -ENODATA ? 0 : err;
}

int diff_compare(struct diff *d)
{
	int err = 0;

	match_groups(d);
	for (unsigned i = 0; !err && i < d->nr_groups; i++)
		err = judge_group(d, &d->groups[i]);
	return err;
}
