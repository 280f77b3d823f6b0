/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a recording while it goes on, for triggers: the drained records are a live stream
 * to the reader that everybody uses, which puts them into the order of time.
 */
#ifndef FATHOM_COLLECTOR_WATCH_H
#define FATHOM_COLLECTOR_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "collector/alarm.h"
#include "collector/trigger.h"
#include "core/options.h"
#include "trace/writer.h"

enum { WATCH_TRIGGERS_MAX = 8, WATCH_PASS_MS = 40 };

/* The triggers of a recording. */
struct triggers {
	struct trigger {
		const char *text;
		const struct trigger_kind *kind;
		void *state;
	} items[WATCH_TRIGGERS_MAX];
	size_t count;
	struct alarm alarm; /* what all of them raise */
};

/* Makes a trigger of each text. @triggers outlives the call in its place, and is to be
 * closed also when this fails. */
int triggers_open(struct triggers *triggers, const struct string_list *texts,
		  const struct plan *plan, const char *model, struct failure *f);
void triggers_close(struct triggers *triggers);

struct watch;

/* @head: what the trace's header says. Fails if a trigger needs events that are not
 * recorded. */
int watch_new(struct watch **watch, struct triggers *triggers,
	      const struct writer_options *head, struct failure *f);
void watch_free(struct watch *watch); /* NULL is fine */

/* Takes in whole drained records, before it returns. */
int watch_add(struct watch *watch, const void *records, size_t size, struct failure *f);

/* All rings were drained once, by a pass that began at @began_ns. */
int watch_round(struct watch *watch, uint64_t began_ns, struct failure *f);

#endif
