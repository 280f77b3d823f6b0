// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event formats that are fit for libtraceevent: copied line by line, each line checked,
 * and the print fmt only if print_check.c agrees.
 *
 * Rejected: a child process that tries libtraceevent first (a crash is caught, but an
 * endless loop has to be timed, and printing may crash later).
 */
#include "trace/format_check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace/format_cursor.h"

static bool take_line(struct format_cursor *c, struct format_cursor *line)
{
	const char *newline = memchr(c->at, '\n', (size_t)(c->end - c->at));

	if (!newline)
		return false;
	line->at = c->at;
	line->end = newline;
	c->at = newline + 1;
	return true;
}

/* "KEY:" and a decimal number. */
static bool take_value(struct format_cursor *line, const char *key, unsigned *value)
{
	*value = 0;
	if (!token(line, key) || !is_digit(peek(line)))
		return false;
	for (; is_digit(peek(line)) && *value < 1 << 20; line->at++)
		*value = *value * 10 + (unsigned)(*line->at - '0');
	return literal(line, ";") || line->at == line->end;
}

/* "__data_loc char[]", "unsigned long", "const char *": words, then * or []. */
static bool take_type(struct format_cursor *line, struct format_name *type,
		      struct format_name *name)
{
	struct format_name word = {0};

	skip_space(line);
	*type = (struct format_name){line->at, 0};
	for (;;) {
		struct format_name next;

		while (literal(line, " ") || literal(line, "*"))
			;
		next = take_name(line);
		if (!next.size)
			break;
		word = next;
		type->size = (size_t)(word.text - type->text);
		if (literal(line, "[]") && peek(line) != ' ')
			return false;
	}
	*name = word;
	return type->size && word.size;
}

static bool take_array(struct format_cursor *line, char *array, size_t room)
{
	const char *start = line->at;

	*array = '\0';
	if (!literal(line, "["))
		return true;
	while (is_digit(peek(line)))
		line->at++;
	if (!literal(line, "]") || (size_t)(line->at - start) >= room)
		return false;
	memcpy(array, start, (size_t)(line->at - start));
	array[line->at - start] = '\0';
	return line->at - start > 2;
}

static bool copy_field(struct format_cursor *c, struct format_cursor *line, FILE *to)
{
	unsigned offset, size, is_signed = 0;
	struct format_name type, name;
	char array[16];

	if (!take_type(line, &type, &name) || !take_array(line, array, sizeof(array)) ||
	    !literal(line, ";") || !take_value(line, "offset:", &offset) ||
	    !take_value(line, "size:", &size))
		return false;
	take_value(line, "signed:", &is_signed);
	if (c->nr_fields == FORMAT_FIELDS_MAX || offset > UINT16_MAX || size > UINT16_MAX)
		return false;
	c->fields[c->nr_fields++] = name;
	fprintf(to, "\tfield:%.*s%.*s%s;\toffset:%u;\tsize:%u;\tsigned:%u;\n",
		(int)type.size, type.text, (int)name.size, name.text, array, offset, size,
		is_signed & 1);
	return true;
}

/* All up to the print fmt. The first empty line divides the common fields from others. */
static bool copy_fields(struct format_cursor *c, FILE *to)
{
	struct format_cursor line = {0};
	bool divided = false;

	while (take_line(c, &line)) {
		skip_space(&line);
		if (line.at == line.end) {
			if (c->nr_fields && !divided)
				fputc('\n', to);
			divided |= c->nr_fields;
		} else if (literal(&line, "field special:") || literal(&line, "field:")) {
			if (!copy_field(c, &line, to))
				return false;
		} else {
			return false;
		}
		if (c->end - c->at >= 10 && !memcmp(c->at, "print fmt:", 10))
			break;
	}
	if (!divided)
		fputc('\n', to);
	return c->nr_fields;
}

static bool copy_head(struct format_cursor *c, FILE *to)
{
	struct format_cursor line = {0};
	struct format_name name;
	unsigned id;

	if (!take_line(c, &line) || !literal(&line, "name: "))
		return false;
	name = take_name(&line);
	if (!name.size || line.at != line.end || !take_line(c, &line) ||
	    !literal(&line, "ID: ") || !take_value(&line, "", &id) || id > UINT16_MAX)
		return false;
	fprintf(to, "name: %.*s\nID: %u\nformat:\n", (int)name.size, name.text, id);
	return take_line(c, &line) && literal(&line, "format:") && line.at == line.end;
}

char *format_check(const char *text, size_t size)
{
	struct format_cursor c = {.at = text, .end = text + size};
	char *copy = NULL;
	size_t copied;
	FILE *to = open_memstream(&copy, &copied);
	const char *print;
	bool good;

	if (!to)
		return NULL;
	good = copy_head(&c, to) && copy_fields(&c, to);
	if (good && token(&c, "print fmt:")) {
		print = c.at;
		if (print_check(&c))
			fprintf(to, "\nprint fmt:%.*s\n", (int)(c.end - print), print);
		else
			fputs("\nprint fmt: \"\"\n", to);
	} else if (good) {
		fputs("\nprint fmt: \"\"\n", to);
	}
	if (fclose(to) || !good) {
		free(copy);
		return NULL;
	}
	return copy;
}
