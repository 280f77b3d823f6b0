// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists what there is to name of requests. */
#include "trace/requests/offer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"

static void list(struct offer *o, const char *before, const char *word)
{
	snprintf(o->text + o->used, OFFER_TEXT_MAX - o->used, "%s%.40s", before, word);
	o->used += strlen(o->text + o->used);
}

static void add(struct offer *o, const char *word)
{
	if (o->nr_words < OFFER_WORDS_MAX)
		o->words[o->nr_words++] = word;
}

void offer_word(struct offer *o, const char *word)
{
	list(o, o->nr_words ? ", " : "", word);
	add(o, word);
}

bool offers_field(const struct event_field *field)
{
	return field->type.kind == ARGUMENT_INTEGER || field->type.kind == ARGUMENT_HEX ||
	       field->type.kind == ARGUMENT_STRING;
}

/* "; fathom:complete has id, result" */
static void offer_event(struct offer *o, const struct event_type *type)
{
	const char *before = " has ";

	list(o, "; ", type->name);
	for (size_t i = 0; i < type->nr_fields; i++) {
		const struct event_field *field = &type->fields[i];

		if (!field_is_argument(field) || !offers_field(field))
			continue;
		add(o, field->type.name);
		list(o, before, field->type.name);
		before = ", ";
	}
	if (*before == ' ')
		list(o, before, "none");
}

void offer_events(struct offer *o, const struct binding *b, enum model_role role)
{
	const struct event_type *last = NULL;
	struct binding_cursor at = {0};
	const struct bound_line *line;

	while ((line = binding_next(b, role, &at))) {
		if (line->type != last)
			offer_event(o, line->type);
		last = line->type;
	}
}

int offer_instead(const struct offer *o, const char *name, const char *use,
		  struct failure *f)
{
	const char *near = nearest_word(name, o->words);

	return fail(f, -ENOENT, "no '%.40s' %s%s%s%s: there are %s", name, use,
		    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "",
		    o->text);
}
