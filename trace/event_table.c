// SPDX-License-Identifier: GPL-2.0-or-later
/* The attrs of a trace as event types, and which of them a record belongs to. */
#include "trace/event_table.h"

#include <errno.h>
#include <event-parse.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/failure.h"
#include "trace/event_fields.h"
#include "trace/format_check.h"

enum { FIRST_IDS = 64, NAME_MAX_BYTES = 512 };

static const char *const software_names[] = {
	"cpu-clock",	    "task-clock",   "page-faults",  "context-switches",
	"cpu-migrations",   "minor-faults", "major-faults", "alignment-faults",
	"emulation-faults", "dummy",	    "bpf-output",
};

static const char *const hardware_names[] = {
	"cycles",
	"instructions",
	"cache-references",
	"cache-misses",
	"branches",
	"branch-misses",
	"bus-cycles",
	"stalled-cycles-frontend",
	"stalled-cycles-backend",
	"ref-cycles",
};

static const char *known_name(uint32_t type, uint64_t config)
{
	if (type == PERF_TYPE_SOFTWARE &&
	    config < sizeof(software_names) / sizeof(*software_names))
		return software_names[config];
	if (type == PERF_TYPE_HARDWARE &&
	    config < sizeof(hardware_names) / sizeof(*hardware_names))
		return hardware_names[config];
	return NULL;
}

/* "SYSTEM:NAME" also as its two halves. They share one allocation: name, NUL, provider.
 */
static int set_name(struct event_type *type, const char *name)
{
	size_t length = strnlen(name, NAME_MAX_BYTES);
	const char *colon = memchr(name, ':', length);
	size_t provider = colon ? (size_t)(colon - name) : 0;
	char *text = calloc(1, length + 1 + provider + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, name, length);
	memcpy(text + length + 1, name, provider);
	free((char *)type->name);
	type->name = text;
	type->provider = text + length + 1;
	type->probe = colon ? text + provider + 1 : text;
	return 0;
}

/* Perf appends modifiers ("dummy:HG"); a provider is what a tracepoint has. */
static void without_modifier(struct event_source *source)
{
	if (source->attr_type == PERF_TYPE_TRACEPOINT || !*source->type.provider)
		return;
	source->type.probe = source->type.name;
	source->type.provider += strlen(source->type.provider);
}

int event_source_name(struct event_source *source, const char *name)
{
	int err;

	if (!*name)
		return 0;
	err = set_name(&source->type, name);
	if (err)
		return err;
	without_modifier(source);
	source->is_named = true;
	return 0;
}

