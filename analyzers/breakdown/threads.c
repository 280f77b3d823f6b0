// SPDX-License-Identifier: GPL-2.0-or-later
/* The threads of a trace. */
#include "analyzers/breakdown/threads.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64 };

int threads_init(struct threads *t)
{
	*t = (struct threads){.count = 1, .room = FIRST_ROOM};
	t->items = calloc(FIRST_ROOM, sizeof(*t->items));
	if (index_table_init(&t->table) || !t->items) {
		threads_release(t);
		return -ENOMEM;
	}
	return 0;
}

void threads_release(struct threads *t)
{
	index_table_release(&t->table);
	free(t->items);
	*t = (struct threads){0};
}

static uint32_t add(struct threads *t, uint32_t hash, int32_t tid)
{
	uint32_t at;

	if (t->count == THREADS_MAX || index_table_reserve(&t->table, t->count))
		return 0;
	if (t->count == t->room) {
		struct thread *items =
			reallocarray(t->items, 2 * (size_t)t->room, sizeof(*items));

		if (!items)
			return 0;
		t->items = items;
		t->room *= 2;
	}
	t->items[t->count] = (struct thread){.pid = -1, .tid = tid};
	for (at = hash & t->table.mask; t->table.slots[at].index;)
		at = (at + 1) & t->table.mask;
	t->table.slots[at] = (struct index_slot){.index = t->count, .hash = hash};
	return t->count++;
}

static uint32_t look_up(struct threads *t, int32_t tid)
{
	uint32_t hash = index_hash((uint64_t)(uint32_t)tid, 0);

	for (uint32_t at = hash & t->table.mask; t->table.slots[at].index;
	     at = (at + 1) & t->table.mask)
		if (t->items[t->table.slots[at].index].tid == tid)
			return t->table.slots[at].index;
	return add(t, hash, tid);
}

uint32_t threads_find(struct threads *t, int32_t pid, int32_t tid)
{
	if (!t->last || t->items[t->last].tid != tid)
		t->last = look_up(t, tid);
	if (pid >= 0)
		t->items[t->last].pid = pid;
	return t->last;
}

void spell_begin(struct spell *s, uint64_t time_ns)
{
	s->since_ns = time_ns;
	s->is_on = true;
}

void spell_end(struct spell *s, uint64_t time_ns)
{
	if (!s->is_on)
		return;
	s->is_on = false;
	s->until_ns = time_ns;
	s->sum_ns += time_ns - s->since_ns;
}

static uint64_t spell_sum(const struct spell *s, uint64_t time_ns)
{
	return s->sum_ns + (s->is_on ? time_ns - s->since_ns : 0);
}

void thread_time(const struct thread *t, uint64_t time_ns, struct thread_time *spent)
{
	spent->polling = spell_sum(&t->polling, time_ns);
	spent->waiting = spell_sum(&t->waiting, time_ns);
	spent->off_cpu = spell_sum(&t->off_cpu, time_ns);
}

void thread_enqueue(struct threads *t, struct lives *lives, uint32_t life)
{
	struct life *l = &lives->items[life];
	struct thread *owner = &t->items[l->thread];

	l->before = owner->last;
	l->behind = 0;
	l->is_waiting = true;
	if (owner->last)
		lives->items[owner->last].behind = life;
	else
		owner->first = life;
	owner->last = life;
}

void thread_dequeue(struct threads *t, struct lives *lives, uint32_t life)
{
	struct life *l = &lives->items[life];
	struct thread *owner = &t->items[l->thread];

	if (!l->is_waiting)
		return;
	l->is_waiting = false;
	if (l->before)
		lives->items[l->before].behind = l->behind;
	else
		owner->first = l->behind;
	if (l->behind)
		lives->items[l->behind].before = l->before;
	else
		owner->last = l->before;
}

void thread_work(struct threads *t, struct lives *lives, uint32_t thread, uint32_t life)
{
	struct thread *at = &t->items[thread];

	if (!thread)
		return;
	if (at->at_work)
		lives->items[at->at_work].worked_by = 0;
	at->at_work = life;
	if (!life)
		return;
	if (lives->items[life].worked_by)
		t->items[lives->items[life].worked_by].at_work = 0;
	lives->items[life].worked_by = thread;
}
