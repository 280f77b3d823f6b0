// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes traces for tests. */
#include "maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/failure.h"
#include "trace/perf_file.h"

void maker_add(struct maker *m, const char *name, const char *declaration)
{
	struct maker_event *e = &m->events[m->nr_events];
	struct failure f;
	int count = arguments_parse(declaration, e->arguments, &f);

	if (count < 0) {
		fprintf(stderr, "%s\n", f.text);
		abort();
	}
	e->name = name;
	e->nr_arguments = (size_t)count;
	e->id = (uint16_t)(60000 + m->nr_events);
	format_layout(e->arguments, e->nr_arguments, e->fields, &e->site, &e->size);
	if (format_text(&e->format, name, e->id, FORMAT_SITE_U32, e->site, e->fields,
			e->nr_arguments))
		abort();
	for (unsigned i = 0; i < MAKER_CPUS_MAX; i++)
		e->ids[i] = 100 + m->nr_events * MAKER_CPUS_MAX + i;
	m->nr_events++;
}

void maker_release(struct maker *m)
{
	for (unsigned i = 0; i < m->nr_events; i++) {
		arguments_release(m->events[i].arguments, m->events[i].nr_arguments);
		free(m->events[i].format);
	}
}

static struct perf_event_attr attr_of(const struct maker *m, unsigned event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.config = m->events[event].id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
			       PERF_SAMPLE_RAW,
		.sample_id_all = 1,
		.comm = !event,
		.mmap = !event,
		.mmap2 = !event,
		.task = !event,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	if (m->nr_events > 1)
		attr.sample_type |= PERF_SAMPLE_IDENTIFIER;
	return attr;
}

struct trace_writer *maker_open(const struct maker *m, const char *path, int level,
				struct failure *f)
{
	static char *arguments[] = {"fathom", "record", "made up"};
	char names[MAKER_EVENTS_MAX][64];
	struct writer_event events[MAKER_EVENTS_MAX];
	struct writer_build_id build_id = {
		.path = "/usr/bin/true", .id = {1, 2, 3}, .size = 20};
	struct trace_writer *writer;

	for (unsigned i = 0; i < m->nr_events; i++) {
		snprintf(names[i], sizeof(names[i]), "fathom:%s", m->events[i].name);
		events[i] = (struct writer_event){
			.name = names[i],
			.attr = attr_of(m, i),
			.ids = m->events[i].ids,
			.nr_ids = m->cpus,
			.system = "fathom",
			.format = m->events[i].format,
		};
	}
	if (writer_open(&writer,
			&(struct writer_options){
				.path = path,
				.compress = level,
				.events = events,
				.nr_events = m->nr_events,
				.build_ids = &build_id,
				.nr_build_ids = 1,
				.clockid = CLOCK_MONOTONIC,
				.wall_ns = 1700000000000000000,
				.clock_ns = 1000000000,
				.argc = 3,
				.argv = arguments,
			},
			f))
		return NULL;
	return writer;
}

static void put(uint8_t **to, const void *data, size_t size)
{
	memcpy(*to, data, size);
	*to += size;
}

static void put_u64(uint8_t **to, uint64_t value)
{
	put(to, &value, sizeof(value));
}

static void put_u32(uint8_t **to, uint32_t value)
{
	put(to, &value, sizeof(value));
}

static size_t finish(uint8_t *record, uint8_t *at, uint32_t type, uint16_t misc)
{
	struct perf_event_header header = {type, misc, (uint16_t)(at - record)};

	memcpy(record, &header, sizeof(header));
	return header.size;
}

static void put_trailer(const struct maker *m, uint8_t **at, int tid, uint64_t time_ns,
			unsigned cpu)
{
	put_u32(at, MAKER_PID);
	put_u32(at, (uint32_t)tid);
	put_u64(at, time_ns);
	put_u32(at, cpu);
	put_u32(at, 0);
	if (m->nr_events > 1)
		put_u64(at, m->events[0].ids[cpu]);
}

