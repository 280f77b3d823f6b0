// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups of requests: their values, their numbers, their names. */
#include "trace/requests/grouping.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "trace/requests/inflight.h"

/* A string is known by the hash of its bytes, as keys of models are. */
struct value {
	uint64_t value;
	bool is_nothing;
};

/* The slot that holds the value, or the free one where it would go. */
static unsigned slot_of(const struct group_level *l, const struct value *v,
			unsigned below)
{
	unsigned slot = index_hash(v->value, (int32_t)(2 * below + v->is_nothing));

	for (slot %= GROUP_SLOTS; l->slots[slot]; slot = (slot + 1) % GROUP_SLOTS) {
		const struct group *group = &l->groups[l->slots[slot] - 1];

		if (group->value == v->value && group->is_nothing == v->is_nothing &&
		    group->below == below)
			break;
	}
	return slot;
}

/* Other is the last that is added, so that its number never changes. */
static unsigned find_other(struct group_level *l)
{
	if (l->count == l->limit)
		l->groups[l->count++].is_other = true;
	return l->limit;
}

/* The group of the value; @is_new says that the rest of it is to be filled in. */
static unsigned find(struct group_level *l, const struct value *v, unsigned below,
		     bool *is_new)
{
	const struct group *last = &l->groups[l->last];
	unsigned slot;

	*is_new = false;
	if (l->count && last->value == v->value && last->below == below &&
	    last->is_nothing == v->is_nothing && !last->is_other)
		return l->last;
	slot = slot_of(l, v, below);
	if (!l->slots[slot]) {
		if (l->count >= l->limit)
			return find_other(l);
		l->groups[l->count++] = (struct group){.value = v->value,
						       .is_nothing = v->is_nothing,
						       .below = (uint16_t)below};
		l->slots[slot] = (uint16_t)l->count;
		*is_new = true;
	}
	l->last = (uint16_t)(l->slots[slot] - 1);
	return l->last;
}

static char *thread_text(const struct trace *trace, const struct request *q)
{
	const char *comm = trace_comm(trace, q->pid, q->tid);
	char *text;

	return asprintf(&text, "%s%s%d", comm, *comm ? "/" : "", q->tid) < 0 ? NULL
									     : text;
}

/* By what is kept of the request. */
static unsigned take_kept(struct group_level *l, unsigned below,
			  const struct group_source *s)
{
	const struct request *q = s->request;
	const uint64_t values[GROUP_BY_ARGUMENT] = {
		[GROUP_BY_OP] = q->op,
		[GROUP_BY_SIZE] = q->length,
		[GROUP_BY_THREAD] = (uint64_t)q->tid,
		[GROUP_BY_FD] = (uint64_t)q->fd,
	};
	bool is_new;
	unsigned number =
		find(l, &(struct value){values[l->kind], false}, below, &is_new);

	if (!is_new)
		return number;
	l->groups[number].is_signed = true;
	if (l->kind == GROUP_BY_OP && q->op < s->ops->count)
		l->groups[number].text = strdup(s->ops->items[q->op]);
	if (l->kind == GROUP_BY_THREAD)
		l->groups[number].text = thread_text(s->trace, q);
	return number;
}

