// SPDX-License-Identifier: GPL-2.0-or-later
/* Conversations that ended and are to be shown. */
#include "analyzers/vsock/shelf.h"

#include <stdlib.h>
#include <string.h>

void shelf_sort(struct shelf *s)
{
	if (s->nr)
		qsort(s->held, s->nr, sizeof(*s->held), s->compare);
}

/* The first @count, in order. */
static void let_go(struct shelf *s, unsigned count)
{
	shelf_sort(s);
	for (unsigned i = 0; i < count; i++) {
		s->let_go(s->user, s->held[i]);
		vsock_drop(s->held[i]);
	}
	s->nr -= count;
	memmove(s->held, s->held + count, s->nr * sizeof(*s->held));
}

static void shelf_add(void *state, struct vsock_conversation *c)
{
	struct shelf *s = state;

	if (s->nr == SHELF_MAX)
		let_go(s, SHELF_MAX / 2);
	s->held[s->nr++] = vsock_hold(c);
}

const struct vsock_listener shelf_listener = {.end = shelf_add};

void shelf_clear(struct shelf *s)
{
	let_go(s, s->nr);
}

static const struct vsock_conversation *at(const void *slot)
{
	return *(struct vsock_conversation *const *)slot;
}

static int compare(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

int shelf_by_number(const void *a, const void *b)
{
	return compare(at(a)->number, at(b)->number);
}

static uint64_t bytes_of_both(const struct vsock_conversation *c)
{
	return c->side[VSOCK_A].bytes + c->side[VSOCK_B].bytes;
}

int shelf_by_weight(const void *a, const void *b)
{
	const struct vsock_conversation *x = at(a), *y = at(b);
	int order = compare(vsock_stalled_ns(x), vsock_stalled_ns(y));

	if (!order)
		order = compare(vsock_lost_bytes(x), vsock_lost_bytes(y));
	if (!order)
		order = compare(x->outcome == VSOCK_RESET, y->outcome == VSOCK_RESET);
	if (!order)
		order = compare(bytes_of_both(x), bytes_of_both(y));
	return order ? order : -shelf_by_number(a, b); /* the earlier says more */
}
