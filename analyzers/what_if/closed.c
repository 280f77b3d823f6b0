// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A loop that keeps a number of requests in flight, in one cell of a replay.
 *
 * The loop works, then looks what is there, waits when nothing is, and goes back to work
 * with what it found: as the engine's (probes/worker.c). Requests that were pushed while
 * it worked have been submitted when the work is done; the device takes each as long as
 * it did in the trace, counted from there. Those in flight are a heap by arrival.
 */
#include "analyzers/what_if/closed.h"

#include <stdlib.h>

#include "analyzers/what_if/play.h"

struct flight {
	uint64_t arrival_ns;
	uint64_t since_ns; /* when the work of its submit was done */
	int64_t after_ns;  /* from then until it arrives; below 0: it came meanwhile */
	uint64_t own_ns;
	unsigned source;
};

struct closed_loop {
	struct replay_cell *cell;
	struct poll_tuner *tuner;
	uint64_t wake_ns, now_ns;
	unsigned depth;
	unsigned flying;  /* the heap */
	unsigned pending; /* behind it: submitted in the work under way */
	struct flight flights[];
};

struct closed_loop *closed_new(struct replay_cell *cell, struct poll_tuner *tuner,
			       uint64_t wake_ns, unsigned depth)
{
	struct closed_loop *c = calloc(1, sizeof(*c) + depth * sizeof(c->flights[0]));

	if (!c)
		return NULL;
	c->cell = cell;
	c->tuner = tuner;
	c->wake_ns = wake_ns;
	c->depth = depth;
	return c;
}

static void swap(struct flight *a, struct flight *b)
{
	struct flight other = *a;

	*a = *b;
	*b = other;
}

static void rise(struct flight *heap, unsigned at)
{
	while (at && heap[at].arrival_ns < heap[(at - 1) / 2].arrival_ns) {
		swap(&heap[at], &heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void sink(struct flight *heap, unsigned nr)
{
	unsigned at = 0, child;

	while ((child = 2 * at + 1) < nr) {
		if (child + 1 < nr && heap[child + 1].arrival_ns < heap[child].arrival_ns)
			child++;
		if (heap[at].arrival_ns <= heap[child].arrival_ns)
			return;
		swap(&heap[at], &heap[child]);
		at = child;
	}
}

/* The work is done: what was submitted in it flies. */
static void launch(struct closed_loop *c)
{
	for (; c->pending; c->pending--) {
		struct flight *f = &c->flights[c->flying];
		int64_t arrival = (int64_t)(c->now_ns + (uint64_t)f->after_ns);

		f->arrival_ns = arrival > 0 ? (uint64_t)arrival : 0;
		f->since_ns = c->now_ns;
		rise(c->flights, c->flying++);
	}
}

static void wait_for_one(struct closed_loop *c, struct outcome *o)
{
	play_in(c->cell, c->tuner, c->flights[0].arrival_ns - c->now_ns, c->wake_ns, o);
	c->now_ns += o->told.block_ns;
}

/* Takes out what is there; returns its sources. */
static unsigned take_found(struct closed_loop *c)
{
	unsigned sources = 0;

	while (c->flying && c->flights[0].arrival_ns <= c->now_ns) {
		struct flight *f = &c->flights[0];

		histogram_add(&c->cell->latency, c->now_ns - f->since_ns + f->own_ns);
		sources |= 1U << f->source;
		*f = c->flights[--c->flying];
		sink(c->flights, c->flying);
	}
	return sources;
}

static void go_on(struct closed_loop *c)
{
	bool waits = c->flights[0].arrival_ns > c->now_ns;
	struct outcome o;
	unsigned sources;

	if (waits)
		wait_for_one(c, &o);
	sources = take_found(c);
	if (waits && c->cell->rule) {
		o.told.sources = sources;
		poll_tuner_observe(c->tuner, &o.told);
	}
}

void closed_push(struct closed_loop *c, const struct replay_request *request,
		 uint64_t work_ns)
{
	c->flights[c->flying + c->pending++] = (struct flight){
		.after_ns = request->arrival_ns,
		.own_ns = request->own_ns,
		.source = request->source,
	};
	c->now_ns += work_ns;
	c->cell->time_ns += work_ns;
	if (c->flying + c->pending < c->depth)
		return;
	launch(c);
	go_on(c);
}

void closed_finish(struct closed_loop *c)
{
	launch(c);
	while (c->flying)
		go_on(c);
}
