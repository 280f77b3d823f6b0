// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event formats that are fit for libtraceevent.
 *
 * The grammar covers what TRACE_EVENT() and uprobe events make of:
 *
 *	fmt  = string { string } { "," expr }
 *	expr = term { operator term } [ "?" expr ":" expr ]
 *	term = number | string | "REC->" field | "(" expr ")" | "(" type ")" term
 *	     | "-" term | "!" term | "~" term | call
 *	call = "__print_symbolic(" expr { ", {" number ", " string "}" } ")"
 *	     | "__print_flags(" expr "," string { ", {" number "," string "}" } ")"
 *	     | "__get_str(" field ")" and its kin
 *
 * Rejected: a child process that tries libtraceevent first (a crash is caught, but an
 * endless loop has to be timed, and printing may crash later).
 */
#include "trace/format_check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 256, DEPTH_MAX = 24, NAME_MAX_SIZE = 128, TERMS_MAX = 8192 };

struct name {
	const char *text;
	size_t size;
};

struct checker {
	const char *at, *end;
	struct name fields[FIELDS_MAX];
	size_t nr_fields;
	unsigned depth, terms;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char peek(const struct checker *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static void skip_space(struct checker *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n'))
		c->at++;
}

static bool literal(struct checker *c, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(c->end - c->at) < size || memcmp(c->at, text, size))
		return false;
	c->at += size;
	return true;
}

static bool token(struct checker *c, const char *text)
{
	skip_space(c);
	return literal(c, text);
}

/* A word of letters and digits; empty if there is none. */
static struct name take_name(struct checker *c)
{
	struct name name = {c->at, 0};

