/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time of requests by group and stage, summed up. */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_PARTS_H
#define FATHOM_ANALYZERS_BREAKDOWN_PARTS_H

#include <stdint.h>

#include "analyzers/breakdown/life.h"
#include "core/histogram.h"

enum { PARTS_GROUPS_MAX = 64 }; /* besides other */

struct parts_group {
	struct histogram total;
	struct histogram
		*stages[STAGES_MAX]; /* of requests that met it; NULL: none did */
	double begins[STAGES_MAX];   /* sums of ns from the submit to there */
};

struct parts {
	/* By the group's number (requests.h); NULL: none ended. */
	struct parts_group *groups[PARTS_GROUPS_MAX + 1];
};

/* Adds a request of the group with this number. 0 or -ENOMEM. */
int parts_add(struct parts *p, unsigned number, const struct stage_times *times,
	      uint64_t latency_ns);
void parts_release(struct parts *p);

/* The sums over all groups; the histograms of @all are allocated. 0 or -ENOMEM. */
int parts_all(const struct parts *p, struct parts_group *all);
void parts_group_release(struct parts_group *group);

/* The stages that requests of @group met, in the order in which they begin on average.
 * Returns how many. */
unsigned parts_order(const struct parts_group *group, uint8_t order[STAGES_MAX]);

#endif
