// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * By what requests are grouped: the words of --by, taken apart.
 *
 * The words op, size, thread and fd mean what the model tells; where it tells no such
 * thing, they are arguments like any other.
 *
 * An argument is looked for in the events where requests begin, and only if none of them
 * has it in those where they end: so a group is one request's for all of its life
 * wherever that is possible.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"
#include "trace/requests/grouping.h"

enum { NAMES_MAX = 64, LIST_ROOM = 300 };

static const char *const kind_words[GROUP_BY_ARGUMENT] = {
	[GROUP_BY_OP] = "op",
	[GROUP_BY_SIZE] = "size",
	[GROUP_BY_THREAD] = "thread",
	[GROUP_BY_FD] = "fd",
};

/* What the model calls it; of a thread it need not tell. */
static const enum model_value kind_values[GROUP_BY_ARGUMENT] = {
	[GROUP_BY_OP] = VALUE_OP,
	[GROUP_BY_SIZE] = VALUE_LENGTH,
	[GROUP_BY_THREAD] = VALUE_KEY,
	[GROUP_BY_FD] = VALUE_FD,
};

static bool says(const struct model_line *line, enum model_value value)
{
	return line->values[value].nr_terms || (value == VALUE_OP && line->op_word);
}

/* Does a line of one of these roles tell the value? */
static bool model_says(const struct model *model, enum model_value value, unsigned roles)
{
	for (size_t i = 0; i < model->nr_lines; i++)
		if (1U << model->lines[i].role & roles && says(&model->lines[i], value))
			return true;
	return false;
}

static enum grouping_kind find_kind(const char *by, const struct model *model)
{
	const unsigned ends = 1U << ROLE_SUBMIT | 1U << ROLE_COMPLETE;
	unsigned kind = 0;

	while (kind < GROUP_BY_ARGUMENT && strcmp(kind_words[kind], by) != 0)
		kind++;
	if (kind == GROUP_BY_THREAD || kind == GROUP_BY_ARGUMENT ||
	    model_says(model, kind_values[kind], ends))
		return (enum grouping_kind)kind;
	return GROUP_BY_ARGUMENT;
}

/* A level for the word of @length bytes. */
static int add_level(struct grouping *g, const char *word, size_t length,
		     struct failure *f)
{
	struct group_level *l = &g->levels[g->nr_levels];

	if (!length)
		return fail(f, -EINVAL, "a word is missing in --by '%.60s'", g->by);
	if (g->nr_levels == GROUP_KEYS_MAX)
		return fail(f, -EINVAL, "at most %d words are grouped by at once",
			    GROUP_KEYS_MAX);
	snprintf(l->word, sizeof(l->word), "%.*s", (int)length, word);
	for (unsigned i = 0; i < g->nr_levels; i++)
		if (!strcmp(g->levels[i].word, l->word))
			return fail(f, -EINVAL, "'%.40s' stands twice in --by", l->word);
	l->key = g->nr_levels++;
	return 0;
}

int grouping_begin(struct grouping *g, const struct model *model, struct failure *f)
{
	const char *word = g->by ? g->by : kind_words[GROUP_BY_OP];

	g->nr_levels = 0;
	for (;;) {
		size_t length = strcspn(word, ",");
		int err = add_level(g, word, length, f);

		if (err)
			return err;
		if (!word[length])
			break;
		word += length + 1;
	}
	for (unsigned i = 0; i < g->nr_levels; i++)
		g->levels[i].kind = find_kind(g->levels[i].word, model);
	return 0;
}

static bool may_group(const struct event_field *field)
{
	return field->type.kind == ARGUMENT_INTEGER || field->type.kind == ARGUMENT_HEX ||
	       field->type.kind == ARGUMENT_STRING;
}

void grouping_bind(const struct grouping *g, struct bound_line *line)
{
	for (unsigned i = 0; i < g->nr_levels; i++) {
		const struct event_field *field =
			find_argument(line->type, g->levels[i].word,
				      line->line->arguments, line->line->nr_arguments);

		line->by[g->levels[i].key] = field && may_group(field) ? field : NULL;
	}
}

/* The next line of @b that is of @role, behind @at; NULL at the end. */
static const struct bound_line *next_line(const struct binding *b, enum model_role role,
					  size_t *type, size_t *line)
{
	for (; *type < b->nr_types; ++*type, *line = 0)
		while (*line < b->types[*type].nr_lines) {
			const struct bound_line *at = &b->types[*type].lines[(*line)++];

			if (at->role == role)
				return at;
		}
	return NULL;
}

static bool is_bound(const struct binding *b, unsigned key, enum model_role role)
{
	const struct bound_line *line;
	size_t type = 0, at = 0;

	while ((line = next_line(b, role, &type, &at)))
		if (line->by[key])
			return true;
	return false;
}

/* What there is instead: a sentence, and the words that may have been meant. */
struct offer {
	char text[LIST_ROOM];
	size_t used;
	const char *words[NAMES_MAX + 1];
	size_t nr_words;
};

