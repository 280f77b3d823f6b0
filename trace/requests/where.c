// SPDX-License-Identifier: GPL-2.0-or-later
/* Chooses requests by a filter. */
#include "trace/requests/where.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "trace/requests/inflight.h"
#include "trace/requests/offer.h"
#include "trace/requests/words.h"

enum known {
	KNOWN_LATENCY,
	KNOWN_ID,
	KNOWN_OP,
	KNOWN_OFFSET,
	KNOWN_SIZE,
	KNOWN_LENGTH,
	KNOWN_FD,
	KNOWN_RESULT,
	KNOWN_STATUS,
	KNOWN_FAILED,
	KNOWN_PID,
	KNOWN_TID,
	NR_KNOWN,
};

/* What is known of every request; @value: only if the model tells it. */
static const struct {
	struct argument type;
	enum filter_unit unit;
	enum model_value value;
} known[NR_KNOWN] = {
	[KNOWN_LATENCY] = {{.name = (char *)"latency", .size = 8},
			   FILTER_TIME,
			   MODEL_VALUES},
	[KNOWN_ID] = {{.name = (char *)"id", .size = 8}, FILTER_PLAIN, MODEL_VALUES},
	[KNOWN_OP] = {{.name = (char *)"op", .kind = ARGUMENT_STRING},
		      FILTER_PLAIN,
		      VALUE_OP},
	[KNOWN_OFFSET] = {{.name = (char *)"offset", .size = 8},
			  FILTER_SIZE,
			  VALUE_OFFSET},
	[KNOWN_SIZE] = {{.name = (char *)"size", .size = 8}, FILTER_SIZE, VALUE_LENGTH},
	[KNOWN_LENGTH] = {{.name = (char *)"length", .size = 8},
			  FILTER_SIZE,
			  VALUE_LENGTH},
	[KNOWN_FD] = {{.name = (char *)"fd", .size = 4, .is_signed = true},
		      FILTER_PLAIN,
		      VALUE_FD},
	[KNOWN_RESULT] = {{.name = (char *)"result", .size = 8, .is_signed = true},
			  FILTER_PLAIN,
			  VALUE_RESULT},
	[KNOWN_STATUS] = {{.name = (char *)"status", .size = 8, .is_signed = true},
			  FILTER_PLAIN,
			  VALUE_STATUS},
	[KNOWN_FAILED] = {{.name = (char *)"failed", .size = 1},
			  FILTER_PLAIN,
			  MODEL_VALUES},
	[KNOWN_PID] = {{.name = (char *)"pid", .size = 4, .is_signed = true},
		       FILTER_PLAIN,
		       MODEL_VALUES},
	[KNOWN_TID] = {{.name = (char *)"tid", .size = 4, .is_signed = true},
		       FILTER_PLAIN,
		       MODEL_VALUES},
};

static const struct argument more_type = {.name = (char *)"it", .size = 8};

/* While the filter is parsed. */
struct vocabulary {
	struct where *where;
	const struct binding *binding;
};

/* A byte of a name as it is written in a filter. */
static char spelt(char called)
{
	return isalnum((unsigned char)called) || !called ? called : '_';
}

/* Is @name, of @size bytes, what is called @called? */
static bool is_called(const char *called, const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (name[i] != spelt(called[i]))
			return false;
	return !called[size];
}

static bool tells(const struct model *model, unsigned which)
{
	return known[which].value == MODEL_VALUES ||
	       model_says(model, known[which].value,
			  1U << ROLE_SUBMIT | 1U << ROLE_COMPLETE);
}

/* The first field with this name in the events of the role; NULL: there is none. */
static const struct event_field *find_field(const struct binding *b, enum model_role role,
					    const char *name)
{
	struct binding_cursor at = {0};
	const struct bound_line *line;

	while ((line = binding_next(b, role, &at))) {
		const struct event_field *field =
			find_argument(line->type, name, line->line->arguments,
				      line->line->nr_arguments);

		if (field && offers_field(field))
			return field;
	}
	return NULL;
}

