// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps the mappings of a process. Layout: <linux/perf_event.h>, PERF_RECORD_MMAP2. */
#include "collector/mappings.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

enum { IDS_AT = sizeof(struct perf_event_header), RANGE_AT = IDS_AT + 8 };

/* Steps through the records of @maps; NULL at the end. */
static uint8_t *next_map(const struct blob *maps, uint8_t *at,
			 struct perf_event_header *header)
{
	if (at)
		at += header->size;
	else
		at = maps->data;
	if (!at || at == maps->data + maps->size)
		return NULL;
	memcpy(header, at, sizeof(*header));
	return at;
}

/* Where a mapping lies. */
struct range {
	uint64_t start, end;
};

static struct range range_of(const uint8_t *record)
{
	struct range range;

	memcpy(&range, record + RANGE_AT, sizeof(range));
	range.end += range.start; /* it was a length */
	return range;
}

/* Takes out the mappings that a new one covers, and the oldest if there are too many. */
static void make_way(struct blob *maps, struct range range, size_t size)
{
	size_t kept = 0, excess = maps->size + size;
	struct perf_event_header header;

	for (uint8_t *at = NULL; (at = next_map(maps, at, &header));) {
		struct range old = range_of(at);
		bool covered = old.start >= range.start && old.end <= range.end;

		if (covered || excess > MAPPINGS_MAX) {
			excess -= header.size;
			continue;
		}
		memmove(maps->data + kept, at, header.size);
		kept += header.size;
	}
	maps->size = kept;
}

int mappings_add(struct blob *maps, const void *record)
{
	struct perf_event_header header;

	memcpy(&header, record, sizeof(header));
	if (header.size < RANGE_AT + sizeof(struct range))
		return 0;
	make_way(maps, range_of(record), header.size);
	blob_put(maps, record, header.size);
	return maps->failed ? -ENOMEM : 0;
}

int mappings_inherit(struct blob *child, const struct blob *parent, int32_t pid)
{
	int32_t ids[2] = {pid, pid};
	struct perf_event_header header;

	blob_put(child, parent->data, parent->size);
	if (child->failed)
		return -ENOMEM;
	for (uint8_t *at = NULL; (at = next_map(child, at, &header));)
		memcpy(at + IDS_AT, ids, sizeof(ids));
	return 0;
}
