// SPDX-License-Identifier: GPL-2.0-or-later
/* What the commands about requests say of records that the recorder lost. */
#include "analyzers/losses_print.h"

#include <inttypes.h>

#include "core/text.h"
#include "core/units.h"

enum { CUT_SHOWN = 10, OP_BYTES = 40, TIME_BYTES = 40 };

static uint64_t no_submit(const struct requests *r)
{
	return r->cut.completes - r->doubtful;
}

static uint64_t no_complete(const struct requests *r)
{
	return r->cut.submits + r->cut.reused + r->cut.skipped - r->doubtful;
}

json_t *losses_gaps_json(const struct requests *r)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "count",
		(json_int_t)r->losses, "in_flight", (json_int_t)requests_in_gaps(r),
		"no_submit", (json_int_t)no_submit(r), "no_complete",
		(json_int_t)no_complete(r), "doubtful", (json_int_t)r->doubtful,
		"given_up", (json_int_t)r->given_up, "meanwhile",
		(json_int_t)r->meanwhile, "unknown_max", (json_int_t)losses_unknown(r));
}

static const char *op_text(const struct requests *r, const struct cut_request *c,
			   char text[OP_BYTES])
{
	const char *word = requests_op_word(r, c->request.op);

	if (c->half == CUT_NO_SUBMIT)
		return "-";
	text_escape(text, OP_BYTES, word, strlen(word), 0);
	return text;
}

/* A time that was not seen is null. */
static json_t *json_time(uint64_t ns)
{
	return ns ? json_integer((json_int_t)ns) : json_null();
}

static json_t *json_cut(const struct requests *r, const struct cut_request *c)
{
	const struct request *q = &c->request;
	char op[OP_BYTES];
	json_t *all = json_pack(
		"{s:s, s:I, s:i, s:i, s:o, s:o}", "missing", cut_half_word(c->half), "id",
		(json_int_t)q->key, "pid", q->pid, "thread", q->tid, "submit_ns",
		json_time(q->submit_ns), "complete_ns", json_time(q->complete_ns));

	if (c->half == CUT_NO_SUBMIT)
		return all;
	json_object_set_new(all, "op", json_string(op_text(r, c, op)));
	json_object_set_new(all, "offset", json_integer((json_int_t)q->offset));
	json_object_set_new(all, "length", json_integer((json_int_t)q->length));
	return all;
}

json_t *losses_cut_json(const struct requests *r)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < r->nr_named; i++)
		json_array_append_new(all, json_cut(r, &r->named[i]));
	return all;
}

json_t *losses_bounds_json(const struct percentile_bounds *b)
{
	return json_pack("[o, o]",
			 b->has_low ? json_integer((json_int_t)b->low) : json_null(),
			 b->has_high ? json_integer((json_int_t)b->high) : json_null());
}

char *losses_bounds_text(const struct percentile_bounds *b, char *text)
{
	char low[UNIT_TEXT], high[UNIT_TEXT];

	time_text(low, (double)b->low);
	time_text(high, (double)b->high);
	if (b->has_low && b->has_high)
		snprintf(text, LOSSES_BOUNDS_TEXT, "%s - %s", low, high);
	else if (b->has_low)
		snprintf(text, LOSSES_BOUNDS_TEXT, "above %s", low);
	else if (b->has_high)
		snprintf(text, LOSSES_BOUNDS_TEXT, "below %s", high);
	else
		snprintf(text, LOSSES_BOUNDS_TEXT, "unknown");
	return text;
}

void losses_note(const struct requests *r, FILE *to)
{
	if (!r->lost)
		return;
	fprintf(to,
		"note: %" PRIu64 " records were lost in %" PRIu32
		" gap%s: counts and rates are too low, depths in a gap unknown; of at "
		"least %" PRIu64 " requests in flight during a gap, %" PRIu64
		" have no submit and %" PRIu64 " no complete;",
		r->lost, r->losses, r->losses == 1 ? "" : "s", requests_in_gaps(r),
		no_submit(r), no_complete(r));
	if (r->doubtful)
		fprintf(to,
			" %" PRIu64 " have both, but their keys may have been used "
			"again, so that they are not counted as pairs;",
			r->doubtful);
	if (r->meanwhile)
		fprintf(to,
			" %" PRIu64
			" pairs or more were made by other CPUs while a gap was "
			"open, of which some may be of two requests;",
			r->meanwhile);
	fputs(" the latencies of the others are right\n", to);
}

static void time_cell(struct text_table *t, uint64_t ns)
{
	if (ns)
		text_cell(t, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
	else
		text_cell(t, "-");
}

static void cut_row(struct text_table *t, const struct requests *r,
		    const struct cut_request *c)
{
	char op[OP_BYTES];

	text_cell(t, "%" PRIu64, c->request.key);
	text_cell(t, "%s", op_text(r, c, op));
	text_cell(t, "%d", c->request.tid);
	time_cell(t, c->request.submit_ns);
	time_cell(t, c->request.complete_ns);
	text_cell(t, "%s", cut_half_word(c->half));
}

void losses_print_cut(const struct requests *r)
{
	static const char *const heads[] = {"id",	 "op",	      "thread",
					    "submitted", "completed", "what is missing"};
	const unsigned nr_heads = sizeof(heads) / sizeof(*heads);
	uint64_t all = no_submit(r) + no_complete(r) + r->doubtful;
	unsigned nr = r->nr_named < CUT_SHOWN ? r->nr_named : CUT_SHOWN;
	struct text_table *t = nr ? text_table_new(nr_heads) : NULL;

	if (!t)
		return;
	puts("\nrequests that a gap may have cut:");
	for (unsigned i = 0; i < nr_heads; i++)
		text_cell(t, "%s", heads[i]);
	for (unsigned i = 0; i < nr; i++)
		cut_row(t, r, &r->named[i]);
	text_table_print(t, stdout, false);
	text_table_free(t);
	if (all > nr)
		printf("… and %" PRIu64 " more%s\n", all - nr,
		       r->nr_named > nr ? "; --json names those that are kept" : "");
}
