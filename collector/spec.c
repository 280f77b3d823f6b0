// SPDX-License-Identifier: GPL-2.0-or-later
/* Parses SPECs and applies what they say about arguments to the events of a plan. */
#include "collector/spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/plan_filter.h"
#include "collector/plan.h"
#include "collector/plan_argument.h"
#include "core/failure.h"

static int expected(const char *text, const char *at, const char *what, struct failure *f)
{
	return fail(f, -EINVAL, "'%s', column %d: %s is expected", text,
		    (int)(at - text) + 1, what);
}

/* A part of the text up to @end, to be freed. */
static int cut(char **part, const char *start, const char *end, struct failure *f)
{
	*part = strndup(start, (size_t)(end - start));
	return *part ? 0 : fail(f, -ENOMEM, "out of memory");
}

static int parse_types(const char *text, const char **at, struct spec *spec,
		       struct failure *f)
{
	const char *start = *at + 1, *end = start + strcspn(start, "()/");

	if (*end != ')')
		return expected(text, end, "')'", f);
	*at = end + 1;
	return cut(&spec->types, start, end, f);
}

static int parse_filter(const char *text, const char **at, struct spec *spec,
			struct failure *f)
{
	const char *start = *at + 1, *end = strrchr(start, '/');

	if (!end || end[1])
		return expected(text, start + strlen(start), "'/' behind the filter", f);
	*at = end + 1;
	return cut(&spec->filter, start, end, f);
}

static int parse_spec(struct specs *specs, const char *text, struct failure *f)
{
	struct spec *spec = &specs->items[specs->globs.count];
	const char *at = text + strcspn(text, "(/");
	char *glob;
	int err = at == text ? expected(text, at, "the name of a probe", f)
			     : cut(&glob, text, at, f);

	if (err)
		return err;
	specs->globs.items[specs->globs.count++] = glob;
	if (*at == '(')
		err = parse_types(text, &at, spec, f);
	if (!err && *at == '/')
		err = parse_filter(text, &at, spec, f);
	if (!err && *at)
		err = expected(text, at, "'/' or the end", f);
	return err;
}

int specs_parse(struct specs *specs, const struct string_list *texts, struct failure *f)
{
	int err = 0;

	specs->items = calloc(texts->count + 1, sizeof(*specs->items));
	specs->globs.items = calloc(texts->count + 1, sizeof(char *));
	if (!specs->items || !specs->globs.items)
		return fail(f, -ENOMEM, "out of memory");
	for (size_t i = 0; !err && i < texts->count; i++)
		err = parse_spec(specs, texts->items[i], f);
	return err;
}

void specs_release(struct specs *specs)
{
	for (size_t i = 0; i < specs->globs.count; i++) {
		free((void *)specs->globs.items[i]);
		free(specs->items[i].types);
		free(specs->items[i].filter);
	}
	free(specs->items);
	string_list_free(&specs->globs);
	specs->items = NULL;
}

static int check_pointer(const struct plan_event *event, size_t index, struct failure *f)
{
	uint8_t number = event->operand[index];

	for (size_t i = 0; i < event->nr_sites; i++) {
		const struct plan_site *site = &event->sites[i];
		const struct operand *o = &site->operands[number];

		if (number < site->nr_operands && o->kind != OPERAND_NONE && o->size != 8)
			return fail(f, -EINVAL,
				    "%s: %s has %u bytes and is no pointer to a string",
				    event->name, event->arguments[index].name, o->size);
	}
	return 0;
}

/* "arg1:string" or "count:u32" */
static int apply_type(struct plan_event *event, const char *text, size_t size,
		      struct failure *f)
{
	const char *colon = memchr(text, ':', size);
	struct argument *to, said[ARGUMENTS_MAX];
	char declaration[ARGUMENT_NAME_MAX + 32];
	int index, type_size;

	if (!colon)
		return fail(f, -EINVAL, "'%.*s': ARGUMENT:TYPE is expected", (int)size,
			    text);
	index = plan_argument_find(event, text, (size_t)(colon - text), f);
	if (index < 0)
		return index;
	type_size = (int)(text + size - colon - 1);
	if (type_size == 6 && strncmp(colon + 1, "string", 6) == 0)
		type_size = 3; /* "str" is what notes call it */
	snprintf(declaration, sizeof(declaration), "%.*s said", type_size, colon + 1);
	if (arguments_parse(declaration, said, NULL) != 1)
		return fail(
			f, -EINVAL,
			"'%.*s': the type is string, u8 to u64, s8 to s64, x8 to x64, "
			"f32 or f64",
			(int)size, text);
	if (said[0].kind == ARGUMENT_STRING)
		index = check_pointer(event, (size_t)index, f) ? -EINVAL : index;
	if (index >= 0) {
		to = &event->arguments[index];
		free(said[0].name);
		said[0].name = to->name;
		to->name = NULL;
		argument_release(to);
		*to = said[0];
		return 0;
	}
	argument_release(&said[0]);
	return index;
}

static int apply_types(struct plan_event *event, const char *types, struct failure *f)
{
	int err = 0;

	while (!err && *types) {
		size_t size = strcspn(types, ",");

		err = apply_type(event, types, size, f);
		types += size + (types[size] == ',');
	}
	return err;
}

static int apply_filter(struct plan_event *event, const char *filter, struct failure *f)
{
	if (event->filter)
		return fail(f, -EINVAL, "%s has two filters: join them with ||",
			    event->name);
	return plan_filter_parse(&event->filter, filter, event, f);
}

int specs_apply_types(const struct specs *specs, struct plan *plan, struct failure *f)
{
	int err = 0;

	for (size_t i = 0; i < specs->globs.count; i++)
		for (size_t j = 0; !err && j < plan->nr_events; j++)
			if (specs->items[i].types &&
			    plan_spec_matches(specs->globs.items[i],
					      plan->events[j].provider,
					      plan->events[j].probe))
				err = apply_types(&plan->events[j], specs->items[i].types,
						  f);
	return err;
}

int specs_apply_filters(const struct specs *specs, struct plan *plan, struct failure *f)
{
	int err = 0;

	for (size_t i = 0; i < specs->globs.count; i++)
		for (size_t j = 0; !err && j < plan->nr_events; j++)
			if (specs->items[i].filter &&
			    plan_spec_matches(specs->globs.items[i],
					      plan->events[j].provider,
					      plan->events[j].probe))
				err = apply_filter(&plan->events[j],
						   specs->items[i].filter, f);
	return err;
}
