// SPDX-License-Identifier: GPL-2.0-or-later
/* Second keys of requests. */
#include "trace/requests/aliases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The slot of the alias, or the free one where it would go. */
static uint32_t slot_of(const struct aliases *a, uint32_t hash, uint64_t key,
			int32_t scope)
{
	uint32_t at = hash & a->table.mask;

	for (; a->table.slots[at].index; at = (at + 1) & a->table.mask) {
		const struct alias *item = &a->items[a->table.slots[at].index];

		if (a->table.slots[at].hash == hash && item->key == key &&
		    item->scope == scope)
			break;
	}
	return at;
}

static int make_room(struct aliases *a, uint32_t index)
{
	uint32_t nr = a->nr_items ? a->nr_items : 256;
	struct alias *items;

	if (!a->table.slots && index_table_init(&a->table))
		return -ENOMEM;
	if (index_table_reserve(&a->table, a->count))
		return -ENOMEM;
	if (index < a->nr_items)
		return 0;
	while (nr <= index)
		nr *= 2;
	items = realloc(a->items, nr * sizeof(*items));
	if (!items)
		return -ENOMEM;
	memset(items + a->nr_items, 0, (nr - a->nr_items) * sizeof(*items));
	a->items = items;
	a->nr_items = nr;
	return 0;
}

int aliases_set(struct aliases *a, uint32_t index, uint64_t key, int32_t scope)
{
	uint32_t hash = index_hash(key, scope), at;
	struct alias *item;

	aliases_drop(a, index);
	if (make_room(a, index))
		return -ENOMEM;
	at = slot_of(a, hash, key, scope);
	item = &a->items[index];
	*item = (struct alias){.key = key, .scope = scope, .is_set = 1};
	item->next = a->table.slots[at].index;
	if (item->next)
		a->items[item->next].previous = index;
	a->table.slots[at] = (struct index_slot){.index = index, .hash = hash};
	a->count++;
	return 0;
}

void aliases_drop(struct aliases *a, uint32_t index)
{
	struct alias *item;
	uint32_t at;

	if (index >= a->nr_items || !a->items[index].is_set)
		return;
	item = &a->items[index];
	if (item->next)
		a->items[item->next].previous = item->previous;
	if (item->previous) {
		a->items[item->previous].next = item->next;
	} else {
		at = slot_of(a, index_hash(item->key, item->scope), item->key,
			     item->scope);
		if (item->next)
			a->table.slots[at].index = item->next;
		else
			index_table_remove(&a->table, at);
	}
	item->is_set = 0;
	a->count--;
}

uint32_t aliases_find(const struct aliases *a, uint64_t key, int32_t scope)
{
	if (!a->count)
		return 0;
	return a->table.slots[slot_of(a, index_hash(key, scope), key, scope)].index;
}

uint32_t aliases_next(const struct aliases *a, uint32_t index)
{
	return a->items[index].next;
}

void aliases_release(struct aliases *a)
{
	index_table_release(&a->table);
	free(a->items);
	*a = (struct aliases){0};
}
