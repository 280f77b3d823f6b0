// SPDX-License-Identifier: GPL-2.0-or-later
/* The features of a trace: what it says of the recording as a whole. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/failure.h"
#include "trace/perf_file.h"
#include "trace/reader_state.h"

enum { ARGUMENTS_TOLD = 4096, COMMAND_MAX = 1 << 16 };

/* Perf's string: a u32 length and as many bytes with a NUL among them. */
static const char *take_string(struct bytes *b)
{
	uint32_t size = bytes_u32(b);
	const char *text = bytes_take(b, size);

	if (!text || !memchr(text, 0, size)) {
		b->bad = true;
		return NULL;
	}
	return text;
}

static int keep_string(const char **to, struct bytes *b)
{
	const char *text = take_string(b);
	char *copy;

	if (!text || !*text || **to)
		return 0;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	*to = copy;
	return 0;
}

/* The command line without the path of the program, which comes first. */
static int keep_command(struct trace *t, struct bytes *b)
{
	uint32_t count = bytes_u32(b);
	char *text = NULL;
	size_t size = 0;
	FILE *to;

	take_string(b);
	if (bytes_bad(b) || count < 2 || *t->info.command)
		return 0;
	to = open_memstream(&text, &size);
	if (!to)
		return -ENOMEM;
	for (uint32_t i = 1; i < count && i < ARGUMENTS_TOLD && ftell(to) < COMMAND_MAX;
	     i++) {
		const char *argument = take_string(b);

		if (!argument)
			break;
		fprintf(to, "%s%s", i > 1 ? " " : "", argument);
	}
	if (fclose(to)) {
		free(text);
		return -ENOMEM;
	}
	if (*text)
		t->info.command = text;
	else
		free(text);
	return 0;
}

static int keep_names(struct trace *t, struct bytes *b)
{
	uint32_t count = bytes_u32(b), attr_size = bytes_u32(b);
	int err = 0;

	for (size_t i = 0; i < count && i < t->events.nr_sources && !err; i++) {
		const char *name;
		uint32_t ids;

		bytes_skip(b, attr_size);
		ids = bytes_u32(b);
		name = take_string(b);
		bytes_skip(b, (size_t)ids * sizeof(uint64_t));
		if (bytes_bad(b))
			break;
		err = event_source_name(t->events.sources[i], name);
	}
	return err;
}

/* Of a snapshot of ours. */
static int keep_version(struct trace *t, struct bytes *b)
{
	const char *version = "";
	int err = keep_string(&version, b);
	size_t prefix = strlen(FATHOM_SNAPSHOT_VERSION);

	if (!*version)
		return err;
	if (!*t->info.snapshot && !strncmp(version, FATHOM_SNAPSHOT_VERSION, prefix)) {
		char *why = strdup(version + prefix);

		err = why ? 0 : -ENOMEM;
		t->info.snapshot = why ? why : "";
	}
	free((char *)version);
	return err;
}

static void keep_span(struct trace *t, struct bytes *b)
{
	uint64_t from = bytes_u64(b), to = bytes_u64(b);

	if (bytes_bad(b) || from > to)
		return;
	t->info.kept_from_ns = from;
	t->info.kept_to_ns = to;
}

static void keep_clock(struct trace *t, struct bytes *b)
{
	uint32_t version = bytes_u32(b);
	int clockid = (int)bytes_u32(b);
	uint64_t wall = bytes_u64(b), clock = bytes_u64(b);

	if (bytes_bad(b) || version != 1)
		return;
	t->info.has_wall_clock = true;
	t->info.clockid = clockid;
	t->info.wall_ns = wall;
	t->info.clock_ns = clock;
}

static int keep_tracing(struct trace *t, struct bytes *b)
{
	size_t size = bytes_left(b);
	void *copy = malloc(size + 1);
	struct failure why;
	int err;

	if (!copy)
		return -ENOMEM;
	bytes_copy(b, copy, size);
	err = event_table_tracing(&t->events, copy, size, &why);
	b->bad = err == -EINVAL;
	return err == -EINVAL ? 0 : err;
}

int trace_read_feature(struct trace *t, unsigned bit, struct bytes b)
{
	int err = 0;

	switch (bit) {
	case PERF_FEATURE_TRACING_DATA:
		err = keep_tracing(t, &b);
		break;
	case PERF_FEATURE_HOSTNAME:
		err = keep_string(&t->info.hostname, &b);
		break;
	case PERF_FEATURE_OSRELEASE:
		err = keep_string(&t->info.os_release, &b);
		break;
	case PERF_FEATURE_VERSION:
		err = keep_version(t, &b);
		break;
	case PERF_FEATURE_SAMPLE_TIME:
		keep_span(t, &b);
		break;
	case PERF_FEATURE_ARCH:
		err = keep_string(&t->info.arch, &b);
		break;
	case PERF_FEATURE_NRCPUS:
		bytes_u32(&b); /* configured; what matters is online */
		t->info.cpus = bytes_u32(&b);
		break;
	case PERF_FEATURE_CMDLINE:
		err = keep_command(t, &b);
		break;
	case PERF_FEATURE_EVENT_DESC:
		err = keep_names(t, &b);
		break;
	case PERF_FEATURE_CLOCK_DATA:
		keep_clock(t, &b);
		break;
	default:
		break;
	}
	if (bytes_bad(&b))
		trace_damaged(t, "the section of feature %u is damaged", bit);
	return err;
}
