// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From events to requests: pairs submits with completes.
 *
 * Losses. When the recorder lost records, a request that was in flight then may have
 * lost its end; its key may even have been used by others meanwhile. Such requests
 * are counted (across_loss; cut when their other end is never seen) and kept. One that
 * has then been in flight for more than 8 times the mean latency is given up: it no
 * longer counts as in flight, or every lost complete would raise the depth for ever.
 * Should its end come after all, its latency is right, and told; only the depth was too
 * low meanwhile. Rejected: forgetting everything at a gap, which throws away the slow
 * requests that the user is after; a multiple of the longest latency, which one outlier
 * makes useless.
 */
#include "trace/requests/requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/failure.h"
#include "core/units.h"

enum {
	PATIENCE = 8,	   /* times the mean latency */
	OP_UNKNOWN = 0xff, /* in bound_line.op_of: not looked up yet */
};

#define TELL(r, slot, ...)                                                               \
	do {                                                                             \
		for (size_t i_ = 0; i_ < (r)->nr_listeners; i_++)                        \
			if ((r)->listeners[i_].listener->slot)                           \
				(r)->listeners[i_].listener->slot(                       \
					(r)->listeners[i_].state, __VA_ARGS__);          \
	} while (0)

void requests_listen(struct requests *r, const struct request_listener *listener,
		     void *state)
{
	if (r->nr_listeners < REQUEST_LISTENERS_MAX) {
		r->listeners[r->nr_listeners].listener = listener;
		r->listeners[r->nr_listeners++].state = state;
	}
}

static int requests_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct requests *r = state;
	int err;

	r->trace = trace;
	if (!r->in_flight_max)
		r->in_flight_max = REQUESTS_IN_FLIGHT_MAX;
	err = model_choose(&r->model, &r->guessed, r->options, trace, false, f);
	if (err < 0)
		return err;
	if (!model_has_role(r->model, ROLE_SUBMIT))
		return fail(f, -EINVAL, "model %.60s has no submit and complete",
			    r->model->name);
	r->binding.model = r->model;
	err = inflight_init(&r->in_flight);
	return err ? fail(f, err, "no memory") : 0;
}

/* The number of @word among the operations; "other" when there are too many. */
static unsigned intern_op(struct requests *r, const char *word)
{
	for (unsigned i = 0; i < r->nr_ops; i++)
		if (!strcmp(r->ops[i], word))
			return i;
	if (r->nr_ops == REQUESTS_OPS_MAX)
		return REQUESTS_OPS_MAX - 1;
	r->ops[r->nr_ops] = strdup(r->nr_ops == REQUESTS_OPS_MAX - 1 ? "other" : word);
	return r->ops[r->nr_ops] ? r->nr_ops++ : 0;
}

static const char *op_word(const struct bound_line *line, uint64_t value)
{
	const struct event_field *field = line->values[VALUE_OP].only;
	const char *word = field ? argument_word(&field->type, (int64_t)value) : NULL;

	for (size_t i = 0; !word && i < line->line->nr_op_words; i++)
		if (line->line->op_words[i].value == (int64_t)value)
			word = line->line->op_words[i].word;
	return word;
}

static unsigned find_op(struct requests *r, struct bound_line *line, uint64_t value)
{
	const char *word = op_word(line, value);
	char number[UNIT_TEXT];
	unsigned op;

	snprintf(number, sizeof(number), "%" PRId64, (int64_t)value);
	op = intern_op(r, word ? word : number);
	if (value < sizeof(line->op_of))
		line->op_of[value] = (uint8_t)op;
	return op;
}

static inline unsigned op_of(struct requests *r, struct bound_line *line,
			     const struct event *event)
{
	uint64_t value = expression_value(&line->values[VALUE_OP], event);

	if (value < sizeof(line->op_of) && line->op_of[value] != OP_UNKNOWN)
		return line->op_of[value];
	return find_op(r, line, value);
}

/* A line without op= has the value 0 for it, and that one word. */
static void prepare_op(struct requests *r, struct bound_line *line)
{
	const char *word = line->line->op_word;

	if (expression_present(&line->values[VALUE_OP]))
		return;
	if (!word)
		word = line->line->values[VALUE_OP].nr_terms ? "unknown" : "all";
	line->op_of[0] = (uint8_t)intern_op(r, word);
}

static int requests_type(void *state, const struct event_type *type, struct failure *f)
{
	struct requests *r = state;
	int bound = binding_add(&r->binding, type, REQUEST_ROLES, f);

	if (bound <= 0)
		return bound;
	for (size_t i = 0; i < r->binding.types[type->index].nr_lines; i++)
		prepare_op(r, &r->binding.types[type->index].lines[i]);
	return 1;
}

static inline int32_t scope_of(const struct requests *r, const struct event *event)
{
	switch (r->model->scope) {
	case SCOPE_THREAD:
		return event->tid;
	case SCOPE_SYSTEM:
		return 0;
	default:
		return event->pid;
	}
}

