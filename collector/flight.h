/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder's memory: the last records of a recording, in a buffer that never
 * grows, and what the forgotten ones said of threads that still run (collector/roster.h).
 *
 * One thread adds records; another one may write out what is there at a moment. It works
 * from the oldest on, the way in which records are forgotten, so both go on at once.
 */
#ifndef FATHOM_COLLECTOR_FLIGHT_H
#define FATHOM_COLLECTOR_FLIGHT_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/sideband.h"

struct failure;
struct flight;
struct trace_writer;

enum { FLIGHT_SIZE_MIN = 1 << 20 };

/* @size: bytes of records to keep, at least FLIGHT_SIZE_MIN. @attr: of an event, as in
 * the records; @id is that of the side-band. */
int flight_new(struct flight **flight, size_t size, const struct perf_event_attr *attr,
	       uint64_t id, struct failure *f);
void flight_free(struct flight *flight); /* NULL is fine */

/*
 * Adds whole records; the oldest are forgotten. Waits when these are still to be written
 * to a snapshot, that is, if the disk is slower than the records come. 0 or -ENOMEM.
 */
int flight_add(struct flight *flight, const void *records, size_t size);

/* All rings were drained once: nothing older than the round before will come. 0 or
 * -ENOMEM. */
int flight_round(struct flight *flight);

/* What is there at a moment. */
struct flight_window {
	uint64_t first, last; /* numbers of segments */
	size_t last_filled;   /* bytes of the last that belong to it */
	uint64_t from_ns;     /* everything newer is there; 0: everything there was */
	size_t bytes;	      /* about as many */
};

/* Holds what is there now, for flight_write() or flight_let_go(), one of which must be
 * called, once. */
void flight_hold(struct flight *flight, struct flight_window *window);

/* Lets go of it without writing. */
void flight_let_go(struct flight *flight);

/* What went into a snapshot. */
struct flight_written {
	uint64_t events;
	uint64_t lost;	   /* records, as the LOST records among them tell */
	uint64_t first_ns; /* time of the oldest event; 0: there is none */
};

/* Writes the window, in any thread, and lets go of it. 0, or the negative errno of the
 * writer. */
int flight_write(struct flight *flight, const struct flight_window *window,
		 struct trace_writer *to, struct flight_written *written,
		 struct failure *f);

#endif
