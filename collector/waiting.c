// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps records in the order of time. They come nearly so: each moves past a few. */
#include "collector/waiting.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

static int make_room(struct waiting *w)
{
	size_t room = w->room ? 2 * w->room : FIRST_ROOM;
	struct waiting_record *bigger;

	if (w->count < w->room)
		return 0;
	bigger = reallocarray(w->items, room, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	w->items = bigger;
	w->room = room;
	return 0;
}

int waiting_add(struct waiting *w, const void *record, uint64_t time_ns)
{
	struct perf_event_header header;
	size_t at = w->count;
	uint8_t *copy;

	memcpy(&header, record, sizeof(header));
	copy = malloc(header.size);
	if (!copy || make_room(w)) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, record, header.size);
	for (; at && w->items[at - 1].time_ns > time_ns; at--)
		w->items[at] = w->items[at - 1];
	w->items[at] = (struct waiting_record){time_ns, copy, header.size};
	w->count++;
	return 0;
}

int waiting_end(struct waiting *w, uint64_t time_ns,
		int (*apply)(void *user, const uint8_t *record), void *user)
{
	size_t done = 0;
	int err = 0;

	for (; done < w->count && w->items[done].time_ns <= time_ns; done++) {
		err = err ? err : apply(user, w->items[done].record);
		free(w->items[done].record);
	}
	if (!done)
		return 0;
	w->count -= done;
	memmove(w->items, w->items + done, w->count * sizeof(*w->items));
	return err;
}

void waiting_release(struct waiting *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].record);
	free(w->items);
	*w = (struct waiting){0};
}