static void offer_word(struct offer *o, const char *word)
{
	if (o->nr_words < NAMES_MAX)
		o->words[o->nr_words++] = word;
}

/* "; fathom:complete has id, result" */
static void offer_arguments(struct offer *o, const struct event_type *type)
{
	const char *before = " has ";

	snprintf(o->text + o->used, LIST_ROOM - o->used, "; %.40s", type->name);
	o->used += strlen(o->text + o->used);
	for (size_t i = 0; i < type->nr_fields; i++) {
		const struct event_field *field = &type->fields[i];

		if (!field_is_argument(field) || !may_group(field))
			continue;
		offer_word(o, field->type.name);
		snprintf(o->text + o->used, LIST_ROOM - o->used, "%s%.40s", before,
			 field->type.name);
		o->used += strlen(o->text + o->used);
		before = ", ";
	}
	if (*before == ' ')
		snprintf(o->text + o->used, LIST_ROOM - o->used, " has none");
	o->used += strlen(o->text + o->used);
}

static void offer_types(struct offer *o, const struct binding *b, enum model_role role)
{
	const struct event_type *last = NULL;
	const struct bound_line *line;
	size_t type = 0, at = 0;

	while ((line = next_line(b, role, &type, &at))) {
		if (line->type != last)
			offer_arguments(o, line->type);
		last = line->type;
	}
}

static int no_such_argument(const char *word, const struct binding *b, struct failure *f)
{
	struct offer o = {.text = ""};
	const char *near;

	for (unsigned kind = 0; kind < GROUP_BY_ARGUMENT; kind++)
		if (find_kind(kind_words[kind], b->model) == kind)
			offer_word(&o, kind_words[kind]);
	for (size_t i = 0; i < o.nr_words; i++) {
		snprintf(o.text + o.used, LIST_ROOM - o.used, "%s%s", i ? ", " : "",
			 o.words[i]);
		o.used += strlen(o.text + o.used);
	}
	offer_types(&o, b, ROLE_SUBMIT);
	offer_types(&o, b, ROLE_COMPLETE);
	near = nearest_word(word, o.words);
	return fail(f, -ENOENT, "no '%.40s' to group by%s%s%s: there are %s", word,
		    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "",
		    o.text);
}

static int settle_argument(struct group_level *l, const struct binding *b,
			   struct failure *f)
{
	if (is_bound(b, l->key, ROLE_SUBMIT))
		l->time = GROUPED_AT_SUBMIT;
	else if (is_bound(b, l->key, ROLE_COMPLETE))
		l->time = GROUPED_AT_COMPLETE;
	else
		return no_such_argument(l->word, b, f);
	return 0;
}

/* What the model tells is kept with the request, until the end if it is told then. */
static int settle_level(struct group_level *l, const struct binding *b, bool is_early,
			struct failure *f)
{
	if (l->kind == GROUP_BY_ARGUMENT && !strcmp(l->word, kind_words[GROUP_BY_OP]) &&
	    !is_bound(b, l->key, ROLE_SUBMIT) && !is_bound(b, l->key, ROLE_COMPLETE))
		l->kind = GROUP_BY_OP; /* all are one then */
	if (l->kind == GROUP_BY_ARGUMENT)
		return settle_argument(l, b, f);
	l->time = GROUPED_WHEN_ASKED;
	if (is_early &&
	    (model_says(b->model, kind_values[l->kind], 1U << ROLE_SUBMIT) ||
	     !model_says(b->model, kind_values[l->kind], 1U << ROLE_COMPLETE)))
		l->time = GROUPED_AT_SUBMIT;
	return 0;
}

/* The levels in the order in which their values come; few, and mostly one. */
static void sort_levels(struct grouping *g)
{
	for (unsigned i = 1; i < g->nr_levels; i++)
		for (unsigned at = i; at && g->levels[at - 1].time > g->levels[at].time;
		     at--) {
			struct group_level swapped = g->levels[at];

			g->levels[at] = g->levels[at - 1];
			g->levels[at - 1] = swapped;
		}
}

int grouping_settle(struct grouping *g, const struct binding *b, struct failure *f)
{
	if (!g->limit || g->limit > GROUPS_MAX)
		g->limit = GROUPS_MAX;
	for (unsigned i = 0; i < g->nr_levels; i++) {
		struct group_level *l = &g->levels[i];
		int err = settle_level(l, b, g->is_early, f);

		if (err)
			return err;
		if (g->is_early && l->time != GROUPED_AT_SUBMIT)
			return fail(f, -EINVAL,
				    "'%.40s' is told only when requests end, too late to "
				    "group by it those in flight",
				    l->word);
		g->times |= 1U << l->time;
	}
	sort_levels(g);
	for (unsigned i = 0; i < g->nr_levels; i++)
		g->levels[i].limit = i + 1 < g->nr_levels ? GROUPS_MAX : g->limit;
	return 0;
}