static size_t id_home(const struct event_table *t, uint64_t id)
{
	return (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (t->ids_room - 1);
}

static void put_id(struct event_table *t, uint64_t id, struct event_source *source)
{
	size_t at = id_home(t, id);

	while (t->ids[at].source && t->ids[at].id != id)
		at = (at + 1) & (t->ids_room - 1);
	t->nr_ids += !t->ids[at].source;
	t->ids[at] = (struct event_id){id, source};
}

static int grow_ids(struct event_table *t)
{
	struct event_table old = *t;

	t->ids_room = old.ids_room ? 2 * old.ids_room : FIRST_IDS;
	t->nr_ids = 0;
	t->ids = calloc(t->ids_room, sizeof(*t->ids));
	if (!t->ids) {
		*t = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < old.ids_room; i++)
		if (old.ids[i].source)
			put_id(t, old.ids[i].id, old.ids[i].source);
	free(old.ids);
	return 0;
}

static int add_ids(struct event_table *t, struct event_source *source, const void *ids,
		   size_t count, struct failure *f)
{
	struct bytes b = bytes_of(ids, count * sizeof(uint64_t));

	t->found = (struct event_id){0};
	while (count--) {
		if (t->nr_ids >= EVENT_IDS_MAX)
			return fail(f, -EINVAL, "more than %d event ids", EVENT_IDS_MAX);
		if (2 * t->nr_ids >= t->ids_room && grow_ids(t))
			return fail(f, -ENOMEM, "no memory for event ids");
		put_id(t, bytes_u64(&b), source);
	}
	return 0;
}

static int agree(struct event_table *t, const struct event_source *source,
		 struct failure *f)
{
	const struct sample_layout *l = &source->layout;

	if (!t->nr_sources) {
		t->id_at = l->id;
		t->last_id = l->last_id;
		t->sample_time = l->time;
		t->smallest = l->smallest;
		return 0;
	}
	if (t->id_at != l->id || !l->id)
		return fail(f, -EINVAL,
			    "expected the ids of all events at one place of the samples");
	if (t->last_id != l->last_id)
		t->last_id = 0;
	if (t->sample_time != l->time)
		t->sample_time = 0;
	if (l->smallest < t->smallest)
		t->smallest = l->smallest;
	return 0;
}

static int make_room(struct event_table *t)
{
	size_t room = t->room ? 2 * t->room : 16;
	struct event_source **sources;

	if (t->nr_sources < t->room)
		return 0;
	sources = reallocarray(t->sources, room, sizeof(struct event_source *));
	if (!sources)
		return -ENOMEM;
	t->sources = sources;
	t->room = room;
	return 0;
}

static struct tep_event *parse_format(struct event_table *t,
				      const struct tracing_format *found, int id)
{
	char *text = format_check(found->text, found->size);

	if (!text)
		return NULL;
	tep_parse_event(t->tep, text, strlen(text), found->system);
	free(text);
	return tep_find_event(t->tep, id);
}

static int resolve_tracepoint(struct event_table *t, struct event_source *source)
{
	const struct tracing_format *found;
	struct tep_event *event;
	char name[NAME_MAX_BYTES];

	if (source->config > UINT32_MAX || source->type.format)
		return 0;
	found = tracing_data_find(&t->tracing, (uint32_t)source->config);
	if (!found)
		return 0;
	event = tep_find_event(t->tep, (int)source->config);
	if (!event)
		event = parse_format(t, found, (int)source->config);
	if (!event || event->flags & (int)TEP_EVENT_FL_FAILED)
		return 0;
	snprintf(name, sizeof(name), "%s:%s", event->system, event->name);
	if (!source->is_named && event_source_name(source, name))
		return -ENOMEM;
	return event_fields_fill(&source->type, event);
}

static int resolve(struct event_table *t, struct event_source *source)
{
	const char *known = known_name(source->attr_type, source->config);
	char name[NAME_MAX_BYTES];
	int err = 0;

	if (source->attr_type == PERF_TYPE_TRACEPOINT && t->tep)
		err = resolve_tracepoint(t, source);
	if (err || *source->type.name)
		return err;
	snprintf(name, sizeof(name), "%u.%llu", source->attr_type,
		 (unsigned long long)source->config);
	return set_name(&source->type, known ? known : name);
}

int event_table_add(struct event_table *t, const void *bytes, size_t size,
		    const void *ids, size_t nr_ids, struct failure *f)
{
	struct perf_event_attr attr = {0};
	struct event_source *source;
	int err;

	memcpy(&attr, bytes, size < sizeof(attr) ? size : sizeof(attr));
	if (t->nr_sources == EVENT_SOURCES_MAX)
		return fail(f, -EINVAL, "more than %d events", EVENT_SOURCES_MAX);
	if (make_room(t))
		return fail(f, -ENOMEM, "no memory for event types");
	source = calloc(1, sizeof(*source));
	if (!source || set_name(&source->type, "")) {
		free(source);
		return fail(f, -ENOMEM, "no memory for event types");
	}
	source->type.index = (unsigned)t->nr_sources;
	source->attr_type = attr.type;
	source->config = attr.config;
	sample_layout_init(&source->layout, &attr);
	err = agree(t, source, f);
	if (!t->nr_sources)
		t->clockid = attr.use_clockid ? attr.clockid : -1;
	t->sources[t->nr_sources++] = source;
	if (!err)
		err = add_ids(t, source, ids, nr_ids, f);
	if (!err && resolve(t, source))
		err = fail(f, -ENOMEM, "no memory for event types");
	return err;
}

struct event_source *event_table_find(struct event_table *t, uint64_t id)
{
	size_t at;

	if (!t->ids_room)
		return NULL;
	at = id_home(t, id);
	while (t->ids[at].source && t->ids[at].id != id)
		at = (at + 1) & (t->ids_room - 1);
	if (t->ids[at].source)
		t->found = t->ids[at];
	return t->ids[at].source;
}

struct event_source *event_table_find_or_first(struct event_table *t, uint64_t id)
{
	struct event_source *found = event_table_find(t, id);

	return found || id ? found : t->sources[0];
}

struct event_source *event_of_other(struct event_table *t, const uint8_t *record,
				    uint32_t size)
{
	uint64_t id;

	if (t->nr_sources <= 1 || !t->last_id)
		return t->nr_sources ? t->sources[0] : NULL;
	if (size < sizeof(struct perf_event_header) + t->last_id)
		return NULL;
	memcpy(&id, record + size - t->last_id, sizeof(id));
	return event_table_find_or_first(t, id);
}

int event_table_tracing(struct event_table *t, void *bytes, size_t size,
			struct failure *f)
{
	int err;

	if (t->tracing_bytes) {
		free(bytes);
		return 0;
	}
	t->tracing_bytes = bytes;
	err = tracing_data_parse(&t->tracing, bytes, size, f);
	if (err == -ENOMEM)
		return err;
	t->tep = tep_alloc();
	if (!t->tep)
		return fail(f, -ENOMEM, "no memory for event formats");
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_long_size(t->tep, (int)(t->tracing.long_size == 4 ? 4 : 8));
	tep_set_page_size(t->tep, (int)(t->tracing.page_size & INT32_MAX));
	return err;
}

int event_table_resolve(struct event_table *t)
{
	int err = 0;

	for (size_t i = 0; i < t->nr_sources && !err; i++)
		err = resolve(t, t->sources[i]);
	return err;
}

void event_table_release(struct event_table *t)
{
	for (size_t i = 0; i < t->nr_sources; i++) {
		event_fields_release(&t->sources[i]->type);
		free((char *)t->sources[i]->type.name);
		free(t->sources[i]);
	}
	free(t->sources);
	free(t->ids);
	tracing_data_release(&t->tracing);
	free(t->tracing_bytes);
	tep_free(t->tep);
	*t = (struct event_table){0};
}
