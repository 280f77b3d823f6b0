// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds an argument of an event by the name that a user wrote. */
#include "collector/plan_argument.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/plan.h"
#include "core/failure.h"
#include "core/ini.h"

static int no_argument(const struct plan_event *event, const char *name,
		       struct failure *f)
{
	const char *words[ARGUMENTS_MAX + 1] = {NULL}, *near;

	for (size_t i = 0; i < event->nr_arguments; i++)
		words[i] = event->arguments[i].name;
	if (!event->nr_arguments)
		return fail(f, -ENOENT, "%s has no arguments", event->name);
	near = nearest_word(name, words);
	if (near)
		return fail(f, -ENOENT, "%s has no argument '%s'; did you mean '%s'?",
			    event->name, name, near);
	return fail(f, -ENOENT, "%s has no argument '%s'; its first is '%s'", event->name,
		    name, words[0]);
}

int plan_argument_find(const struct plan_event *event, const char *name, size_t size,
		       struct failure *f)
{
	char text[ARGUMENT_NAME_MAX + 1], number[ARGUMENT_NAME_MAX + 1];

	snprintf(text, sizeof(text), "%.*s", (int)size, name);
	for (size_t i = 0; i < event->nr_arguments; i++)
		if (strcmp(event->arguments[i].name, text) == 0)
			return (int)i;
	for (size_t i = 0; i < event->nr_arguments; i++) {
		snprintf(number, sizeof(number), "arg%d", event->operand[i] + 1);
		if (strcmp(number, text) == 0)
			return (int)i;
	}
	return no_argument(event, text, f);
}
