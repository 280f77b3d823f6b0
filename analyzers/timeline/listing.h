/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of a timeline: an entry is what it is about and named values, which come out
 * as text for people or as a JSON object.
 *
 *	if (listing_entry(l, ENTRY_REQUEST, source, time_ns, "submit")) {
 *		listing_number(l, "id", id);
 *		listing_end(l);
 *	}
 */
#ifndef FATHOM_ANALYZERS_TIMELINE_LISTING_H
#define FATHOM_ANALYZERS_TIMELINE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzers/lines.h"

struct failure;

enum entry_kind {
	ENTRY_CONTROL,
	ENTRY_CLOCK,
	ENTRY_PACKET,
	ENTRY_REQUEST,
	ENTRY_POLL,
	ENTRY_STALL,
	ENTRY_LOSS,
	ENTRY_KINDS,
};

struct listing {
	/* Set before. */
	bool json;
	unsigned kinds;		    /* bits of entry_kind that are wanted */
	uint64_t from_ns, until_ns; /* on the axis */
	int name_width;		    /* of the sources' names */

	/* Found out. */
	uint64_t entries, hidden; /* shown; of a kind or a time that is not wanted */
	uint64_t first_ns, last_ns;
	struct lines lines;
};

/* Names of kinds, in their order; ends with NULL. */
extern const char *const entry_kind_words[ENTRY_KINDS + 1];

/* Is it wanted? Then what follows, up to listing_end(), belongs to it. @source is a
 * foreign name. */
bool listing_entry(struct listing *l, enum entry_kind kind, const char *source,
		   uint64_t time_ns, const char *what);
void listing_number(struct listing *l, const char *name, int64_t value);
void listing_text(struct listing *l, const char *name, const char *text, size_t size);
void listing_word(struct listing *l, const char *name, const char *word); /* ours */

/* A duration; in JSON the name gets "_ns" behind it. */
void listing_time(struct listing *l, const char *name, uint64_t ns);
void listing_end(struct listing *l);

/* Writes out what is there. 0, or a negative errno with the sentence. */
int listing_flush(struct listing *l, struct failure *f);

#endif
