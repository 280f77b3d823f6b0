// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON: every conversation, as soon as it has ended, so that their number does not
 * matter; then what is known of the capture. By the shelf they come in the order of their
 * numbers, unless more than it holds go on at a time.
 */
#include "analyzers/vsock/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "analyzers/vsock/shelf.h"
#include "core/failure.h"

struct report {
	struct shelf shelf; /* first: the listener's state */
	const struct vsock_view *view;
	bool any, out_of_memory;
};

static const char *const end_words[] = {[VSOCK_A] = "a", [VSOCK_B] = "b"};

static json_t *json_end(bool known, enum vsock_end end)
{
	return known && end != VSOCK_NOBODY ? json_string(end_words[end]) : json_null();
}

static json_t *json_number(bool known, uint64_t value)
{
	return known ? json_integer((json_int_t)value) : json_null();
}

/* A cid that only a forger would use is beyond JSON's integers. */
static json_t *json_address(const struct vsock_address *address)
{
	char text[VSOCK_NAME];
	json_t *cid = json_integer((json_int_t)address->cid);

	if (address->cid > INT64_MAX) {
		json_decref(cid);
		snprintf(text, sizeof(text), "%" PRIu64, address->cid);
		cid = json_string(text);
	}
	return json_pack("{s:o, s:I}", "cid", cid, "port", (json_int_t)address->port);
}

static json_t *json_type_word(unsigned type)
{
	char number[VSOCK_NAME];
	const char *word = vsock_type_word(type, number);

	return word == number ? json_integer(type) : json_string(word);
}

static json_t *json_stall(const struct vsock_view *view, const struct vsock_stall *stall)
{
	return json_pack("{s:s, s:I, s:I, s:s, s:I, s:I, s:b}", "sender",
			 end_words[stall->sender], "t_ns",
			 (json_int_t)vsock_since_start(view, stall->begin_ns),
			 "duration_ns", (json_int_t)stall_ns(stall), "fault",
			 vsock_fault_word((enum vsock_fault)stall->fault), "buf_alloc",
			 (json_int_t)stall->buf_alloc, "credit_requests",
			 (json_int_t)stall->asked, "unended", (int)stall->unended);
}

static json_t *json_stalls(const struct vsock_view *view, const struct stalls *stalls)
{
	json_t *all = json_array();

	for (size_t i = 0; i < stalls->nr; i++)
		json_array_append_new(all, json_stall(view, &stalls->kept[i]));
	return all;
}

/* Unknown percentiles are left out. */
static json_t *json_answers(const struct turnaround *answers)
{
	json_t *percentiles = json_object();
	char name[16];

	for (unsigned i = 0; i < TURNAROUND_PERCENTILES && answers->known; i++) {
		snprintf(name, sizeof(name), "%.0f", turnaround_percentiles[i]);
		json_object_set_new(percentiles, name,
				    json_number(true, answers->percentiles[i]));
	}
	return json_pack(
		"{s:I, s:I, s:I, s:o}", "count", (json_int_t)answers->count, "mean_ns",
		(json_int_t)(answers->count ? answers->sum / answers->count : 0),
		"max_ns", (json_int_t)answers->max, "percentiles_ns", percentiles);
}

static json_t *json_curve(const struct history *h, unsigned side, bool credit)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < h->used; i++) {
		uint32_t left = h->buckets[i].free[side];

		json_array_append_new(
			all, credit ? json_number(left != UINT32_MAX, left)
				    : json_number(true, h->buckets[i].bytes[side]));
	}
	return all;
}

static json_t *json_history(const struct history *h)
{
	if (!h)
		return json_null();
	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "bucket_ns",
			 (json_int_t)history_bucket_ns(h), "bytes_ab",
			 json_curve(h, VSOCK_A, false), "bytes_ba",
			 json_curve(h, VSOCK_B, false), "credit_a",
			 json_curve(h, VSOCK_A, true), "credit_b",
			 json_curve(h, VSOCK_B, true));
}

/* Who, when, how. */
static json_t *json_head(const struct vsock_view *view,
			 const struct vsock_conversation *c)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:s, s:o, s:I}", "number",
			 (json_int_t)c->number, "a", json_address(&c->address[VSOCK_A]),
			 "b", json_address(&c->address[VSOCK_B]), "type",
			 json_type_word(c->type), "opened_by",
			 json_end(c->opener_known, VSOCK_A), "t_ns",
			 (json_int_t)vsock_since_start(view, c->first_ns), "connect_ns",
			 json_number(c->connect_ns != VSOCK_NO_TIME, c->connect_ns),
			 "end", vsock_outcome_word(c->outcome), "ended_by",
			 json_end(c->outcome != VSOCK_OPEN, c->ended_by), "duration_ns",
			 (json_int_t)vsock_duration_ns(c));
}

