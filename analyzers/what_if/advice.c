// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which rule and limit to set, from a replay.
 *
 * There is no natural price of CPU time against waiting, so none is made up. Advised is
 * the cheapest setting among those that save nearly all that can be saved by polling;
 * beside it stands the best that QEMU's rules reach for as much CPU time. Where none
 * would make the requests noticeably faster, the advice is not to poll.
 */
#include "analyzers/what_if/what_if.h"

#define NEARLY	       0.9  /* of what the best saves */
#define HARDLY	       0.01 /* faster */
#define AS_MUCH	       1.02 /* times the CPU time of another */
#define AS_MUCH_AT_ALL 0.001

static const struct replay_cell *cheapest(const struct replay *r, double saves)
{
	const struct replay_cell *best = NULL;

	for (size_t i = 0; i < r->nr_cells; i++) {
		const struct replay_cell *cell = &r->cells[i];

		if (cell->kind == REPLAY_RULE && replay_saved(r, cell) >= saves &&
		    (!best || replay_burnt_share(r, cell) < replay_burnt_share(r, best)))
			best = cell;
	}
	return best;
}

static const struct replay_cell *qemus_best(const struct replay *r, double burns)
{
	const struct replay_cell *best = NULL;

	for (size_t i = 0; i < r->nr_cells; i++) {
		const struct replay_cell *cell = &r->cells[i];

		if (cell->kind == REPLAY_RULE && cell->rule != &poll_fathom &&
		    replay_burnt_share(r, cell) <= burns &&
		    (!best || replay_saved(r, cell) > replay_saved(r, best)))
			best = cell;
	}
	return best;
}

static double less(double now, double before)
{
	return before > 0 ? 1 - now / before : 0;
}

/* How much faster things would be with @cell: the requests, by the larger of median and
 * mean, or, where there are none, the loops. */
static double gain(const struct replay *r, const struct replay_cell *cell)
{
	const struct replay_cell *blocking = &r->cells[REPLAY_BLOCKING];
	double median, mean;

	if (!r->requests)
		return less((double)cell->time_ns, (double)blocking->time_ns);
	median = less((double)histogram_percentile(&cell->latency, 50),
		      (double)histogram_percentile(&blocking->latency, 50));
	mean = less(histogram_mean(&cell->latency), histogram_mean(&blocking->latency));
	return median > mean ? median : mean;
}

struct what_if_advice what_if_advise(const struct what_if *w)
{
	const struct replay *r = &w->replay;
	struct what_if_advice advice = {0};
	double most = 0;

	for (size_t i = 0; i < r->nr_cells; i++) {
		const struct replay_cell *cell = &r->cells[i];

		if (cell->kind != REPLAY_RULE)
			continue;
		if (replay_saved(r, cell) > most)
			most = replay_saved(r, cell);
		if (gain(r, cell) > advice.gain)
			advice.gain = gain(r, cell);
	}
	if (advice.gain < HARDLY)
		return advice;
	advice.best = cheapest(r, most * NEARLY);
	advice.qemus = qemus_best(r, replay_burnt_share(r, advice.best) * AS_MUCH +
					     AS_MUCH_AT_ALL);
	return advice;
}
