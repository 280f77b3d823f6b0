// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The requests that are under way: found by key, listed by age.
 *
 * Requests lie in a pool rather than in the table because the age list needs addresses
 * that stay when slots move.
 */
#include "trace/requests/inflight.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_POOL = 256 };

static uint32_t hash_of(const struct inflight *in, uint64_t key, int32_t scope)
{
	return index_hash(key & in->key_mask, scope);
}

int inflight_init(struct inflight *in, bool nests)
{
	*in = (struct inflight){
		.pool_size = FIRST_POOL,
		.key_mask = nests ? 0 : UINT64_MAX,
	};
	in->pool = calloc(FIRST_POOL, sizeof(*in->pool));
	in->memo = calloc(1, sizeof(*in->memo));
	in->pool_used = INFLIGHT_LISTS;
	if (index_table_init(&in->table) || !in->pool || !in->memo) {
		inflight_release(in);
		return -ENOMEM;
	}
	for (uint32_t list = 0; list < INFLIGHT_LISTS; list++)
		in->pool[list].older = in->pool[list].newer = list;
	return 0;
}

void inflight_release(struct inflight *in)
{
	index_table_release(&in->table);
	free(in->pool);
	free(in->memo);
	memset(in, 0, sizeof(*in));
}

static uint32_t search(const struct inflight *in, uint32_t hash, uint64_t key,
		       int32_t scope)
{
	uint32_t at = hash & in->table.mask;

	for (; in->table.slots[at].index; at = (at + 1) & in->table.mask) {
		const struct request *r = &in->pool[in->table.slots[at].index];

		if (in->table.slots[at].hash == hash &&
		    !((r->key ^ key) & in->key_mask) && r->scope == scope)
			break;
	}
	return at;
}

/* The slot that holds the key, or the free one where it would go. */
static inline uint32_t slot_of(const struct inflight *in, uint64_t key, int32_t scope)
{
	struct inflight_memo *memo = in->memo;

	if (memo->holds && memo->key == key && memo->scope == scope)
		return memo->slot;
	memo->slot = search(in, hash_of(in, key, scope), key, scope);
	memo->key = key;
	memo->scope = scope;
	memo->holds = true;
	return memo->slot;
}

struct request *inflight_find(const struct inflight *in, uint64_t key, int32_t scope)
{
	uint32_t at = slot_of(in, key, scope);

	return in->table.slots[at].index ? &in->pool[in->table.slots[at].index] : NULL;
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

/* Field by field: for a whole struct compilers take an instruction that starts slowly. */
static inline void begin_request(struct request *r, uint64_t key, int32_t scope)
{
	r->key = key;
	r->submit_ns = r->complete_ns = 0;
	r->offset = r->length = 0;
	r->result = 0;
	r->scope = scope;
	r->pid = r->tid = 0;
	r->fd = -1;
	r->op = r->group = 0;
	r->failed = r->across_loss = r->given_up = false;
	r->lost = 0;
	r->below = r->above = 0;
}

struct request *inflight_add(struct inflight *in, uint64_t key, int32_t scope)
{
	uint32_t slots = in->table.mask, index, at, below;
	struct request *r;

	if (index_table_reserve(&in->table, in->count))
		return NULL;
	in->memo->holds &= in->table.mask == slots;
	index = take_from_pool(in);
	if (!index)
		return NULL;
	at = slot_of(in, key, scope);
	in->memo->holds = false;
	below = in->table.slots[at].index;
	in->table.slots[at] =
		(struct index_slot){.index = index, .hash = hash_of(in, key, scope)};
	r = &in->pool[index];
	begin_request(r, key, scope);
	r->below = below;
	if (below)
		in->pool[below].above = index;
	link_newest(in, INFLIGHT_LIVE, index);
	in->count++;
	return r;
}

/* Takes @r off its stack, if it stands on one, or out of the table. */
static void take_off(struct inflight *in, const struct request *r)
{
	uint32_t at;

	if (r->below)
		in->pool[r->below].above = r->above;
	if (r->above) {
		in->pool[r->above].below = r->below;
		return;
	}
	at = slot_of(in, r->key, r->scope);
	in->memo->holds = false;
	if (r->below)
		in->table.slots[at].index = r->below;
	else
		index_table_remove(&in->table, at);
}

void inflight_remove(struct inflight *in, struct request *r)
{
	uint32_t index = inflight_index(in, r);

	take_off(in, r);
	unlink_request(in, r);
	r->newer = in->free;
	in->free = index;
	in->count--;
}

void inflight_give_up(struct inflight *in, struct request *r)
{
	unlink_request(in, r);
	link_newest(in, INFLIGHT_GIVEN_UP, inflight_index(in, r));
	r->given_up = true;
}
