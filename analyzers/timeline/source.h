/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a timeline is merged from: a trace or a capture, each a source that stands at its
 * next item and knows that item's time on the axis.
 */
#ifndef FATHOM_ANALYZERS_TIMELINE_SOURCE_H
#define FATHOM_ANALYZERS_TIMELINE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzers/timeline/axis.h"
#include "analyzers/timeline/listing.h"

struct bracket;
struct failure;
struct model_options;
struct source;

/* Slots in the order of their calls. */
struct source_kind {
	/* Goes to the next item: sets has_next and, if there is one, next_ns. 0 or a
	 * negative errno with the reason. */
	int (*advance)(struct source *s, struct failure *f);

	/* Takes the item it stands at, which may make entries of its listing. */
	int (*take)(struct source *s, struct failure *f);

	/* There are no more items: closes what is open. Not after a failure. */
	void (*end)(struct source *s);

	/* Why the source is not whole, or NULL. */
	const char *(*damage)(const struct source *s);

	void (*close)(struct source *s);
};

struct source {
	const struct source_kind *kind;
	const char *path;
	char *name; /* in the listing */
	struct listing *listing;
	struct bracket *bracket;
	const struct axis_clock *clock;
	bool has_next;
	uint64_t next_ns;
};

/* A trace, of which what @clock says is found out in a pass of its own (its points are
 * filled later, by axis_align()). A stream is refused. */
int trace_source_open(struct source **source, const char *path,
		      const struct model_options *model, struct axis_clock *clock,
		      struct failure *f);

/* The time of the request with this key in a trace: from its submit to its complete, on
 * the trace's clock. -ENOENT: there is none. */
int trace_source_find(struct source *source, uint64_t key, uint64_t *from_ns,
		      uint64_t *until_ns, struct failure *f);

/* A capture, made on the host whose clock is @clock; NULL: the axis is its own time. */
int capture_source_open(struct source **source, const char *path,
			const struct axis_clock *clock, struct failure *f);

#endif
