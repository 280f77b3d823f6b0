// SPDX-License-Identifier: GPL-2.0-or-later
/* A hit of a recorded probe that passes a filter. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alarm.h"
#include "collector/plan_filter.h"
#include "collector/plan.h"
#include "collector/spec.h"
#include "collector/trigger.h"
#include "core/failure.h"

/* An event of the plan, as the trace has it. */
struct watched {
	struct filter *filter; /* NULL: every hit counts */
	bool meant;
	const struct event_field *fields[ARGUMENTS_MAX]; /* of its arguments */
};

struct event_trigger {
	const char *text;
	const struct plan *plan;
	struct alarm *alarm;
	const struct trace *trace;
	struct watched *events; /* [plan->nr_events] */
};

static bool is_meant(const char *text)
{
	(void)text;
	return true;
}

static int watch_event(struct event_trigger *t, size_t index, const struct spec *spec,
		       struct failure *f)
{
	struct watched *watched = &t->events[index];

	watched->meant = true;
	if (!spec->filter)
		return 0;
	return plan_filter_parse(&watched->filter, spec->filter, &t->plan->events[index], f);
}

static int watch_spec(struct event_trigger *t, const struct specs *specs,
		      struct failure *f)
{
	const char *glob = specs->globs.items[0];
	size_t meant = 0;
	int err = 0;

	if (specs->items[0].types)
		return fail(f, -EINVAL, "'%s': types of arguments belong to -e", t->text);
	for (size_t i = 0; !err && i < t->plan->nr_events; i++) {
		const struct plan_event *event = &t->plan->events[i];

		if (!plan_spec_matches(glob, event->provider, event->probe))
			continue;
		err = watch_event(t, i, &specs->items[0], f);
		meant++;
	}
	if (!err && !meant)
		err = fail(f, -ENOENT,
			   "'%s': no probe that is recorded is called so; -e says which "
			   "are",
			   t->text);
	return err;
}

static int event_open(void **state, const struct trigger_setup *setup, struct failure *f)
{
	struct event_trigger *t = calloc(1, sizeof(*t));
	const char *texts[] = {setup->text};
	const struct string_list one = {texts, 1};
	struct specs specs = {0};
	int err;

	*state = t;
	if (t)
		t->events = calloc(setup->plan->nr_events, sizeof(*t->events));
	if (!t || !t->events)
		return fail(f, -ENOMEM, "out of memory");
	t->text = setup->text;
	t->plan = setup->plan;
	t->alarm = setup->alarm;
	err = specs_parse(&specs, &one, f);
	if (!err)
		err = watch_spec(t, &specs, f);
	specs_release(&specs);
	return err;
}

static int begin(void *state, const struct trace *trace, struct failure *f)
{
	struct event_trigger *t = state;

	(void)f;
	t->trace = trace;
	return 0;
}

/* The types of the trace are the events of the plan, in their order; the kernel's come
 * behind them. */
static int type(void *state, const struct event_type *type, struct failure *f)
{
	struct event_trigger *t = state;
	const struct plan_event *event;
	struct watched *watched;

	(void)f;
	if (type->index >= t->plan->nr_events)
		return 0;
	event = &t->plan->events[type->index];
	watched = &t->events[type->index];
	for (size_t i = 0; i < event->nr_arguments; i++)
		watched->fields[i] = event_type_field(type, event->arguments[i].name);
	return watched->meant;
}

/* A field that the event lacks holds no comparison. */
static bool passes(const struct watched *watched, const struct event *event)
{
	const struct filter *filter = watched->filter;
	uint64_t holds = 0;

	for (unsigned i = 0; i < filter->count; i++) {
		const struct filter_node *node = &filter->nodes[i];
		const struct event_field *field = watched->fields[node->argument];

		if (filter_is_comparison(node) && field &&
		    filter_field_holds(node, event, field))
			holds |= UINT64_C(1) << i;
	}
	return filter_passes(filter, holds);
}

static int event(void *state, const struct event *event, struct failure *f)
{
	struct event_trigger *t = state;
	const struct watched *watched = &t->events[event->type->index];
	const char *comm;

	(void)f;
	if (watched->filter && !passes(watched, event))
		return 0;
	comm = trace_comm(t->trace, event->pid, event->tid);
	alarm_raise(t->alarm, "%.100s: %.60s by %.16s[%d] at %" PRIu64 ".%09u", t->text,
		    event->type->name, *comm ? comm : "thread", event->tid,
		    event->time_ns / 1000000000, (unsigned)(event->time_ns % 1000000000));
	return 0;
}

static const struct analyzer analyzer = {
	.name = "event trigger",
	.begin = begin,
	.type = type,
	.event = event,
};

static void event_close(void *state)
{
	struct event_trigger *t = state;

	if (!t)
		return;
	for (size_t i = 0; t->events && i < t->plan->nr_events; i++)
		filter_free(t->events[i].filter);
	free(t->events);
	free(t);
}

const struct trigger_kind trigger_event = {
	.is_meant = is_meant,
	.open = event_open,
	.analyzer = &analyzer,
	.close = event_close,
};
