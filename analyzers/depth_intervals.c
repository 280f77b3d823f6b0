// SPDX-License-Identifier: GPL-2.0-or-later
/* Depth per interval: of all requests, or of each group. */
#include "analyzers/depth.h"

#include <stdlib.h>

#include "analyzers/requests_print.h"

/* The value holds from since_ns up to @time_ns. */
static void hold(struct depth_span *s, uint64_t time_ns)
{
	double ns;

	if (time_ns <= s->since_ns)
		return;
	ns = (double)(time_ns - s->since_ns);
	s->area += ns * (double)s->value;
	s->busy_ns += s->value ? ns : 0;
	s->since_ns = time_ns;
}

static void print_span(struct depth_intervals *d, const struct depth_span *s,
		       unsigned group, double seconds)
{
	double ns = seconds * 1e9;
	const struct interval_cell cells[] = {
		{"mean", INTERVAL_REAL, .real = ns > 0 ? s->area / ns : 0},
		{"max", INTERVAL_COUNT, .whole = s->max},
		{"busy", INTERVAL_SHARE, .real = ns > 0 ? s->busy_ns / ns : 0},
	};

	intervals_row(&d->intervals, d->requests->grouping.is_early ? d->requests : NULL,
		      group, cells, sizeof(cells) / sizeof(*cells));
}

static bool has_happened(const struct depth_span *s)
{
	return s && (s->area > 0 || s->max);
}

/* The rows of the open interval, which lasts until @until_ns. */
static void close_interval(struct depth_intervals *d, uint64_t until_ns)
{
	double seconds = intervals_seconds(&d->intervals, until_ns);
	uint16_t order[GROUPS_MAX + 1];
	unsigned nr = grouping_sorted(&d->requests->grouping, order);

	hold(&d->all, until_ns);
	if (!d->requests->grouping.is_early)
		print_span(d, &d->all, 0, seconds);
	for (unsigned i = 0; i < nr && d->requests->grouping.is_early; i++) {
		struct depth_span *s = d->groups[order[i]];

		if (s)
			hold(s, until_ns);
		if (has_happened(s))
			print_span(d, s, order[i], seconds);
	}
}

static void restart(struct depth_span *s, uint64_t begin_ns)
{
	*s = (struct depth_span){
		.value = s->value, .max = s->value, .since_ns = begin_ns};
}

static void next_interval(struct depth_intervals *d, uint64_t time_ns)
{
	if (d->intervals.end_ns)
		close_interval(d, d->intervals.end_ns);
	intervals_open(&d->intervals, time_ns);
	restart(&d->all, d->intervals.begin_ns);
	for (unsigned i = 0; i <= GROUPS_MAX; i++)
		if (d->groups[i])
			restart(d->groups[i], d->intervals.begin_ns);
}

static void change_span(struct depth_span *s, uint64_t time_ns, int by)
{
	hold(s, time_ns);
	s->value += (uint64_t)by;
	if (s->value > s->max)
		s->max = s->value;
}

static void change_group(struct depth_intervals *d, const struct request *q,
			 uint64_t time_ns, int by)
{
	unsigned number = requests_group(d->requests, q);

	if (!d->groups[number]) {
		d->groups[number] = calloc(1, sizeof(struct depth_span));
		if (!d->groups[number]) {
			d->out_of_memory = true;
			return;
		}
		d->groups[number]->since_ns = time_ns;
	}
	change_span(d->groups[number], time_ns, by);
}

/* A request comes (1) or goes (-1). */
static void change(struct depth_intervals *d, const struct request *q, uint64_t time_ns,
		   int by)
{
	if (intervals_are_over(&d->intervals, time_ns))
		next_interval(d, time_ns);
	change_span(&d->all, time_ns, by);
	series_set(&d->intervals.plot, time_ns, d->all.value);
	if (d->requests->grouping.is_early)
		change_group(d, q, time_ns, by);
}

static void depth_begin(void *state, const struct request *q)
{
	change(state, q, q->submit_ns, 1);
}

static void depth_end(void *state, const struct request *q)
{
	if (!q->given_up)
		change(state, q, q->complete_ns, -1);
}

static void depth_gone(void *state, const struct request *q, uint64_t time_ns)
{
	change(state, q, time_ns, -1);
}

static void depth_finish(void *state, uint64_t time_ns)
{
	struct depth_intervals *d = state;

	if (!d->intervals.end_ns)
		return;
	if (intervals_are_over(&d->intervals, time_ns))
		next_interval(d, time_ns);
	series_set(&d->intervals.plot, time_ns, d->all.value);
	close_interval(d, time_ns);
}

const struct request_listener depth_intervals_listener = {
	.begin = depth_begin,
	.end = depth_end,
	.gone = depth_gone,
	.finish = depth_finish,
};

void depth_intervals_release(struct depth_intervals *d)
{
	for (unsigned i = 0; i <= GROUPS_MAX; i++)
		free(d->groups[i]);
}
