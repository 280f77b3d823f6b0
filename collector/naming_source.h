/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of sources that names and types of arguments come from. Private to naming. */
#ifndef FATHOM_COLLECTOR_NAMING_SOURCE_H
#define FATHOM_COLLECTOR_NAMING_SOURCE_H

#include <stdbool.h>

#include "collector/plan.h"

/* What a source says about the arguments of one probe. */
struct naming_answer {
	/* A name is NULL, a size 0, when the source does not know it. */
	struct argument arguments[ARGUMENTS_MAX];
	size_t nr_arguments;
	const char *path; /* of the file that says it, if that is worth showing */
};

struct naming_source {
	/* What list -v calls it. */
	const char *name;
	/*
	 * Tells what the source knows about @event's arguments, into the empty @answer;
	 * the event's sites and number of arguments are there, conflicts may be added.
	 * Called once per event, in the order of the table, until nothing is missing.
	 * 0; -ENOENT when it knows nothing of this probe; another negative errno, with
	 * the reason in @f, ends the work. Never NULL.
	 */
	int (*ask)(struct naming *naming, const struct plan *plan,
		   struct plan_event *event, struct naming_answer *answer,
		   struct failure *f);
	/* The source needs a struct naming: without one it is passed over. */
	bool needs_naming;
};

#endif
