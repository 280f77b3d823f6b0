// SPDX-License-Identifier: GPL-2.0-or-later
/* A model bound to the events of one trace. */
#include "trace/requests/binding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "trace/describe.h"
#include "trace/requests/model_find.h"
#include "trace/requests/model_line.h"
#include "trace/requests/model_match.h"

enum { HAS_ROOM = 110, HAS_SHORT = 60 }; /* for what the trace has, in an error */

/* "it has arg1, arg3", for the sentence about a missing argument */
static void list_arguments(char *text, size_t room, const struct event_type *type)
{
	const char *before = "it has ";
	size_t used = 0;

	snprintf(text, room, "it has none");
	for (size_t i = 0; i < type->nr_fields && used < room; i++) {
		if (!field_is_argument(&type->fields[i]))
			continue;
		snprintf(text + used, room - used, "%s%.40s", before,
			 type->fields[i].type.name);
		used += strlen(text + used);
		before = ", ";
	}
}

/* Without this no event of the line can be told whose it is. */
static bool is_vital(const struct model_line *line, enum model_value value)
{
	bool is_stage = line->role == ROLE_STAGE || line->role == ROLE_LEAVE;

	return value == VALUE_KEY || value == VALUE_ALIAS ||
	       (is_stage && value == VALUE_OFFSET);
}

/* A name that the model lists among the probe's arguments may be missing from the
 * record: perf leaves constants out. */
static bool may_be_missing(const struct model_line *line, enum model_value value,
			   const char *name)
{
	if (is_vital(line, value))
		return false;
	for (size_t i = 0; i < line->nr_arguments; i++)
		if (!strcmp(line->arguments[i], name))
			return true;
	return false;
}

/* Do strings make sense as @value? */
static bool may_be_text(enum model_value value)
{
	return value == VALUE_KEY || value == VALUE_ALIAS || value == VALUE_OP;
}

static int bind_values(struct bound_line *to, struct failure *f)
{
	const struct model_line *line = to->line;
	char has[200];

	for (unsigned v = 0; v < MODEL_VALUES; v++) {
		const char *missing;

		if (!expression_bind(&to->values[v], &line->values[v], to->type,
				     line->arguments, line->nr_arguments,
				     may_be_text((enum model_value)v), &missing))
			continue;
		if (!may_be_missing(line, (enum model_value)v, missing)) {
			list_arguments(has, sizeof(has), to->type);
			return fail(
				f, -EINVAL,
				"%.80s has no integer argument '%.40s' (%s of %s); %s",
				to->type->name, missing,
				model_value_word((enum model_value)v),
				model_role_word(line->role), has);
		}
		to->values[v] = (struct bound_expression){0};
	}
	to->op_text = expression_text(&to->values[VALUE_OP]);
	return 0;
}

static int bind_line(struct bound_type *to, const struct model_line *line,
		     const struct event_type *type, struct failure *f)
{
	struct bound_line *lines, *bound;

	lines = realloc(to->lines, (to->nr_lines + 1) * sizeof(*lines));
	if (!lines)
		return fail(f, -ENOMEM, "no memory");
	to->lines = lines;
	bound = &lines[to->nr_lines];
	*bound = (struct bound_line){.line = line, .role = line->role, .type = type};
	memset(bound->op_of, 0xff, sizeof(bound->op_of));
	to->nr_lines++;
	return bind_values(bound, f);
}

/* The types come in the order of their indices. */
static int make_room(struct binding *b, const struct event_type *type, struct failure *f)
{
	struct bound_type *types;

	types = realloc(b->types, (type->index + 1) * sizeof(*types));
	if (!types)
		return fail(f, -ENOMEM, "no memory");
	b->types = types;
	for (; b->nr_types <= type->index; b->nr_types++)
		types[b->nr_types] = (struct bound_type){0};
	return 0;
}

static enum model_match match_type(const struct model_line *line,
				   const struct event_type *type)
{
	return model_line_match(line, type->provider, type->probe);
}

