// SPDX-License-Identifier: GPL-2.0-or-later
/* From events to waits. */
#include "analyzers/what_if/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/poll_rule.h"

enum {
	ROLES = 1U << ROLE_SUBMIT | 1U << ROLE_COMPLETE | 1U << ROLE_POLL_BEGIN |
		1U << ROLE_POLL_END | 1U << ROLE_POLL_GROW | 1U << ROLE_POLL_SHRINK |
		1U << ROLE_WAIT_BEGIN | 1U << ROLE_WAIT_END,
	KEPT_WAITS_LEAST = 16,
	SUBMIT_SOURCE = POLL_SOURCES - 1, /* where a submit is what a loop waits for */
};

void waits_begin(struct waits *w)
{
	w->binding.model = w->model;
	w->tells_sleeps = model_has_role(w->model, ROLE_WAIT_END);
	w->tells_windows = model_has_role(w->model, ROLE_POLL_GROW) ||
			   model_has_role(w->model, ROLE_POLL_SHRINK);
}

static const struct event_field *field_called(const struct event_type *type,
					      const char *name)
{
	for (size_t i = 0; i < type->nr_fields; i++)
		if (!type->fields[i].common && !strcmp(type->fields[i].type.name, name))
			return &type->fields[i];
	return NULL;
}

int waits_type(void *state, const struct event_type *type, struct failure *f)
{
	struct waits *w = state;
	int bound = binding_add(&w->binding, type, ROLES, f);

	if (bound || strcmp(type->name, "sched:sched_waking"))
		return bound;
	w->woken = field_called(type, "pid");
	w->waking = w->woken ? type : NULL;
	return w->waking != NULL;
}

/* Returns 1 with w->last set, 0 when there are too many, or -ENOMEM. */
static int find_loop(struct waits *w, const struct event *event, struct failure *f)
{
	struct wait_loop *loop;

	for (w->last = 0; w->last < w->nr_loops; w->last++)
		if (w->loops[w->last]->tid == event->tid)
			return 1;
	if (w->nr_loops == WAIT_LOOPS_MAX) {
		w->ignored++;
		return 0;
	}
	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return fail(f, -ENOMEM, "no memory for %zu loops", w->nr_loops + 1);
	loop->pid = event->pid;
	loop->tid = event->tid;
	loop->first_ns = loop->last_ns = event->time_ns;
	w->loops[w->nr_loops++] = loop;
	return 1;
}

static void note_depth(struct wait_loop *loop)
{
	if (loop->in_flight > loop->depth) {
		loop->depth = loop->in_flight;
		loop->at_depth = loop->since_depth = 0;
	}
	loop->since_depth++;
	loop->at_depth += loop->in_flight == loop->depth;
}

/* The wait under way, which begins at @time_ns if there is none. */
static struct traced_wait *wait_of(struct wait_loop *loop, uint64_t time_ns)
{
	if (!loop->open) {
		loop->open = true;
		loop->now = (struct traced_wait){.begin_ns = time_ns};
		note_depth(loop);
	}
	return &loop->now;
}

static void end_wait(struct waits *w, uint64_t time_ns)
{
	struct wait_loop *loop = w->loops[w->last];

	if (loop->waits++)
		w->listener->sources(w->state, w->last,
				     loop->sources ? loop->sources : 1);
	loop->sources = 0;
	loop->fresh = true;
	loop->open = loop->polling = loop->sleeping = false;
	loop->now.block_ns = time_ns - loop->now.begin_ns;
	if (!loop->now.found_ns && loop->woken_ns > loop->now.begin_ns)
		loop->now.woken_ns = loop->woken_ns - loop->now.begin_ns;
	w->listener->ended(w->state, w->last, &loop->now);
}

static void poll_begins(struct wait_loop *loop, const struct bound_line *line,
			const struct event *event)
{
	bool first = !loop->open;
	struct traced_wait *now = wait_of(loop, event->time_ns);

	loop->window_ns = expression_value(&line->values[VALUE_BUDGET], event);
	if (first)
		now->window_ns = loop->window_ns;
	loop->polls = loop->polling = true;
	loop->since_ns = event->time_ns;
}

static void poll_ends(struct waits *w, const struct bound_line *line,
		      const struct event *event)
{
	struct wait_loop *loop = w->loops[w->last];
	struct traced_wait *now = &loop->now;
	uint64_t elapsed = event->time_ns - loop->since_ns;

	if (!loop->polling)
		return;
	if (expression_present(&line->values[VALUE_ELAPSED]))
		elapsed = expression_value(&line->values[VALUE_ELAPSED], event);
	if (loop->window_ns && elapsed > loop->window_ns)
		elapsed = loop->window_ns; /* the rest it was preempted */
	loop->polling = false;
	now->polled_ns += elapsed;
	if (expression_value(&line->values[VALUE_PROGRESS], event)) {
		now->found_ns = loop->since_ns - now->begin_ns + elapsed;
		now->found_ns += !now->found_ns; /* 0 would be a sleep */
		end_wait(w, event->time_ns);
	} else {
		now->quiet_ns = event->time_ns - now->begin_ns;
	}
}

static void sleep_begins(struct wait_loop *loop, const struct event *event)
{
	wait_of(loop, event->time_ns);
	loop->sleeping = true;
	loop->since_ns = event->time_ns;
}

