// SPDX-License-Identifier: GPL-2.0-or-later
/* The stalls of a conversation: all are counted, the longest are kept. */
#include "analyzers/vsock/stalls.h"

#include <stdlib.h>

enum { FIRST_ROOM = 4 };

static void count(struct stall_sum *sum, const struct vsock_stall *stall)
{
	sum->count++;
	sum->ns += stall_ns(stall);
	sum->fault_ns[stall->fault] += stall_ns(stall);
	if (stall_ns(stall) > sum->longest_ns)
		sum->longest_ns = stall_ns(stall);
}

static void find_shortest(struct stalls *s)
{
	s->shortest = 0;
	for (size_t i = 1; i < s->nr; i++)
		if (stall_ns(&s->kept[i]) < stall_ns(&s->kept[s->shortest]))
			s->shortest = i;
}

static bool make_room(struct stalls *s)
{
	size_t room = s->room ? 2 * s->room : FIRST_ROOM;
	struct vsock_stall *kept = reallocarray(s->kept, room, sizeof(*kept));

	if (!kept)
		return false;
	s->kept = kept;
	s->room = room;
	return true;
}

void stalls_add(struct stalls *s, const struct vsock_stall *stall)
{
	count(&s->sum[stall->sender], stall);
	s->last[stall->sender] = *stall;
	if (s->nr < STALLS_KEPT) {
		if (s->nr < s->room || make_room(s))
			s->kept[s->nr++] = *stall;
		if (s->nr == STALLS_KEPT)
			find_shortest(s);
	} else if (stall_ns(&s->kept[s->shortest]) < stall_ns(stall)) {
		s->kept[s->shortest] = *stall;
		find_shortest(s);
	}
}

static int compare(const void *a, const void *b)
{
	const struct vsock_stall *x = a, *y = b;

	return (x->begin_ns > y->begin_ns) - (x->begin_ns < y->begin_ns);
}

void stalls_sort(struct stalls *s)
{
	if (s->nr)
		qsort(s->kept, s->nr, sizeof(*s->kept), compare);
}

void stalls_release(struct stalls *s)
{
	free(s->kept);
	s->kept = NULL;
	s->nr = s->room = 0;
}
