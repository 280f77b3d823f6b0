// SPDX-License-Identifier: GPL-2.0-or-later
/* Other rules of polling, replayed over the waits of a trace. */
#include "analyzers/what_if/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/units.h"

enum {
	FIRST_RULE_CELL = 2,
	LIMIT_MOST_NS = 1000000000, /* as job files have it */
};

/* How one wait goes in one cell. */
struct outcome {
	bool found;
	unsigned naps;
	uint64_t polled_ns;
	uint64_t delay_ns;
	struct poll_wait told; /* to the rule */
};

/* One loop in all cells. */
struct replay_loop {
	struct traced_wait wait; /* the last one */
	uint64_t delay_ns;	 /* of it, as recorded */
	struct {
		struct outcome outcome;
		struct poll_tuner tuner;
	} in[];
};

static int add_limit(struct replay_setup *setup, const char *text, size_t length,
		     struct failure *f)
{
	uint64_t *limit = &setup->limits_ns[setup->nr_limits];
	char one[UNIT_TEXT];
	int err;

	if (setup->nr_limits == REPLAY_LIMITS_MAX)
		return fail(f, -EINVAL, "more than %d limits", REPLAY_LIMITS_MAX);
	snprintf(one, sizeof(one), "%.*s", (int)length, text);
	err = time_parse(one, 1, limit, f);
	if (err)
		return err;
	if (!*limit || *limit > LIMIT_MOST_NS)
		return fail(f, -EINVAL, "'%s' is not between 1 and %d", one,
			    LIMIT_MOST_NS);
	setup->nr_limits++;
	return 0;
}

int replay_limits(struct replay_setup *setup, const char *text, struct failure *f)
{
	int err = 0;

	setup->nr_limits = 0;
	for (uint64_t ns = 4096; !text && ns <= 1 << 20; ns *= 2)
		setup->limits_ns[setup->nr_limits++] = ns;
	while (!err && text) {
		size_t length = strcspn(text, ",");

		err = add_limit(setup, text, length, f);
		text = text[length] ? text + length + 1 : NULL;
	}
	return err;
}

static size_t nr_rules(void)
{
	size_t nr = 0;

	while (poll_rules[nr])
		nr++;
	return nr;
}

static void make_cells(struct replay *r)
{
	struct replay_cell *cell = r->cells;

	*cell++ = (struct replay_cell){.kind = REPLAY_RECORDED};
	*cell++ = (struct replay_cell){.kind = REPLAY_BLOCKING};
	for (size_t i = 0; i <= nr_rules(); i++)
		for (size_t l = 0; l < r->setup.nr_limits; l++)
			*cell++ = (struct replay_cell){
				.kind = poll_rules[i] ? REPLAY_RULE : REPLAY_ORACLE,
				.rule = poll_rules[i],
				.limit_ns = r->setup.limits_ns[l],
			};
	for (size_t i = 0; i < r->nr_cells; i++)
		histogram_init(&r->cells[i].latency);
}

int replay_init(struct replay *r, const struct replay_setup *setup)
{
	*r = (struct replay){.setup = *setup};
	r->nr_cells = FIRST_RULE_CELL + (nr_rules() + 1) * setup->nr_limits;
	r->cells = calloc(r->nr_cells, sizeof(*r->cells));
	if (!r->cells)
		return -ENOMEM;
	make_cells(r);
	return 0;
}

void replay_release(struct replay *r)
{
	for (size_t i = 0; i < WAIT_LOOPS_MAX; i++)
		free(r->loops[i]);
	free(r->cells);
}

static struct replay_loop *loop_of(struct replay *r, size_t index)
{
	struct replay_loop *loop = r->loops[index];

	if (loop)
		return loop;
	loop = calloc(1, sizeof(*loop) + r->nr_cells * sizeof(loop->in[0]));
	r->loops[index] = loop;
	for (size_t i = 0; loop && i < r->nr_cells; i++) {
		struct poll_settings settings = r->setup.settings;

		settings.max_ns = r->cells[i].limit_ns;
		if (r->cells[i].rule)
			poll_tuner_init(&loop->in[i].tuner, r->cells[i].rule, &settings);
	}
	return loop;
}

uint64_t replay_arrival(const struct traced_wait *wait, uint64_t wake_ns)
{
	uint64_t ns = wait->block_ns > wake_ns ? wait->block_ns - wake_ns : 0;

	if (wait->found_ns)
		return wait->found_ns;
	if (wait->woken_ns)
		ns = wait->woken_ns;
	return ns > wait->quiet_ns ? ns : wait->quiet_ns + 1;
}

