// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a trace of made-up requests with the writer, as the bpf backend would.
 *
 *	make_trace [-e EVENTS] [-c CPUS] [-r EVENTS_PER_ROUND] [-z LEVEL] [-1] [-k] FILE
 *
 * Each CPU submits and completes requests; -1 leaves the completions out, so that
 * there is a single event and the records need no id. -k kills itself instead of
 * closing the file.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/failure.h"
#include "trace/event_format.h"
#include "trace/writer.h"

enum { SUBMIT, COMPLETE, NR_EVENTS, CPUS_MAX = 64, RECORD_MAX = 128 };

static const uint64_t first_ns = 1000000000, step_ns = 500;

struct recipe {
	uint64_t events;
	unsigned cpus;
	unsigned per_round;
	int level;
	bool single, killed;
	const char *path;
};

struct kind {
	const char *name;
	const char *declaration;
	struct argument arguments[ARGUMENTS_MAX];
	struct format_field fields[ARGUMENTS_MAX];
	uint32_t site, size;
	uint16_t id; /* the record's common_type */
	uint64_t ids[CPUS_MAX];
	char *format;
};

static struct kind kinds[NR_EVENTS] = {
	[SUBMIT] =
		{"submit",
		 "u64 id;s32 fd;u8(0=read,1=write) op;u64 offset;u32 length;u32 depth"},
	[COMPLETE] = {"complete", "u64 id;s64 result;u32 depth"},
};

static void die(const struct failure *f)
{
	fprintf(stderr, "make_trace: %s\n", f->text);
	exit(1);
}

static void describe(struct kind *kind, unsigned index, unsigned cpus)
{
	struct failure f;
	int count = arguments_parse(kind->declaration, kind->arguments, &f);

	if (count < 0)
		die(&f);
	kind->id = (uint16_t)(60000 + index);
	format_layout(kind->arguments, (size_t)count, kind->fields, &kind->site,
		      &kind->size);
	if (format_text(&kind->format, kind->name, kind->id, FORMAT_SITE_U32, kind->site,
			kind->fields, (size_t)count))
		exit(1);
	for (unsigned i = 0; i < cpus; i++)
		kind->ids[i] = 100 + index * CPUS_MAX + i;
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

static void set(uint8_t *raw, const struct kind *kind, unsigned field, uint64_t value)
{
	const struct argument *a = kind->fields[field].argument;

	memcpy(raw + kind->fields[field].offset, &value, a->size);
}

/* The n-th event of @cpu: submits and completes take turns unless there is one event. */
static size_t make_record(uint8_t *record, const struct recipe *r, unsigned cpu,
			  uint64_t n)
{
	bool complete = !r->single && n % 2;
	const struct kind *kind = &kinds[complete ? COMPLETE : SUBMIT];
	uint64_t request = r->single ? n : n / 2;
	struct perf_event_header header = {.type = PERF_RECORD_SAMPLE,
					   .misc = PERF_RECORD_MISC_USER};
	uint32_t raw_size = (kind->size + 4 + 7) / 8 * 8 - 4;
	uint8_t *at = record + sizeof(header);
	uint8_t *raw;

	if (!r->single)
		put_u64(&at, kind->ids[cpu]);
	put_u32(&at, 1000);
	put_u32(&at, 1000 + cpu);
	put_u64(&at, first_ns + n * step_ns + cpu * step_ns / r->cpus);
	put_u32(&at, cpu);
	put_u32(&at, 0);
	put_u32(&at, raw_size);
	raw = at;
	memset(raw, 0, raw_size);
	memcpy(raw, &kind->id, sizeof(kind->id));
	set(raw, kind, 0, request * r->cpus + cpu);
	if (complete) {
		set(raw, kind, 1, 4096);
		set(raw, kind, 2, 1);
	} else {
		set(raw, kind, 1, 3);
		set(raw, kind, 2, request % 4 == 3);
		set(raw, kind, 3, request * 2654435761U % (1 << 20) * 4096);
		set(raw, kind, 4, 4096);
		set(raw, kind, 5, 1);
	}
	at += raw_size;
	header.size = (uint16_t)(at - record);
	memcpy(record, &header, sizeof(header));
	return header.size;
}

static size_t make_comm(uint8_t *record, const struct recipe *r, unsigned cpu)
{
	struct perf_event_header header = {.type = PERF_RECORD_COMM};
	char comm[24] = {0};
	uint8_t *at = record + sizeof(header);

	snprintf(comm, sizeof(comm), "worker %u", cpu);
	put_u32(&at, 1000);
	put_u32(&at, 1000 + cpu);
	put(&at, comm, 16);
	put_u32(&at, 1000);
	put_u32(&at, 1000 + cpu);
	put_u64(&at, first_ns - 1);
	put_u32(&at, cpu);
	put_u32(&at, 0);
	if (!r->single)
		put_u64(&at, kinds[0].ids[cpu]);
	header.size = (uint16_t)(at - record);
	memcpy(record, &header, sizeof(header));
	return header.size;
}

static struct trace_writer *open_trace(const struct recipe *r, char **argv)
{
	struct writer_event events[NR_EVENTS];
	struct trace_writer *writer;
	struct failure f;
	struct timespec wall, clock;

	for (unsigned i = 0; i < NR_EVENTS; i++) {
		char name[32];

		describe(&kinds[i], i, r->cpus);
		snprintf(name, sizeof(name), "fathom:%s", kinds[i].name);
		events[i] = (struct writer_event){
			.name = strdup(name),
			.attr = {.type = PERF_TYPE_TRACEPOINT,
				 .config = 60000 + i,
				 .sample_period = 1,
				 .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
						PERF_SAMPLE_CPU | PERF_SAMPLE_RAW,
				 .sample_id_all = 1,
				 .comm = !i,
				 .mmap = !i,
				 .mmap2 = !i,
				 .task = !i,
				 .use_clockid = 1,
				 .clockid = CLOCK_MONOTONIC},
			.ids = kinds[i].ids,
			.nr_ids = r->cpus,
			.system = "fathom",
			.format = kinds[i].format,
		};
		if (!r->single)
			events[i].attr.sample_type |= PERF_SAMPLE_IDENTIFIER;
	}
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &clock);
	if (writer_open(&writer,
			&(struct writer_options){
				.path = r->path,
				.compress = r->level,
				.events = events,
				.nr_events = r->single ? 1 : NR_EVENTS,
				.clockid = CLOCK_MONOTONIC,
				.wall_ns = (uint64_t)wall.tv_sec * 1000000000,
				.clock_ns = (uint64_t)clock.tv_sec * 1000000000,
				.argc = 1,
				.argv = argv,
			},
			&f))
		die(&f);
	return writer;
}

