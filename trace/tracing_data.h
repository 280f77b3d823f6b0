/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event formats as a trace carries them: the tracing data of perf.data, which is the
 * head of a trace-cmd file, version 0.6.
 * Source: tools/perf/util/trace-event-info.c and trace-event-read.c of Linux.
 */
#ifndef FATHOM_TRACE_TRACING_DATA_H
#define FATHOM_TRACE_TRACING_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/blob.h"

struct failure;
struct writer_event;

/* Appends the tracing data of those events that have a format. */
void tracing_data_put(struct blob *to, const struct writer_event *events, size_t count);

struct tracing_format {
	const char *system; /* into the bytes that were parsed */
	const char *text;   /* not NUL-terminated */
	size_t size;
	uint32_t id; /* its "ID:" line */
};

struct tracing_data {
	struct tracing_format *formats; /* sorted by id */
	size_t nr_formats;
	unsigned long_size, page_size;
};

enum {
	TRACING_DATA_MAX = 32 << 20, /* bytes; 2,600 events of a kernel are 4 MiB */
	TRACING_FORMATS_MAX = 65536,
	TRACING_FORMAT_SIZE_MAX = 64 << 10,
};

/*
 * Parses @size bytes, which must outlive @to. What lies before damage is kept: then
 * -EINVAL comes back with the reason in @f and @to still is to be released.
 */
int tracing_data_parse(struct tracing_data *to, const void *data, size_t size,
		       struct failure *f);
const struct tracing_format *tracing_data_find(const struct tracing_data *t, uint32_t id);
void tracing_data_release(struct tracing_data *t);

#endif
