/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flight recorder as a sink: how it is set up, and what it tells while it records. */
#ifndef FATHOM_COLLECTOR_SINK_FLIGHT_H
#define FATHOM_COLLECTOR_SINK_FLIGHT_H

#include <stdint.h>

#include "collector/snapshot.h"
#include "collector/watch.h"

/* What it tells whoever recorded, in the main thread. */
struct flight_listener {
	/* A snapshot was written, or could not be. */
	void (*snapshot)(void *user, const struct snapshot_report *report);

	/* There will be no more of them but the last, for what reason. */
	void (*exhausted)(void *user, const char *why);
};

struct flight_options {
	uint64_t size; /* bytes of records to keep */
	struct triggers *triggers;
	/* But for the last one, at the end of the recording: */
	uint64_t snapshots_max;
	uint64_t bytes_max;   /* of all their files */
	uint64_t interval_ns; /* so long after one began no trigger makes another */
	const struct flight_listener *listener;
	void *user;
};

#endif
