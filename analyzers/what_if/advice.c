// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which rule and limit to set, from a replay.
 *
 * There is no natural price of CPU time against waiting, so none is made up. Advised is
 * the cheapest setting among those that save nearly all that can be saved by polling;
 * beside it stands the best that QEMU's rules reach for as much CPU time. Where even all
 * of it would hardly make the loops faster, the advice is not to poll.
 */
#include "analyzers/what_if/what_if.h"

#define NEARLY	       0.9  /* of what the best saves */
#define HARDLY	       0.01 /* of the loops' time */
#define AS_MUCH	       1.02 /* times the CPU time of another */
#define AS_MUCH_AT_ALL 0.001

static const struct replay_cell *cheapest(const struct what_if *w, double saves)
{
	const struct replay *r = &w->replay;
	const struct replay_cell *best = NULL;

	for (size_t i = 0; i < r->nr_cells; i++) {
		const struct replay_cell *cell = &r->cells[i];

		if (cell->kind == REPLAY_RULE && replay_saved(r, cell) >= saves &&
		    (!best || replay_burnt_share(r, cell) < replay_burnt_share(r, best)))
			best = cell;
	}
	return best;
}

static const struct replay_cell *qemus_best(const struct what_if *w, double burns)
{
	const struct replay *r = &w->replay;
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

struct what_if_advice what_if_advise(const struct what_if *w)
{
	const struct replay *r = &w->replay;
	const struct replay_cell *blocking = &r->cells[REPLAY_BLOCKING];
	uint64_t slowest = replay_time(r, blocking);
	struct what_if_advice advice = {0};
	double most = 0;

	for (size_t i = 0; i < r->nr_cells; i++)
		if (r->cells[i].kind == REPLAY_RULE &&
		    replay_saved(r, &r->cells[i]) > most)
			most = replay_saved(r, &r->cells[i]);
	if (slowest)
		advice.gain = most * (double)blocking->delay_ns / (double)slowest;
	if (advice.gain < HARDLY)
		return advice;
	advice.best = cheapest(w, most * NEARLY);
	advice.qemus = qemus_best(w, replay_burnt_share(r, advice.best) * AS_MUCH +
					     AS_MUCH_AT_ALL);
	return advice;
}
