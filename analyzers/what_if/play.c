// SPDX-License-Identifier: GPL-2.0-or-later
/* How one wait goes by a plan, when its event is known. */
#include "analyzers/what_if/play.h"

/* Polls for @window_ns from @*now on, when the event is not there yet; true when it came
 * in time. */
static bool play_window(struct outcome *o, uint64_t window_ns, uint64_t arrival_ns,
			uint64_t *now)
{
	if (!window_ns)
		return false;
	o->found = arrival_ns - *now <= window_ns;
	o->polled_ns += o->found ? arrival_ns - *now : window_ns;
	if (!o->found)
		o->told.quiet_ns = *now += window_ns;
	return o->found;
}

/* Naps from @*now on; true when the event ended it, or came while it ended. */
static bool play_nap(struct outcome *o, uint64_t nap_ns, uint64_t arrival_ns,
		     uint64_t wake_ns, uint64_t *now)
{
	uint64_t until = *now + nap_ns;

	if (!nap_ns)
		return false;
	if (arrival_ns <= until + wake_ns) {
		o->told.slept = true;
		o->delay_ns =
			arrival_ns <= until ? wake_ns : until + wake_ns - arrival_ns;
		return true;
	}
	o->naps++;
	o->told.late_ns = wake_ns;
	o->told.quiet_ns = *now = until + wake_ns;
	return false;
}

static void play(struct outcome *o, const struct poll_plan *plan, uint64_t arrival_ns,
		 uint64_t wake_ns)
{
	uint64_t now = 0;

	if (play_window(o, plan->window_ns, arrival_ns, &now) ||
	    play_nap(o, plan->nap_ns, arrival_ns, wake_ns, &now) ||
	    play_window(o, plan->again_ns, arrival_ns, &now))
		return;
	o->told.slept = true;
	o->delay_ns = wake_ns;
}

void play_in(struct replay_cell *cell, const struct poll_tuner *tuner,
	     uint64_t arrival_ns, uint64_t wake_ns, struct outcome *o)
{
	struct poll_plan plan = tuner->plan;

	if (cell->kind == REPLAY_ORACLE && arrival_ns <= cell->limit_ns)
		plan.window_ns = arrival_ns;
	*o = (struct outcome){0};
	play(o, &plan, arrival_ns, wake_ns);
	o->told.block_ns = arrival_ns + o->delay_ns;
	cell->waits++;
	cell->found += o->found;
	cell->polled_ns += o->polled_ns;
	cell->naps += o->naps;
	cell->in_vain += o->naps && !o->found;
	cell->delay_ns += o->delay_ns;
	cell->time_ns += o->told.block_ns;
}
