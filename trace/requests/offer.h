/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to name of requests, for the sentence that tells that a name is none. */
#ifndef FATHOM_TRACE_REQUESTS_OFFER_H
#define FATHOM_TRACE_REQUESTS_OFFER_H

#include "trace/requests/binding.h"

enum { OFFER_WORDS_MAX = 64, OFFER_TEXT_MAX = 300 };

/* Zeroed, it offers nothing. */
struct offer {
	char text[OFFER_TEXT_MAX]; /* what is left out does not fit */
	size_t used;
	const char *words[OFFER_WORDS_MAX + 1];
	size_t nr_words;
};

/* A word of ours; all of them before the events. It outlives the offer. */
void offer_word(struct offer *o, const char *word);

/* Events of lines of this role, each with its arguments. */
void offer_events(struct offer *o, const struct binding *b, enum model_role role);

/* "no 'opp' to group by (did you mean 'op'?): there are op, size; …". Returns -ENOENT. */
int offer_instead(const struct offer *o, const char *name, const char *use,
		  struct failure *f);

/* Can an argument of this field be grouped by, or compared? */
bool offers_field(const struct event_field *field);

#endif