static unsigned take_text(struct group_level *l, unsigned below,
			  const struct event_field *field, const struct event *event)
{
	size_t length;
	const char *text = event_string(event, field, &length);
	struct value value = {text ? text_hash(text, length) : 0, !text};
	bool is_new;
	unsigned number = find(l, &value, below, &is_new);

	if (is_new && text) {
		l->groups[number].is_string = true;
		l->groups[number].text =
			strndup(text, length < GROUP_TEXT_MAX ? length : GROUP_TEXT_MAX);
	}
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

static unsigned take_argument(struct group_level *l, unsigned below,
			      const struct group_source *s)
{
	const struct event_field *field = s->line->by[l->key];
	unsigned number;
	int64_t value;
	bool is_new;

	if (!field)
		return find(l, &(struct value){0, true}, below, &is_new);
	if (field->type.kind == ARGUMENT_STRING)
		return take_text(l, below, field, s->event);
	value = event_integer(s->event, field);
	number = find(l, &(struct value){(uint64_t)value, false}, below, &is_new);
	if (is_new) {
		l->groups[number].is_signed = field->type.is_signed;
		l->groups[number].is_hex = field->type.kind == ARGUMENT_HEX;
		l->groups[number].text = word_text(&field->type, value);
	}
	return number;
}

unsigned grouping_advance(struct grouping *g, enum grouping_time time, unsigned number,
			  const struct group_source *source)
{
	for (struct group_level *l = g->levels; l < g->levels + g->nr_levels; l++) {
		if (l->time != time)
			continue;
		number = l->kind == GROUP_BY_ARGUMENT ? take_argument(l, number, source)
						      : take_kept(l, number, source);
	}
	if (g->nr_levels == 1 && g->levels->kind == GROUP_BY_OP)
		g->of_op[source->request->op] = (uint16_t)(number + 1);
	return number;
}

static const struct group_level *level_of(const struct grouping *g, unsigned key)
{
	const struct group_level *l = g->levels;

	while (l->key != key)
		l++;
	return l;
}

const struct group *grouping_value(const struct grouping *g, unsigned number,
				   unsigned key)
{
	const struct group_level *l = &g->levels[g->nr_levels - 1];
	const struct group *group = &l->groups[number];

	for (; l->key != key && !group->is_other; l--)
		group = &l[-1].groups[group->below];
	return group;
}

static int compare_numbers(const struct group *a, const struct group *b)
{
	if (a->is_signed && b->is_signed)
		return ((int64_t)a->value > (int64_t)b->value) -
		       ((int64_t)a->value < (int64_t)b->value);
	return (a->value > b->value) - (a->value < b->value);
}

/* By value, nothing behind all values, other behind all. Strings are in the order of
 * their letters, operations in that in which they came, threads by number. */
static int compare_values(const struct group *a, const struct group *b)
{
	int rank_a = a->is_other ? 2 : a->is_nothing;
	int rank_b = b->is_other ? 2 : b->is_nothing;
	int order = 0;

	if (rank_a != rank_b)
		return rank_a - rank_b;
	if (a->is_string && b->is_string && a->text && b->text)
		order = strcmp(a->text, b->text);
	return order ? order : compare_numbers(a, b);
}

static bool is_after(const struct grouping *g, unsigned a, unsigned b)
{
	for (unsigned key = 0; key < g->nr_levels; key++) {
		int order = compare_values(grouping_value(g, a, key),
					   grouping_value(g, b, key));

		if (order)
			return order > 0;
	}
	return a > b;
}

unsigned grouping_sorted(const struct grouping *g, uint16_t order[GROUPS_MAX + 1])
{
	unsigned count = grouping_count(g);

	for (unsigned i = 0; i < count; i++) {
		unsigned at = i;

		for (; at && is_after(g, order[at - 1], i); at--)
			order[at] = order[at - 1];
		order[at] = (uint16_t)i;
	}
	return count;
}

const char *grouping_word(const struct grouping *g, unsigned key)
{
	return level_of(g, key)->word;
}

char *grouping_words(const struct grouping *g, char text[GROUP_BY_TEXT])
{
	size_t used = 0;

	*text = 0;
	for (unsigned key = 0; key < g->nr_levels; key++) {
		snprintf(text + used, GROUP_BY_TEXT - used, "%s%s", key ? "," : "",
			 grouping_word(g, key));
		used += strlen(text + used);
	}
	return text;
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
	for (unsigned i = 0; i < g->nr_levels; i++)
		for (unsigned at = 0; at < g->levels[i].count; at++)
			free(g->levels[i].groups[at].text);
	g->nr_levels = 0;
}
