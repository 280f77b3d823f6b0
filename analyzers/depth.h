/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many requests were in flight: what fathom depth and fathom report show. */
#ifndef FATHOM_ANALYZERS_DEPTH_H
#define FATHOM_ANALYZERS_DEPTH_H

#include "analyzers/asked.h"
#include "analyzers/intervals.h"
#include "analyzers/level.h"
#include "analyzers/series.h"
#include "trace/requests/requests.h"

struct depth {
	struct requests *requests; /* grouping.is_early says whether by groups, too */
	struct level all;	   /* from the first submit or complete to the last */
	struct level *groups[GROUPS_MAX + 1]; /* by number; NULL: none began */
	struct series series;
	struct asked asked; /* its requests are set, too */
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

/* A count over an interval. */
struct depth_span {
	uint64_t value, max;
	uint64_t since_ns; /* accounted for up to here */
	double area;	   /* value times ns */
	double busy_ns;	   /* … that it was not 0 */
};

/* depth_intervals.c: the same per interval, printed as the trace is read. Zeroed but for
 * the first two members; the listener's state. */
struct depth_intervals {
	struct requests *requests;
	struct intervals intervals;
	struct depth_span all, *groups[GROUPS_MAX + 1];
	bool out_of_memory;
};

extern const struct request_listener depth_intervals_listener;

void depth_intervals_release(struct depth_intervals *d);

/* "3.2", a depth that labels a plot, in @text of UNIT_TEXT, which is returned. */
char *depth_text(char *text, double depth);

/* depth_print.c: the ways to show it, on stdout. */
void depth_print_text(const struct depth *d);
void depth_print_csv(const struct depth *d);
int depth_print_json(const struct depth *d); /* 0 or -ENOMEM */

#endif
