// SPDX-License-Identifier: GPL-2.0-or-later
/* What a conversation did over time, in bounded memory. */
#include "analyzers/vsock/history.h"

#include <string.h>

enum { FIRST_SHIFT = 10 };

_Static_assert(HISTORY_FIRST_NS == 1 << FIRST_SHIFT, "a shift finds a bucket");

/* A bucket in which nothing is known but what holds on. */
static struct history_bucket fresh(const struct history *h)
{
	struct history_bucket bucket = {{0}, {0}};

	memcpy(bucket.free, h->free, sizeof(bucket.free));
	return bucket;
}

void history_begin(struct history *h, uint64_t start_ns)
{
	*h = (struct history){
		.start_ns = start_ns,
		.now_ns = start_ns,
		.used = 1,
		.free = {UINT32_MAX, UINT32_MAX}, /* not known yet */
	};
	h->buckets[0] = fresh(h);
}

static void merge(struct history_bucket *to, const struct history_bucket *from)
{
	for (unsigned side = 0; side < HISTORY_SIDES; side++) {
		to->bytes[side] += from->bytes[side];
		if (from->free[side] < to->free[side])
			to->free[side] = from->free[side];
	}
}

void history_halve(struct history *h)
{
	for (unsigned i = 0; i < h->used; i += 2) {
		h->buckets[i / 2] = h->buckets[i];
		if (i + 1 < h->used)
			merge(&h->buckets[i / 2], &h->buckets[i + 1]);
	}
	h->used = (h->used + 1) / 2;
	h->shift++;
}

void history_at(struct history *h, uint64_t time_ns)
{
	uint64_t index;

	if (time_ns <= h->now_ns)
		return;
	h->now_ns = time_ns;
	while ((index = (time_ns - h->start_ns) >> (FIRST_SHIFT + h->shift)) >=
	       HISTORY_BUCKETS)
		history_halve(h);
	while (h->used <= index)
		h->buckets[h->used++] = fresh(h);
}
