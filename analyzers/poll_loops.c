// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the busy polling of each loop cost and saved.
 *
 * A window is a stretch of polling before the loop would block. One that finds
 * something spares a sleep and a wake-up, at the price of the time it spun; one that
 * does not was CPU time for nothing.
 */
#include "analyzers/poll.h"

#include <errno.h>
#include <stdlib.h>

#include "core/failure.h"

#define ROLES                                                                            \
	(1U << ROLE_POLL_BEGIN | 1U << ROLE_POLL_END | 1U << ROLE_POLL_GROW |            \
	 1U << ROLE_POLL_SHRINK | 1U << ROLE_WAIT_BEGIN | 1U << ROLE_WAIT_END)

static int poll_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct poll *p = state;
	struct model_choice choice;
	int err;

	p->trace = trace;
	err = model_choose(&choice, p->options, trace, true, f);
	p->model = choice.model;
	p->guessed = choice.guessed;
	if (err < 0)
		return err;
	if (!model_has_role(p->model, ROLE_POLL_END) &&
	    !model_has_role(p->model, ROLE_WAIT_END))
		return fail(f, -EINVAL, "model %.60s has no [poll] with begin and end",
			    p->model->name);
	p->binding.model = p->model;
	return 0;
}

static int poll_type(void *state, const struct event_type *type, struct failure *f)
{
	struct poll *p = state;

	return binding_add(&p->binding, type, ROLES, f);
}

static int find_loop(struct poll *p, uint64_t loop, int32_t pid, struct failure *f)
{
	for (size_t i = 0; i < p->nr_loops; i++) {
		p->last = p->loops[i];
		if (p->last->loop == loop && p->last->pid == pid)
			return 1;
	}
	p->last = NULL;
	if (p->nr_loops == POLL_LOOPS_MAX) {
		p->ignored++;
		return 0;
	}
	p->last = calloc(1, sizeof(*p->last));
	if (!p->last)
		return fail(f, -ENOMEM, "no memory for %zu loops", p->nr_loops + 1);
	p->last->loop = loop;
	p->last->pid = pid;
	p->loops[p->nr_loops++] = p->last;
	return 1;
}

static void set_window(struct poll_loop *loop, uint64_t time_ns, uint64_t window_ns)
{
	if (loop->window.bucket_ns && window_ns == loop->window_ns)
		return;
	loop->window_ns = window_ns;
	if (window_ns > loop->window_max_ns)
		loop->window_max_ns = window_ns;
	series_set(&loop->window, time_ns, window_ns);
}

static void window_begins(struct poll_loop *loop, const struct bound_line *line,
			  const struct event *event)
{
	loop->unmatched += loop->polling;
	loop->polling = true;
	loop->poll_since_ns = event->time_ns;
	if (expression_present(&line->values[VALUE_BUDGET]))
		set_window(loop, event->time_ns,
			   expression_value(&line->values[VALUE_BUDGET], event));
}

static void window_ends(struct poll_loop *loop, const struct bound_line *line,
			const struct event *event)
{
	bool told = expression_present(&line->values[VALUE_ELAPSED]);
	uint64_t ns = told ? expression_value(&line->values[VALUE_ELAPSED], event)
			   : event->time_ns - loop->poll_since_ns;

	if (!loop->polling) {
		loop->unmatched++;
		if (!told)
			return;
	}
	loop->polling = false;
	loop->windows++;
	if (expression_value(&line->values[VALUE_PROGRESS], event)) {
		loop->progress++;
		loop->progress_ns += ns;
	} else {
		loop->empty++;
		loop->empty_ns += ns;
	}
}

/* Where the model does not tell what a wait brought, it brought something. */
static bool brought_nothing(const struct bound_line *line, const struct event *event)
{
	return expression_present(&line->values[VALUE_EVENTS]) &&
	       !expression_value(&line->values[VALUE_EVENTS], event);
}

static void wait_ends(struct poll_loop *loop, const struct bound_line *line,
		      const struct event *event)
{
	uint64_t ns = event->time_ns - loop->wait_since_ns;

	if (!loop->waiting) {
		loop->unmatched++;
		return;
	}
	loop->waiting = false;
	if (brought_nothing(line, event)) {
		loop->naps++;
		loop->nap_ns += ns;
	} else {
		loop->waits++;
		loop->wait_ns += ns;
	}
}

static void take(struct poll_loop *loop, const struct bound_line *line,
		 const struct event *event)
{
	switch (line->role) {
	case ROLE_POLL_BEGIN:
		window_begins(loop, line, event);
		break;
	case ROLE_POLL_END:
		window_ends(loop, line, event);
		break;
	case ROLE_POLL_GROW:
	case ROLE_POLL_SHRINK:
		*(line->role == ROLE_POLL_GROW ? &loop->grow : &loop->shrink) += 1;
		if (expression_present(&line->values[VALUE_NEW]))
			set_window(loop, event->time_ns,
				   expression_value(&line->values[VALUE_NEW], event));
		break;
	case ROLE_WAIT_BEGIN:
		loop->unmatched += loop->waiting;
		loop->waiting = true;
		loop->wait_since_ns = event->time_ns;
		break;
	default:
		wait_ends(loop, line, event);
	}
}

static int poll_event(void *state, const struct event *event, struct failure *f)
{
	struct poll *p = state;
	const struct bound_type *bound = &p->binding.types[event->type->index];

	if (!p->first_ns)
		p->first_ns = event->time_ns;
	if (p->intervals && intervals_are_over(p->intervals, event->time_ns))
		poll_intervals_next(p, event->time_ns);
	p->last_ns = event->time_ns;
	for (size_t i = 0; i < bound->nr_lines; i++) {
		const struct bound_line *line = &bound->lines[i];
		uint64_t loop = expression_value(&line->values[VALUE_LOOP], event);

		if (!p->last || p->last->loop != loop || p->last->pid != event->pid) {
			int found = find_loop(p, loop, event->pid, f);

			if (found < 0)
				return found;
			if (!found)
				continue;
		}
		take(p->last, line, event);
	}
	return 0;
}

static int poll_loss(void *state, const struct loss *loss, struct failure *f)
{
	struct poll *p = state;

	(void)f;
	p->lost += loss->count;
	return 0;
}

static int compare_loops(const void *a, const void *b)
{
	const struct poll_loop *x = *(struct poll_loop *const *)a;
	const struct poll_loop *y = *(struct poll_loop *const *)b;

	if (x->loop != y->loop)
		return x->loop > y->loop ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void poll_end(void *state)
{
	struct poll *p = state;

	if (p->intervals)
		poll_intervals_finish(p);
	qsort(p->loops, p->nr_loops, sizeof(*p->loops), compare_loops);
	for (size_t i = 0; i < p->nr_loops; i++) {
		struct poll_loop *loop = p->loops[i];

		loop->unmatched += (uint64_t)loop->polling + loop->waiting;
		if (loop->window.bucket_ns)
			series_set(&loop->window, p->last_ns, loop->window_ns);
	}
}

const struct analyzer poll_analyzer = {
	.name = "poll",
	.begin = poll_begin,
	.type = poll_type,
	.event = poll_event,
	.loss = poll_loss,
	.end = poll_end,
};

void poll_release(struct poll *p)
{
	for (size_t i = 0; i < p->nr_loops; i++)
		free(p->loops[i]);
	binding_release(&p->binding);
	model_free(p->model);
}
