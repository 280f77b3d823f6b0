// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Polling per interval and loop: at the first event behind an interval, before it is
 * counted, the loops' counters stand where they stood at its end, and the row is what
 * they gained.
 */
#include "analyzers/poll.h"

#include <string.h>

/* What the loop counted so far. */
static struct poll_counts counts_of(const struct poll_loop *l)
{
	return (struct poll_counts){l->windows, l->progress, l->progress_ns, l->empty_ns,
				    l->waits,	l->wait_ns,  l->naps,	     l->nap_ns};
}

static double share(uint64_t ns, double seconds)
{
	return seconds > 0 ? (double)ns / 1e9 / seconds : 0;
}

static void print_loop(struct intervals *iv, const struct poll_loop *l, double seconds)
{
	const struct poll_counts is = counts_of(l), *was = &l->told;
	uint64_t found_ns = is.progress_ns - was->progress_ns;
	uint64_t empty_ns = is.empty_ns - was->empty_ns;
	const struct interval_cell cells[] = {
		{"loop", INTERVAL_COUNT, .whole = l->loop},
		{"pid", INTERVAL_COUNT, .whole = (uint64_t)l->pid},
		{"windows", INTERVAL_COUNT, .whole = is.windows - was->windows},
		{"found", INTERVAL_COUNT, .whole = is.progress - was->progress},
		{"took", INTERVAL_TIME, .whole = found_ns},
		{"burnt", INTERVAL_TIME, .whole = empty_ns},
		{"polling", INTERVAL_SHARE, .real = share(found_ns + empty_ns, seconds)},
		{"window", INTERVAL_TIME, .whole = l->window_ns},
		{"waits", INTERVAL_COUNT, .whole = is.waits - was->waits},
		{"asleep", INTERVAL_TIME, .whole = is.wait_ns - was->wait_ns},
		{"naps", INTERVAL_COUNT, .whole = is.naps - was->naps},
		{"napped", INTERVAL_TIME, .whole = is.nap_ns - was->nap_ns},
	};

	intervals_row(iv, NULL, 0, cells, sizeof(cells) / sizeof(*cells));
}

/* The rows of the loops that did something; then all count from here on. */
static void close_interval(struct poll *p, uint64_t last_ns)
{
	double seconds = intervals_seconds(p->intervals, last_ns);
	uint64_t polled = 0;

	for (size_t i = 0; i < p->nr_loops; i++) {
		struct poll_loop *l = p->loops[i];
		struct poll_counts is = counts_of(l), *was = &l->told;

		if (!memcmp(&is, was, sizeof(is)))
			continue;
		print_loop(p->intervals, l, seconds);
		polled += is.progress_ns + is.empty_ns - was->progress_ns - was->empty_ns;
		*was = is;
	}
	intervals_plot(p->intervals, (uint64_t)(1000 * share(polled, seconds)));
}

void poll_intervals_next(struct poll *p, uint64_t time_ns)
{
	if (p->intervals->end_ns)
		close_interval(p, time_ns);
	intervals_open(p->intervals, time_ns);
}

void poll_intervals_finish(struct poll *p)
{
	if (p->intervals->end_ns)
		close_interval(p, p->last_ns);
}
