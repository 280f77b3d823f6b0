// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The print fmt of an event format: does it follow the grammar that libtraceevent is
 * trusted with?
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
 */
#include <stdint.h>

#include "trace/format_cursor.h"

enum { DEPTH_MAX = 24, TERMS_MAX = 8192 };

static bool is_name(struct format_name name, const char *text)
{
	return name.size == strlen(text) && !memcmp(name.text, text, name.size);
}

static bool take_number(struct format_cursor *c)
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

static bool take_string(struct format_cursor *c)
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

static bool take_field(struct format_cursor *c)
{
	struct format_name name;

	skip_space(c);
	name = take_name(c);
	for (size_t i = 0; name.size && i < c->nr_fields; i++)
		if (c->fields[i].size == name.size &&
		    !memcmp(c->fields[i].text, name.text, name.size))
			return true;
	return false;
}

/* Behind "(": is it the type of a cast? Then it is taken, with its ")". */
static bool take_cast(struct format_cursor *c)
{
	const char *start = c->at;
	bool any = false;

	for (;;) {
		static const char *const words[] = {
			"unsigned", "signed", "int",	"long", "short", "char",
			"u8",	    "u16",    "u32",	"u64",	"s8",	 "s16",
			"s32",	    "s64",    "size_t", "bool", "void"};
		struct format_name name;
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

static bool take_expression(struct format_cursor *c);

/* { number, "word" }, … up to the closing parenthesis. */
static bool take_words(struct format_cursor *c)
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

static bool take_call(struct format_cursor *c, struct format_name name)
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

static bool take_named(struct format_cursor *c)
{
	struct format_name name = take_name(c);

	if (is_name(name, "REC"))
		return token(c, "->") && take_field(c);
	return name.size && take_call(c, name);
}

static bool take_term(struct format_cursor *c)
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

static bool take_operator(struct format_cursor *c)
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

static bool take_expression(struct format_cursor *c)
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

bool print_check(struct format_cursor *c)
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
