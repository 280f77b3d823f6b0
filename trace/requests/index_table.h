/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An open-addressing table of indices into somebody's array: what the keys are and when
 * two are the same is the owner's to know.
 *
 * Linear probing at a load of at most one half, removal by shifting back what comes
 * behind (no tombstones, so that the table does not rot in a long trace). A slot is
 * eight bytes: the hash in it decides nearly every comparison without touching the
 * array. Rejected: a tree (log n), chains (a pointer per hop), a table per process (one
 * more lookup).
 */
#ifndef FATHOM_TRACE_REQUESTS_INDEX_TABLE_H
#define FATHOM_TRACE_REQUESTS_INDEX_TABLE_H

#include <stdint.h>

struct index_slot {
	uint32_t index; /* 0 is free */
	uint32_t hash;
};

struct index_table {
	struct index_slot *slots;
	uint32_t mask; /* number of slots - 1 */
};

int index_table_init(struct index_table *t);	 /* 0 or -ENOMEM */
void index_table_release(struct index_table *t); /* of a zeroed one is fine */

int index_table_grow(struct index_table *t); /* 0 or -ENOMEM; slots move */

/* Makes room for one more than @count; 0 or -ENOMEM. */
static inline int index_table_reserve(struct index_table *t, uint32_t count)
{
	return count >= t->mask / 2 ? index_table_grow(t) : 0;
}

/* Frees slot @at and fills the hole with what was pushed past it. */
void index_table_remove(struct index_table *t, uint32_t at);

/* The finalizer of MurmurHash3: every bit of the key reaches every bit of the hash. */
static inline uint32_t index_hash(uint64_t key, int32_t scope)
{
	uint64_t h = key ^ ((uint64_t)(uint32_t)scope * 0x9e3779b97f4a7c15ULL);

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return (uint32_t)(h >> 32);
}

#endif
