// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts the hits of each site. */
#include "collector/site_hits.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/plan.h"
#include "trace/event_format.h"

enum { IP_AT = 8, PAGE_MASK = 0xfff };

/* Of one event: what its records have at @at, masked, for each site. */
struct event_keys {
	uint32_t at, mask;
	uint32_t *keys;
	size_t last; /* the site hit last is the likeliest */
};

struct site_hits {
	struct plan *plan;
	struct event_keys *events;
	uint32_t *keys; /* of all events */
};

static void fill_keys(struct event_keys *keys, struct plan_event *event, bool by_ip)
{
	struct format_field fields[ARGUMENTS_MAX];
	uint32_t size;

	keys->mask = by_ip ? PAGE_MASK : UINT32_MAX;
	keys->at = IP_AT;
	if (!by_ip)
		format_layout(event->arguments, event->nr_arguments, fields, &keys->at,
			      &size);
	for (size_t i = 0; i < event->nr_sites; i++) {
		uint64_t address = by_ip ? plan_attach_address(&event->sites[i])
					 : event->sites[i].site->address;

		keys->keys[i] = (uint32_t)address & keys->mask;
		for (size_t j = 0; j < i; j++)
			event->sites_mixed |= keys->keys[j] == keys->keys[i];
	}
}

int site_hits_new(struct site_hits **result, struct plan *plan, bool by_ip)
{
	struct site_hits *hits = calloc(1, sizeof(*hits));
	size_t at = 0;

	if (!hits)
		return -ENOMEM;
	hits->plan = plan;
	hits->events = calloc(plan->nr_events, sizeof(*hits->events));
	hits->keys = calloc(plan->nr_sites, sizeof(*hits->keys));
	if (!hits->events || !hits->keys) {
		site_hits_free(hits);
		return -ENOMEM;
	}
	for (size_t i = 0; i < plan->nr_events; i++) {
		hits->events[i].keys = hits->keys + at;
		fill_keys(&hits->events[i], &plan->events[i], by_ip);
		at += plan->events[i].nr_sites;
	}
	*result = hits;
	return 0;
}

void site_hits_free(struct site_hits *hits)
{
	if (!hits)
		return;
	free(hits->events);
	free(hits->keys);
	free(hits);
}

void site_hits_count(struct site_hits *hits, unsigned number, const void *raw,
		     size_t size)
{
	struct plan_event *event = &hits->plan->events[number];
	struct event_keys *keys = &hits->events[number];
	uint32_t key;

	if (event->nr_sites == 1) {
		event->sites[0].hits++;
		return;
	}
	if (size < keys->at + sizeof(key))
		return;
	memcpy(&key, (const uint8_t *)raw + keys->at, sizeof(key));
	key &= keys->mask;
	if (keys->keys[keys->last] != key) {
		for (size_t i = 0; i < event->nr_sites; i++)
			if (keys->keys[i] == key) {
				keys->last = i;
				break;
			}
		if (keys->keys[keys->last] != key)
			return;
	}
	event->sites[keys->last].hits++;
}
