// SPDX-License-Identifier: GPL-2.0-or-later
/* Other rules of polling, replayed over the waits of a trace. */
#include "analyzers/what_if/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/what_if/closed.h"
#include "analyzers/what_if/play.h"
#include "core/failure.h"
#include "core/units.h"

enum {
	FIRST_RULE_CELL = 2,
	LIMIT_MOST_NS = 1000000000, /* as job files have it */
};

/* A loop in one cell. */
struct replay_loop {
	struct poll_tuner tuner;
	struct closed_loop *closed; /* NULL: one by one */
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
	for (size_t l = 0; l < WAIT_LOOPS_MAX; l++) {
		for (size_t i = 0; r->loops[l] && i < r->nr_cells; i++)
			free(r->loops[l][i].closed);
		free(r->loops[l]);
	}
	free(r->cells);
}

static struct replay_loop *loop_of(struct replay *r, size_t index)
{
	struct replay_loop *loop = r->loops[index];

	if (loop)
		return loop;
	loop = calloc(r->nr_cells, sizeof(*loop));
	r->loops[index] = loop;
	for (size_t i = 0; loop && i < r->nr_cells; i++) {
		struct poll_settings settings = r->setup.settings;

		settings.max_ns = r->cells[i].limit_ns;
		if (r->cells[i].rule)
			poll_tuner_init(&loop[i].tuner, r->cells[i].rule, &settings);
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

/* What was */

static void note_recorded(struct replay_cell *cell, const struct replay_round *round,
			  uint64_t delay_ns)
{
	const struct traced_wait *wait = &round->wait;

	cell->waits++;
	cell->found += wait->found_ns != 0;
	cell->polled_ns += wait->polled_ns;
	cell->naps += wait->naps;
	cell->in_vain += wait->naps && !wait->found_ns;
	cell->delay_ns += delay_ns;
	cell->time_ns += wait->block_ns + round->work_ns;
	for (size_t i = 0; i < round->nr_requests; i++)
		histogram_add(&cell->latency, round->requests[i].latency_ns);
}

/* One by one */

/* A wait that goes the same way as it did tells the rule what it told the loop's own. */
static void tell(struct poll_tuner *tuner, struct outcome *o,
		 const struct replay_round *round)
{
	if (o->told.slept == !round->wait.found_ns)
		o->told.block_ns = round->wait.block_ns;
	o->told.sources = round->sources;
	poll_tuner_observe(tuner, &o->told);
}

static void move_latencies(struct replay_cell *cell, const struct replay_round *round,
			   uint64_t delay_ns, uint64_t was_ns)
{
	for (size_t i = 0; i < round->nr_requests; i++) {
		uint64_t ns = round->requests[i].latency_ns;

		if (round->requests[i].waited) {
			ns += delay_ns;
			ns = ns > was_ns ? ns - was_ns : 0;
		}
		histogram_add(&cell->latency, ns);
	}
}

static void replay_one_by_one(struct replay *r, struct replay_loop *loop,
			      const struct replay_round *round, uint64_t arrival_ns,
			      uint64_t was_ns)
{
	for (size_t i = REPLAY_BLOCKING; i < r->nr_cells; i++) {
		struct replay_cell *cell = &r->cells[i];
		struct outcome o;

		play_in(cell, &loop[i].tuner, arrival_ns, r->setup.wake_ns, &o);
		cell->time_ns += round->work_ns;
		move_latencies(cell, round, o.delay_ns, was_ns);
		if (cell->rule)
			tell(&loop[i].tuner, &o, round);
	}
}

/* Closed */

static int make_closed(struct replay *r, struct replay_loop *loop, unsigned depth)
{
	for (size_t i = REPLAY_BLOCKING; i < r->nr_cells; i++) {
		loop[i].closed =
			closed_new(&r->cells[i], &loop[i].tuner, r->setup.wake_ns, depth);
		if (!loop[i].closed)
			return -ENOMEM;
	}
	return 0;
}

static int replay_closed(struct replay *r, struct replay_loop *loop, unsigned depth,
			 const struct replay_round *round)
{
	int err = loop[REPLAY_BLOCKING].closed ? 0 : make_closed(r, loop, depth);
	uint64_t work = round->nr_requests ? round->work_ns / round->nr_requests : 0;

	for (size_t i = REPLAY_BLOCKING; !err && i < r->nr_cells; i++)
		for (size_t q = 0; q < round->nr_requests; q++)
			closed_push(loop[i].closed, &round->requests[q], work);
	return err;
}

int replay_round(struct replay *r, size_t index, unsigned depth,
		 const struct replay_round *round)
{
	struct replay_loop *loop = loop_of(r, index);
	uint64_t arrival = replay_arrival(&round->wait, r->setup.wake_ns), was = 0;

	if (!loop)
		return -ENOMEM;
	if (!round->wait.found_ns && round->wait.block_ns > arrival)
		was = round->wait.block_ns - arrival;
	r->requests += round->nr_requests;
	note_recorded(&r->cells[REPLAY_RECORDED], round, was);
	if (depth > 1)
		return replay_closed(r, loop, depth, round);
	replay_one_by_one(r, loop, round, arrival, was);
	return 0;
}

void replay_finish(struct replay *r)
{
	for (size_t l = 0; l < WAIT_LOOPS_MAX; l++)
		for (size_t i = 0; r->loops[l] && i < r->nr_cells; i++)
			if (r->loops[l][i].closed)
				closed_finish(r->loops[l][i].closed);
}

/* The figures */

uint64_t replay_burnt(const struct replay *r, const struct replay_cell *cell)
{
	return cell->polled_ns + cell->in_vain * r->setup.wake_ns;
}

double replay_burnt_share(const struct replay *r, const struct replay_cell *cell)
{
	return cell->time_ns ? (double)replay_burnt(r, cell) / (double)cell->time_ns : 0;
}

double replay_saved(const struct replay *r, const struct replay_cell *cell)
{
	double all = (double)cell->waits * (double)r->setup.wake_ns;

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
