// SPDX-License-Identifier: GPL-2.0-or-later
/* What all commands about requests say: the JSON they share, the notes, the errors. */
#include "analyzers/requests_print.h"

#include <errno.h>
#include <inttypes.h>

#include "analyzers/analyzer.h"
#include "analyzers/losses_print.h"
#include "core/failure.h"
#include "core/text.h"
#include "core/units.h"

enum { NAME_BYTES = 96 };

/* Why there is the snapshot that the trace is, or null. */
static json_t *snapshot_json(const struct requests *r)
{
	const char *why = r->trace ? trace_info(r->trace)->snapshot : "";
	json_t *text = *why ? json_string(why) : NULL;

	return text ? text : json_null();
}

json_t *requests_json(const struct requests *r)
{
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}, s:o, s:o}",
			 "model", r->model->name, "snapshot", snapshot_json(r),
			 "requests", (json_int_t)r->requests,
			 "events", (json_int_t)r->events, "lost", (json_int_t)r->lost,
			 "unmatched", "completes", (json_int_t)r->unmatched.completes,
			 "submits", (json_int_t)r->unmatched.submits, "reused",
			 (json_int_t)r->unmatched.reused, "skipped",
			 (json_int_t)r->unmatched.skipped, "gaps", losses_gaps_json(r),
			 "cut", losses_cut_json(r));
}

json_t *requests_by_json(const struct requests *r)
{
	char text[GROUP_BY_TEXT];

	return json_string(grouping_words(&r->grouping, text));
}

static json_t *json_value(const struct group *value)
{
	char name[GROUP_NAME_ROOM];

	if (value->is_nothing)
		return json_null();
	if (group_is_number(value))
		return json_integer((json_int_t)value->value);
	return json_string(group_name(value, name, sizeof(name)));
}

json_t *requests_group_json(const struct requests *r, unsigned group, json_t *figures)
{
	const struct grouping *g = &r->grouping;
	json_t *values = json_array(), *first;

	for (unsigned key = 0; key < g->nr_levels; key++) {
		json_t *value = json_value(grouping_value(g, group, key));

		if (!json_object_get(figures, grouping_word(g, key)))
			json_object_set(figures, grouping_word(g, key), value);
		json_array_append_new(values, value);
	}
	first = g->nr_levels == 1 ? json_array_get(values, 0) : values;
	if (json_object_set(figures, "group", first)) {
		json_decref(figures);
		figures = NULL;
	}
	json_decref(values);
	return figures;
}

static char *group_label(const struct group *value, char text[GROUP_LABEL_ROOM])
{
	char name[GROUP_NAME_ROOM];
	size_t size, columns = 0, at = 0, cut = 0;

	group_name(value, name, sizeof(name));
	size = strlen(name);
	for (; at < size && columns <= GROUP_LABEL_COLUMNS; columns++) {
		size_t bytes = text_printable(name + at, size - at);

		if (columns == GROUP_LABEL_COLUMNS - 1)
			cut = at;
		at += bytes ? bytes : 1;
	}
	if (columns > GROUP_LABEL_COLUMNS)
		snprintf(text, GROUP_LABEL_ROOM, "%.*s…", (int)cut, name);
	else
		snprintf(text, GROUP_LABEL_ROOM, "%s", name);
	return text;
}

char *requests_group_label(const struct requests *r, unsigned group, unsigned key,
			   char *text)
{
	return group_label(grouping_value(&r->grouping, group, key), text);
}

void requests_group_heads(struct text_table *t, const struct requests *r)
{
	for (unsigned key = 0; key < r->grouping.nr_levels; key++)
		text_cell(t, "%s", grouping_word(&r->grouping, key));
}

void requests_group_cells(struct text_table *t, const struct requests *r, unsigned group,
			  bool whole)
{
	char name[GROUP_NAME_ROOM];

	for (unsigned key = 0; key < r->grouping.nr_levels; key++) {
		const struct group *value = grouping_value(&r->grouping, group, key);

		text_cell(t, "%s",
			  whole ? group_name(value, name, sizeof(name))
				: group_label(value, name));
	}
}

