// SPDX-License-Identifier: GPL-2.0-or-later
/* An open-addressing table of indices. */
#include "trace/requests/index_table.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_SLOTS = 1024 };

int index_table_init(struct index_table *t)
{
	t->mask = FIRST_SLOTS - 1;
	t->slots = calloc(FIRST_SLOTS, sizeof(*t->slots));
	return t->slots ? 0 : -ENOMEM;
}

void index_table_release(struct index_table *t)
{
	free(t->slots);
	*t = (struct index_table){0};
}

int index_table_grow(struct index_table *t)
{
	uint32_t mask = t->mask * 2 + 1;
	struct index_slot *slots = calloc((size_t)mask + 1, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i <= t->mask; i++) {
		uint32_t at = t->slots[i].hash & mask;

		if (!t->slots[i].index)
			continue;
		while (slots[at].index)
			at = (at + 1) & mask;
		slots[at] = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->mask = mask;
	return 0;
}

void index_table_remove(struct index_table *t, uint32_t at)
{
	uint32_t hole = at;

	while (t->slots[at = (at + 1) & t->mask].index) {
		uint32_t home = t->slots[at].hash & t->mask;

		/* may not move before its home: is home within (hole, at]? */
		if (((at - home) & t->mask) < ((at - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[at];
		hole = at;
	}
	t->slots[hole].index = 0;
}