static bool find_known(const struct binding *b, const char *name, size_t size,
		       struct where_value *value, struct filter_term *term)
{
	for (unsigned i = 0; i < NR_KNOWN; i++)
		if (is_called(known[i].type.name, name, size) && tells(b->model, i)) {
			*value = (struct where_value){WHERE_REQUEST, i, NULL};
			*term = (struct filter_term){&known[i].type, known[i].unit, true};
			return true;
		}
	return false;
}

static bool find_more(const struct where *w, const char *name, size_t size,
		      struct where_value *value, struct filter_term *term)
{
	for (unsigned i = 0; i < w->nr_more; i++)
		if (is_called(w->more[i].name, name, size)) {
			*value = (struct where_value){WHERE_MORE, i, NULL};
			*term = (struct filter_term){&more_type, w->more[i].unit, false};
			return true;
		}
	return false;
}

static bool find_argument_of(const struct binding *b, enum model_role role,
			     const char *name, struct where_value *value,
			     struct filter_term *term)
{
	const struct event_field *field = find_field(b, role, name);

	if (!field)
		return false;
	*value = (struct where_value){.source = role == ROLE_SUBMIT ? WHERE_SUBMIT
								    : WHERE_COMPLETE,
				      .name = field->type.name};
	*term = (struct filter_term){.type = &field->type};
	return true;
}

static int refuse(const struct vocabulary *v, const char *name, struct failure *f)
{
	struct offer o = {.text = ""};
	char more[OFFER_WORDS_MAX][ARGUMENT_NAME_MAX + 1];

	for (unsigned i = 0; i < NR_KNOWN; i++)
		if (tells(v->binding->model, i))
			offer_word(&o, known[i].type.name);
	for (unsigned i = 0; i < v->where->nr_more && i < OFFER_WORDS_MAX; i++) {
		snprintf(more[i], sizeof(more[i]), "%s", v->where->more[i].name);
		for (char *at = more[i]; *at; at++)
			*at = spelt(*at);
		offer_word(&o, more[i]);
	}
	offer_events(&o, v->binding, ROLE_SUBMIT);
	offer_events(&o, v->binding, ROLE_COMPLETE);
	return offer_instead(&o, name, "to compare", f);
}

/* A filter_vocabulary. Each comparison has a value of its own: there are no more values
 * than nodes. */
static int find(void *user, const char *name, size_t size, struct filter_term *term,
		struct failure *f)
{
	const struct vocabulary *v = user;
	const struct binding *b = v->binding;
	struct where *w = v->where;
	struct where_value *value = &w->values[w->nr_values];
	char text[ARGUMENT_NAME_MAX + 1];

	if (w->nr_values == FILTER_NODES_MAX)
		return fail(f, -E2BIG, "more than %d comparisons", FILTER_NODES_MAX);
	snprintf(text, sizeof(text), "%.*s", (int)size, name);
	if (!find_known(b, name, size, value, term) &&
	    !find_more(w, name, size, value, term) &&
	    !find_argument_of(b, ROLE_SUBMIT, text, value, term) &&
	    !find_argument_of(b, ROLE_COMPLETE, text, value, term))
		return refuse(v, text, f);
	return (int)w->nr_values++;
}

int where_bind(const struct where *w, struct bound_line *line)
{
	enum where_source source =
		line->role == ROLE_SUBMIT ? WHERE_SUBMIT : WHERE_COMPLETE;

	line->compared = calloc(w->nr_values, sizeof(*line->compared));
	if (!line->compared)
		return -ENOMEM;
	for (unsigned i = 0; i < w->nr_values; i++)
		if (w->values[i].source == source)
			line->compared[i] = find_argument(line->type, w->values[i].name,
							  line->line->arguments,
							  line->line->nr_arguments);
	return 0;
}