/* The raw data; strings go behind the fields. Returns its size. */
static uint32_t make_raw(const struct maker_event *e, uint8_t *raw,
			 const struct maker_hit *hit)
{
	uint32_t end = e->size;

	memset(raw, 0, MAKER_RECORD_MAX / 2);
	memcpy(raw, &e->id, sizeof(e->id));
	memcpy(raw + 4, &hit->tid, sizeof(hit->tid));
	for (size_t i = 0; i < e->nr_arguments; i++) {
		const struct argument *a = &e->arguments[i];
		const char *text = (const char *)(uintptr_t)hit->values[i];
		uint32_t place;

		if (a->kind != ARGUMENT_STRING) {
			memcpy(raw + e->fields[i].offset, &hit->values[i], a->size);
			continue;
		}
		place = end | (uint32_t)(strlen(text) + 1) << 16;
		memcpy(raw + e->fields[i].offset, &place, sizeof(place));
		memcpy(raw + end, text, strlen(text) + 1);
		end += (uint32_t)strlen(text) + 1;
	}
	return end;
}

size_t maker_sample(const struct maker *m, uint8_t *to, const struct maker_hit *hit)
{
	const struct maker_event *e = &m->events[hit->event];
	uint8_t *at = to + sizeof(struct perf_event_header);
	uint32_t raw_size;

	if (m->nr_events > 1)
		put_u64(&at, e->ids[hit->cpu]);
	put_u32(&at, MAKER_PID);
	put_u32(&at, (uint32_t)hit->tid);
	put_u64(&at, hit->time_ns);
	put_u32(&at, hit->cpu);
	put_u32(&at, 0);
	raw_size = (make_raw(e, at + 4, hit) + 4 + 7) / 8 * 8 - 4;
	put_u32(&at, raw_size);
	at += raw_size;
	return finish(to, at, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
}

size_t maker_comm(const struct maker *m, uint8_t *to, int tid, const char *name,
		  uint64_t time_ns)
{
	uint8_t *at = to + sizeof(struct perf_event_header);
	char comm[16] = {0};

	memcpy(comm, name, strnlen(name, sizeof(comm) - 1));
	put_u32(&at, MAKER_PID);
	put_u32(&at, (uint32_t)tid);
	put(&at, comm, sizeof(comm));
	put_trailer(m, &at, tid, time_ns, 0);
	return finish(to, at, PERF_RECORD_COMM, 0);
}

static size_t fork_or_exit(const struct maker *m, uint8_t *to, uint32_t type, int parent,
			   int tid, uint64_t time_ns)
{
	uint8_t *at = to + sizeof(struct perf_event_header);

	put_u32(&at, MAKER_PID);
	put_u32(&at, MAKER_PID);
	put_u32(&at, (uint32_t)tid);
	put_u32(&at, (uint32_t)parent);
	put_u64(&at, time_ns);
	put_trailer(m, &at, parent, time_ns, 0);
	return finish(to, at, type, 0);
}

size_t maker_fork(const struct maker *m, uint8_t *to, int parent, int tid,
		  uint64_t time_ns)
{
	return fork_or_exit(m, to, PERF_RECORD_FORK, parent, tid, time_ns);
}

/* Of a file that nobody looks for. */
size_t maker_map(const struct maker *m, uint8_t *to, int tid, uint64_t time_ns)
{
	const uint64_t place[7] = {0x10000, 0x1000}; /* from the address to the flags */
	uint8_t *at = to + sizeof(struct perf_event_header);

	put_u32(&at, MAKER_PID);
	put_u32(&at, (uint32_t)tid);
	put(&at, place, sizeof(place));
	put(&at, "[heap]\0", 8);
	put_trailer(m, &at, tid, time_ns, 0);
	return finish(to, at, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);
}

size_t maker_exit(const struct maker *m, uint8_t *to, int tid, uint64_t time_ns)
{
	return fork_or_exit(m, to, PERF_RECORD_EXIT, tid, tid, time_ns);
}

size_t maker_lost(const struct maker *m, uint8_t *to, unsigned cpu, uint64_t count,
		  int of_event, uint64_t time_ns)
{
	uint8_t *at = to + sizeof(struct perf_event_header);

	put_u64(&at, m->events[of_event < 0 ? 0 : of_event].ids[cpu]);
	put_u64(&at, count);
	put_trailer(m, &at, 0, time_ns, cpu);
	return finish(to, at, PERF_RECORD_LOST,
		      of_event < 0 ? 0 : PERF_MISC_LOST_OF_EVENT);
}
