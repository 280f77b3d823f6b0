// SPDX-License-Identifier: GPL-2.0-or-later
/* Describes events to whoever writes the trace. */
#include "collector/heading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/kernel_events.h"
#include "core/failure.h"

unsigned heading_count(const struct recording_options *o)
{
	return (unsigned)(o->plan->nr_events + (o->kernel ? o->kernel->count : 0));
}

/* What the attrs of all events have in common. */
static void describe_attr(struct heading *h, const struct capture *capture,
			  unsigned number, uint32_t type)
{
	struct perf_event_attr *attr = &h->events[number].attr;
	struct counter_choice choice = {.type = PERF_TYPE_TRACEPOINT,
					.config = type,
					.ring_size = capture->ring_size,
					.sideband = number == 0};

	counter_attr(attr, &choice, capture->counters.nr_events);
	if (!capture->counters.exact_losses)
		attr->read_format &= ~(uint64_t)PERF_FORMAT_LOST;
	attr->disabled = 0;
}

static int describe_event(struct heading *h, const struct recording_options *o,
			  void *backend, const struct capture *capture, unsigned number,
			  struct failure *f)
{
	const struct plan_event *event = &o->plan->events[number];
	struct event_description description = {0};
	int err = o->backend->describe(backend, capture, number, &description, f);

	if (err)
		return err;
	describe_attr(h, capture, number, description.type);
	h->events[number].name = event->name;
	h->events[number].system = event->provider;
	h->events[number].format = description.format;
	h->events[number].ids = description.ids;
	h->events[number].nr_ids = description.nr_ids;
	return 0;
}

static int describe_kernel_event(struct heading *h, const struct kernel_event *event,
				 const struct capture *capture, unsigned number,
				 struct failure *f)
{
	struct writer_event *out = &h->events[number];

	out->ids = counters_ids(&capture->counters, number, &out->nr_ids);
	out->format = strdup(event->format);
	if (!out->ids || !out->format)
		return fail(f, -ENOMEM, "out of memory");
	describe_attr(h, capture, number, event->id);
	out->name = event->name;
	out->system = event->system;
	return 0;
}

int heading_make(struct heading *h, const struct recording_options *o, void *backend,
		 const struct capture *capture, struct failure *f)
{
	unsigned of_plan = (unsigned)o->plan->nr_events;
	int err = 0;

	h->count = heading_count(o);
	h->events = calloc(h->count, sizeof(*h->events));
	if (!h->events)
		return fail(f, -ENOMEM, "out of memory");
	for (unsigned i = 0; !err && i < h->count; i++)
		err = i < of_plan
			      ? describe_event(h, o, backend, capture, i, f)
			      : describe_kernel_event(h, &o->kernel->items[i - of_plan],
						      capture, i, f);
	return err;
}

void heading_release(struct heading *h)
{
	for (size_t i = 0; h->events && i < h->count; i++) {
		free((void *)h->events[i].ids);
		free((void *)h->events[i].format);
	}
	free(h->events);
}
