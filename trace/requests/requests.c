// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From events to requests: pairs submits with completes.
 *
 * Stacks. Where requests nest, a complete ends the request on top of its thread's stack.
 * If it names a key, it ends the topmost that has it, and what lies above was left
 * without its return probe, by longjmp() or an exception, and counts as skipped: nobody
 * knows when it ended. Without keys a single lost record would shift all pairs of its
 * thread for good, so that a loss empties such stacks.
 */
#include "trace/requests/requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/failure.h"
#include "trace/requests/operation.h"
#include "trace/requests/stages.h"

void requests_listen(struct requests *r, const struct request_listener *listener,
		     void *state)
{
	if (r->nr_listeners < REQUEST_LISTENERS_MAX) {
		r->listeners[r->nr_listeners].listener = listener;
		r->listeners[r->nr_listeners++].state = state;
	}
}

static int choose_model(struct requests *r, struct failure *f)
{
	struct model_choice choice;
	int err = model_choose(&choice, r->options, r->trace, false, f);

	r->model = choice.model;
	r->guessed = choice.guessed;
	r->others = choice.others;
	return err;
}

static int requests_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct requests *r = state;
	int err;

	r->trace = trace;
	if (!r->in_flight_max)
		r->in_flight_max = REQUESTS_IN_FLIGHT_MAX;
	err = choose_model(r, f);
	if (err < 0)
		return err;
	if (!model_has_role(r->model, ROLE_SUBMIT))
		return fail(f, -EINVAL, "model %.60s has no submit and complete",
			    r->model->name);
	r->binding.model = r->model;
	err = grouping_begin(&r->grouping, r->model, f);
	if (err)
		return err;
	err = inflight_init(&r->in_flight, r->model->scope == SCOPE_STACK);
	return err ? fail(f, err, "no memory") : 0;
}

static bool says_op(const struct bound_line *line)
{
	return line->line->op_word || expression_present(&line->values[VALUE_OP]);
}

static bool says_more(const struct bound_line *line)
{
	return says_op(line) || expression_present(&line->values[VALUE_OFFSET]) ||
	       expression_present(&line->values[VALUE_LENGTH]) ||
	       expression_present(&line->values[VALUE_FD]);
}

static int requests_type(void *state, const struct event_type *type, struct failure *f)
{
	struct requests *r = state;
	unsigned roles = REQUEST_ROLES | (stages_wanted(r) ? STAGE_ROLES : 0);
	int bound = binding_add(&r->binding, type, roles, f);

	if (bound <= 0)
		return bound;
	for (size_t i = 0; i < r->binding.types[type->index].nr_lines; i++) {
		struct bound_line *line = &r->binding.types[type->index].lines[i];

		line->tells = line->role == ROLE_COMPLETE && says_more(line);
		if (line->role == ROLE_SUBMIT || says_op(line))
			operation_prepare(r, line);
		grouping_bind(&r->grouping, line);
		if (r->where.filter && line->role <= ROLE_COMPLETE &&
		    where_bind(&r->where, line))
			return fail(f, -ENOMEM, "no memory");
	}
	return 1;
}

static inline int32_t scope_of(const struct requests *r, const struct event *event)
{
	switch (r->model->scope) {
	case SCOPE_THREAD:
	case SCOPE_STACK:
		return event->tid;
	case SCOPE_SYSTEM:
		return 0;
	default:
		return event->pid;
	}
}

int32_t requests_scope(const struct requests *r, const struct event *event)
{
	return scope_of(r, event);
}

/* From the top @q of a stack down to the frame that has the key. */
static struct request *find_frame(const struct requests *r, struct request *q,
				  uint64_t key)
{
	for (unsigned i = 0; q && i < REQUESTS_FRAMES_MAX; i++) {
		if (q->key == key)
			return q;
		q = inflight_below(&r->in_flight, q);
	}
	return NULL;
}

static inline struct request *
find(const struct requests *r, const struct bound_line *line, uint64_t key, int32_t scope)
{
	struct request *q = inflight_find(&r->in_flight, key, scope);

	if (r->model->scope != SCOPE_STACK ||
	    !expression_present(&line->values[VALUE_KEY]))
		return q;
	return find_frame(r, q, key);
}

struct request *requests_find(const struct requests *r, const struct bound_line *line,
			      uint64_t key, int32_t scope)
{
	return find(r, line, key, scope);
}

static inline void remove_request(struct requests *r, struct request *q)
{
	if (r->aliases.count)
		aliases_drop(&r->aliases, inflight_index(&r->in_flight, q));
	inflight_remove(&r->in_flight, q);
}

