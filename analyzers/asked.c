// SPDX-License-Identifier: GPL-2.0-or-later
/* The depth that loops were asked to keep, and what they reached. */
#include "analyzers/asked.h"

#include <inttypes.h>

static struct asked_loop *find(struct asked *a, int32_t pid, int32_t tid)
{
	for (unsigned i = 0; i < a->nr_loops; i++)
		if (a->loops[i].tid == tid && a->loops[i].pid == pid)
			return &a->loops[i];
	return NULL;
}

static bool is_short(const struct asked_loop *loop)
{
	return loop->reached < loop->asked;
}

/* The loop of the thread that submitted @q, if it still matters how deep it is. */
static struct asked_loop *short_loop(struct asked *a, const struct request *q)
{
	struct asked_loop *loop = a->nr_short ? find(a, q->pid, q->tid) : NULL;

	return loop && is_short(loop) ? loop : NULL;
}

static void begin(void *state, const struct request *q)
{
	struct asked *a = state;
	struct asked_loop *loop = short_loop(a, q);

	if (!loop)
		return;
	loop->requests++;
	if (++loop->in_flight > loop->reached)
		loop->reached = loop->in_flight;
	a->nr_short -= !is_short(loop);
}

static void leave(struct asked *a, const struct request *q)
{
	struct asked_loop *loop = short_loop(a, q);

	if (loop && loop->in_flight)
		loop->in_flight--;
}

static void end(void *state, const struct request *q)
{
	if (!q->given_up)
		leave(state, q);
}

static void gone(void *state, const struct request *q, uint64_t time_ns)
{
	(void)time_ns;
	leave(state, q);
}

static const struct request_listener listener = {
	.begin = begin, .end = end, .gone = gone};

static int asked_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct asked *a = state;

	(void)trace;
	(void)f;
	a->binding.model = a->requests->model;
	return 0;
}

static int asked_type(void *state, const struct event_type *type, struct failure *f)
{
	struct asked *a = state;

	return binding_add(&a->binding, type, 1U << ROLE_LOOP_BEGIN, f);
}

/* The place for what the thread tells: one that begins another loop has ended the one
 * before. NULL: there are too many. */
static struct asked_loop *place_for(struct asked *a, int32_t pid, int32_t tid)
{
	struct asked_loop *loop = find(a, pid, tid);

	if (loop) {
		a->nr_short -= is_short(loop);
		return loop;
	}
	return a->nr_loops < ASKED_LOOPS_MAX ? &a->loops[a->nr_loops++] : NULL;
}

static int asked_event(void *state, const struct event *event, struct failure *f)
{
	struct asked *a = state;
	const struct bound_line *line = a->binding.types[event->type->index].lines;
	struct asked_loop *loop;

	(void)f;
	if (!a->nr_loops)
		requests_listen(a->requests, &listener, a);
	loop = place_for(a, event->pid, event->tid);
	if (!loop)
		return 0;
	*loop = (struct asked_loop){
		.loop = expression_value(&line->values[VALUE_LOOP], event),
		.asked = expression_value(&line->values[VALUE_DEPTH], event),
		.pid = event->pid,
		.tid = event->tid};
	a->nr_short += is_short(loop);
	return 0;
}

const struct analyzer asked_analyzer = {
	.name = "asked",
	.begin = asked_begin,
	.type = asked_type,
	.event = asked_event,
};

void asked_release(struct asked *a)
{
	binding_release(&a->binding);
}

/* Where submits were lost, nobody knows how deep it was. */
static bool fell_short(const struct asked *a, const struct asked_loop *loop)
{
	return !a->requests->lost && loop->requests >= ASKED_REQUESTS_MIN &&
	       is_short(loop);
}

bool asked_sentence(const struct asked *a, char *text)
{
	const struct asked_loop *first = NULL;
	unsigned nr = 0;
	int length;

	for (unsigned i = 0; i < a->nr_loops; i++) {
		if (!fell_short(a, &a->loops[i]))
			continue;
		if (!nr++)
			first = &a->loops[i];
	}
	if (!first)
		return false;
	length = snprintf(text, ASKED_TEXT,
			  "the depth never reached what was asked: loop %" PRIu64
			  " (thread %d) was to keep %" PRIu64
			  " requests in flight and had at most %" PRIu32,
			  first->loop, first->tid, first->asked, first->reached);
	if (nr > 1)
		snprintf(text + length, (size_t)(ASKED_TEXT - length),
			 "; %u other%s fell short, too", nr - 1, nr == 2 ? "" : "s");
	return true;
}

json_t *asked_json(const struct asked *a)
{
	json_t *loops = json_array();

	for (unsigned i = 0; i < a->nr_loops; i++) {
		const struct asked_loop *loop = &a->loops[i];

		json_array_append_new(loops, json_pack("{s:I, s:i, s:I, s:I}", "loop",
						       (json_int_t)loop->loop, "thread",
						       loop->tid, "asked",
						       (json_int_t)loop->asked, "reached",
						       (json_int_t)loop->reached));
	}
	return loops;
}
