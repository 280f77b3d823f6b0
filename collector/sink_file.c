// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The trace as a file or a pipe that records go into as they come.
 *
 * When it cannot be written any more (a full disk, a reader of the pipe that went away),
 * how much reached a file the file itself tells best: it was cut back, and compression
 * holds records back, so it is read once more. What became of a pipe's bytes nobody
 * knows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/plan.h"
#include "collector/recording.h"
#include "collector/sink.h"
#include "core/failure.h"
#include "trace/reader.h"

struct file_sink {
	const struct sink_setup *setup;
	struct trace_writer *writer; /* NULL until it is open */
};

static int file_open(void **state, const struct sink_setup *setup, struct failure *f)
{
	struct file_sink *s = calloc(1, sizeof(*s));
	struct writer_options head;
	int err;

	*state = s;
	if (!s)
		return fail(f, -ENOMEM, "out of memory");
	s->setup = setup;
	err = sink_head(&head, setup, f);
	if (!err)
		err = writer_open(&s->writer, &head, f);
	sink_head_release(&head);
	return err;
}

static int file_records(void *state, const void *records, size_t size, struct failure *f)
{
	struct file_sink *s = state;

	return writer_data(s->writer, records, size, f);
}

static int file_round(void *state, uint64_t began_ns, struct failure *f)
{
	struct file_sink *s = state;

	(void)began_ns;
	return writer_round(s->writer, f);
}

/* The hits that a trace holds which could not be written to its end. */
static void count_kept(const struct sink_setup *setup, struct recording_result *result)
{
	struct plan *plan = setup->plan;
	const char *path = setup->path;
	struct trace_item item;
	struct trace *trace;
	struct stat status;

	/* "-", a fifo and a device are not read. */
	if (stat(path, &status) || !S_ISREG(status.st_mode) || !strcmp(path, "-") ||
	    trace_open(&trace, path, NULL))
		return;
	while (trace_next(trace, &item, NULL) == 1)
		;
	for (size_t i = 0; i < plan->nr_events && i < trace_nr_types(trace); i++) {
		struct plan_event *event = &plan->events[i];
		uint64_t seen = event->hits + event->unwritten;

		event->hits = trace_type(trace, i)->count;
		event->unwritten = seen > event->hits ? seen - event->hits : 0;
	}
	result->bytes = trace_info(trace)->bytes_total;
	trace_close(trace);
}

static int file_close(void *state, const char *why, struct recording_result *result,
		      struct failure *f)
{
	struct file_sink *s = state;
	int err = 0;

	(void)why;
	if (s && s->writer) {
		result->bytes = writer_bytes_out(s->writer);
		err = writer_close(s->writer, f);
		if (err)
			count_kept(s->setup, result);
	}
	free(s);
	return err;
}

const struct sink sink_file = {
	.open = file_open,
	.records = file_records,
	.round = file_round,
	.close = file_close,
};