static void write_events(const struct recipe *r, struct trace_writer *writer)
{
	uint64_t per_cpu = r->events / r->cpus;
	uint8_t *buffer = malloc((size_t)r->per_round * RECORD_MAX);
	struct failure f;

	for (uint64_t from = 0; from < per_cpu; from += r->per_round) {
		for (unsigned cpu = 0; cpu < r->cpus; cpu++) {
			size_t size = from ? 0 : make_comm(buffer, r, cpu);

			for (uint64_t n = from; n < per_cpu && n < from + r->per_round;
			     n++)
				size += make_record(buffer + size, r, cpu, n);
			if (writer_data(writer, buffer, size, &f))
				die(&f);
		}
		if (writer_round(writer, &f))
			die(&f);
	}
	free(buffer);
}

int main(int argc, char **argv)
{
	struct recipe r = {.events = 1000, .cpus = 2, .per_round = 10000};
	struct trace_writer *writer;
	struct failure f;
	int option;

	while ((option = getopt(argc, argv, "e:c:r:z:1k")) != -1) {
		switch (option) {
		case 'e':
			r.events = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			r.cpus = (unsigned)atoi(optarg);
			break;
		case 'r':
			r.per_round = (unsigned)atoi(optarg);
			break;
		case 'z':
			r.level = atoi(optarg);
			break;
		case '1':
			r.single = true;
			break;
		case 'k':
			r.killed = true;
			break;
		default:
			return 2;
		}
	}
	if (optind + 1 != argc || !r.cpus || r.cpus > CPUS_MAX || !r.per_round)
		return 2;
	r.path = argv[optind];
	writer = open_trace(&r, argv);
	write_events(&r, writer);
	if (r.killed)
		kill(getpid(), SIGKILL);
	if (writer_close(writer, &f))
		die(&f);
	return 0;
}
