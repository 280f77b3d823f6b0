/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attrs of a trace as event types, and which of them a record belongs to. */
#ifndef FATHOM_TRACE_EVENT_TABLE_H
#define FATHOM_TRACE_EVENT_TABLE_H

#include "trace/reader.h"
#include "trace/sample_layout.h"
#include "trace/tracing_data.h"

enum { EVENT_SOURCES_MAX = 65536, EVENT_IDS_MAX = 4 << 20 };

/* An attr. */
struct event_source {
	struct event_type type; /* the first member, so that one leads to the other */
	struct sample_layout layout;
	uint32_t attr_type;
	uint64_t config;
	bool is_named; /* by the trace; else its numbers stand in for a name */
};

struct event_id {
	uint64_t id;
	struct event_source *source; /* NULL: the slot is free */
};

struct event_table {
	struct event_source **sources;
	size_t nr_sources, room;
	struct event_id *ids; /* open addressing, at most half full */
	size_t nr_ids, ids_room;
	/* What all attrs agree upon. */
	uint16_t id_at;	      /* of the id in a sample; 0: there is none */
	uint8_t last_id;      /* … back from the end of other records */
	uint32_t sample_time; /* of the time in a sample; 0: none, or not the same */
	uint16_t smallest;    /* no sample is shorter */
	int clockid;	      /* -1 unknown */
	struct event_id found; /* last */
	void *tracing_bytes; /* malloc'ed */
	struct tracing_data tracing;
	struct tep_handle *tep;
};

/* Adds the attr of @size bytes (as the trace has it) with its ids. 0, -EINVAL with the
 * reason, -ENOMEM. */
int event_table_add(struct event_table *t, const void *attr, size_t size, const void *ids,
		    size_t nr_ids, struct failure *f);

/* Names an event, unless @name is empty. 0 or -ENOMEM. */
int event_source_name(struct event_source *source, const char *name);

/* Takes over @bytes and lends the formats in it to the events. -EINVAL: damaged, what
 * comes before the damage is used. */
int event_table_tracing(struct event_table *t, void *bytes, size_t size,
			struct failure *f);

/* Gives fields to the events that were added before their formats came. */
int event_table_resolve(struct event_table *t);

struct event_source *event_table_find(struct event_table *t, uint64_t id);

/* Records that perf makes up have the id 0 and count as the first event's. */
struct event_source *event_table_find_or_first(struct event_table *t, uint64_t id);

/* Whose sample, or other record, it is; NULL if nobody's. */
static inline struct event_source *event_of_sample(struct event_table *t,
						   const uint8_t *record, uint32_t size)
{
	uint64_t id;

	if (t->nr_sources <= 1)
		return t->nr_sources ? t->sources[0] : NULL;
	if (size < t->id_at + sizeof(id))
		return NULL;
	memcpy(&id, record + t->id_at, sizeof(id));
	if (t->found.source && t->found.id == id)
		return t->found.source;
	return event_table_find_or_first(t, id);
}

struct event_source *event_of_other(struct event_table *t, const uint8_t *record,
				    uint32_t size);

void event_table_release(struct event_table *t);

#endif
