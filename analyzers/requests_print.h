/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all commands about requests say. */
#ifndef FATHOM_ANALYZERS_REQUESTS_PRINT_H
#define FATHOM_ANALYZERS_REQUESTS_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "analyzers/intervals.h"
#include "core/text.h"
#include "trace/requests/requests.h"

/* model, requests, events, lost, unmatched, gaps and cut; NULL without memory. */
json_t *requests_json(const struct requests *r);

/* "op" or "op,depth", for "by"; NULL without memory. */
json_t *requests_by_json(const struct requests *r);

/* Adds to @figures of a group, which it takes, what group they are of: under "group" (an
 * array if by several things), and under each thing that is grouped by unless that is the
 * name of a figure. NULL without memory. */
json_t *requests_group_json(const struct requests *r, unsigned group, json_t *figures);

enum {
	GROUP_NAME_ROOM = 4 * GROUP_TEXT_MAX + 1,
	GROUP_LABEL_COLUMNS = 40,
	GROUP_LABEL_ROOM = 4 * GROUP_LABEL_COLUMNS + 4,
	GROUP_TITLE_ROOM = GROUP_KEYS_MAX * (GROUP_LABEL_ROOM + GROUP_WORD_MAX + 4),
};

/* What the @key-th thing that is grouped by is of this group, cut to GROUP_LABEL_COLUMNS,
 * in @text of GROUP_LABEL_ROOM, which is returned. */
char *requests_group_label(const struct requests *r, unsigned group, unsigned key,
			   char *text);

/* The cells of a table that say which group a row is of, grouping.nr_levels of them: in
 * its heading, and in a row; cut to GROUP_LABEL_COLUMNS unless they are @whole. */
void requests_group_heads(struct text_table *t, const struct requests *r);
void requests_group_cells(struct text_table *t, const struct requests *r, unsigned group,
			  bool whole);

/* "read", "depth 4", "read, depth 4", in @text of GROUP_TITLE_ROOM, which is returned. */
char *requests_group_title(const struct requests *r, unsigned group, char *text);

/* The row of the option --by, a string. */
#define BY_OPTION_ROW(type, member)                                                      \
	{                                                                                \
		"by", 0, OPTION_STRING, offsetof(type, member), "WHAT,...",              \
			"group by op, size, thread, fd or arguments of the events", 0, 0 \
	}

enum { CHOICE_TEXT = 64 };

/* How the model was come by, for the heading: "", or ", by the trace's events; 2 others
 * fit". @text has CHOICE_TEXT bytes; returns it. */
char *requests_choice_text(char *text, const struct requests *r);

/* "142k requests in 4.00 s, 35.6k/s (model fathom)" on stdout; as heading with an empty
 * line behind it. */
void requests_summary(const struct requests *r);
void requests_heading(const struct requests *r);

/* Lines "note: …" on @to about what could move the figures: lost records, what did not
 * pair up, requests that failed. Nothing when all is well. */
void requests_notes(const struct requests *r, FILE *to);
bool requests_have_notes(const struct requests *r);

/* Behind the rows of intervals: the plot, or the JSON of the requests, and the notes. 0,
 * or a negative errno with the sentence, as when there was no request. */
int requests_end_intervals(const struct requests *r, struct intervals *iv,
			   const char *title, char *(*label)(char *text, double value),
			   struct failure *f);

/* The sentence for a trace without a single request. Returns -ENODATA. */
int requests_nothing(const struct requests *r, struct failure *f);

#endif
