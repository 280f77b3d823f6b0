// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The requests that are under way: found by key, listed by age.
 *
 * Linear probing at a load of at most one half, removal by shifting back what comes
 * behind (no tombstones, so that the table does not rot in a long trace). A slot is
 * eight bytes: the hash in it decides nearly every comparison without touching the
 * pool. Requests lie in a pool rather than in the slots because the age list needs
 * addresses that stay when slots move. Rejected: a tree (log n), chains (a pointer
 * per hop), a table per process (one more lookup).
 */
#include "trace/requests/inflight.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1024, FIRST_POOL = 256 };

/* The finalizer of MurmurHash3: every bit of the key reaches every bit of the hash. */
static uint32_t hash_of(uint64_t key, int32_t scope)
{
	uint64_t h = key ^ ((uint64_t)(uint32_t)scope * 0x9e3779b97f4a7c15ULL);

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return (uint32_t)(h >> 32);
}

int inflight_init(struct inflight *in)
{
	*in = (struct inflight){.mask = FIRST_SLOTS - 1, .pool_size = FIRST_POOL};
	in->slots = calloc(FIRST_SLOTS, sizeof(*in->slots));
	in->pool = calloc(FIRST_POOL, sizeof(*in->pool));
	in->pool_used = INFLIGHT_LISTS;
	if (!in->slots || !in->pool) {
		inflight_release(in);
		return -ENOMEM;
	}
	for (uint32_t list = 0; list < INFLIGHT_LISTS; list++)
		in->pool[list].older = in->pool[list].newer = list;
	return 0;
}

void inflight_release(struct inflight *in)
{
	free(in->slots);
	free(in->pool);
	memset(in, 0, sizeof(*in));
}

/* The slot that holds the key, or the free one where it would go. */
static uint32_t slot_of(const struct inflight *in, uint32_t hash, uint64_t key,
			int32_t scope)
{
	uint32_t at = hash & in->mask;

	for (; in->slots[at].index; at = (at + 1) & in->mask) {
		const struct request *r = &in->pool[in->slots[at].index];

		if (in->slots[at].hash == hash && r->key == key && r->scope == scope)
			break;
	}
	return at;
}

struct request *inflight_find(const struct inflight *in, uint64_t key, int32_t scope)
{
	uint32_t at = slot_of(in, hash_of(key, scope), key, scope);

	return in->slots[at].index ? &in->pool[in->slots[at].index] : NULL;
}

static int grow_slots(struct inflight *in)
{
	uint32_t mask = in->mask * 2 + 1;
	struct inflight_slot *slots = calloc((size_t)mask + 1, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i <= in->mask; i++) {
		uint32_t at = in->slots[i].hash & mask;

		if (!in->slots[i].index)
			continue;
		while (slots[at].index)
			at = (at + 1) & mask;
		slots[at] = in->slots[i];
	}
	free(in->slots);
	in->slots = slots;
	in->mask = mask;
	return 0;
}

/* The index of an unused request; 0 without memory. */
static uint32_t take_from_pool(struct inflight *in)
{
	uint32_t index = in->free;
	struct request *pool;

	if (index) {
		in->free = in->pool[index].newer;
		return index;
	}
	if (in->pool_used == in->pool_size) {
		pool = realloc(in->pool, (size_t)in->pool_size * 2 * sizeof(*pool));
		if (!pool)
			return 0;
		in->pool = pool;
		in->pool_size *= 2;
	}
	return in->pool_used++;
}

static void link_newest(struct inflight *in, enum inflight_list list, uint32_t index)
{
	uint32_t newest = in->pool[list].older;

	in->pool[index].older = newest;
	in->pool[index].newer = list;
	in->pool[newest].newer = index;
	in->pool[list].older = index;
}

static void unlink_request(struct inflight *in, const struct request *r)
{
	in->pool[r->older].newer = r->newer;
	in->pool[r->newer].older = r->older;
}

struct request *inflight_add(struct inflight *in, uint64_t key, int32_t scope)
{
	uint32_t hash = hash_of(key, scope), index, at;
	struct request *r;

	if (in->count >= in->mask / 2 && grow_slots(in))
		return NULL;
	index = take_from_pool(in);
	if (!index)
		return NULL;
	at = slot_of(in, hash, key, scope);
	in->slots[at] = (struct inflight_slot){.index = index, .hash = hash};
	r = &in->pool[index];
	*r = (struct request){.key = key, .scope = scope, .fd = -1};
	link_newest(in, INFLIGHT_LIVE, index);
	in->count++;
	return r;
}

/* Fills the hole at @at with what was pushed past it. */
static void shift_back(struct inflight *in, uint32_t at)
{
	uint32_t hole = at;

	while (in->slots[at = (at + 1) & in->mask].index) {
		uint32_t home = in->slots[at].hash & in->mask;

		/* may not move before its home: is home within (hole, at]? */
		if (((at - home) & in->mask) < ((at - hole) & in->mask))
			continue;
		in->slots[hole] = in->slots[at];
		hole = at;
	}
	in->slots[hole].index = 0;
}

void inflight_remove(struct inflight *in, struct request *r)
{
	uint32_t index = (uint32_t)(r - in->pool);
	uint32_t at = slot_of(in, hash_of(r->key, r->scope), r->key, r->scope);

	shift_back(in, at);
	unlink_request(in, r);
	r->newer = in->free;
	in->free = index;
	in->count--;
}

void inflight_give_up(struct inflight *in, struct request *r)
{
	unlink_request(in, r);
	link_newest(in, INFLIGHT_GIVEN_UP, (uint32_t)(r - in->pool));
	r->given_up = true;
}
