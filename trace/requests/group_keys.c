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
#include "trace/requests/grouping.h"
#include "trace/requests/offer.h"

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

void grouping_bind(const struct grouping *g, struct bound_line *line)
{
	for (unsigned i = 0; i < g->nr_levels; i++) {
		const struct event_field *field =
			find_argument(line->type, g->levels[i].word,
				      line->line->arguments, line->line->nr_arguments);

		line->by[g->levels[i].key] = field && offers_field(field) ? field : NULL;
	}
}

static bool is_bound(const struct binding *b, unsigned key, enum model_role role)
{
	struct binding_cursor at = {0};
	const struct bound_line *line;

	while ((line = binding_next(b, role, &at)))
		if (line->by[key])
			return true;
	return false;
}

static int no_such_argument(const char *word, const struct binding *b, struct failure *f)
{
	struct offer o = {.text = ""};

	for (unsigned kind = 0; kind < GROUP_BY_ARGUMENT; kind++)
		if (find_kind(kind_words[kind], b->model) == kind)
			offer_word(&o, kind_words[kind]);
	offer_events(&o, b, ROLE_SUBMIT);
	offer_events(&o, b, ROLE_COMPLETE);
	return offer_instead(&o, word, "to group by", f);
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
