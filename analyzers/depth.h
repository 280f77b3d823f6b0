/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many requests were in flight: what fathom depth and fathom report show. */
#ifndef FATHOM_ANALYZERS_DEPTH_H
#define FATHOM_ANALYZERS_DEPTH_H

#include "analyzers/level.h"
#include "analyzers/series.h"
#include "trace/requests/requests.h"

struct depth {
	struct requests *requests; /* grouping.is_early says whether by groups, too */
	struct level all;	   /* from the first submit or complete to the last */
	struct level *groups[GROUPS_MAX + 1]; /* by number; NULL: none began */
	struct series series;
	bool out_of_memory;
};

/* For requests_listen(); the state is a zeroed struct depth with requests set. */
extern const struct request_listener depth_listener;

void depth_release(struct depth *d);

bool depth_is_whole(const struct depth *d); /* memory did not run out */

/* Little's law: requests per second times their mean time makes the mean depth. */
struct little {
	double iops, mean_latency_ns, depth;
};

struct little depth_little(const struct depth *d);

/* depth_print.c: the ways to show it, on stdout. */
void depth_print_text(const struct depth *d);
void depth_print_csv(const struct depth *d);
int depth_print_json(const struct depth *d); /* 0 or -ENOMEM */

#endif
