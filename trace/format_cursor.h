/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cursor over the text of an event format, for the two halves of its check. */
#ifndef FATHOM_TRACE_FORMAT_CURSOR_H
#define FATHOM_TRACE_FORMAT_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { FORMAT_FIELDS_MAX = 256, FORMAT_NAME_MAX = 128 };

struct format_name {
	const char *text;
	size_t size;
};

struct format_cursor {
	const char *at, *end;
	struct format_name fields[FORMAT_FIELDS_MAX];
	size_t nr_fields;
	unsigned depth, terms; /* of the expression */
};

static inline bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char peek(const struct format_cursor *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static inline void skip_space(struct format_cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n'))
		c->at++;
}

static inline bool literal(struct format_cursor *c, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(c->end - c->at) < size || memcmp(c->at, text, size))
		return false;
	c->at += size;
	return true;
}

static inline bool token(struct format_cursor *c, const char *text)
{
	skip_space(c);
	return literal(c, text);
}

/* A word of letters and digits; empty if there is none. */
static inline struct format_name take_name(struct format_cursor *c)
{
	struct format_name name = {c->at, 0};

	if (!is_letter(peek(c)))
		return name;
	while (c->at < c->end && (is_letter(*c->at) || is_digit(*c->at)))
		c->at++;
	name.size = (size_t)(c->at - name.text);
	if (name.size >= FORMAT_NAME_MAX)
		name.size = 0;
	return name;
}

/* Does the rest of the text follow the grammar of a print fmt (print_check.c)? */
bool print_check(struct format_cursor *c);

#endif
