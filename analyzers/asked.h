/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The depth that loops were asked to keep, and what they reached: an engine without
 * asynchronous I/O, a loop that waits where it should submit, or a limit beside the depth
 * leave a benchmark that was to measure 32 requests at a time with one.
 *
 * A loop is a thread here: it says at its begin what it is asked for, and submits by
 * itself. An analyzer, behind requests_analyzer in the pass, which listens to the
 * requests once a loop has said it, and counts until all have reached it: hardly anything
 * is slower.
 */
#ifndef FATHOM_ANALYZERS_ASKED_H
#define FATHOM_ANALYZERS_ASKED_H

#include <jansson.h>

#include "trace/requests/requests.h"

enum {
	ASKED_LOOPS_MAX = 256,
	ASKED_REQUESTS_MIN = 50, /* of a loop with fewer nothing is said */
	ASKED_TEXT = 200,
};

struct asked_loop {
	uint64_t loop;
	int32_t pid, tid;
	uint64_t asked;
	uint32_t in_flight, reached;
	uint64_t requests;
};

struct asked {
	struct requests *requests; /* set before the pass */
	struct asked_loop loops[ASKED_LOOPS_MAX];
	unsigned nr_loops;
	unsigned nr_short; /* that have not reached it yet */
	struct binding binding;
};

extern const struct analyzer asked_analyzer;

void asked_release(struct asked *a);

/* "the depth never reached what was asked: …", in @text of ASKED_TEXT; false if it did,
 * as far as can be told. */
bool asked_sentence(const struct asked *a, char *text);

/* Of each loop loop, thread, asked and reached; NULL without memory. */
json_t *asked_json(const struct asked *a);

#endif