/* One wait in one cell */

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

	*o = (struct outcome){0};
	if (play_window(o, plan->window_ns, arrival_ns, &now) ||
	    play_nap(o, plan->nap_ns, arrival_ns, wake_ns, &now) ||
	    play_window(o, plan->again_ns, arrival_ns, &now))
		return;
	o->told.slept = true;
	o->delay_ns = wake_ns;
}

static void play_recorded(struct outcome *o, const struct traced_wait *wait,
			  uint64_t delay_ns)
{
	*o = (struct outcome){
		.found = wait->found_ns,
		.naps = wait->naps,
		.polled_ns = wait->polled_ns,
		.delay_ns = delay_ns,
	};
}

static void play_cell(const struct replay_cell *cell, const struct replay_loop *loop,
		      const struct poll_tuner *tuner, uint64_t arrival_ns,
		      uint64_t wake_ns, struct outcome *o)
{
	struct poll_plan plan = tuner->plan;

	if (cell->kind == REPLAY_RECORDED) {
		play_recorded(o, &loop->wait, loop->delay_ns);
		return;
	}
	if (cell->kind == REPLAY_ORACLE && arrival_ns <= cell->limit_ns)
		plan.window_ns = arrival_ns;
	play(o, &plan, arrival_ns, wake_ns);
	/* As the loop measured it, where it went the same way. */
	if (o->told.slept == !loop->wait.found_ns)
		o->told.block_ns = loop->wait.block_ns;
	else
		o->told.block_ns = arrival_ns + o->delay_ns;
}

static void count(struct replay_cell *cell, const struct outcome *o)
{
	cell->found += o->found;
	cell->polled_ns += o->polled_ns;
	cell->naps += o->naps;
	cell->in_vain += o->naps && !o->found;
	cell->delay_ns += o->delay_ns;
}

int replay_wait(struct replay *r, size_t index, const struct traced_wait *wait)
{
	struct replay_loop *loop = loop_of(r, index);
	uint64_t arrival = replay_arrival(wait, r->setup.wake_ns);

	if (!loop)
		return -ENOMEM;
	r->waits++;
	loop->wait = *wait;
	loop->delay_ns =
		wait->found_ns || wait->block_ns < arrival ? 0 : wait->block_ns - arrival;
	for (size_t i = 0; i < r->nr_cells; i++) {
		play_cell(&r->cells[i], loop, &loop->in[i].tuner, arrival,
			  r->setup.wake_ns, &loop->in[i].outcome);
		count(&r->cells[i], &loop->in[i].outcome);
	}
	return 0;
}

void replay_request(struct replay *r, size_t index, uint64_t latency_ns)
{
	struct replay_loop *loop = index == REPLAY_NO_LOOP ? NULL : r->loops[index];

	r->requests++;
	for (size_t i = 0; i < r->nr_cells; i++) {
		uint64_t ns = latency_ns;

		if (loop) {
			ns += loop->in[i].outcome.delay_ns;
			ns = ns > loop->delay_ns ? ns - loop->delay_ns : 0;
		}
		histogram_add(&r->cells[i].latency, ns);
	}
}

void replay_sources(struct replay *r, size_t index, unsigned sources)
{
	struct replay_loop *loop = r->loops[index];

	for (size_t i = FIRST_RULE_CELL; loop && i < r->nr_cells; i++) {
		if (!r->cells[i].rule)
			continue;
		loop->in[i].outcome.told.sources = sources;
		poll_tuner_observe(&loop->in[i].tuner, &loop->in[i].outcome.told);
	}
}

/* The figures */

uint64_t replay_time(const struct replay *r, const struct replay_cell *cell)
{
	uint64_t before = r->cells[0].delay_ns;
	uint64_t ns = r->time_ns + cell->delay_ns;

	return ns > before ? ns - before : 0;
}

uint64_t replay_burnt(const struct replay *r, const struct replay_cell *cell)
{
	return cell->polled_ns + cell->in_vain * r->setup.wake_ns / 2;
}

double replay_burnt_share(const struct replay *r, const struct replay_cell *cell)
{
	uint64_t time = replay_time(r, cell);

	return time ? (double)replay_burnt(r, cell) / (double)time : 0;
}

double replay_saved(const struct replay *r, const struct replay_cell *cell)
{
	double all = (double)r->waits * (double)r->setup.wake_ns;

	return all > 0 ? 1 - (double)cell->delay_ns / all : 0;
}

const struct replay_cell *replay_cells_of(const struct replay *r,
					  const struct poll_rule *rule)
{
	size_t i = FIRST_RULE_CELL;

	while (r->cells[i].rule != rule)
		i += r->setup.nr_limits;
	return &r->cells[i];
}
