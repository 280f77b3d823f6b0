/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sink: where the records go that come out of the rings.
 *
 * Two rows of one table: a file that grows, and the flight recorder's memory, from which
 * files are written when there is a reason.
 */
#ifndef FATHOM_COLLECTOR_SINK_H
#define FATHOM_COLLECTOR_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/blob.h"
#include "trace/writer.h"

struct failure;
struct flight_options;
struct plan;
struct recording_result;

/* What the traces of one recording have in common; lives as long as the sink. */
struct sink_setup {
	const char *path; /* of the trace */
	int compress;	  /* zstd level, 0 none */
	struct plan *plan;
	const struct writer_event *events;
	size_t nr_events;
	uint64_t sideband_id;		     /* what made-up records carry */
	const struct flight_options *flight; /* NULL: a file */
	int argc;			     /* our command line */
	char **argv;
};

/* Slots in the order of a recording's life; all are called from the main thread. */
struct sink {
	/* *@state is the sink's own; close() is called also when this fails. */
	int (*open)(void **state, const struct sink_setup *setup, struct failure *f);

	/* Takes whole records, before it returns. */
	int (*records)(void *state, const void *records, size_t size, struct failure *f);

	/* All rings were drained once, by a pass that began at @began_ns. */
	int (*round)(void *state, uint64_t began_ns, struct failure *f);

	/* Is there something to do, for which it has to know what was lost and is not
	 * told as yet? 1: yes; -EAGAIN: after one more pass; 0: no. NULL: never. */
	int (*is_due)(void *state);

	/* Does it. @untold: LOST records, which are copied. */
	int (*act)(void *state, const struct blob *untold, struct failure *f);

	/* Finishes and frees. @why the recording ended; @result has what is known of it
	 * and learns of the trace. @f is NULL when there is a failure already. */
	int (*close)(void *state, const char *why, struct recording_result *result,
		     struct failure *f);
};

extern const struct sink sink_file, sink_flight;

/* Fills in what every trace of the recording says of itself; frees with
 * sink_head_release(). 0 or -ENOMEM. */
int sink_head(struct writer_options *head, const struct sink_setup *setup,
	      struct failure *f);
void sink_head_release(struct writer_options *head);

#endif
