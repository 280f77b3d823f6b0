// SPDX-License-Identifier: GPL-2.0-or-later
/* Latencies by blocks of neighbours in time. */
#include "analyzers/diff/blocks.h"

#include <errno.h>
#include <stdlib.h>

static void add_block(struct block *to, const struct block *from)
{
	to->count += from->count;
	to->sum += from->sum;
	for (unsigned i = 0; i < BLOCK_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
}

/* All are full: neighbours become one, so that the second half is free again. */
static void merge(struct blocks *b)
{
	for (unsigned i = 0; i < BLOCKS_MAX / 2; i++) {
		struct block *first = b->items[2 * i], *second = b->items[2 * i + 1];

		add_block(first, second);
		free(second);
		b->items[2 * i + 1] = NULL;
		b->items[i] = first;
		if (i)
			b->items[2 * i] = NULL;
	}
	b->used = BLOCKS_MAX / 2;
	b->length *= 2;
}

/* The block that the next request goes into; NULL without memory. */
static struct block *open_block(struct blocks *b)
{
	struct block *last = b->used ? b->items[b->used - 1] : NULL;

	if (last && last->count < b->length)
		return last;
	if (!b->length)
		b->length = 1;
	if (b->used == BLOCKS_MAX)
		merge(b);
	last = calloc(1, sizeof(*last));
	if (last)
		b->items[b->used++] = last;
	return last;
}

int blocks_add(struct blocks *b, uint64_t latency_ns)
{
	struct block *block = open_block(b);

	if (!block)
		return -ENOMEM;
	block->count++;
	block->sum += (double)latency_ns;
	block->buckets[histogram_bucket(latency_ns) / 2]++;
	return 0;
}

void blocks_release(struct blocks *b)
{
	for (unsigned i = 0; i < b->used; i++)
		free(b->items[i]);
	*b = (struct blocks){0};
}
