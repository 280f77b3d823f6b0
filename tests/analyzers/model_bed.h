/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model, given as text, at work on events made by hand. */
#ifndef FATHOM_TESTS_ANALYZERS_MODEL_BED_H
#define FATHOM_TESTS_ANALYZERS_MODEL_BED_H

#include "trace/requests/requests.h"
#include "events.h"

enum { BED_TYPES = 8 };

struct model_bed {
	struct requests requests;
	struct model_options options;
	char path[64];
	struct made_type types[BED_TYPES];
	bool wanted[BED_TYPES]; /* the analyzer wants its events */
	unsigned nr_types;
	bool has_ended;
};

/* @listener may be NULL; its state is @state. */
void model_bed_open(struct model_bed *b, const char *model, uint32_t in_flight_max,
		    const struct request_listener *listener, void *state);

/* Announces "provider:probe" with arguments as in the fathom note; returns its number. */
unsigned model_bed_type(struct model_bed *b, const char *name, const char *arguments);

/* An event of that type in thread @tid of process 1, with its values in order. */
void model_bed_event(struct model_bed *b, unsigned type, uint64_t time_ns, int32_t tid,
		     const int64_t *values);
#define EVENT(b, type, time, tid, ...)                                                   \
	model_bed_event(b, type, time, tid, (const int64_t[]){__VA_ARGS__})

void model_bed_loss(struct model_bed *b, uint64_t count);
void model_bed_end(struct model_bed *b);   /* of the trace; checks the sums */
void model_bed_close(struct model_bed *b); /* ends it, too, if need be */

#endif
