/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time of requests by operation and stage, summed up. */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_PARTS_H
#define FATHOM_ANALYZERS_BREAKDOWN_PARTS_H

#include <stdint.h>

#include "analyzers/breakdown/life.h"
#include "core/histogram.h"

enum { PARTS_GROUPS_MAX = 64 }; /* operations; further ones go to the last */

struct parts_group {
	unsigned op; /* requests.h; of the last group of too many: the first of them */
	bool is_other;
	struct histogram total;
	struct histogram
		*stages[STAGES_MAX]; /* of requests that met it; NULL: none did */
	double begins[STAGES_MAX];   /* sums of ns from the submit to there */
};

struct parts {
	struct parts_group *groups[PARTS_GROUPS_MAX]; /* as they came */
	unsigned nr_groups;
};

/* Adds a request. 0 or -ENOMEM. */
int parts_add(struct parts *p, unsigned op, const struct stage_times *times,
	      uint64_t latency_ns);
void parts_release(struct parts *p);

/* The sums over all groups; the histograms of @all are allocated. 0 or -ENOMEM. */
int parts_all(const struct parts *p, struct parts_group *all);
void parts_group_release(struct parts_group *group);

/* The stages that requests of @group met, in the order in which they begin on average.
 * Returns how many. */
unsigned parts_order(const struct parts_group *group, uint8_t order[STAGES_MAX]);

#endif
