/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A condition for a snapshot of the flight recorder, as `record --trigger` takes it.
 *
 *   latency>5ms                   a request took, or is taking, longer than that
 *   PROVIDER:NAME[/FILTER/]       a recorded hit, globs allowed; filters as with -e
 *
 * Each kind is an analyzer (trace/analyzer.h) that raises an alarm: the recording is read
 * while it goes on (collector/watch.h).
 */
#ifndef FATHOM_COLLECTOR_TRIGGER_H
#define FATHOM_COLLECTOR_TRIGGER_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/analyzer.h"

struct alarm;
struct plan;

/* What a trigger is made from. */
struct trigger_setup {
	const char *text;	 /* the user's; outlives the trigger */
	const struct plan *plan; /* whose events have their final arguments */
	const char *model;	 /* which request model; NULL: the one that fits */
	struct alarm *alarm;	 /* what it raises */
};

/* Slots in the order of their calls. */
struct trigger_kind {
	bool (*is_meant)(const char *text);

	/* Reads the text. *@state is the trigger's own; close() is called also when this
	 * fails. */
	int (*open)(void **state, const struct trigger_setup *setup, struct failure *f);

	/* Fed what was recorded, in the order of time; end is never called. */
	const struct analyzer *analyzer;

	/* After the types of the recording were told: are those there that it needs?
	 * NULL: open() said so. */
	int (*ready)(void *state, struct failure *f);

	/* Then: whose requests it is about, a model's name. NULL: it is about hits. */
	const char *(*model)(const void *state);

	/* Between two passes: all events older than @time_ns have been told. May be NULL.
	 */
	void (*look)(void *state, uint64_t time_ns);

	void (*close)(void *state); /* NULL is fine */
};

extern const struct trigger_kind trigger_latency, trigger_event;

/* The kind that the text is of. */
const struct trigger_kind *trigger_kind_of(const char *text);

#endif
