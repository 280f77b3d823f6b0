/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What records that the recorder lost mean for requests: which pairs are still sure, who
 * is no longer waited for, which requests a gap may have cut, and between what bounds a
 * percentile lies. For requests.c; losses.c has the reasons.
 */
#ifndef FATHOM_TRACE_REQUESTS_LOSSES_H
#define FATHOM_TRACE_REQUESTS_LOSSES_H

#include <stdbool.h>

#include "core/histogram.h"
#include "trace/requests/inflight.h"

struct loss;
struct requests;

enum {
	CUT_NAMED_MAX = 256, /* requests that are named; the rest is counted */
	RECENT_PAIRS = 1024, /* of which is known when they were made */
};

enum cut_half {
	CUT_NO_COMPLETE, /* submitted before a gap, its end never seen */
	CUT_NO_SUBMIT,	 /* ended after a gap, its begin never seen */
	CUT_DOUBTFUL, /* a submit before and a complete behind that make no sure pair */
	CUT_HALVES,
};

/* A request that a gap may have cut: what was seen of it. */
struct cut_request {
	enum cut_half half;
	struct request request; /* times that were not seen are 0 */
};

/* "complete", "submit", "certainty": what is missing. */
const char *cut_half_word(enum cut_half half);

/* When the last pairs were made; 0 of those that were counted. Only kept where keys are
 * used again. */
struct recent_pairs {
	uint64_t times_ns[RECENT_PAIRS];
	uint64_t count; /* of all that there were */
};

static inline void recent_add(struct recent_pairs *recent, uint64_t time_ns)
{
	recent->times_ns[recent->count++ % RECENT_PAIRS] = time_ns;
}

/* The recorder lost records. */
void losses_take(struct requests *r, const struct loss *loss);

/* May the request that just ended with the key of @q be another one? */
bool losses_make_doubtful(const struct requests *r, const struct request *q);

/* @q was cut; it is named if there is room. */
void losses_name(struct requests *r, const struct request *q, enum cut_half half);

/* Stops counting as in flight whose end was lost, probably. */
void losses_give_up(struct requests *r, uint64_t time_ns);

/* At the end: counts and names those that are still in flight. */
void losses_end(struct requests *r);

/* So many requests at most have a latency that nobody knows, for records were lost. */
uint64_t losses_unknown(const struct requests *r);

/* Between what the percentile lies of the values in @h and @unknown ones that may be
 * anything. */
struct percentile_bounds {
	uint64_t low, high;
	bool has_low, has_high; /* otherwise it may be as small, or large, as can be */
};

struct percentile_bounds percentile_bounds(const struct histogram *h, double percent,
					   uint64_t unknown);

#endif
