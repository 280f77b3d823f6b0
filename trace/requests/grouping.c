// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups of requests.
 *
 * The words op, size, thread and fd mean what the model tells; where it tells no such
 * thing, they are arguments like any other. A string is known by the hash of its bytes,
 * as keys of models are.
 *
 * An argument is looked for in the events where requests begin, and only if none of them
 * has it in those where they end: so a group is one request's for all of its life
 * wherever that is possible.
 */
#include "trace/requests/grouping.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"
#include "core/text.h"
#include "trace/requests/inflight.h"

enum { NAMES_MAX = 64, LIST_ROOM = 300 };

static const char *const kind_words[GROUP_BY_ARGUMENT + 1] = {
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

void grouping_begin(struct grouping *g, const struct model *model)
{
	if (!g->limit || g->limit > GROUPS_MAX)
		g->limit = GROUPS_MAX;
	g->kind = g->by ? find_kind(g->by, model) : GROUP_BY_OP;
}

static bool may_group(const struct event_field *field)
{
	return field->type.kind == ARGUMENT_INTEGER || field->type.kind == ARGUMENT_HEX ||
	       field->type.kind == ARGUMENT_STRING;
}

void grouping_bind(const struct grouping *g, struct bound_line *line)
{
	const struct event_field *field = NULL;

	if (g->kind == GROUP_BY_ARGUMENT)
		field = find_argument(line->type, g->by, line->line->arguments,
				      line->line->nr_arguments);
	line->by = field && may_group(field) ? field : NULL;
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

static bool is_bound(const struct binding *b, enum model_role role)
{
	const struct bound_line *line;
	size_t type = 0, at = 0;

	while ((line = next_line(b, role, &type, &at)))
		if (line->by)
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

static int no_such_argument(const struct grouping *g, const struct binding *b,
			    struct failure *f)
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
	near = nearest_word(g->by, o.words);
	return fail(f, -ENOENT, "no '%.40s' to group by%s%s%s: there are %s", g->by,
		    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "",
		    o.text);
}

static int too_late(const struct grouping *g, struct failure *f)
{
	return fail(
		f, -EINVAL,
		"'%.40s' is told only when requests end, too late to group by it those "
		"in flight",
		grouping_word(g));
}

static int settle_argument(struct grouping *g, const struct binding *b, struct failure *f)
{
	if (is_bound(b, ROLE_SUBMIT)) {
		g->time = GROUPED_AT_SUBMIT;
		return 0;
	}
	if (!is_bound(b, ROLE_COMPLETE))
		return no_such_argument(g, b, f);
	g->time = GROUPED_AT_COMPLETE;
	return g->is_early ? too_late(g, f) : 0;
}

int grouping_settle(struct grouping *g, const struct binding *b, struct failure *f)
{
	enum model_value value;

	if (g->kind == GROUP_BY_ARGUMENT && !strcmp(g->by, kind_words[GROUP_BY_OP]) &&
	    !is_bound(b, ROLE_SUBMIT) && !is_bound(b, ROLE_COMPLETE))
		g->kind = GROUP_BY_OP; /* all are one then */
	if (g->kind == GROUP_BY_ARGUMENT)
		return settle_argument(g, b, f);
	if (!g->is_early)
		return 0;
	g->time = GROUPED_AT_SUBMIT;
	value = kind_values[g->kind];
	return !model_says(b->model, value, 1U << ROLE_SUBMIT) &&
			       model_says(b->model, value, 1U << ROLE_COMPLETE)
		       ? too_late(g, f)
		       : 0;
}

static struct group *add(struct grouping *g)
{
	return &g->groups[g->count++];
}

/* The slot that holds the value, or the free one where it would go. */
static unsigned slot_of(const struct grouping *g, uint64_t value, bool is_nothing)
{
	unsigned slot = index_hash(value, is_nothing) % GROUP_SLOTS;

	while (g->slots[slot]) {
		const struct group *group = &g->groups[g->slots[slot] - 1];

		if (group->value == value && group->is_nothing == is_nothing)
			break;
		slot = (slot + 1) % GROUP_SLOTS;
	}
	return slot;
}

/* Other is the last that is added, so that its number never changes. */
static unsigned find_other(struct grouping *g)
{
	if (g->count == g->limit)
		add(g)->is_other = true;
	return g->limit;
}

/* The group of the value; @is_new says that the rest of it is to be filled in. */
static unsigned find(struct grouping *g, uint64_t value, bool is_nothing, bool *is_new)
{
	const struct group *last = &g->groups[g->last];
	struct group *group;
	unsigned slot;

	*is_new = false;
	if (g->count && last->value == value && last->is_nothing == is_nothing &&
	    !last->is_other)
		return g->last;
	slot = slot_of(g, value, is_nothing);
	if (!g->slots[slot]) {
		if (g->count >= g->limit)
			return find_other(g);
		group = add(g);
		*group = (struct group){.value = value, .is_nothing = is_nothing};
		g->slots[slot] = (uint16_t)g->count;
		*is_new = true;
	}
	g->last = (uint16_t)(g->slots[slot] - 1);
	return g->last;
}

static char *thread_text(const struct trace *trace, const struct request *q)
{
	const char *comm = trace_comm(trace, q->pid, q->tid);
	char *text;

	return asprintf(&text, "%s%s%d", comm, *comm ? "/" : "", q->tid) < 0 ? NULL
									     : text;
}

unsigned grouping_of(struct grouping *g, const struct request *q, const struct words *ops,
		     const struct trace *trace)
{
	const uint64_t values[GROUP_BY_ARGUMENT] = {
		[GROUP_BY_OP] = q->op,
		[GROUP_BY_SIZE] = q->length,
		[GROUP_BY_THREAD] = (uint64_t)q->tid,
		[GROUP_BY_FD] = (uint64_t)q->fd,
	};
	bool is_new;
	unsigned number = find(g, values[g->kind], false, &is_new);

	if (g->kind == GROUP_BY_OP)
		g->of_op[q->op] = (uint16_t)(number + 1);
	if (!is_new)
		return number;
	g->groups[number].is_signed = true;
	if (g->kind == GROUP_BY_OP && q->op < ops->count)
		g->groups[number].text = strdup(ops->items[q->op]);
	if (g->kind == GROUP_BY_THREAD)
		g->groups[number].text = thread_text(trace, q);
	return number;
}

static unsigned take_text(struct grouping *g, const struct event_field *field,
			  const struct event *event)
{
	size_t length;
	const char *text = event_string(event, field, &length);
	unsigned number;
	bool is_new;

	number = find(g, text ? text_hash(text, length) : 0, !text, &is_new);
	if (is_new && text)
		g->groups[number].text =
			strndup(text, length < GROUP_TEXT_MAX ? length : GROUP_TEXT_MAX);
	g->has_text = true;
	return number;
}

/* A value of an argument that has words is a word, too, if it has none. */
static char *word_text(const struct argument *argument, int64_t value)
{
	const char *word = argument_word(argument, value);
	char *text;

	if (!argument->nr_words)
		return NULL;
	if (word)
		return strdup(word);
	return asprintf(&text, "%" PRId64, value) < 0 ? NULL : text;
}

unsigned grouping_take(struct grouping *g, const struct bound_line *line,
		       const struct event *event)
{
	const struct event_field *field = line->by;
	unsigned number;
	int64_t value;
	bool is_new;

	if (!field)
		return find(g, 0, true, &is_new);
	if (field->type.kind == ARGUMENT_STRING)
		return take_text(g, field, event);
	value = event_integer(event, field);
	number = find(g, (uint64_t)value, false, &is_new);
	if (is_new) {
		g->groups[number].is_signed = field->type.is_signed;
		g->groups[number].is_hex = field->type.kind == ARGUMENT_HEX;
		g->groups[number].text = word_text(&field->type, value);
	}
	return number;
}

static int compare_values(const struct group *a, const struct group *b)
{
	if (a->is_signed && b->is_signed)
		return ((int64_t)a->value > (int64_t)b->value) -
		       ((int64_t)a->value < (int64_t)b->value);
	return (a->value > b->value) - (a->value < b->value);
}

static bool is_after(const struct grouping *g, unsigned a, unsigned b)
{
	const struct group *x = &g->groups[a], *y = &g->groups[b];
	int rank_x = x->is_other ? 2 : x->is_nothing,
	    rank_y = y->is_other ? 2 : y->is_nothing;

	if (rank_x != rank_y)
		return rank_x > rank_y;
	return g->has_text ? a > b : compare_values(x, y) > 0;
}

unsigned grouping_sorted(const struct grouping *g, uint16_t order[GROUPS_MAX + 1])
{
	for (unsigned i = 0; i < g->count; i++) {
		unsigned at = i;

		for (; at && is_after(g, order[at - 1], i); at--)
			order[at] = order[at - 1];
		order[at] = (uint16_t)i;
	}
	return g->count;
}

const char *grouping_word(const struct grouping *g)
{
	return g->kind == GROUP_BY_ARGUMENT ? g->by : kind_words[g->kind];
}

bool group_is_number(const struct group *group)
{
	return !group->text && !group->is_nothing && !group->is_other;
}

char *group_name(const struct group *group, char *text, size_t room)
{
	if (group->is_other)
		snprintf(text, room, "other");
	else if (group->is_nothing)
		snprintf(text, room, "-");
	else if (group->text)
		text_escape(text, room, group->text, strlen(group->text), 0);
	else if (group->is_hex)
		snprintf(text, room, "%#" PRIx64, group->value);
	else
		snprintf(text, room, group->is_signed ? "%" PRId64 : "%" PRIu64,
			 group->value);
	return text;
}

void grouping_release(struct grouping *g)
{
	for (unsigned i = 0; i < g->count; i++)
		free(g->groups[i].text);
	g->count = 0;
}
