// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: any bytes as a trace. Looks at all that an analysis could look at. */
#include <event-parse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/failure.h"
#include "trace/reader.h"

/* libtraceevent forgets a few bytes when it gives up on a format. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libtraceevent.so";
}

static volatile uint64_t sum;

static void look_at(const struct trace *trace, const struct event *e)
{
	for (size_t i = 0; i < e->type->nr_fields; i++) {
		const struct event_field *field = &e->type->fields[i];
		size_t length = 0;
		const char *text = event_string(e, field, &length);

		if (field->text == TEXT_NONE)
			sum += (uint64_t)event_integer(e, field);
		for (size_t at = 0; at < length; at++)
			sum += (uint8_t)text[at];
	}
	sum += strlen(trace_comm(trace, e->pid, e->tid)) + strlen(e->type->probe);
}

/* What a command would print through libtraceevent. */
static void print(const struct event *e)
{
	struct tep_record record = {.data = (void *)e->raw, .size = (int)e->raw_size};
	struct trace_seq seq;

	if (!e->type->format)
		return;
	trace_seq_init(&seq);
	tep_print_event(e->type->format->tep, &seq, &record, "%s", TEP_PRINT_INFO);
	trace_seq_destroy(&seq);
}

static void read_trace(const char *path)
{
	struct trace *trace;
	struct trace_item item;
	struct failure f;

	if (trace_open(&trace, path, &f)) {
		if (!*f.text)
			abort();
		return;
	}
	while (trace_next(trace, &item, &f) == 1) {
		if (item.kind != TRACE_EVENT)
			continue;
		look_at(trace, &item.event);
		print(&item.event);
	}
	if (trace_info(trace)->incomplete && !*trace_info(trace)->damage)
		abort();
	trace_close(trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	char path[32];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_trace(path);
	close(fd);
	return 0;
}
