// SPDX-License-Identifier: GPL-2.0-or-later
/* The control messages of benchmarks: a line, a row or an object for each, and how long
 * answers took. */
#include "analyzers/vsock/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzers/lines.h"
#include "analyzers/vsock/control.h"
#include "core/bytes.h"
#include "core/histogram.h"
#include "core/text.h"
#include "core/units.h"

enum { FIELD_NAME = 32 };

struct control_report {
	struct vsock_stream stream; /* first: the listener's state */
	const struct vsock_view *view;
	struct vsock_control control;
	struct lines lines;
	uint64_t messages, bytes;
	struct histogram answers[CONTROL_TYPES]; /* by the question's type */
};

/* A member of a body, by its name; @quote of text. */
static void put_value(struct lines *l, const json_t *value, bool as_json)
{
	const char *text = json_string_value(value);

	if (text && as_json)
		lines_json(l, text, strlen(text));
	else if (text) {
		lines_char(l, '"');
		lines_escaped(l, text, strlen(text), '"');
		lines_char(l, '"');
	} else if (json_is_real(value))
		lines_double(l, json_real_value(value));
	else if (json_is_integer(value))
		lines_signed(l, json_integer_value(value));
	else
		lines_text(l, json_is_true(value)    ? "true"
			      : json_is_false(value) ? "false"
			      : as_json		     ? "null"
						     : "?");
}

/* Calls @put for the members that the list of messages calls the most telling ones. */
static void each_field(struct lines *l, const struct vsock_said *said,
		       void (*put)(struct lines *l, const char *name, const json_t *value,
				   bool first))
{
	const char *at = said->m.kind->fields;
	char name[FIELD_NAME];
	bool first = true;
	json_t *body;
	int length;

	if (!said->m.body || control_body(&said->m, &body, NULL))
		return;
	for (; sscanf(at, "%31s%n", name, &length) == 1; at += length) {
		const json_t *value = json_object_get(body, name);

		if (!value)
			continue;
		put(l, name, value, first);
		first = false;
	}
	json_decref(body);
}

static void put_pair(struct lines *l, const char *name, const json_t *value, bool first)
{
	(void)first;
	lines_char(l, ' ');
	lines_text(l, name);
	lines_char(l, '=');
	put_value(l, value, false);
}

static void put_member(struct lines *l, const char *name, const json_t *value, bool first)
{
	lines_text(l, first ? "\"" : ",\"");
	lines_text(l, name);
	lines_text(l, "\":");
	put_value(l, value, true);
}

/* A piece of a trace has an offset instead of members. */
static bool trace_offset(const struct vsock_said *said, uint64_t *offset)
{
	struct bytes b = bytes_of(said->m.body, said->m.body ? said->m.length : 0);

	if (said->m.kind->body != CONTROL_BYTES || !said->m.body)
		return false;
	*offset = bytes_u64_le(&b);
	return true;
}

static void put_address(struct lines *l, const struct vsock_said *said, enum vsock_end end)
{
	lines_unsigned(l, said->c->address[end].cid);
	lines_char(l, ':');
	lines_unsigned(l, said->c->address[end].port);
}

static void put_line(struct control_report *r, const struct vsock_said *said)
{
	uint64_t ns = vsock_since_start(r->view, said->time_ns), offset;
	struct lines *l = &r->lines;
	char after[UNIT_TEXT];

	lines_unsigned(l, ns / 1000000000);
	lines_char(l, '.');
	lines_padded(l, ns % 1000000000, 9, '0');
	lines_text(l, " #");
	lines_unsigned(l, said->c->number);
	lines_char(l, ' ');
	put_address(l, said, said->from);
	lines_text(l, " > ");
	put_address(l, said, vsock_other(said->from));
	lines_char(l, ' ');
	lines_text(l, said->m.kind->name);
	lines_text(l, " number=");
	lines_unsigned(l, said->m.number);
	lines_text(l, " length=");
	lines_unsigned(l, control_size(&said->m));
	if (trace_offset(said, &offset)) {
		lines_text(l, " offset=");
		lines_unsigned(l, offset);
	} else {
		each_field(l, said, put_pair);
	}
	if (said->answers) {
		lines_text(l, ", answers ");
		lines_text(l, said->answers->name);
		lines_text(l, " after ");
		lines_text(l, time_text(after, (double)said->answer_ns));
	}
	lines_char(l, '\n');
}

static void put_row(struct control_report *r, const struct vsock_said *said)
{
	const struct vsock_address *a = said->c->address;
	struct lines *l = &r->lines;
	char row[LINES_PIECE];

	snprintf(row, sizeof(row),
		 "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%" PRIu64 ",%" PRIu32
		 ",%s,%" PRIu32 ",%" PRIu32 ",",
		 vsock_since_start(r->view, said->time_ns), said->c->number,
		 a[said->from].cid, a[said->from].port, a[vsock_other(said->from)].cid,
		 a[vsock_other(said->from)].port, said->m.kind->name, said->m.number,
		 control_size(&said->m));
	lines_text(l, row);
	if (said->answers) {
		lines_text(l, said->answers->name);
		lines_char(l, ',');
		lines_unsigned(l, said->answer_ns);
	} else {
		lines_char(l, ',');
	}
	lines_text(l, "\r\n");
}

static void put_end(struct lines *l, const char *name, const struct vsock_address *address)
{
	char text[LINES_PIECE];

	snprintf(text, sizeof(text), ",\"%s\":{\"cid\":%" PRIu64 ",\"port\":%" PRIu32 "}",
		 name, address->cid, address->port);
	lines_text(l, text);
}

