// SPDX-License-Identifier: GPL-2.0-or-later
/* The names of the threads that live at this point of a trace. */
#include "trace/thread_names.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

static size_t home(const struct thread_names *t, int32_t tid)
{
	return ((uint32_t)tid * 2654435761U) & (t->room - 1);
}

/* The slot of @tid, or the free one where it belongs. */
static size_t find(const struct thread_names *t, int32_t tid)
{
	size_t at = home(t, tid);

	while (t->slots[at].tid && t->slots[at].tid != tid)
		at = (at + 1) & (t->room - 1);
	return at;
}

static int grow(struct thread_names *t)
{
	struct thread_names bigger = {.room = t->room ? t->room * 2 : FIRST_ROOM,
				      .count = t->count};

	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < t->room; i++)
		if (t->slots[i].tid)
			bigger.slots[find(&bigger, t->slots[i].tid)] = t->slots[i];
	free(t->slots);
	*t = bigger;
	return 0;
}

void thread_named(struct thread_names *t, int32_t tid, const char *name, size_t size)
{
	struct thread_name *slot;

	if (tid <= 0)
		return;
	if (t->count >= t->room / 4 * 3 && t->room < THREAD_NAMES_MAX && grow(t))
		return;
	slot = &t->slots[find(t, tid)];
	if (!slot->tid) {
		if (t->count >= t->room / 4 * 3)
			return;
		t->count++;
		slot->tid = tid;
	}
	if (size >= THREAD_NAME_SIZE)
		size = THREAD_NAME_SIZE - 1;
	memset(slot->name, 0, THREAD_NAME_SIZE);
	memcpy(slot->name, name, strnlen(name, size));
}

void thread_forked(struct thread_names *t, int32_t parent_tid, int32_t tid)
{
	char name[THREAD_NAME_SIZE];
	const char *known = thread_name(t, parent_tid);

	if (!known)
		return;
	memcpy(name, known, sizeof(name));
	thread_named(t, tid, name, sizeof(name));
}

/* Closes the gap, so that no search ends early at it. */
void thread_exited(struct thread_names *t, int32_t tid)
{
	size_t gap, at;

	if (!t->room || tid <= 0)
		return;
	gap = find(t, tid);
	if (!t->slots[gap].tid)
		return;
	for (at = (gap + 1) & (t->room - 1); t->slots[at].tid;
	     at = (at + 1) & (t->room - 1)) {
		size_t from_home = (at - home(t, t->slots[at].tid)) & (t->room - 1);

		if (from_home < ((at - gap) & (t->room - 1)))
			continue;
		t->slots[gap] = t->slots[at];
		gap = at;
	}
	t->slots[gap].tid = 0;
	t->count--;
}

const char *thread_name(const struct thread_names *t, int32_t tid)
{
	const struct thread_name *slot;

	if (tid <= 0 || !t->room)
		return NULL;
	slot = &t->slots[find(t, tid)];
	return slot->tid ? slot->name : NULL;
}

void thread_names_release(struct thread_names *t)
{
	free(t->slots);
	*t = (struct thread_names){0};
}