	if (!is_letter(peek(c)))
		return name;
	while (c->at < c->end && (is_letter(*c->at) || is_digit(*c->at)))
		c->at++;
	name.size = (size_t)(c->at - name.text);
	if (name.size >= NAME_MAX_SIZE)
		name.size = 0;
	return name;
}

static bool is_name(struct name name, const char *text)
{
	return name.size == strlen(text) && !memcmp(name.text, text, name.size);
}

static bool take_number(struct checker *c)
{
	const char *start = c->at;

	if (literal(c, "0x")) {
		start = c->at;
		while (is_digit(peek(c)) || (peek(c) >= 'a' && peek(c) <= 'f') ||
		       (peek(c) >= 'A' && peek(c) <= 'F'))
			c->at++;
	} else {
		while (is_digit(peek(c)))
			c->at++;
	}
	if (c->at == start || c->at - start > 20)
		return false;
	while (strchr("uUlL", peek(c)) && peek(c))
		c->at++;
	return !is_letter(peek(c));
}

static bool take_string(struct checker *c)
{
	if (!token(c, "\""))
		return false;
	for (; c->at < c->end && *c->at != '"'; c->at++) {
		if (*c->at == '\\' && ++c->at == c->end)
			return false;
		if (*c->at < ' ' || *c->at > '~')
			return false;
	}
	return literal(c, "\"");
}

static bool take_field(struct checker *c)
{
	struct name name;

	skip_space(c);
	name = take_name(c);
	for (size_t i = 0; name.size && i < c->nr_fields; i++)
		if (c->fields[i].size == name.size &&
		    !memcmp(c->fields[i].text, name.text, name.size))
			return true;
	return false;
}

/* Behind "(": is it the type of a cast? Then it is taken, with its ")". */
static bool take_cast(struct checker *c)
{
	const char *start = c->at;
	bool any = false;

	for (;;) {
		static const char *const words[] = {
			"unsigned", "signed", "int",	"long", "short", "char",
			"u8",	    "u16",    "u32",	"u64",	"s8",	 "s16",
			"s32",	    "s64",    "size_t", "bool", "void"};
		struct name name;
		bool known = false;

		skip_space(c);
		name = take_name(c);
		for (size_t i = 0; name.size && i < sizeof(words) / sizeof(*words); i++)
			known |= is_name(name, words[i]);
		if (!known)
			break;
		any = true;
	}
	if (any && c->at < c->end && token(c, ")"))
		return true;
	c->at = start;
	return false;
}

static bool take_expression(struct checker *c);

/* { number, "word" }, … up to the closing parenthesis. */
static bool take_words(struct checker *c)
{
	bool any = false;

	while (token(c, ",")) {
		if (!token(c, "{"))
			return false;
		skip_space(c);
		literal(c, "-");
		if (!take_number(c) || !token(c, ",") || !take_string(c) ||
		    !token(c, "}"))
			return false;
		any = true;
	}
	return any && token(c, ")");
}

static bool take_call(struct checker *c, struct name name)
{
	if (!token(c, "("))
		return false;
	if (is_name(name, "__print_symbolic"))
		return take_expression(c) && take_words(c);
	if (is_name(name, "__print_flags"))
		return take_expression(c) && token(c, ",") && take_string(c) &&
		       take_words(c);
	if (is_name(name, "__get_str") || is_name(name, "__get_rel_str"))
		return take_field(c) && token(c, ")");
	return false;
}

static bool take_named(struct checker *c)
{
	struct name name = take_name(c);

	if (is_name(name, "REC"))
		return token(c, "->") && take_field(c);
	return name.size && take_call(c, name);
}

static bool take_term(struct checker *c)
{
	skip_space(c);
	if (++c->terms > TERMS_MAX)
		return false;
	if (literal(c, "-") || literal(c, "!") || literal(c, "~")) {
		skip_space(c);
		if (!is_digit(peek(c)) && peek(c) != '(' && peek(c) != 'R')
			return false;
	}
	if (is_digit(peek(c)))
		return take_number(c);
	if (peek(c) == '"')
		return take_string(c);
	if (!literal(c, "("))
		return take_named(c);
	if (take_cast(c)) {
		skip_space(c);
		if (peek(c) == '(')
			return literal(c, "(") && take_expression(c) && token(c, ")");
		return take_named(c);
	}
	return take_expression(c) && token(c, ")");
}

static bool take_operator(struct checker *c)
{
	static const char *const operators[] = {
		"<<", ">>", "==", "!=", "<=", ">=", "&&", "||",
		"+",  "-",  "*",  "/",	"&",  "|",  "<",  ">"};

	skip_space(c);
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (literal(c, operators[i]))
			return true;
	return false;
}

static bool take_expression(struct checker *c)
{
	bool good;

	if (++c->depth > DEPTH_MAX)
		return false;
	good = take_term(c);
	while (good && take_operator(c))
		good = take_term(c);
	if (good && token(c, "?"))
		good = take_expression(c) && token(c, ":") && take_expression(c);
	c->depth--;
	return good;
}

/* The whole of it, up to the end of the text. */
static bool check_print(struct checker *c)
{
	if (!take_string(c))
		return false;
	for (skip_space(c); peek(c) == '"'; skip_space(c))
		if (!take_string(c))
			return false;
	while (token(c, ","))
		if (!take_expression(c))
			return false;
	skip_space(c);
	return c->at == c->end;
}

static bool take_line(struct checker *c, struct checker *line)
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
static bool take_value(struct checker *line, const char *key, unsigned *value)
{
	*value = 0;
	if (!token(line, key) || !is_digit(peek(line)))
		return false;
	for (; is_digit(peek(line)) && *value < 1 << 20; line->at++)
		*value = *value * 10 + (unsigned)(*line->at - '0');
	return literal(line, ";") || line->at == line->end;
}

/* "__data_loc char[]", "unsigned long", "const char *": words, then * or []. */
static bool take_type(struct checker *line, struct name *type, struct name *name)
{
	struct name word = {0};

	skip_space(line);
	*type = (struct name){line->at, 0};
	for (;;) {
		struct name next;

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

static bool take_array(struct checker *line, char *array, size_t room)
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

static bool copy_field(struct checker *c, struct checker *line, FILE *to)
{
	unsigned offset, size, is_signed = 0;
	struct name type, name;
	char array[16];

	if (!take_type(line, &type, &name) || !take_array(line, array, sizeof(array)) ||
	    !literal(line, ";") || !take_value(line, "offset:", &offset) ||
	    !take_value(line, "size:", &size))
		return false;
	take_value(line, "signed:", &is_signed);
	if (c->nr_fields == FIELDS_MAX || offset > UINT16_MAX || size > UINT16_MAX)
		return false;
	c->fields[c->nr_fields++] = name;
	fprintf(to, "\tfield:%.*s%.*s%s;\toffset:%u;\tsize:%u;\tsigned:%u;\n",
		(int)type.size, type.text, (int)name.size, name.text, array, offset, size,
		is_signed & 1);
	return true;
}

/* All up to the print fmt. The first empty line divides the common fields from others. */
static bool copy_fields(struct checker *c, FILE *to)
{
	struct checker line = {0};
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

static bool copy_head(struct checker *c, FILE *to)
{
	struct checker line = {0};
	struct name name;
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
	struct checker c = {.at = text, .end = text + size};
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
		if (check_print(&c))
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