static int bind_role(const struct where *w, const struct binding *b, enum model_role role)
{
	struct binding_cursor at = {0};
	struct bound_line *line;
	int err = 0;

	while (!err && (line = binding_next(b, role, &at)))
		err = where_bind(w, line);
	return err;
}

int where_settle(struct where *w, const struct binding *b, struct failure *f)
{
	struct vocabulary vocabulary = {w, b};
	const struct filter_vocabulary names = {
		.what = "the name of a value",
		.find = find,
		.user = &vocabulary,
	};
	int err;

	if (!w->text)
		return 0;
	err = filter_parse(&w->filter, w->text, &names, f);
	if (err)
		return fail_in(f, err, "--where");
	err = bind_role(w, b, ROLE_SUBMIT);
	if (!err)
		err = bind_role(w, b, ROLE_COMPLETE);
	return err ? fail(f, err, "no memory") : 0;
}

uint64_t where_holds(const struct where *w, const struct bound_line *line,
		     const struct event *event)
{
	uint64_t holds = 0;

	for (unsigned i = 0; i < w->filter->count; i++) {
		const struct filter_node *node = &w->filter->nodes[i];
		const struct event_field *field;

		if (!filter_is_comparison(node))
			continue;
		field = line->compared[node->argument];
		if (field && filter_field_holds(node, event, field))
			holds |= UINT64_C(1) << i;
	}
	return holds;
}

static int64_t number_of(const struct request *q, unsigned which)
{
	switch (which) {
	case KNOWN_LATENCY:
		return (int64_t)(q->complete_ns - q->submit_ns);
	case KNOWN_ID:
		return (int64_t)q->key;
	case KNOWN_OFFSET:
		return (int64_t)q->offset;
	case KNOWN_FD:
		return q->fd;
	case KNOWN_RESULT:
	case KNOWN_STATUS:
		return q->result;
	case KNOWN_FAILED:
		return q->failed;
	case KNOWN_PID:
		return q->pid;
	case KNOWN_TID:
		return q->tid;
	default:
		return (int64_t)q->length;
	}
}

static bool known_holds(const struct filter_node *node, unsigned which,
			const struct request *q, const struct words *ops)
{
	const char *word;

	if (which != KNOWN_OP)
		return filter_number_holds(node, number_of(q, which),
					   known[which].type.is_signed);
	word = q->op < ops->count ? ops->items[q->op] : "";
	return filter_text_holds(node, word, strlen(word));
}

bool where_passes(const struct where *w, const struct request *q, const struct words *ops,
		  const uint64_t *more)
{
	uint64_t holds = q->holds;

	for (unsigned i = 0; i < w->filter->count; i++) {
		const struct filter_node *node = &w->filter->nodes[i];
		const struct where_value *v = &w->values[node->argument];
		bool does = false;

		if (!filter_is_comparison(node))
			continue;
		if (v->source == WHERE_REQUEST)
			does = known_holds(node, v->which, q, ops);
		else if (v->source == WHERE_MORE)
			does = filter_number_holds(node, (int64_t)more[v->which], false);
		holds |= (uint64_t)does << i;
	}
	return filter_passes(w->filter, holds);
}

static bool asks(const struct where *w, enum where_source source, unsigned first,
		 unsigned last)
{
	for (unsigned i = 0; i < w->nr_values; i++)
		if (w->values[i].source == source && w->values[i].which >= first &&
		    w->values[i].which <= last)
			return true;
	return false;
}

bool where_asks_op(const struct where *w)
{
	return asks(w, WHERE_REQUEST, KNOWN_OP, KNOWN_OP);
}

bool where_asks_more(const struct where *w, unsigned first, unsigned last)
{
	return asks(w, WHERE_MORE, first, last);
}

void where_release(struct where *w)
{
	filter_free(w->filter);
	w->filter = NULL;
}