char *requests_group_title(const struct requests *r, unsigned group, char *text)
{
	char label[GROUP_LABEL_ROOM];
	size_t used = 0;

	*text = 0;
	for (unsigned key = 0; key < r->grouping.nr_levels; key++) {
		const struct group *value = grouping_value(&r->grouping, group, key);
		bool is_number = group_is_number(value);

		snprintf(text + used, GROUP_TITLE_ROOM - used, "%s%s%s%s",
			 key ? ", " : "",
			 is_number ? grouping_word(&r->grouping, key) : "",
			 is_number ? " " : "", group_label(value, label));
		used += strlen(text + used);
	}
	return text;
}

char *requests_choice_text(char *text, const struct requests *r)
{
	int length = 0;

	*text = 0;
	if (r->guessed)
		length = snprintf(text, CHOICE_TEXT, ", by the trace's events");
	if (r->others)
		snprintf(text + length, CHOICE_TEXT - (size_t)length, "; %u other%s",
			 r->others, r->others == 1 ? " fits" : "s fit");
	return text;
}

void requests_summary(const struct requests *r)
{
	char count[UNIT_TEXT], rate[UNIT_TEXT], span[UNIT_TEXT];
	char model[NAME_BYTES], choice[CHOICE_TEXT];
	double seconds = requests_seconds(r);

	text_escape(model, sizeof(model), r->model->name, strlen(r->model->name), 0);
	printf("%s requests in %s, %s/s (model %s%s)\n",
	       count_text(count, (double)r->requests), time_text(span, seconds * 1e9),
	       count_text(rate, seconds > 0 ? (double)r->requests / seconds : 0), model,
	       requests_choice_text(choice, r));
}

void requests_heading(const struct requests *r)
{
	requests_summary(r);
	putchar('\n');
}

static void note(FILE *to, uint64_t count, const char *what)
{
	if (count)
		fprintf(to, "note: %" PRIu64 " %s\n", count, what);
}

void requests_notes(const struct requests *r, FILE *to)
{
	bool lost = r->lost != 0;

	note_snapshot(r->trace, to);
	losses_note(r, to);
	note(to, r->unmatched.completes - r->cut.completes,
	     lost ? "completes without a submit, before any gap"
		  : "completes without a submit");
	note(to, r->unmatched.submits - r->cut.submits,
	     lost ? "submits that never ended, after the last gap"
		  : "submits that never ended");
	note(to, r->unmatched.reused - r->cut.reused,
	     lost ? "submits whose key was used again before their end, without a gap"
		    " between"
		  : "submits whose key was used again before their end");
	note(to, r->unmatched.skipped - r->cut.skipped,
	     "submits without an end of their own: what they nest in ended (longjmp, an "
	     "exception)");
	note(to, r->failed, "requests ended with an error");
}

bool requests_have_notes(const struct requests *r)
{
	return r->lost || r->failed || r->unmatched.completes || r->unmatched.submits ||
	       r->unmatched.reused || r->unmatched.skipped;
}

int requests_end_intervals(const struct requests *r, struct intervals *iv,
			   const char *title, char *(*label)(char *text, double value),
			   struct failure *f)
{
	json_t *summary;

	if (iv->rows) {
		summary = requests_json(r);
		json_object_set_new(summary, "by", requests_by_json(r));
		if (intervals_end(iv, title, label, summary))
			return fail(f, -ENOMEM, "no memory");
	}
	if (!r->requests)
		return requests_nothing(r, f);
	if (iv->form != INTERVALS_JSON)
		requests_notes(r, iv->form == INTERVALS_TEXT ? stdout : stderr);
	return 0;
}

int requests_nothing(const struct requests *r, struct failure *f)
{
	char want[WANT_TEXT];

	describe_want(want, sizeof(want), r->model, REQUEST_ROLES, r->trace);
	return fail(f, -ENODATA, "no request in the trace: %s", want);
}
