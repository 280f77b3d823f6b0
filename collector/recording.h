/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of `fathom record`: from a plan and a backend to a finished trace. */
#ifndef FATHOM_COLLECTOR_RECORDING_H
#define FATHOM_COLLECTOR_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/backend.h"

struct failure;
struct flight_options;
struct kernel_events;

struct recording_options {
	const struct backend *backend;
	struct plan *plan;	      /* its hits and losses are counted here */
	struct kernel_events *kernel; /* … and here; NULL: none are recorded */
	struct target *target;
	const char *command; /* of a TARGET_COMMAND, for messages */
	const char *path;    /* of the trace, "-" a pipe on stdout */
	const struct flight_options *flight; /* NULL: to a trace as hits come */
	int compress;	     /* zstd level, 0 none */
	size_t ring_size;    /* bytes per CPU, 0 chooses */
	uint32_t string_size;
	uint64_t duration_ns;	      /* 0: until the command ends or a signal comes */
	void (*attached)(void *user); /* called once hits are recorded; may be NULL */
	/* Called before something that may take long ("attaching to the probes"), and
	 * with NULL when it is done; may be NULL. */
	void (*busy)(void *user, const char *what);
	void *user;
	int argc; /* our own command line, for the trace's header */
	char **argv;
};

/* How it went. */
struct recording_result {
	uint64_t events;
	uint64_t lost;
	uint64_t unwritten;    /* of those lost: the trace could not be written */
	uint64_t bytes;	       /* of the trace */
	uint64_t *lost_on_cpu; /* [cpus], to be freed */
	unsigned cpus;
	uint64_t attach_ns; /* programs and counters included */
	uint64_t detach_ns; /* until nothing is left in the kernel */
	bool exact_losses;  /* per event, by the kernel's own counters */
	/* Of the flight recorder: snapshots but for the last, which of all of them could
	 * not be written to their end, and what triggers saw. */
	uint64_t snapshots, failed_snapshots, triggers;
};

/*
 * Records until the end. Returns 0, or the first failure with its reason in @f; what
 * was written until then is a readable trace, and @result holds in both cases.
 */
int recording_run(const struct recording_options *options,
		  struct recording_result *result, struct failure *f);

#endif
