// SPDX-License-Identifier: GPL-2.0-or-later
/* Splits lists of SPECs at their commas. */
#include "collector/spec_list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

/* How many bytes of @text are before the comma that ends its first SPEC. */
static size_t spec_length(const char *text)
{
	bool in_filter = false, in_quotes = false;
	size_t i, depth = 0;

	for (i = 0; text[i]; i++) {
		if (text[i] == '"' && in_filter)
			in_quotes = !in_quotes;
		else if (in_quotes)
			continue;
		else if (text[i] == '/' && !depth)
			in_filter = !in_filter;
		else if (text[i] == '(')
			depth++;
		else if (text[i] == ')' && depth)
			depth--;
		else if (text[i] == ',' && !depth && !in_filter)
			break;
	}
	return i;
}

static int add(struct string_list *list, const char *text, size_t size, struct failure *f)
{
	const char **items =
		reallocarray(list->items, list->count + 1, sizeof(*list->items));

	if (!items)
		return fail(f, -ENOMEM, "out of memory");
	list->items = items;
	items[list->count] = strndup(text, size);
	return items[list->count++] ? 0 : fail(f, -ENOMEM, "out of memory");
}

static int split(struct string_list *parts, const char *text, struct failure *f)
{
	const char *at = text;

	for (;;) {
		size_t size = spec_length(at);
		int err = size ? add(parts, at, size, f)
			       : fail(f, -EINVAL,
				      "-e '%s': the name of a probe is missing at column "
				      "%d",
				      text, (int)(at - text) + 1);

		if (err || !at[size])
			return err;
		at += size + 1;
	}
}

int spec_list_split(struct string_list *specs, struct failure *f)
{
	struct string_list parts = {0};
	int err = 0;

	for (size_t i = 0; !err && i < specs->count; i++)
		err = split(&parts, specs->items[i], f);
	if (err)
		spec_list_free(&parts);
	string_list_free(specs);
	*specs = parts;
	return err;
}

void spec_list_free(struct string_list *specs)
{
	for (size_t i = 0; i < specs->count; i++)
		free((void *)specs->items[i]);
	string_list_free(specs);
}