static void put_object(struct control_report *r, const struct vsock_said *said)
{
	struct lines *l = &r->lines;
	char text[LINES_PIECE];
	uint64_t offset;

	snprintf(text, sizeof(text), "{\"t_ns\":%" PRIu64 ",\"conversation\":%" PRIu64,
		 vsock_since_start(r->view, said->time_ns), said->c->number);
	lines_text(l, text);
	put_end(l, "from", &said->c->address[said->from]);
	put_end(l, "to", &said->c->address[vsock_other(said->from)]);
	snprintf(text, sizeof(text),
		 ",\"message\":\"%s\",\"number\":%" PRIu32 ",\"length\":%" PRIu32
		 ",\"fields\":{",
		 said->m.kind->name, said->m.number, control_size(&said->m));
	lines_text(l, text);
	if (trace_offset(said, &offset)) {
		lines_text(l, "\"offset\":");
		lines_unsigned(l, offset);
	} else {
		each_field(l, said, put_member);
	}
	lines_char(l, '}');
	if (said->answers) {
		snprintf(text, sizeof(text), ",\"answers\":\"%s\",\"answer_ns\":%" PRIu64,
			 said->answers->name, said->answer_ns);
		lines_text(l, text);
	}
	lines_text(l, "}\n");
}

static void count(struct control_report *r, const struct vsock_said *said)
{
	r->messages++;
	r->bytes += control_size(&said->m);
	if (said->answers)
		histogram_add(&r->answers[said->answers->type], said->answer_ns);
}

static void said_line(void *report, const struct vsock_said *said)
{
	count(report, said);
	put_line(report, said);
}

static void said_row(void *report, const struct vsock_said *said)
{
	put_row(report, said);
}

static void said_object(void *report, const struct vsock_said *said)
{
	put_object(report, said);
}

static void take(void *report, const struct vsock_conversation *c,
		 const struct vsock_chunk *chunk)
{
	struct control_report *r = report;

	vsock_control_take(&r->control, c, chunk);
}

static void end_one(void *report, const struct vsock_conversation *c)
{
	struct control_report *r = report;

	vsock_control_end(&r->control, c);
}

static void begin(void *state, const struct vsock_view *view,
		  void (*said)(void *user, const struct vsock_said *said))
{
	struct control_report *r = state;

	r->view = view;
	r->lines.fd = STDOUT_FILENO;
	r->stream = (struct vsock_stream){0, take, end_one, r};
	r->control = (struct vsock_control){.said = said, .user = r};
	for (unsigned i = 0; i < CONTROL_TYPES; i++)
		histogram_init(&r->answers[i]);
}

static void begin_lines(void *state, const struct vsock_view *view)
{
	begin(state, view, said_line);
}

static void begin_rows(void *state, const struct vsock_view *view)
{
	struct control_report *r = state;

	begin(state, view, said_row);
	lines_text(&r->lines, "t_ns,conversation,src_cid,src_port,dst_cid,dst_port,"
			      "message,number,length,answers,answer_ns\r\n");
}

static void begin_objects(void *state, const struct vsock_view *view)
{
	begin(state, view, said_object);
}

static int flush(void *state, struct failure *f)
{
	struct control_report *r = state;

	return lines_flush_answer(&r->lines, f);
}

static int end(void *state, struct failure *f)
{
	struct control_report *r = state;

	vsock_control_release(&r->control);
	return flush(state, f);
}

static void add_row(struct text_table *table, const struct control_kind *question,
		    const struct histogram *h)
{
	char text[UNIT_TEXT];

	text_cell(table, "%s", question->name);
	text_cell(table, "%" PRIu64, h->count);
	text_cell(table, "%s", time_text(text, histogram_mean(h)));
	text_cell(table, "%s", time_text(text, (double)histogram_percentile(h, 50)));
	text_cell(table, "%s", time_text(text, (double)histogram_percentile(h, 99)));
	text_cell(table, "%s", time_text(text, (double)h->max));
}

/* How long each kind of question waited for its answer. */
static void print_answers(const struct control_report *r)
{
	static const char *const heads[] = {"question", "answers", "mean",
					    "p50",	"p99",	   "max"};
	struct text_table *table = text_table_new(sizeof(heads) / sizeof(*heads));

	if (!table)
		return;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		text_cell(table, "%s", heads[i]);
	for (unsigned i = 0; i < CONTROL_TYPES; i++)
		if (r->answers[i].count)
			add_row(table, control_kind(i), &r->answers[i]);
	text_table_print(table, stdout, false);
	text_table_free(table);
}

static int end_lines(void *state, struct failure *f)
{
	struct control_report *r = state;
	char size[UNIT_TEXT];
	int err = end(state, f);

	if (err)
		return err;
	printf("%s%" PRIu64 " control messages in %" PRIu64 " of %" PRIu64
	       " conversations, %s\n",
	       r->messages ? "\n" : "", r->messages, r->control.conversations,
	       r->view->tracker->conversations, size_text(size, (double)r->bytes));
	if (r->control.given_up)
		printf("%" PRIu64 " more conversations than %d at a time: not followed\n",
		       r->control.given_up, CONTROL_CONVERSATIONS_MAX);
	if (r->messages)
		print_answers(r);
	return 0;
}

const struct vsock_output vsock_control_output = {
	.state_size = sizeof(struct control_report),
	.listener = &vsock_stream_listener,
	.begin = begin_lines,
	.flush = flush,
	.end = end_lines,
};

const struct vsock_output vsock_control_csv_output = {
	.state_size = sizeof(struct control_report),
	.listener = &vsock_stream_listener,
	.begin = begin_rows,
	.flush = flush,
	.end = end,
};

const struct vsock_output vsock_control_json_output = {
	.state_size = sizeof(struct control_report),
	.listener = &vsock_stream_listener,
	.begin = begin_objects,
	.flush = flush,
	.end = end,
};