/* Takes out the one that has waited longest, so that memory stays bounded. */
static void evict(struct requests *r, uint64_t time_ns)
{
	struct request *oldest = inflight_oldest(&r->in_flight, INFLIGHT_GIVEN_UP);

	if (!oldest) {
		oldest = inflight_oldest(&r->in_flight, INFLIGHT_LIVE);
		TELL(r, gone, oldest, time_ns);
	}
	r->unmatched.submits++;
	r->cut.submits += oldest->losses != r->losses;
	inflight_remove(&r->in_flight, oldest);
}

static void reuse(struct requests *r, struct request *old, uint64_t time_ns)
{
	r->unmatched.reused++;
	r->cut.reused += old->losses != r->losses;
	if (!old->given_up)
		TELL(r, gone, old, time_ns);
	inflight_remove(&r->in_flight, old);
}

/* Only after a loss: whose end was lost, probably? */
static void give_up_old(struct requests *r, uint64_t time_ns)
{
	uint64_t patience = r->latency_sum / r->requests * PATIENCE;
	struct request *oldest;

	while ((oldest = inflight_oldest(&r->in_flight, INFLIGHT_LIVE)) &&
	       oldest->losses != r->losses && time_ns - oldest->submit_ns > patience) {
		TELL(r, gone, oldest, time_ns);
		inflight_give_up(&r->in_flight, oldest);
		r->given_up++;
	}
}

static int submit(struct requests *r, struct bound_line *line, const struct event *event,
		  struct failure *f)
{
	uint64_t key = expression_value(&line->values[VALUE_KEY], event);
	int32_t scope = scope_of(r, event);
	struct request *q = inflight_find(&r->in_flight, key, scope);

	if (q)
		reuse(r, q, event->time_ns);
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
	q->op = (uint16_t)op_of(r, line, event);
	q->pid = event->pid;
	q->tid = event->tid;
	q->losses = r->losses;
	TELL(r, begin, q);
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

static void complete(struct requests *r, const struct bound_line *line,
		     const struct event *event)
{
	uint64_t key = expression_value(&line->values[VALUE_KEY], event);
	struct request *q = inflight_find(&r->in_flight, key, scope_of(r, event));

	if (!q) {
		r->unmatched.completes++;
		r->cut.completes += r->losses != 0;
		return;
	}
	q->complete_ns = event->time_ns > q->submit_ns ? event->time_ns : q->submit_ns;
	q->failed = has_failed(line, event, &q->result);
	q->across_loss = q->losses != r->losses;
	if (__builtin_add_overflow(r->latency_sum, q->complete_ns - q->submit_ns,
				   &r->latency_sum))
		r->latency_sum = UINT64_MAX;
	r->requests++;
	r->failed += q->failed;
	r->across_loss += q->across_loss;
	TELL(r, end, q);
	inflight_remove(&r->in_flight, q);
}

static int requests_event(void *state, const struct event *event, struct failure *f)
{
	struct requests *r = state;
	struct bound_type *bound = &r->binding.types[event->type->index];
	int err = 0;

	if (!r->events)
		r->first_ns = event->time_ns;
	r->last_ns = event->time_ns;
	if (__builtin_expect(r->losses != 0, 0) && r->requests)
		give_up_old(r, event->time_ns);
	for (size_t i = 0; !err && i < bound->nr_lines; i++) {
		r->events++;
		if (bound->lines[i].role == ROLE_SUBMIT)
			err = submit(r, &bound->lines[i], event, f);
		else
			complete(r, &bound->lines[i], event);
	}
	return err;
}

static int requests_loss(void *state, const struct loss *loss, struct failure *f)
{
	struct requests *r = state;

	(void)f;
	r->lost += loss->count;
	r->losses++;
	return 0;
}

/* Those still in flight at the end that were so in a gap, too. */
static void count_cut(struct requests *r)
{
	for (uint32_t i = 0; i <= r->in_flight.mask; i++) {
		uint32_t index = r->in_flight.slots[i].index;

		if (index)
			r->cut.submits += r->in_flight.pool[index].losses != r->losses;
	}
}

static void requests_end(void *state)
{
	struct requests *r = state;

	r->unmatched.submits += r->in_flight.count;
	if (r->losses)
		count_cut(r);
	TELL(r, finish, r->last_ns);
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
	for (unsigned i = 0; i < r->nr_ops; i++)
		free(r->ops[i]);
}

const char *requests_op_word(const struct requests *r, unsigned op)
{
	return op < r->nr_ops ? r->ops[op] : "?";
}

double requests_seconds(const struct requests *r)
{
	return (double)(r->last_ns - r->first_ns) / 1e9;
}

uint64_t requests_in_gaps(const struct requests *r)
{
	return r->across_loss + r->cut.completes + r->cut.submits + r->cut.reused;
}