static void sleep_ends(struct waits *w, const struct bound_line *line,
		       const struct event *event)
{
	struct wait_loop *loop = w->loops[w->last];

	if (!loop->sleeping)
		return;
	loop->sleeping = false;
	if (expression_present(&line->values[VALUE_EVENTS]) &&
	    !expression_value(&line->values[VALUE_EVENTS], event)) {
		loop->now.naps++;
		loop->now.quiet_ns = event->time_ns - loop->now.begin_ns;
	} else {
		end_wait(w, event->time_ns);
	}
}

/* May an event of this role end a sleep without polling before it? A loop that polls
 * adapts its window behind each; one that does not waits for its requests. */
static bool may_end_gap(const struct waits *w, const struct wait_loop *loop,
			enum model_role role)
{
	if (!loop->polls)
		return role == ROLE_COMPLETE;
	if (w->tells_windows)
		return role == ROLE_POLL_GROW || role == ROLE_POLL_SHRINK;
	return role != ROLE_POLL_BEGIN;
}

/* Where sleeps are not told: does this event end one that must have been? */
static void end_unseen_sleep(struct waits *w, enum model_role role,
			     const struct event *event)
{
	struct wait_loop *loop = w->loops[w->last];
	bool gap = event->time_ns - loop->last_ns >= WAIT_LEAST_NS &&
		   (!w->waking || loop->woken_ns);

	if (loop->open && !loop->polling) {
		if (loop->polls && event->time_ns - loop->last_ns < WAIT_LEAST_NS)
			loop->now.found_ns = event->time_ns - loop->now.begin_ns;
		end_wait(w, event->time_ns);
	} else if (!loop->open && gap && may_end_gap(w, loop, role)) {
		wait_of(loop, loop->last_ns);
		end_wait(w, event->time_ns);
	}
}

static void take(struct waits *w, const struct bound_line *line,
		 const struct event *event)
{
	struct wait_loop *loop = w->loops[w->last];

	if (!w->tells_sleeps && line->role != ROLE_POLL_END)
		end_unseen_sleep(w, line->role, event);
	switch (line->role) {
	case ROLE_POLL_BEGIN:
		poll_begins(loop, line, event);
		break;
	case ROLE_POLL_END:
		poll_ends(w, line, event);
		break;
	case ROLE_WAIT_BEGIN:
		sleep_begins(loop, event);
		break;
	case ROLE_WAIT_END:
		sleep_ends(w, line, event);
		break;
	case ROLE_SUBMIT:
		if (loop->polls && !w->tells_sleeps)
			loop->sources |= 1U << SUBMIT_SOURCE;
		else
			loop->fresh = false; /* it went on */
		break;
	default:
		break;
	}
}

/* The first time since the thread was last heard of. */
static void note_waking(struct waits *w, const struct event *event)
{
	int32_t tid = (int32_t)event_integer(event, w->woken);

	for (size_t i = 0; i < w->nr_loops; i++) {
		struct wait_loop *loop = w->loops[i];

		if (loop->tid == tid && !loop->woken_ns)
			loop->woken_ns = event->time_ns;
	}
}

int waits_event(void *state, const struct event *event, struct failure *f)
{
	struct waits *w = state;
	const struct bound_type *bound = &w->binding.types[event->type->index];

	if (event->type == w->waking) {
		note_waking(w, event);
		return 0;
	}
	if (w->last >= w->nr_loops || w->loops[w->last]->tid != event->tid) {
		int found = find_loop(w, event, f);

		if (found <= 0)
			return found;
	}
	if (!w->first_ns)
		w->first_ns = event->time_ns;
	w->last_ns = event->time_ns;
	for (size_t i = 0; i < bound->nr_lines; i++)
		take(w, &bound->lines[i], event);
	w->loops[w->last]->last_ns = event->time_ns;
	w->loops[w->last]->woken_ns = 0;
	return 0;
}

/* A wait across a gap in the trace may have been several. */
int waits_loss(void *state, const struct loss *loss, struct failure *f)
{
	struct waits *w = state;

	(void)loss, (void)f;
	for (size_t i = 0; i < w->nr_loops; i++)
		w->loops[i]->open = w->loops[i]->polling = w->loops[i]->sleeping = false;
	return 0;
}

void waits_note_submit(struct waits *w)
{
	if (w->last < w->nr_loops)
		w->loops[w->last]->in_flight++;
}

bool waits_note_complete(struct waits *w, unsigned source)
{
	struct wait_loop *loop = w->last < w->nr_loops ? w->loops[w->last] : NULL;

	if (!loop)
		return false;
	loop->in_flight -= loop->in_flight > 0;
	if (!loop->fresh)
		return false;
	loop->sources |= 1U << source % POLL_SOURCES;
	return true;
}

unsigned waits_kept_depth(const struct wait_loop *loop)
{
	if (loop->since_depth < KEPT_WAITS_LEAST ||
	    loop->at_depth * 10 < loop->since_depth * 9)
		return 0;
	return loop->depth;
}

void waits_end(struct waits *w)
{
	for (size_t i = 0; i < w->nr_loops; i++)
		if (w->loops[i]->waits)
			w->listener->sources(w->state, i,
					     w->loops[i]->sources ? w->loops[i]->sources
								  : 1);
}

void waits_release(struct waits *w)
{
	for (size_t i = 0; i < w->nr_loops; i++)
		free(w->loops[i]);
	binding_release(&w->binding);
}
