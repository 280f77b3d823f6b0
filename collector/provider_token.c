// SPDX-License-Identifier: GPL-2.0-or-later
/* Tokens of a provider file. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "collector/provider_parser.h"
#include "core/failure.h"
#include "core/text.h"

enum { SHOWN = 40 };

/* '-' too: DTrace writes query-start for query__start. */
static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

bool token_is(struct token t, const char *text)
{
	return t.length == strlen(text) && !memcmp(t.text, text, t.length);
}

bool token_is_word(struct token t)
{
	return t.length && is_word_byte(*t.text);
}

int parser_complain(struct parser *p, const char *expected)
{
	size_t length = p->token.length < SHOWN ? p->token.length : SHOWN;
	char found[4 * SHOWN + 1];

	if (!length)
		return fail(p->f, -EINVAL,
			    "%s:%u: expected %s, found the end of the file", p->path,
			    p->token.line, expected);
	text_escape(found, sizeof(found), p->token.text, length, 0);
	return fail(p->f, -EINVAL, "%s:%u: expected %s, found '%s'", p->path,
		    p->token.line, expected, found);
}

static void skip_comment(struct parser *p)
{
	for (p->at += 2; *p->at && strncmp(p->at, "*/", 2) != 0; p->at++)
		p->line += *p->at == '\n';
	if (*p->at)
		p->at += 2;
}

static void skip_to_newline(struct parser *p)
{
	while (*p->at && *p->at != '\n')
		p->at++;
}

static void skip_space(struct parser *p)
{
	for (;;) {
		if (isspace((unsigned char)*p->at))
			p->line += *p->at++ == '\n';
		else if (!strncmp(p->at, "/*", 2))
			skip_comment(p);
		else if (!strncmp(p->at, "//", 2))
			skip_to_newline(p);
		else
			return;
	}
}

static void skip_string(struct parser *p)
{
	for (p->at++; *p->at && *p->at != '"' && *p->at != '\n'; p->at++)
		if (*p->at == '\\' && p->at[1] && p->at[1] != '\n')
			p->at++;
	p->at += *p->at == '"';
}

void parser_next(struct parser *p)
{
	const char *from;

	skip_space(p);
	from = p->at;
	if (*from == '"')
		skip_string(p);
	else if (is_word_byte(*from))
		while (is_word_byte(*p->at))
			p->at++;
	else if (*from)
		p->at++;
	p->token = (struct token){from, (size_t)(p->at - from), p->line};
}

void parser_skip_line(struct parser *p)
{
	skip_to_newline(p);
	parser_next(p);
}
