/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes snapshots of the flight recorder, one at a time, each in a thread of its own, so
 * that recording goes on meanwhile.
 */
#ifndef FATHOM_COLLECTOR_SNAPSHOT_H
#define FATHOM_COLLECTOR_SNAPSHOT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "collector/alarm.h"
#include "collector/flight.h"
#include "collector/sink.h"
#include "core/failure.h"

/* What became of one. */
struct snapshot_report {
	char path[PATH_MAX];
	char why[ALARM_TEXT]; /* it was written */
	struct flight_written written;
	uint64_t bytes;	   /* of the file */
	uint64_t reach_ns; /* so far back it has everything */
	bool from_start;   /* … that is, to the start of the recording */
	int err;	   /* it could not be written, or not to its end: */
	struct failure failure;
};

struct snapshot;

/*
 * Begins to write what @flight holds now, with the records @untold behind it (copied).
 * @name: the path itself, or NULL for one with the time. NULL without memory.
 */
struct snapshot *snapshot_begin(struct flight *flight, const struct sink_setup *setup,
				const char *name, const char *why, uint64_t started_ns,
				const struct blob *untold);

bool snapshot_is_over(const struct snapshot *s);

/* Waits until it is over, and frees it. */
void snapshot_end(struct snapshot *s, struct snapshot_report *report);

/* SIGUSR2 asks for a snapshot from now on. */
void snapshot_on_signal(void);
/* Did it? It asks anew. */
bool snapshot_asked(void);

#endif
