/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace that a unit test writes, hit by hit, and reads back. Static, for each test. */
#ifndef FATHOM_TESTS_WRITING_H
#define FATHOM_TESTS_WRITING_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/failure.h"
#include "maker.h"
#include "trace/reader.h"
#include "trace/writer.h"
#include "unit.h"

enum { EVENT_A, EVENT_B };

struct writing {
	struct maker maker;
	struct trace_writer *writer;
	uint8_t buffer[1 << 16];
	size_t size;
};

static inline struct writing *begin(const char *to, int level, bool two)
{
	struct writing *w = calloc(1, sizeof(*w));
	struct failure f;

	w->maker.cpus = 2;
	maker_add(&w->maker, "a", "u64 n;str text;s32(-1=none,1=one) word");
	if (two)
		maker_add(&w->maker, "b", "u32 x");
	w->writer = maker_open(&w->maker, to, level, &f);
	if (!w->writer)
		print_error("%s\n", f.text);
	assert_non_null(w->writer);
	return w;
}

static inline void hit_a(struct writing *w, unsigned cpu, uint64_t time_ns, uint64_t n,
			 const char *text)
{
	struct maker_hit hit = {.event = EVENT_A,
				.cpu = cpu,
				.tid = 1000 + (int)cpu,
				.time_ns = time_ns,
				.values = {n, (uintptr_t)text, UINT64_MAX}};

	w->size += maker_sample(&w->maker, w->buffer + w->size, &hit);
}

static inline void hit_b(struct writing *w, unsigned cpu, uint64_t time_ns, uint64_t x)
{
	struct maker_hit hit = {.event = EVENT_B,
				.cpu = cpu,
				.tid = 1000 + (int)cpu,
				.time_ns = time_ns,
				.values = {x}};

	w->size += maker_sample(&w->maker, w->buffer + w->size, &hit);
}

static inline void drain(struct writing *w)
{
	assert_int_equal(writer_data(w->writer, w->buffer, w->size, NULL), 0);
	w->size = 0;
}

static inline void round_over(struct writing *w)
{
	drain(w);
	assert_int_equal(writer_round(w->writer, NULL), 0);
}

static inline void end(struct writing *w, int expected)
{
	drain(w);
	assert_int_equal(writer_close(w->writer, NULL), expected);
	maker_release(&w->maker);
	free(w);
}

/* Also the one that was there before. 0, or -1. */
static inline int remove_trace(const char *path)
{
	char old[PATH_MAX];

	snprintf(old, sizeof(old), "%s.old", path);
	unlink(old);
	return unlink(path);
}

static inline struct trace *open_trace(const char *from)
{
	struct trace *trace = NULL;
	struct failure f = {""};

	if (trace_open(&trace, from, &f))
		print_error("%s\n", f.text);
	assert_non_null(trace);
	return trace;
}

static inline int64_t value(const struct event *e, const char *name)
{
	const struct event_field *field = event_type_field(e->type, name);

	assert_non_null(field);
	return event_integer(e, field);
}

#endif