/* What went each way. */
static json_t *json_sides(const struct vsock_conversation *c)
{
	const struct vsock_side *a = &c->side[VSOCK_A], *b = &c->side[VSOCK_B];
	bool messages = c->type == VSOCK_TYPE_SEQPACKET;

	return json_pack(
		"{s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o}",
		"bytes_ab", (json_int_t)a->bytes, "bytes_ba", (json_int_t)b->bytes,
		"packets_ab", (json_int_t)a->packets, "packets_ba",
		(json_int_t)b->packets, "messages_ab", json_number(messages, a->messages),
		"messages_ba", json_number(messages, b->messages), "credit_packets",
		(json_int_t)(a->credit_packets + b->credit_packets), "credit_bytes",
		(json_int_t)(a->credit_bytes + b->credit_bytes), "answers_a",
		json_answers(&a->answers), "answers_b", json_answers(&b->answers),
		"unread_ab", json_number(a->credit.known, credit_unread(&a->credit)),
		"unread_ba", json_number(b->credit.known, credit_unread(&b->credit)));
}

/* What went wrong. */
static json_t *json_trouble(const struct vsock_view *view,
			    const struct vsock_conversation *c)
{
	const struct credit *a = &c->side[VSOCK_A].credit, *b = &c->side[VSOCK_B].credit;
	const struct stall_sum *sum = c->stalls.sum;

	return json_pack(
		"{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "stalls",
		json_stalls(view, &c->stalls), "stall_count",
		(json_int_t)(sum[VSOCK_A].count + sum[VSOCK_B].count), "stalled_a_ns",
		(json_int_t)sum[VSOCK_A].ns, "stalled_b_ns", (json_int_t)sum[VSOCK_B].ns,
		"overrun_packets_ab", (json_int_t)a->overrun_packets,
		"overrun_packets_ba", (json_int_t)b->overrun_packets, "tap_lost_bytes",
		(json_int_t)vsock_lost_bytes(c), "over_time", json_history(c->history));
}

static void print_conversation(void *user, const struct vsock_conversation *c)
{
	struct report *r = user;
	json_t *all = json_head(r->view, c);
	json_t *parts[] = {json_sides(c), json_trouble(r->view, c)};

	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!parts[i] || json_object_update(all, parts[i]))
			r->out_of_memory = true;
		json_decref(parts[i]);
	}
	fputs(r->any ? ",\n    " : "\n    ", stdout);
	r->any = true;
	json_dumpf(all, stdout, 0);
	json_decref(all);
}

static void begin(void *state, const struct vsock_view *view)
{
	struct report *r = state;

	r->view = view;
	r->shelf.compare = shelf_by_number;
	r->shelf.let_go = print_conversation;
	r->shelf.user = r;
	fputs("{\n  \"conversations\": [", stdout);
}

static json_t *json_ops(const struct vsock_tracker *t)
{
	json_t *ops = json_object();
	char number[VSOCK_NAME];

	for (unsigned op = 0; op < VSOCK_NR_OPS; op++)
		if (t->ops[op])
			json_object_set_new(ops, vsock_op_name(op, number),
					    json_number(true, t->ops[op]));
	for (unsigned i = 0; i < t->nr_other_ops; i++)
		json_object_set_new(ops, vsock_op_name(t->other_ops[i].op, number),
				    json_number(true, t->other_ops[i].count));
	if (t->more_ops)
		json_object_set_new(ops, "other", json_number(true, t->more_ops));
	return ops;
}

static json_t *json_capture(const struct vsock_view *view)
{
	const struct vsock_tracker *t = view->tracker;

	return json_pack(
		"{s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "packets",
		(json_int_t)t->packets, "ops", json_ops(t), "start_ns",
		json_number(t->first_ns != VSOCK_NO_TIME, t->first_ns), "duration_ns",
		(json_int_t)vsock_since_start(view, t->last_ns), "undecodable",
		(json_int_t)t->undecodable, "not_virtio", (json_int_t)t->not_virtio,
		"strays", (json_int_t)t->strays, "cut", (json_int_t)t->cut, "given_up",
		(json_int_t)t->given_up, "dropped", (json_int_t)view->capture->dropped,
		"tap_lost_bytes", (json_int_t)t->lost_bytes, "incomplete",
		(int)view->capture->incomplete);
}

/* The members of an object without its braces, to go on with the one that is open. */
static void print_members(json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		printf(",\n  \"%s\": ", key);
		json_dumpf(value, stdout, JSON_ENCODE_ANY);
	}
}

static int end(void *state, struct failure *f)
{
	struct report *r = state;
	json_t *capture = json_capture(r->view);

	shelf_clear(&r->shelf);
	fputs(r->any ? "\n  ]" : "]", stdout);
	if (capture)
		print_members(capture);
	fputs("\n}\n", stdout);
	if (!capture || r->out_of_memory)
		return fail(f, -ENOMEM, "no memory for the answer");
	json_decref(capture);
	return 0;
}

const struct vsock_output vsock_json_output = {
	.state_size = sizeof(struct report),
	.listener = &shelf_listener,
	.begin = begin,
	.end = end,
};
