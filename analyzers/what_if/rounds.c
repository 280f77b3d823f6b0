// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From waits and completed requests to rounds.
 *
 * In a closed loop a request's time in the device counts from the begin of the first wait
 * behind its submit, where the loop's work ended. When it arrived is known of the first
 * that a wait brought. Those found together with it after a sleep came between it and the
 * end of the sleep, but when is lost: they are taken to follow it at equal distances, the
 * last an eighth of the wait later at most. (Of made-up devices whose latencies differ by
 * a tenth, that foretold most medians within 4 %; over the whole wake-up it was 50 % too
 * much for a fast device, and all at once 5 % too little for all, with far too little CPU
 * time for rules that nap.) One that was there without waiting had come when it was
 * found, at the latest.
 */
#include "analyzers/what_if/rounds.h"

#include <errno.h>
#include <stdlib.h>

static struct round_loop *loop_of(struct rounds *r, size_t index)
{
	if (!r->loops[index])
		r->loops[index] = calloc(1, sizeof(*r->loops[index]));
	return r->loops[index];
}

static uint64_t end_of(const struct traced_wait *wait)
{
	return wait->begin_ns + wait->block_ns;
}

/* The begin of the first wait behind @submit_ns, of those remembered; @next_ns if none.
 */
static uint64_t begin_behind(const struct round_loop *loop, uint64_t submit_ns,
			     uint64_t next_ns)
{
	uint64_t high = loop->nr_begins;
	uint64_t low = high > ROUNDS_BEGINS ? high - ROUNDS_BEGINS : 0;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (loop->begins[middle % ROUNDS_BEGINS] < submit_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < loop->nr_begins ? loop->begins[low % ROUNDS_BEGINS] : next_ns;
}

static size_t waited_for(const struct round_loop *loop)
{
	size_t nr = 0;

	while (nr < loop->nr && loop->requests[nr].waited)
		nr++;
	return nr;
}

/* The time in which the others of a wait follow the first, which came at @first_ns. */
static uint64_t spread(const struct traced_wait *wait, uint64_t first_ns)
{
	uint64_t left = end_of(wait) - first_ns, eighth = (first_ns - wait->begin_ns) / 8;

	if (wait->found_ns)
		return 0;
	return left < eighth ? left : eighth;
}

/* What a closed loop wants to know of the round's requests, when the next wait begins. */
static void tell_flights(struct round_loop *loop, uint64_t wake_ns, uint64_t next_ns)
{
	const struct traced_wait *wait = &loop->round.wait;
	uint64_t end = end_of(wait), first, others;
	size_t nr = waited_for(loop);

	first = wait->begin_ns + replay_arrival(wait, wake_ns);
	first = wait->found_ns || first > end ? end : first;
	others = spread(wait, first);
	for (size_t i = 0; i < loop->nr; i++) {
		uint64_t submit = loop->times[i].submit_ns;
		uint64_t complete = loop->times[i].complete_ns;
		uint64_t base = begin_behind(loop, submit, next_ns), seen, arrival;

		seen = i < nr ? end : complete;
		arrival = i < nr ? first + others * i / nr : complete;
		loop->requests[i].arrival_ns = (int64_t)(arrival - base);
		loop->requests[i].own_ns = (base - submit) + (complete - seen);
	}
}

static int end_round(struct rounds *r, size_t index, uint64_t next_ns)
{
	struct round_loop *loop = r->loops[index];
	uint64_t end = end_of(&loop->round.wait);
	int err;

	loop->open = false;
	loop->round.work_ns = next_ns > end ? next_ns - end : 0;
	loop->round.requests = loop->requests;
	loop->round.nr_requests = loop->nr;
	if (loop->depth > 1)
		tell_flights(loop, r->replay->setup.wake_ns, next_ns);
	err = replay_round(r->replay, index, loop->depth, &loop->round);
	loop->nr = 0;
	return err;
}

int rounds_wait(struct rounds *r, size_t index, unsigned depth,
		const struct traced_wait *wait)
{
	struct round_loop *loop = loop_of(r, index);
	int err = 0;

	if (!loop)
		return -ENOMEM;
	if (!loop->depth)
		loop->depth = depth;
	if (loop->open)
		err = end_round(r, index, wait->begin_ns);
	loop->open = true;
	loop->round.wait = *wait;
	loop->round.sources = 1;
	loop->begins[loop->nr_begins++ % ROUNDS_BEGINS] = wait->begin_ns;
	return err;
}

static int make_room(struct round_loop *loop)
{
	size_t room = loop->room ? 2 * loop->room : 16;
	void *requests = reallocarray(loop->requests, room, sizeof(*loop->requests));
	void *times;

	if (!requests)
		return -ENOMEM;
	loop->requests = requests;
	times = reallocarray(loop->times, room, sizeof(*loop->times));
	if (!times)
		return -ENOMEM;
	loop->times = times;
	loop->room = room;
	return 0;
}

int rounds_request(struct rounds *r, size_t index, const struct round_request *request)
{
	struct round_loop *loop = r->loops[index];

	if (!loop || !loop->open)
		return 0; /* before the first wait */
	if (loop->nr == loop->room && make_room(loop))
		return -ENOMEM;
	loop->times[loop->nr].submit_ns = request->submit_ns;
	loop->times[loop->nr].complete_ns = request->complete_ns;
	loop->requests[loop->nr++] = (struct replay_request){
		.latency_ns = request->complete_ns - request->submit_ns,
		.waited = request->waited,
		.source = request->source,
	};
	return 0;
}

void rounds_sources(struct rounds *r, size_t index, unsigned sources)
{
	if (r->loops[index])
		r->loops[index]->round.sources = sources;
}

/* The loop was heard of last. */
static uint64_t last_of(const struct round_loop *loop)
{
	return loop->nr ? loop->times[loop->nr - 1].complete_ns
			: end_of(&loop->round.wait);
}

int rounds_finish(struct rounds *r)
{
	int err = 0;

	for (size_t i = 0; !err && i < WAIT_LOOPS_MAX; i++)
		if (r->loops[i] && r->loops[i]->open)
			err = end_round(r, i, last_of(r->loops[i]));
	replay_finish(r->replay);
	return err;
}

void rounds_release(struct rounds *r)
{
	for (size_t i = 0; i < WAIT_LOOPS_MAX; i++) {
		if (r->loops[i]) {
			free(r->loops[i]->times);
			free(r->loops[i]->requests);
		}
		free(r->loops[i]);
	}
}
