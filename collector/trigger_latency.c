// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A request that takes too long.
 *
 * It is noticed at its end, so that the snapshot has the end, too. One that goes on for
 * much longer is noticed while it does, for it may never end; and at its end again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alarm.h"
#include "collector/trigger.h"
#include "core/failure.h"
#include "core/text.h"
#include "core/units.h"
#include "trace/requests/requests.h"

enum {
	GRACE_NS = 20000000, /* beyond the limit, in which the end may still come */
	IN_FLIGHT_MAX = 1 << 16,
	SECOND_NS = 1000000000,
	WORD = sizeof("latency") - 1,
};

struct latency_trigger {
	const char *text;
	bool or_equal;
	uint64_t limit_ns;
	struct alarm *alarm;
	struct model_options model;
	struct requests requests;
	uint64_t told_ns; /* requests submitted until then were noticed under way */
};

static bool is_meant(const char *text)
{
	return !strncmp(text, "latency", WORD) && strchr(" \t<>=!", text[WORD]);
}

static int parse(struct latency_trigger *t, struct failure *f)
{
	const char *at = t->text + WORD;

	at += strspn(at, " \t");
	if (*at != '>')
		return fail(f, -EINVAL,
			    "'%s': '>' and a time are expected, as in "
			    "'latency>5ms'",
			    t->text);
	t->or_equal = *++at == '=';
	at += t->or_equal;
	at += strspn(at, " \t");
	if (time_parse(at, SECOND_NS, &t->limit_ns, f))
		return fail_in(f, -EINVAL, "'%s'", t->text);
	return 0;
}

static bool is_slow(const struct latency_trigger *t, uint64_t latency_ns)
{
	return latency_ns > t->limit_ns || (t->or_equal && latency_ns == t->limit_ns);
}

/* "read 337 of postgres[1342]"; a key that looks like an address in hex. */
static void name_request(char *text, size_t room, const struct requests *r,
			 const struct request *q)
{
	const char *comm = trace_comm(r->trace, q->pid, q->tid);

	snprintf(text, room,
		 q->key >> 32 ? "%.40s 0x%" PRIx64 " of %.16s[%d]"
			      : "%.40s %" PRIu64 " of %.16s[%d]",
		 requests_op_word(r, q->op), q->key, *comm ? comm : "thread", q->tid);
}

static void raise(struct latency_trigger *t, const struct request *q, const char *how,
		  uint64_t latency_ns)
{
	char request[128], time[UNIT_TEXT];

	if (t->alarm->count) {
		t->alarm->count++;
		return;
	}
	name_request(request, sizeof(request), &t->requests, q);
	alarm_raise(t->alarm, "%.60s: %s %s %s%s", t->text, request, how,
		    time_text(time, (double)latency_ns),
		    q->lost != t->requests.lost ? " (records were lost meanwhile)"
						    : "");
}

static void ended(void *state, const struct request *q)
{
	struct latency_trigger *t = state;
	uint64_t latency_ns = q->complete_ns - q->submit_ns;

	if (is_slow(t, latency_ns))
		raise(t, q, "took", latency_ns);
}

static const struct request_listener listener = {.end = ended};

static int latency_open(void **state, const struct trigger_setup *setup,
			struct failure *f)
{
	struct latency_trigger *t = calloc(1, sizeof(*t));

	*state = t;
	if (!t)
		return fail(f, -ENOMEM, "out of memory");
	t->text = setup->text;
	t->alarm = setup->alarm;
	t->model.which = setup->model;
	t->requests.options = &t->model;
	t->requests.in_flight_max = IN_FLIGHT_MAX;
	requests_listen(&t->requests, &listener, t);
	return parse(t, f);
}

static int begin(void *state, const struct trace *trace, struct failure *f)
{
	struct latency_trigger *t = state;
	int err = requests_analyzer.begin(&t->requests, trace, f);

	return err ? fail_in(f, err, "'%.60s'", t->text) : 0;
}

static int type(void *state, const struct event_type *type, struct failure *f)
{
	struct latency_trigger *t = state;

	return requests_analyzer.type(&t->requests, type, f);
}

static int event(void *state, const struct event *event, struct failure *f)
{
	struct latency_trigger *t = state;

	return requests_analyzer.event(&t->requests, event, f);
}

static int loss(void *state, const struct loss *loss, struct failure *f)
{
	struct latency_trigger *t = state;

	return requests_analyzer.loss(&t->requests, loss, f);
}

static const struct analyzer analyzer = {
	.name = "latency trigger",
	.begin = begin,
	.type = type,
	.event = event,
	.loss = loss,
};

static int latency_ready(void *state, struct failure *f)
{
	struct latency_trigger *t = state;
	const struct binding *b = &t->requests.binding;
	unsigned roles = 0;
	char want[WANT_TEXT];

	for (size_t i = 0; i < b->nr_types; i++)
		for (size_t j = 0; j < b->types[i].nr_lines; j++)
			roles |= 1U << b->types[i].lines[j].role;
	if ((roles & REQUEST_ROLES) == REQUEST_ROLES)
		return 0;
	describe_want(want, sizeof(want), t->requests.model, REQUEST_ROLES,
		      t->requests.trace);
	return fail(f, -EINVAL, "'%.60s': %s", t->text, want);
}

static const char *latency_model(const void *state)
{
	const struct latency_trigger *t = state;

	return t->requests.model->name;
}

/* Has it been under way for much longer than it may? */
static bool is_overdue(const struct latency_trigger *t, const struct request *q,
		       uint64_t time_ns)
{
	return time_ns > q->submit_ns && time_ns - q->submit_ns > t->limit_ns + GRACE_NS;
}

/* Each of them once. Where records were lost, its end may have been among them. */
static void latency_look(void *state, uint64_t time_ns)
{
	struct latency_trigger *t = state;
	const struct inflight *in = &t->requests.in_flight;
	const struct request *q = inflight_oldest(in, INFLIGHT_LIVE);
	uint64_t told_ns = t->told_ns;

	while (q && is_overdue(t, q, time_ns)) {
		if (q->submit_ns > t->told_ns && q->lost == t->requests.lost)
			raise(t, q, "is under way for", time_ns - q->submit_ns);
		told_ns = q->submit_ns;
		q = q->newer < INFLIGHT_LISTS ? NULL : &in->pool[q->newer];
	}
	if (told_ns > t->told_ns)
		t->told_ns = told_ns;
}

static void latency_close(void *state)
{
	struct latency_trigger *t = state;

	if (!t)
		return;
	requests_release(&t->requests);
	free(t);
}

const struct trigger_kind trigger_latency = {
	.is_meant = is_meant,
	.open = latency_open,
	.analyzer = &analyzer,
	.ready = latency_ready,
	.model = latency_model,
	.look = latency_look,
	.close = latency_close,
};
