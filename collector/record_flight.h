/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record --flight: its options, and what it says while it records. */
#ifndef FATHOM_COLLECTOR_RECORD_FLIGHT_H
#define FATHOM_COLLECTOR_RECORD_FLIGHT_H

#include <stdbool.h>

#include "collector/sink_flight.h"
#include "core/options.h"

struct recording_result;

struct flight_choice {
	uint64_t size; /* 0: no flight recorder */
	struct string_list triggers;
	const char *model;
	uint64_t count, total, interval_ns;
};

enum { SNAPSHOT_COUNT = 16 };
#define SNAPSHOT_INTERVAL_NS 10000000000

#define FLIGHT_OPTION_ROWS(type, member)                                                 \
	{"flight",                                                                       \
	 0,                                                                              \
	 OPTION_SIZE,                                                                    \
	 offsetof(type, member.size),                                                    \
	 "SIZE",                                                                         \
	 "keep the last SIZE bytes of records in memory, of all CPUs together, and "     \
	 "write them to a trace on SIGUSR2, on a trigger and at the end",                \
	 FLIGHT_SIZE_MIN,                                                                \
	 UINT64_MAX},                                                                    \
		{"trigger",                                                              \
		 0,                                                                      \
		 OPTION_LIST,                                                            \
		 offsetof(type, member.triggers),                                        \
		 "WHEN",                                                                 \
		 "with --flight: write a snapshot when a request takes too long "        \
		 "(latency>5ms) or a recorded probe is hit (PROVIDER:NAME[/FILTER/]); "  \
		 "may be given again",                                                   \
		 0,                                                                      \
		 0},                                                                     \
		{"model",                                                                \
		 0,                                                                      \
		 OPTION_STRING,                                                          \
		 offsetof(type, member.model),                                           \
		 "FILE|NAME",                                                            \
		 "request model of latency triggers (default: the one that fits)",       \
		 0,                                                                      \
		 0},                                                                     \
		{"snapshot-count",                                                       \
		 0,                                                                      \
		 OPTION_NUMBER,                                                          \
		 offsetof(type, member.count),                                           \
		 "N",                                                                    \
		 "most snapshots besides the last (16)",                                 \
		 0,                                                                      \
		 0},                                                                     \
		{"snapshot-total",                                                       \
		 0,                                                                      \
		 OPTION_SIZE,                                                            \
		 offsetof(type, member.total),                                           \
		 "SIZE",                                                                 \
		 "most bytes of their files together (1g, or four times --flight)",      \
		 1,                                                                      \
		 UINT64_MAX},                                                            \
	{                                                                                \
		"snapshot-interval", 0, OPTION_TIME, offsetof(type, member.interval_ns), \
			"TIME", "no trigger writes another one so soon (10s)", 0, 0      \
	}

/* What it works with; lives as long as the recording. */
struct record_flight {
	struct flight_options options;
	struct triggers triggers;
	bool quiet;
};

/* Do its options go together, and with @output? 0, or the exit code of bad usage. */
int record_flight_check(const struct usage *usage, const struct flight_choice *choice,
			const char *output);

/* Makes it ready: can it keep so much, with rings of @ring_size (0: not said), can files
 * be written where @output is, and do the triggers suit the plan? */
int record_flight_open(struct record_flight *flight, const struct flight_choice *choice,
		       const struct plan *plan, const char *output, uint64_t ring_size,
		       struct failure *f);
void record_flight_close(struct record_flight *flight);

/* Once hits are recorded: how to get a snapshot. */
void record_flight_say_attached(const struct record_flight *flight);

#endif
