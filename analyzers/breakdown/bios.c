// SPDX-License-Identifier: GPL-2.0-or-later
/* What requests have at block devices. */
#include "analyzers/breakdown/bios.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 256 };

int bios_init(struct bios *b)
{
	*b = (struct bios){.used = 1, .room = FIRST_ROOM};
	b->items = calloc(FIRST_ROOM, sizeof(*b->items));
	if (index_table_init(&b->table) || !b->items) {
		bios_release(b);
		return -ENOMEM;
	}
	return 0;
}

void bios_release(struct bios *b)
{
	index_table_release(&b->table);
	free(b->items);
	*b = (struct bios){0};
}

static uint32_t take(struct bios *b)
{
	uint32_t bio = b->free;

	if (bio) {
		b->free = b->items[bio].next;
		return bio;
	}
	if (b->used == b->room) {
		struct bio *items = b->room >= BIOS_MAX
					    ? NULL
					    : reallocarray(b->items, 2 * (size_t)b->room,
							   sizeof(*items));

		if (!items)
			return 0;
		b->items = items;
		b->room *= 2;
	}
	return b->used++;
}

int bios_add(struct bios *b, uint32_t *list, uint32_t owner, uint32_t device,
	     uint64_t sector, uint64_t sectors)
{
	uint32_t hash = index_hash(sector, 0), bio, at;

	if (index_table_reserve(&b->table, b->count))
		return -ENOMEM;
	bio = take(b);
	if (!bio)
		return -ENOMEM;
	b->items[bio] = (struct bio){
		.sector = sector,
		.end = sector + sectors,
		.left = sectors,
		.number = b->next_number++,
		.device = device,
		.owner = owner,
		.next = *list,
	};
	*list = bio;
	for (at = hash & b->table.mask; b->table.slots[at].index;)
		at = (at + 1) & b->table.mask;
	b->table.slots[at] = (struct index_slot){.index = bio, .hash = hash};
	b->count++;
	return 0;
}

/* Is @bio the better of the two? One of the device first, then the older. */
static bool is_better(const struct bios *b, uint32_t device, uint32_t bio, uint32_t other)
{
	bool mine = b->items[bio].device == device;

	if (!other || mine != (b->items[other].device == device))
		return mine || !other;
	return b->items[bio].number < b->items[other].number;
}

static uint32_t beginning_at(const struct bios *b, uint32_t device, uint64_t sector,
			     bool is_issued)
{
	uint32_t hash = index_hash(sector, 0), best = 0;

	for (uint32_t at = hash & b->table.mask; b->table.slots[at].index;
	     at = (at + 1) & b->table.mask) {
		uint32_t bio = b->table.slots[at].index;

		if (b->items[bio].sector == sector &&
		    b->items[bio].is_issued == is_issued &&
		    is_better(b, device, bio, best))
			best = bio;
	}
	return best;
}

/* One that was split: the sector lies inside. Those that came last are looked at. */
static uint32_t having(const struct bios *b, uint32_t device, uint64_t sector)
{
	uint32_t low = b->used > BIOS_SEARCHED ? b->used - BIOS_SEARCHED : 1;

	for (uint32_t bio = b->used - 1; bio >= low; bio--) {
		const struct bio *at = &b->items[bio];

		if (at->left && at->device == device && sector > at->sector &&
		    sector < at->end)
			return bio;
	}
	return 0;
}

uint32_t bios_at(const struct bios *b, uint32_t device, uint64_t sector, bool is_issued)
{
	uint32_t bio = beginning_at(b, device, sector, is_issued);

	return bio ? bio : having(b, device, sector);
}

static void free_bio(struct bios *b, uint32_t bio)
{
	uint32_t at = index_hash(b->items[bio].sector, 0) & b->table.mask;

	while (b->table.slots[at].index != bio)
		at = (at + 1) & b->table.mask;
	index_table_remove(&b->table, at);
	b->items[bio] = (struct bio){.next = b->free};
	b->free = bio;
	b->count--;
}

void bios_remove(struct bios *b, uint32_t *list, uint32_t bio)
{
	while (*list && *list != bio)
		list = &b->items[*list].next;
	if (*list)
		*list = b->items[bio].next;
	free_bio(b, bio);
}

void bios_drop(struct bios *b, uint32_t *list)
{
	while (*list) {
		uint32_t bio = *list;

		*list = b->items[bio].next;
		free_bio(b, bio);
	}
}
