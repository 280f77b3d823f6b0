/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event types and events made by hand, for analyzers without a trace file. */
#ifndef FATHOM_TESTS_ANALYZERS_EVENTS_H
#define FATHOM_TESTS_ANALYZERS_EVENTS_H

#include <stdio.h>

#include "trace/reader.h"

enum { MADE_RECORD_SIZE = 256 };

struct made_type {
	struct event_type type;
	char name[64], provider[64];
	struct argument arguments[ARGUMENTS_MAX];
	struct event_field fields[ARGUMENTS_MAX + 2];
	uint8_t record[MADE_RECORD_SIZE];
};

/* @name is "fathom:submit", @arguments as in the fathom note: "u64 id;s32 fd". Ends
 * the test when they are wrong. */
void make_type(struct made_type *t, unsigned index, const char *name,
	       const char *arguments);
void made_type_release(struct made_type *t);

/* An event with the arguments' values in order, pid and tid @pid. The value of a string
 * is its address. */
struct event make_event(struct made_type *t, uint64_t time_ns, int32_t pid,
			const int64_t *values);

/* xorshift64*: the same numbers everywhere. */
uint64_t next_random(uint64_t *state);

#endif
