/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many requests were in flight: what fathom depth and fathom report show. */
#ifndef FATHOM_ANALYZERS_DEPTH_H
#define FATHOM_ANALYZERS_DEPTH_H

#include "analyzers/series.h"
#include "trace/requests/requests.h"

struct depth {
	const struct requests *requests;
	uint64_t depth;	   /* now */
	uint64_t since_ns; /* … since when */
	uint64_t max;
	uint64_t *time_at; /* ns at each depth, time_at[nr_times - 1] the deepest */
	size_t nr_times;
	bool out_of_memory;
	struct series series;
};

/* For requests_listen(); the state is a zeroed struct depth with requests set. */
extern const struct request_listener depth_listener;

void depth_release(struct depth *d);

/* Over the whole time between the first and the last submit or complete. */
double depth_mean(const struct depth *d);
uint64_t depth_total_ns(const struct depth *d);

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
