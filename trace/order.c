// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records into time order.
 *
 * Sorting every event costs more than all the rest of reading. But the trace is nearly
 * sorted: a recorder empties one ring after the other, and each ring is in order. So
 * the reader cuts the trace where time steps back, into runs, and this file merges the
 * runs with a heap of their first times. While the first run stays older than the
 * second and third head, which stand right below it in the heap, handing out a record
 * is one comparison, without a call (order_next). Ties go to the run that stands earlier
 * in the trace, as in perf.
 *
 * What a run covers stays where it was read, in blocks; a block returns to the pool
 * when the last run in it is used up.
 *
 * A run is not tied to a CPU. That would take the CPU out of each record, and a ring
 * may hold a record that was overtaken by an interrupt's; cutting by time handles both.
 *
 * One damaged time must not spoil the rest. A time too far in the future would set the
 * limit for all that follows, so a round counts only if the one behind it went on: its
 * newest record is not newer than theirs. (Of a stream, that somebody watches, an empty
 * one behind it will do.) The damaged record is then held back until
 * time has come to it, or to the end, and by then it stands behind records of later
 * rounds, which no true record can. In the last two rounds, and in a trace without
 * rounds, nobody can tell: it is the last that is handed out. Rejected: a bound on how
 * far time may leap (an idle disk leaps by hours), and order within a CPU (an
 * interrupted writer takes its time after those who overtook it).
 */
#include "trace/order.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_HEADS = 64 };

struct order_block *order_block(struct order *o)
{
	struct order_block *b = o->free_blocks;

	if (b)
		o->free_blocks = b->next_free;
	else
		b = malloc(sizeof(*b));
	if (!b)
		return NULL;
	b->users = 1;
	o->bytes += sizeof(*b);
	return b;
}

void order_block_put(struct order *o, struct order_block *b)
{
	if (!b || --b->users)
		return;
	b->next_free = o->free_blocks;
	o->free_blocks = b;
	o->bytes -= sizeof(*b);
}

static bool is_before(const struct order_head *a, const struct order_head *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	return a->run->number < b->run->number;
}

static void sift_up(struct order *o, size_t at)
{
	struct order_head moving = o->heads[at];

	while (at && is_before(&moving, &o->heads[(at - 1) / 2])) {
		o->heads[at] = o->heads[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	o->heads[at] = moving;
}

static void sift_down(struct order *o)
{
	struct order_head moving = o->heads[0];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= o->nr_heads)
			break;
		if (child + 1 < o->nr_heads &&
		    is_before(&o->heads[child + 1], &o->heads[child]))
			child++;
		if (!is_before(&o->heads[child], &moving))
			break;
		o->heads[at] = o->heads[child];
		at = child;
	}
	o->heads[at] = moving;
}

static int make_room(struct order *o)
{
	size_t room = o->room ? 2 * o->room : FIRST_HEADS;
	struct order_head *heads;

	if (o->nr_heads < o->room)
		return 0;
	heads = reallocarray(o->heads, room, sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	o->heads = heads;
	o->room = room;
	return 0;
}

static struct order_run *take_run(struct order *o)
{
	struct order_run *run = o->free_runs;

	if (!run)
		return malloc(sizeof(*run));
	o->free_runs = run->next_free;
	return run;
}

int order_add(struct order *o, struct order_block *b, const uint8_t *at,
	      const uint8_t *end, uint64_t first, uint64_t last)
{
	struct order_run *run;

	if (make_room(o))
		return -ENOMEM;
	run = take_run(o);
	if (!run)
		return -ENOMEM;
	*run = (struct order_run){at, end, b, o->next_number++, o->round, NULL};
	b->users++;
	o->bytes += sizeof(*run) + sizeof(*o->heads);
	o->heads[o->nr_heads++] = (struct order_head){first, run};
	sift_up(o, o->nr_heads - 1);
	if (last > o->newest)
		o->newest = last;
	if (last > o->of_round)
		o->of_round = last;
	return 0;
}

void order_round(struct order *o)
{
	bool goes_on = o->of_round_before <= o->of_round || (o->is_live && !o->of_round);

	o->round++;
	if (!o->of_round && !o->is_live)
		return;
	if (goes_on && o->of_round_before > o->limit)
		o->limit = o->of_round_before;
	o->of_round_before = o->of_round;
	o->of_round = 0;
}

void order_end(struct order *o)
{
	o->limit = UINT64_MAX;
}

bool order_relieve(struct order *o)
{
	if (o->bytes <= ORDER_BYTES_MAX || !o->nr_heads)
		return false;
	o->limit = o->heads[0].time + (o->newest - o->heads[0].time) / 2;
	return true;
}

static void drop_first(struct order *o)
{
	struct order_run *run = o->heads[0].run;

	order_block_put(o, run->block);
	run->next_free = o->free_runs;
	o->free_runs = run;
	o->bytes -= sizeof(*run) + sizeof(*o->heads);
	o->heads[0] = o->heads[--o->nr_heads];
}

/* Goes past the record that was handed out last. */
static void pass(struct order *o)
{
	struct order_head *head = &o->heads[0];
	struct perf_event_header header;

	memcpy(&header, head->run->at, sizeof(header));
	head->run->at += header.size;
	if (head->run->at < head->run->end)
		head->time = order_time(o, head->run->at, head->time);
	else
		drop_first(o);
	if (o->nr_heads > 1)
		sift_down(o);
	o->handed_out = false;
}

/* Did those before it come out of rounds that began after its own had ended? */
static bool is_misplaced(const struct order *o, const struct order_run *run)
{
	for (unsigned i = 0; i < ORDER_WITNESSES; i++)
		if (o->witnesses[i] < run->round + 2)
			return false;
	return true;
}

uint64_t order_offset(const struct order *o, bool *is_unpacked)
{
	const struct order_run *run = o->heads[0].run;

	*is_unpacked = run->block->is_unpacked;
	return run->block->offset + (uint64_t)(run->at - run->block->data);
}

/* How far the first run may go on: to the limit, or until another one is its equal. */
static uint64_t bound_of(const struct order *o)
{
	uint64_t bound = o->limit < UINT64_MAX ? o->limit + 1 : UINT64_MAX;

	for (size_t i = 1; i < 3 && i < o->nr_heads; i++)
		if (o->heads[i].time < bound)
			bound = o->heads[i].time;
	return bound;
}

const uint8_t *order_first(struct order *o, uint64_t *time)
{
	const struct order_run *run;

	if (o->handed_out)
		pass(o);
	if (!o->nr_heads || o->heads[0].time > o->limit)
		return NULL;
	o->handed_out = true;
	run = o->heads[0].run;
	o->misplaced = is_misplaced(o, run);
	if (!o->misplaced)
		order_bear_witness(o, run);
	o->bound = o->misplaced ? 0 : bound_of(o);
	*time = o->heads[0].time;
	return run->at;
}

void order_release(struct order *o)
{
	while (o->nr_heads)
		drop_first(o);
	while (o->free_runs) {
		struct order_run *run = o->free_runs;

		o->free_runs = run->next_free;
		free(run);
	}
	while (o->free_blocks) {
		struct order_block *b = o->free_blocks;

		o->free_blocks = b->next_free;
		free(b);
	}
	free(o->heads);
	*o = (struct order){0};
}
