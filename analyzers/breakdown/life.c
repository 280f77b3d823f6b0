// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a request in stages. */
#include "analyzers/breakdown/life.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct life *lives_begin(struct lives *l, uint32_t index, uint32_t pool_size,
			 uint64_t time_ns)
{
	struct life *life;

	if (index >= l->room) {
		struct life *items = reallocarray(l->items, pool_size, sizeof(*items));

		if (!items)
			return NULL;
		l->items = items;
		l->room = pool_size;
	}
	life = &l->items[index];
	memset(life, 0, offsetof(struct life, meanwhile));
	life->nr_marks = 1;
	life->marks[0] = (struct mark){time_ns, STAGE_SUBMIT};
	return life;
}

void lives_release(struct lives *l)
{
	free(l->items);
	*l = (struct lives){0};
}

/* The older half of the marks becomes sums. */
static void fold(struct life *l)
{
	enum { HALF = LIFE_MARKS_MAX / 2 };

	for (unsigned i = 0; i < HALF; i++) {
		unsigned stage = l->marks[i].stage;

		if (!(l->folded_met & 1U << stage))
			l->folded[stage] = 0;
		l->folded_met |= 1U << stage;
		l->folded[stage] += l->marks[i + 1].time_ns - l->marks[i].time_ns;
	}
	memmove(l->marks, l->marks + HALF, (LIFE_MARKS_MAX - HALF) * sizeof(*l->marks));
	l->nr_marks -= HALF;
}

void life_mark(struct life *l, uint64_t time_ns, unsigned stage)
{
	uint64_t last_ns = l->marks[l->nr_marks - 1].time_ns;

	if (life_stage(l) == stage)
		return;
	if (l->nr_marks == LIFE_MARKS_MAX)
		fold(l);
	if (time_ns < last_ns)
		time_ns = last_ns;
	l->marks[l->nr_marks++] = (struct mark){time_ns, (uint8_t)stage};
}

void life_overlay(struct life *l, uint64_t from_ns, uint64_t to_ns, unsigned stage)
{
	struct mark old[LIFE_MARKS_MAX];
	unsigned nr = l->nr_marks, after, i = 1;

	memcpy(old, l->marks, nr * sizeof(*old));
	if (from_ns < old[0].time_ns)
		from_ns = old[0].time_ns;
	if (to_ns <= from_ns)
		return;
	for (l->nr_marks = 1; i < nr && old[i].time_ns <= from_ns; i++)
		life_mark(l, old[i].time_ns, old[i].stage);
	after = old[i - 1].stage;
	life_mark(l, from_ns, stage);
	for (; i < nr && old[i].time_ns <= to_ns; i++)
		after = old[i].stage;
	life_mark(l, to_ns, after);
	for (; i < nr; i++)
		life_mark(l, old[i].time_ns, old[i].stage);
}

void life_times(const struct life *l, uint64_t submit_ns, uint64_t end_ns,
		struct stage_times *times)
{
	uint64_t since = l->marks[0].time_ns;

	times->met = l->folded_met;
	if (times->met) {
		memcpy(times->ns, l->folded, sizeof(times->ns));
		memset(times->begin_ns, 0, sizeof(times->begin_ns));
	}
	for (unsigned i = 0; i < l->nr_marks; i++) {
		uint64_t until = i + 1 < l->nr_marks ? l->marks[i + 1].time_ns : end_ns;
		unsigned stage = l->marks[i].stage;

		if (!(times->met & 1U << stage)) {
			times->begin_ns[stage] = since - submit_ns;
			times->ns[stage] = 0;
		}
		times->met |= 1U << stage;
		if (until > end_ns)
			until = end_ns;
		if (until > since) {
			times->ns[stage] += until - since;
			since = until;
		}
	}
}