/* Takes out one whose end was not seen; @unmatched and @cut are its counters. */
static void forget(struct requests *r, struct request *q, uint64_t time_ns,
		   uint64_t *unmatched, uint64_t *cut)
{
	*unmatched += 1;
	if (q->lost != r->lost) {
		*cut += 1;
		losses_name(r, q, CUT_NO_COMPLETE);
	}
	if (!q->given_up)
		REQUESTS_TELL(r, gone, q, time_ns);
	remove_request(r, q);
}

/* Takes out the one that has waited longest, so that memory stays bounded. */
static void evict(struct requests *r, uint64_t time_ns)
{
	struct request *oldest = inflight_oldest(&r->in_flight, INFLIGHT_GIVEN_UP);

	if (!oldest)
		oldest = inflight_oldest(&r->in_flight, INFLIGHT_LIVE);
	forget(r, oldest, time_ns, &r->unmatched.submits, &r->cut.submits);
}

/* What nests in @q, of which the end was just seen. */
static void forget_above(struct requests *r, const struct request *q, uint64_t time_ns)
{
	struct request *top;

	while ((top = inflight_find(&r->in_flight, q->key, q->scope)) != q)
		forget(r, top, time_ns, &r->unmatched.skipped, &r->cut.skipped);
}

static void find_group(struct requests *r, enum grouping_time time, struct request *q,
		       const struct bound_line *line, const struct event *event)
{
	const struct group_source source = {q, &r->ops, r->trace, line, event};

	q->group = (uint16_t)grouping_advance(&r->grouping, time, q->group, &source);
}

static int submit(struct requests *r, struct bound_line *line, const struct event *event,
		  struct failure *f)
{
	uint64_t key = expression_value(&line->values[VALUE_KEY], event);
	int32_t scope = scope_of(r, event);
	struct request *q = inflight_find(&r->in_flight, key, scope);

	if (q && r->model->scope != SCOPE_STACK)
		forget(r, q, event->time_ns, &r->unmatched.reused, &r->cut.reused);
	if (r->in_flight.count == r->in_flight_max)
		evict(r, event->time_ns);
	q = inflight_add(&r->in_flight, key, scope);
	if (!q)
		return fail(f, -ENOMEM, "no memory for %" PRIu32 " requests in flight",
			    r->in_flight.count);
	q->submit_ns = event->time_ns;
	q->offset = expression_value(&line->values[VALUE_OFFSET], event);
	q->length = expression_value(&line->values[VALUE_LENGTH], event);
	if (expression_present(&line->values[VALUE_FD]))
		q->fd = (int32_t)expression_value(&line->values[VALUE_FD], event);
	q->op = (uint16_t)operation_of(r, line, event);
	q->pid = event->pid;
	q->tid = event->tid;
	q->lost = r->lost;
	if (r->grouping.times & 1U << GROUPED_AT_SUBMIT)
		find_group(r, GROUPED_AT_SUBMIT, q, line, event);
	if (r->where.filter)
		q->holds = where_holds(&r->where, line, event);
	REQUESTS_TELL(r, begin, q);
	return 0;
}

static bool has_failed(const struct bound_line *line, const struct event *event,
		       int64_t *result)
{
	if (expression_present(&line->values[VALUE_STATUS])) {
		*result = (int64_t)expression_value(&line->values[VALUE_STATUS], event);
		return *result != 0;
	}
	*result = (int64_t)expression_value(&line->values[VALUE_RESULT], event);
	return *result < 0;
}

/* What a complete tells of its request beside how it went. */
static void take_late_values(struct requests *r, struct bound_line *line,
			     const struct event *event, struct request *q)
{
	const struct bound_expression *v = line->values;

	if (says_op(line))
		q->op = (uint16_t)operation_of(r, line, event);
	if (expression_present(&v[VALUE_OFFSET]))
		q->offset = expression_value(&v[VALUE_OFFSET], event);
	if (expression_present(&v[VALUE_LENGTH]))
		q->length = expression_value(&v[VALUE_LENGTH], event);
	if (expression_present(&v[VALUE_FD]))
		q->fd = (int32_t)expression_value(&v[VALUE_FD], event);
}

/* A complete without a submit, or none that is surely its own. */
static void complete_alone(struct requests *r, const struct bound_line *line,
			   const struct event *event, uint64_t key)
{
	struct request seen = {.key = key,
			       .complete_ns = event->time_ns,
			       .pid = event->pid,
			       .tid = event->tid,
			       .fd = -1};

	r->unmatched.completes++;
	if (!r->losses)
		return;
	r->cut.completes++;
	seen.failed = has_failed(line, event, &seen.result);
	losses_name(r, &seen, CUT_NO_SUBMIT);
}

/* The submit of @q and this complete may belong to two requests. */
static void part(struct requests *r, struct request *q, const struct event *event)
{
	q->complete_ns = event->time_ns;
	losses_name(r, q, CUT_DOUBTFUL);
	r->doubtful++;
	r->unmatched.completes++;
	r->cut.completes++;
	r->unmatched.submits++;
	r->cut.submits++;
	if (!q->given_up)
		REQUESTS_TELL(r, gone, q, event->time_ns);
	remove_request(r, q);
}

