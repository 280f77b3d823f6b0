/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long requests took, in groups: what fathom latency and fathom report show. */
#ifndef FATHOM_ANALYZERS_LATENCY_H
#define FATHOM_ANALYZERS_LATENCY_H

#include "analyzers/intervals.h"
#include "core/histogram.h"
#include "trace/requests/requests.h"

struct latency_group {
	struct histogram histogram; /* ns */
};

struct latency {
	struct requests *requests;		      /* they say by what is grouped */
	struct latency_group *groups[GROUPS_MAX + 1]; /* by number; NULL: nothing ended */
	bool out_of_memory;
};

/* For requests_listen(); the state is a zeroed struct latency with requests set. */
extern const struct request_listener latency_listener;

void latency_release(struct latency *l);

/* Do so few of @count requests lie above the percentile that one of them more or less
 * would move it? */
bool latency_is_shaky(uint64_t count, double percent);

/* latency_intervals.c: the same per interval, printed as the trace is read. Zeroed but
 * for the first two members; the listener's state. */
struct latency_intervals {
	struct requests *requests;
	struct intervals intervals;
	struct histogram *groups[GROUPS_MAX + 1]; /* of the open one; NULL: nothing yet */
	struct histogram all;
	bool out_of_memory;
};

extern const struct request_listener latency_intervals_listener;

void latency_intervals_init(struct latency_intervals *l);
void latency_intervals_release(struct latency_intervals *l);

/* latency_print.c: the three ways to show it, on stdout. */
void latency_print_text(const struct latency *l);
void latency_print_csv(const struct latency *l);
int latency_print_json(const struct latency *l); /* 0 or -ENOMEM */

#endif
