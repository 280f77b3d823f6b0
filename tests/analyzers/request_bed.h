/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests against a naive model: submits, completes, losses and strangers, fed to the
 * analyzer and to twenty lines that search through an array.
 */
#ifndef FATHOM_TESTS_ANALYZERS_REQUEST_BED_H
#define FATHOM_TESTS_ANALYZERS_REQUEST_BED_H

#include "analyzers/depth.h"
#include "analyzers/latency.h"
#include "analyzers/requests_print.h"
#include "events.h"

enum { EVENTS = 30000, KEYS = 60, PIDS = 3 };

struct naive_request {
	uint64_t key, submit_ns;
	int64_t op;
	int32_t pid;
};

/* What the tool must say, found the slow way. */
struct naive {
	struct naive_request open[EVENTS];
	size_t nr_open;
	uint64_t *latencies[3]; /* by op */
	size_t nr_latencies[3];
	uint64_t completes, reused, evicted, events, lost;
	uint64_t time_at[KEYS * PIDS + 2], max, last_ns;
};

struct bed {
	struct requests requests;
	struct latency latency;
	struct depth depth;
	struct made_type submit, complete;
	struct naive naive;
};

/* @b is malloc()ed, bed_close() frees it; @in_flight_max as in struct requests. */
void bed_open(struct bed *b, uint32_t in_flight_max);
void bed_close(struct bed *b);

/* One event each, to both; of a request of 4 KiB on descriptor 3. */
void submit(struct bed *b, uint64_t time_ns, int32_t pid, uint64_t key, int64_t op);
void complete(struct bed *b, uint64_t time_ns, int32_t pid, uint64_t key);
void lose(struct bed *b, uint64_t count);

/* Ends the trace and compares all but the depth. */
void check(struct bed *b);
void check_depth(struct bed *b);

/* Random life; @loss in a thousand records are lost on the way. */
struct bed *run_random(uint64_t seed, uint32_t in_flight_max, unsigned loss);

#endif