int binding_add(struct binding *b, const struct event_type *type, unsigned roles,
		struct failure *f)
{
	enum model_match best = MATCH_NONE;
	int err = make_room(b, type, f);

	for (size_t i = 0; !err && i < b->model->nr_lines; i++) {
		enum model_match match = match_type(&b->model->lines[i], type);

		best = match > best ? match : best;
	}
	for (size_t i = 0; !err && best != MATCH_NONE && i < b->model->nr_lines; i++) {
		const struct model_line *line = &b->model->lines[i];

		if ((roles & (1U << line->role)) && match_type(line, type) == best)
			err = bind_line(&b->types[type->index], line, type, f);
	}
	return err ? err : b->types[type->index].nr_lines != 0;
}

struct bound_line *binding_next(const struct binding *b, enum model_role role,
				struct binding_cursor *at)
{
	for (; at->type < b->nr_types; at->type++, at->line = 0)
		while (at->line < b->types[at->type].nr_lines) {
			struct bound_line *line = &b->types[at->type].lines[at->line++];

			if (line->role == role)
				return line;
		}
	return NULL;
}

static void release_type(struct bound_type *type)
{
	for (size_t i = 0; i < type->nr_lines; i++)
		free(type->lines[i].compared);
	free(type->lines);
}

void binding_release(struct binding *b)
{
	for (size_t i = 0; i < b->nr_types; i++)
		release_type(&b->types[i]);
	free(b->types);
	*b = (struct binding){0};
}

int model_options_check(const struct model_options *o, struct failure *f)
{
	bool specs = o->submits.count || o->completes.count;

	if (o->which && (specs || o->key))
		return fail(f, -EINVAL,
			    "--model excludes --submit, --complete and --key");
	if (specs && !(o->submits.count && o->completes.count))
		return fail(f, -EINVAL, "--submit and --complete go together");
	if (o->key && !specs)
		return fail(f, -EINVAL, "--key needs --submit and --complete");
	return 0;
}

void model_options_release(struct model_options *o)
{
	string_list_free(&o->submits);
	string_list_free(&o->completes);
}

/* The one of the models of @which that fits @trace best. */
static int choose_named(struct model_choice *choice, const char *which,
			const struct trace *trace, bool poll, struct failure *f)
{
	struct model_file *file;
	int err = model_find(&file, which, f);

	if (err)
		return err;
	choice->model = model_file_take(file, model_best(file, trace, poll));
	model_file_free(file);
	return 0;
}

int model_choose(struct model_choice *choice, const struct model_options *o,
		 const struct trace *trace, bool poll, struct failure *f)
{
	char has[HAS_ROOM];
	int err;

	*choice = (struct model_choice){0};
	if (o->submits.count)
		return model_from_specs(&choice->model, o->submits.items,
					o->submits.count, o->completes.items,
					o->completes.count, o->key, f);
	if (o->which)
		return choose_named(choice, o->which, trace, poll, f);
	choice->guessed = true;
	err = model_guess(&choice->model, &choice->others, trace, poll, f);
	if (err != -ENOENT)
		return err;
	return fail(f, err, "no model fits (see fathom models, --model%s): %s",
		    poll ? "" : ", --submit",
		    describe_events(has, sizeof(has), trace, false));
}

void describe_want(char *text, size_t room, const struct model *model, unsigned roles,
		   const struct trace *trace)
{
	char has[HAS_ROOM];
	size_t used, nr = 0;

	snprintf(text, room, "model %.40s wants", model->name);
	used = strlen(text);
	for (size_t i = 0; i < model->nr_lines && used < room - HAS_ROOM; i++) {
		const struct model_line *line = &model->lines[i];

		if (!(roles & (1U << line->role)))
			continue;
		snprintf(text + used, room - used, "%s %.40s:%.40s", nr++ ? "," : "",
			 line->provider, line->probe);
		used += strlen(text + used);
	}
	snprintf(text + used, room - used, "; %s",
		 describe_events(has, used > HAS_SHORT ? HAS_SHORT : HAS_ROOM, trace,
				 true));
}
