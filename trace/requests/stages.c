// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Points in the life of requests between submit and complete.
 *
 * Which requests an event is about, it tells in one of four ways: by their key or an
 * alias that an earlier stage gave them; by a range of keys (a batch that enters the
 * kernel); by a range of bytes, when a lower layer knows offsets and nothing else, and
 * may have merged neighbours; or, on a stack, by the thread. Only the range of bytes has
 * to search: through those in flight, the newest first, up to a limit. Rejected: an
 * index by offset, which every submit of every model would pay for.
 */
#include "trace/requests/stages.h"

#include <errno.h>

#include "core/failure.h"
#include "trace/requests/operation.h"

/* One event of one line, on its way to the requests that it is about. */
struct point {
	struct requests *r;
	struct bound_line *line;
	const struct event *event;
	int32_t scope;
	unsigned op; /* only of these, if has_op */
	bool has_op;
	uint64_t met;
	int err;
};

bool stages_wanted(const struct requests *r)
{
	for (size_t i = 0; i < r->nr_listeners; i++)
		if (r->listeners[i].listener->stage)
			return true;
	return false;
}

static void reach(struct point *p, const struct request *q)
{
	const struct bound_expression *alias = &p->line->values[VALUE_ALIAS];

	if (p->has_op && q->op != p->op)
		return;
	p->met++;
	if (expression_present(alias) &&
	    aliases_set(&p->r->aliases, inflight_index(&p->r->in_flight, q),
			expression_value(alias, p->event), p->scope))
		p->err = -ENOMEM;
	REQUESTS_TELL(p->r, stage, q, p->line->line->stage, p->line->role == ROLE_LEAVE,
		      p->event);
}

static void reach_by_key(struct point *p, uint64_t key)
{
	const struct request *q = requests_find(p->r, p->line, key, p->scope);
	uint32_t next;

	if (q) {
		reach(p, q);
		return;
	}
	for (uint32_t i = aliases_find(&p->r->aliases, key, p->scope); i; i = next) {
		next = aliases_next(&p->r->aliases, i); /* may get another alias now */
		reach(p, &p->r->in_flight.pool[i]);
	}
}

/* @count keys from @first on. A batch mostly is of those submitted last, the newest with
 * the last key; else each is asked for, or, if there are more than requests, each request
 * is looked at. */
static void reach_keys(struct point *p, uint64_t first, uint64_t count)
{
	const struct request *q = NULL;

	while (count && (q = inflight_older(&p->r->in_flight, q)) &&
	       q->key == first + count - 1 && q->scope == p->scope) {
		reach(p, q);
		count--;
	}
	if (count <= p->r->in_flight.count) {
		for (uint64_t i = 0; i < count; i++)
			reach_by_key(p, first + i);
		return;
	}
	q = NULL;
	while ((q = inflight_older(&p->r->in_flight, q)))
		if (q->scope == p->scope && q->key - first < count)
			reach(p, q);
}

static void reach_bytes(struct point *p, uint64_t offset, uint64_t length)
{
	const struct request *q = NULL;

	if (!length)
		length = 1;
	for (unsigned i = 0; i < STAGE_SEARCH_MAX; i++) {
		q = inflight_older(&p->r->in_flight, q);
		if (!q)
			break;
		if (q->scope == p->scope && q->offset - offset < length)
			reach(p, q);
	}
}

int stages_event(struct requests *r, struct bound_line *line, const struct event *event,
		 struct failure *f)
{
	struct point p = {.r = r, .line = line, .event = event};
	const struct bound_expression *v = line->values;

	p.scope = requests_scope(r, event);
	p.has_op = line->line->op_word || expression_present(&v[VALUE_OP]);
	if (p.has_op)
		p.op = operation_of(r, line, event);
	if (expression_present(&v[VALUE_OFFSET]))
		reach_bytes(&p, expression_value(&v[VALUE_OFFSET], event),
			    expression_value(&v[VALUE_LENGTH], event));
	else if (expression_present(&v[VALUE_COUNT]))
		reach_keys(&p, expression_value(&v[VALUE_KEY], event),
			   expression_value(&v[VALUE_COUNT], event));
	else
		reach_by_key(&p, expression_value(&v[VALUE_KEY], event));
	r->stages[line->line->stage].met += p.met;
	r->stages[line->line->stage].missed += !p.met;
	return p.err ? fail(f, p.err, "no memory for the keys of requests") : 0;
}
