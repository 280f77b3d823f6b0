// SPDX-License-Identifier: GPL-2.0-or-later
/* The time of requests by group and stage. */
#include "analyzers/breakdown/parts.h"

#include <errno.h>
#include <stdlib.h>

static struct parts_group *find(struct parts *p, unsigned number)
{
	struct parts_group *group = p->groups[number];

	if (group)
		return group;
	group = calloc(1, sizeof(*group));
	if (group)
		histogram_init(&group->total);
	p->groups[number] = group;
	return group;
}

static struct histogram *stage_of(struct parts_group *group, unsigned stage)
{
	if (!group->stages[stage]) {
		group->stages[stage] = malloc(sizeof(struct histogram));
		if (group->stages[stage])
			histogram_init(group->stages[stage]);
	}
	return group->stages[stage];
}

int parts_add(struct parts *p, unsigned number, const struct stage_times *times,
	      uint64_t latency_ns)
{
	struct parts_group *group = find(p, number);

	if (!group)
		return -ENOMEM;
	histogram_add(&group->total, latency_ns);
	for (uint32_t met = times->met; met; met &= met - 1) {
		unsigned stage = (unsigned)__builtin_ctz(met);
		struct histogram *h = stage_of(group, stage);

		if (!h)
			return -ENOMEM;
		histogram_add(h, times->ns[stage]);
		group->begins[stage] += (double)times->begin_ns[stage];
	}
	return 0;
}

int parts_all(const struct parts *p, struct parts_group *all)
{
	*all = (struct parts_group){0};
	histogram_init(&all->total);
	for (unsigned i = 0; i <= PARTS_GROUPS_MAX; i++) {
		if (!p->groups[i])
			continue;
		histogram_merge(&all->total, &p->groups[i]->total);
		for (unsigned s = 0; s < STAGES_MAX; s++) {
			if (!p->groups[i]->stages[s])
				continue;
			if (!stage_of(all, s))
				return -ENOMEM;
			histogram_merge(all->stages[s], p->groups[i]->stages[s]);
			all->begins[s] += p->groups[i]->begins[s];
		}
	}
	return 0;
}

static double mean_begin(const struct parts_group *group, unsigned stage)
{
	return group->begins[stage] / (double)group->stages[stage]->count;
}

unsigned parts_order(const struct parts_group *group, uint8_t order[STAGES_MAX])
{
	unsigned nr = 0;

	for (unsigned stage = 0; stage < STAGES_MAX; stage++) {
		unsigned at = nr;

		if (!group->stages[stage])
			continue;
		for (; at && mean_begin(group, order[at - 1]) > mean_begin(group, stage);
		     at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t)stage;
		nr++;
	}
	return nr;
}

void parts_group_release(struct parts_group *group)
{
	for (unsigned s = 0; s < STAGES_MAX; s++)
		free(group->stages[s]);
}

void parts_release(struct parts *p)
{
	for (unsigned i = 0; i <= PARTS_GROUPS_MAX; i++) {
		if (p->groups[i])
			parts_group_release(p->groups[i]);
		free(p->groups[i]);
	}
	*p = (struct parts){0};
}
