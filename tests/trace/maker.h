/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes traces for tests: records as the rings of the bpf backend would hold them. */
#ifndef FATHOM_TESTS_TRACE_MAKER_H
#define FATHOM_TESTS_TRACE_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/event_format.h"
#include "trace/writer.h"

enum {
	MAKER_EVENTS_MAX = 4,
	MAKER_CPUS_MAX = 64,
	MAKER_RECORD_MAX = 512,
	MAKER_PID = 1000
};

struct maker_event {
	const char *name; /* "submit" */
	struct argument arguments[ARGUMENTS_MAX];
	size_t nr_arguments;
	struct format_field fields[ARGUMENTS_MAX];
	uint32_t site, size;
	uint16_t id; /* config and common_type */
	uint64_t ids[MAKER_CPUS_MAX];
	char *format;
};

struct maker {
	struct maker_event events[MAKER_EVENTS_MAX];
	unsigned nr_events, cpus;
};

/* The next event of @m, with arguments as trace/argument.h declares them. */
void maker_add(struct maker *m, const char *name, const char *declaration);
void maker_release(struct maker *m);

/* Opens a trace of these events; several events have ids in their records, one has not.
 * NULL with the reason in @f. */
struct trace_writer *maker_open(const struct maker *m, const char *path, int level,
				struct failure *f);

/* One value per argument; of a string, its address. */
struct maker_hit {
	unsigned event, cpu;
	int tid;
	uint64_t time_ns;
	uint64_t values[ARGUMENTS_MAX];
};

/* Each puts one record at @to (room MAKER_RECORD_MAX) and returns its size. */
size_t maker_sample(const struct maker *m, uint8_t *to, const struct maker_hit *hit);
size_t maker_comm(const struct maker *m, uint8_t *to, int tid, const char *name,
		  uint64_t time_ns);
size_t maker_fork(const struct maker *m, uint8_t *to, int parent, int tid,
		  uint64_t time_ns);
size_t maker_map(const struct maker *m, uint8_t *to, int tid, uint64_t time_ns);
size_t maker_exit(const struct maker *m, uint8_t *to, int tid, uint64_t time_ns);
size_t maker_lost(const struct maker *m, uint8_t *to, unsigned cpu, uint64_t count,
		  int of_event, uint64_t time_ns);

#endif
