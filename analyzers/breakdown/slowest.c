// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests worth a look of their own. */
#include "analyzers/breakdown/slowest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t latency(const struct slow_request *s)
{
	return s->request.complete_ns - s->request.submit_ns;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static unsigned room(const struct slowest *s)
{
	return s->around ? NEIGHBOURS_ALL : NEIGHBOURS_NEAR;
}

/* Takes @n among the nearest by submit; with around, if it was there at the same time. */
static void consider(const struct slowest *s, struct slow_request *slow,
		     const struct neighbour *n)
{
	uint64_t here = slow->request.submit_ns;
	struct neighbour *farthest = slow->neighbours;

	if (n->key == slow->request.key && n->submit_ns == here)
		return;
	if (s->around && n->complete_ns && n->complete_ns < here)
		return;
	if (slow->nr_neighbours < room(s)) {
		slow->neighbours[slow->nr_neighbours++] = *n;
		return;
	}
	slow->left_out++;
	for (unsigned i = 1; i < slow->nr_neighbours; i++)
		if (distance(slow->neighbours[i].submit_ns, here) >
		    distance(farthest->submit_ns, here))
			farthest = &slow->neighbours[i];
	if (distance(n->submit_ns, here) < distance(farthest->submit_ns, here))
		*farthest = *n;
}

static int by_submit(const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;

	return (x->submit_ns > y->submit_ns) - (x->submit_ns < y->submit_ns);
}

/* The neighbours among those that ended and those in flight. */
static void look_around(const struct slowest *s, const struct inflight *in,
			struct slow_request *slow)
{
	uint64_t first = s->nr_past > REMEMBERED ? s->nr_past - REMEMBERED : 0;
	uint32_t index = in->pool[INFLIGHT_LIVE].older;

	for (uint64_t i = first; i < s->nr_past; i++)
		consider(s, slow, &s->past[i & (REMEMBERED - 1)]);
	for (unsigned i = 0; index >= INFLIGHT_LISTS && i < REMEMBERED;
	     i++, index = in->pool[index].older) {
		const struct request *q = &in->pool[index];

		consider(s, slow,
			 &(struct neighbour){
				 .key = q->key, .submit_ns = q->submit_ns, .op = q->op});
	}
	qsort(slow->neighbours, slow->nr_neighbours, sizeof(*slow->neighbours),
	      by_submit);
}

/* The fastest goes where it belongs in the heap. */
static void sink(struct slowest *s, unsigned at)
{
	for (;;) {
		unsigned least = at, child = 2 * at + 1;
		struct slow_request swap;

		for (unsigned i = child; i < child + 2 && i < s->count; i++)
			if (latency(&s->items[i]) < latency(&s->items[least]))
				least = i;
		if (least == at)
			return;
		swap = s->items[at];
		s->items[at] = s->items[least];
		s->items[least] = swap;
		at = least;
	}
}

static int make_room(struct slowest *s)
{
	s->items = calloc(s->wanted, sizeof(*s->items));
	s->neighbours = calloc((size_t)s->wanted * room(s), sizeof(*s->neighbours));
	if (!s->items || !s->neighbours)
		return -ENOMEM;
	for (unsigned i = 0; i < s->wanted; i++)
		s->items[i].neighbours = s->neighbours + (size_t)i * room(s);
	return 0;
}

int slowest_add(struct slowest *s, const struct inflight *in, const struct request *q,
		const struct life *l, const struct thread_time *now)
{
	bool full = s->count == s->wanted;
	struct slow_request *slow;

	if (!s->items && make_room(s))
		return -ENOMEM;
	slow = &s->items[full ? 0 : s->count++];
	*slow = (struct slow_request){
		.request = *q,
		.life = *l,
		.meanwhile = {now->polling - l->meanwhile.polling,
			      now->waiting - l->meanwhile.waiting,
			      now->off_cpu - l->meanwhile.off_cpu},
		.neighbours = slow->neighbours,
	};
	look_around(s, in, slow);
	if (full)
		sink(s, 0);
	else if (s->count == s->wanted)
		for (unsigned i = s->count / 2 + 1; i-- > 0;)
			sink(s, i);
	return 0;
}

void slowest_remember(struct slowest *s, const struct request *q)
{
	s->past[s->nr_past++ & (REMEMBERED - 1)] = (struct neighbour){
		.key = q->key,
		.submit_ns = q->submit_ns,
		.complete_ns = q->complete_ns,
		.op = q->op,
	};
}

static int by_latency(const void *a, const void *b)
{
	const struct slow_request *x = a, *y = b;

	if (latency(x) != latency(y))
		return latency(x) < latency(y) ? 1 : -1;
	return (x->request.submit_ns > y->request.submit_ns) -
	       (x->request.submit_ns < y->request.submit_ns);
}

void slowest_finish(struct slowest *s)
{
	if (s->count)
		qsort(s->items, s->count, sizeof(*s->items), by_latency);
}

void slowest_release(struct slowest *s)
{
	free(s->items);
	free(s->neighbours);
	s->items = NULL;
	s->neighbours = NULL;
}