static void complete(struct requests *r, struct bound_line *line,
		     const struct event *event)
{
	uint64_t key = expression_value(&line->values[VALUE_KEY], event);
	struct request *q = find(r, line, key, scope_of(r, event));

	if (!q) {
		complete_alone(r, line, event, key);
		return;
	}
	if (q->above)
		forget_above(r, q, event->time_ns);
	if (line->tells)
		take_late_values(r, line, event, q);
	if (q->lost != r->lost && losses_make_doubtful(r, q)) {
		part(r, q, event);
		return;
	}
	q->complete_ns = event->time_ns > q->submit_ns ? event->time_ns : q->submit_ns;
	q->failed = has_failed(line, event, &q->result);
	q->across_loss = q->lost != r->lost;
	if (r->grouping.times & 1U << GROUPED_AT_COMPLETE)
		find_group(r, GROUPED_AT_COMPLETE, q, line, event);
	if (r->where.filter)
		q->holds |= where_holds(&r->where, line, event);
	if (__builtin_add_overflow(r->latency_sum, q->complete_ns - q->submit_ns,
				   &r->latency_sum))
		r->latency_sum = UINT64_MAX;
	r->requests++;
	r->failed += q->failed;
	r->across_loss += q->across_loss;
	if (!r->model->unique_keys)
		recent_add(&r->recent, event->time_ns);
	REQUESTS_TELL(r, end, q);
	remove_request(r, q);
}

/* Before the first event: what the user names must be there. */
static int settle(struct requests *r, struct failure *f)
{
	int err = grouping_settle(&r->grouping, &r->binding, f);

	return err ? err : where_settle(&r->where, &r->binding, f);
}

static int begin_or_end(struct requests *r, struct bound_line *line,
			const struct event *event, struct failure *f)
{
	int err = r->events ? 0 : settle(r, f);

	if (err)
		return err;
	if (!r->events)
		r->first_ns = event->time_ns;
	r->last_ns = event->time_ns;
	if (__builtin_expect(r->losses != 0, 0) && r->requests)
		losses_give_up(r, event->time_ns);
	r->events++;
	if (line->role == ROLE_SUBMIT)
		return submit(r, line, event, f);
	complete(r, line, event);
	return 0;
}

static int requests_event(void *state, const struct event *event, struct failure *f)
{
	struct requests *r = state;
	struct bound_type *bound = &r->binding.types[event->type->index];
	int err = 0;

	for (size_t i = 0; !err && i < bound->nr_lines; i++) {
		struct bound_line *line = &bound->lines[i];

		if (line->role <= ROLE_COMPLETE)
			err = begin_or_end(r, line, event, f);
		else
			err = stages_event(r, line, event, f);
	}
	return err;
}

static void forget_all(struct requests *r)
{
	struct request *q;

	while ((q = inflight_oldest(&r->in_flight, INFLIGHT_LIVE)))
		forget(r, q, r->last_ns, &r->unmatched.submits, &r->cut.submits);
}

static int requests_loss(void *state, const struct loss *loss, struct failure *f)
{
	struct requests *r = state;

	(void)f;
	losses_take(r, loss);
	if (r->model->scope == SCOPE_STACK && !model_has_keys(r->model))
		forget_all(r);
	return 0;
}

static void requests_end(void *state)
{
	struct requests *r = state;

	r->unmatched.submits += r->in_flight.count;
	losses_end(r);
	REQUESTS_TELL(r, finish, r->last_ns);
}

const struct analyzer requests_analyzer = {
	.name = "requests",
	.begin = requests_begin,
	.type = requests_type,
	.event = requests_event,
	.loss = requests_loss,
	.end = requests_end,
};

void requests_release(struct requests *r)
{
	inflight_release(&r->in_flight);
	binding_release(&r->binding);
	model_free(r->model);
	aliases_release(&r->aliases);
	grouping_release(&r->grouping);
	where_release(&r->where);
	words_release(&r->ops);
}

unsigned requests_group_when_asked(struct requests *r, const struct request *q)
{
	const struct group_source source = {q, &r->ops, r->trace, NULL, NULL};

	return grouping_advance(&r->grouping, GROUPED_WHEN_ASKED, q->group, &source);
}

const char *requests_op_word(const struct requests *r, unsigned op)
{
	return op < r->ops.count ? r->ops.items[op] : "?";
}

double requests_seconds(const struct requests *r)
{
	return (double)(r->last_ns - r->first_ns) / 1e9;
}

uint64_t requests_in_gaps(const struct requests *r)
{
	return r->across_loss + r->cut.completes + r->cut.submits + r->cut.reused +
	       r->cut.skipped - r->doubtful;
}
