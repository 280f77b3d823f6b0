// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C types in provider files.
 *
 * A parameter is a row of words and stars. The words that C's types are made of are
 * known; the first other word is a typedef's name if no type has been seen yet, and the
 * parameter's own name after that. A typedef that the file does not define has no size:
 * the operand at the site knows it.
 */
#include "collector/provider_parser.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

enum { ENUM_WORDS_MAX = 256 };

enum word_role {
	WORD_BASE,     /* is a type */
	WORD_UNSIGNED, /* changes the sign, is int by itself */
	WORD_SIGNED,
	WORD_VOID,
	WORD_TAG,   /* struct: a tag follows */
	WORD_LABEL, /* const: says nothing */
};

struct type_word {
	const char *word;
	enum word_role role;
	struct argument type; /* of a base */
};

#define INTEGER(bytes, sign)                                                             \
	{                                                                                \
		.kind = ARGUMENT_INTEGER, .size = (bytes), .is_signed = (sign)           \
	}
#define REAL(bytes)                                                                      \
	{                                                                                \
		.kind = ARGUMENT_FLOAT, .size = (bytes), .is_signed = true               \
	}

static const struct type_word type_words[] = {
	{"char", WORD_BASE, INTEGER(1, true)},
	{"bool", WORD_BASE, INTEGER(1, false)},
	{"_Bool", WORD_BASE, INTEGER(1, false)},
	{"short", WORD_BASE, INTEGER(2, true)},
	{"int", WORD_BASE, INTEGER(4, true)},
	{"long", WORD_BASE, INTEGER(8, true)},
	{"int8_t", WORD_BASE, INTEGER(1, true)},
	{"int16_t", WORD_BASE, INTEGER(2, true)},
	{"int32_t", WORD_BASE, INTEGER(4, true)},
	{"int64_t", WORD_BASE, INTEGER(8, true)},
	{"intptr_t", WORD_BASE, INTEGER(8, true)},
	{"uint8_t", WORD_BASE, INTEGER(1, false)},
	{"uint16_t", WORD_BASE, INTEGER(2, false)},
	{"uint32_t", WORD_BASE, INTEGER(4, false)},
	{"uint64_t", WORD_BASE, INTEGER(8, false)},
	{"uintptr_t", WORD_BASE, {.kind = ARGUMENT_HEX, .size = 8}},
	{"size_t", WORD_BASE, INTEGER(8, false)},
	{"ssize_t", WORD_BASE, INTEGER(8, true)},
	{"off_t", WORD_BASE, INTEGER(8, true)},
	{"pid_t", WORD_BASE, INTEGER(4, true)},
	{"float", WORD_BASE, REAL(4)},
	{"double", WORD_BASE, REAL(8)},
	{"unsigned", WORD_UNSIGNED, INTEGER(4, false)},
	{"signed", WORD_SIGNED, INTEGER(4, true)},
	{"void", WORD_VOID, {0}},
	{"struct", WORD_TAG, {0}},
	{"union", WORD_TAG, {0}},
	{"enum", WORD_TAG, {0}},
	{"const", WORD_LABEL, {0}},
	{"volatile", WORD_LABEL, {0}},
	{"restrict", WORD_LABEL, {0}},
};

static const struct type_word *find_type_word(struct token t)
{
	for (size_t i = 0; i < sizeof(type_words) / sizeof(*type_words); i++)
		if (token_is(t, type_words[i].word))
			return &type_words[i];
	return NULL;
}

static const struct synonym *find_synonym(const struct parser *p, struct token t)
{
	for (size_t i = 0; i < p->nr_synonyms; i++)
		if (p->synonyms[i].name.length == t.length &&
		    !memcmp(p->synonyms[i].name.text, t.text, t.length))
			return &p->synonyms[i];
	return NULL;
}

/* What the words of a parameter have told so far. */
struct reading {
	struct argument base;
	bool has_base, is_unsigned, is_char, is_void, wants_tag, has_sign;
	unsigned stars;
	struct token name;
};

static void read_base(struct reading *r, const struct type_word *word)
{
	bool is_int = !strcmp(word->word, "int");

	/* The int of "long int" and "unsigned int" adds nothing, nor a second long. */
	if (!is_int || !r->base.size)
		r->base = word->type;
	r->is_char = !strcmp(word->word, "char");
	r->has_base = true;
}

static void read_type_word(struct reading *r, const struct type_word *word)
{
	switch (word->role) {
	case WORD_BASE:
		read_base(r, word);
		break;
	case WORD_UNSIGNED:
	case WORD_SIGNED:
		r->is_unsigned = word->role == WORD_UNSIGNED;
		r->has_sign = r->has_base = true;
		if (!r->base.size)
			r->base = word->type;
		break;
	case WORD_VOID:
		r->is_void = r->has_base = true;
		break;
	case WORD_TAG:
		r->wants_tag = true;
		break;
	case WORD_LABEL:
		break;
	}
}

static void read_word(const struct parser *p, struct reading *r, struct token t)
{
	const struct type_word *word = find_type_word(t);
	const struct synonym *synonym;

	if (word) {
		read_type_word(r, word);
	} else if (r->wants_tag) {
		r->wants_tag = false;
		r->has_base = true;
	} else if (r->has_base) {
		r->name = t;
	} else {
		r->has_base = true;
		synonym = find_synonym(p, t);
		if (synonym)
			r->base = synonym->type;
	}
}

static struct argument finish_type(const struct reading *r)
{
	struct argument type = r->base;

	if (r->stars == 1 && r->is_char && !r->has_sign)
		return (struct argument){.kind = ARGUMENT_STRING, .size = 8};
	if (r->stars)
		return (struct argument){.kind = ARGUMENT_HEX, .size = 8};
	if (r->has_sign && type.kind == ARGUMENT_INTEGER)
		type.is_signed = !r->is_unsigned;
	return type;
}

/* "[16]": an array is passed as a pointer. */
static int skip_bounds(struct parser *p, struct reading *r)
{
	r->stars++;
	while (p->token.length && !token_is(p->token, "]"))
		parser_next(p);
	return p->token.length ? 0 : parser_complain(p, "']'");
}

int parser_read_type(struct parser *p, unsigned last_line, struct parsed_type *type)
{
	struct reading r = {0};

	for (; p->token.length && p->token.line <= last_line; parser_next(p)) {
		if (token_is(p->token, "*"))
			r.stars++;
		else if (token_is(p->token, "[") && r.has_base) {
			int err = skip_bounds(p, &r);

			if (err)
				return err;
		} else if (token_is_word(p->token))
			read_word(p, &r, p->token);
		else
			break;
	}
	if (!r.has_base)
		return parser_complain(p, "a type");
	*type = (struct parsed_type){
		.type = finish_type(&r),
		.name = r.name,
		.is_nothing = r.is_void && !r.stars,
	};
	return 0;
}

/* Takes over the words of an enum, unless it fails. */
static int add_synonym(struct parser *p, const struct parsed_type *type)
{
	if (p->nr_synonyms == SYNONYMS_MAX)
		return fail(p->f, -E2BIG, "%s:%u: more than %d type names", p->path,
			    type->name.line, SYNONYMS_MAX);
	p->synonyms[p->nr_synonyms++] =
		(struct synonym){type->name, type->type, type->is_enum};
	return 0;
}

int parser_read_define(struct parser *p)
{
	struct parsed_type type;
	struct token name;
	int err;

	if (strncmp(p->at, "define", 6) !=
	    0) { /* #pragma, or a comment of trace-events */
		parser_skip_line(p);
		return 0;
	}
	parser_next(p);
	parser_next(p);
	name = p->token;
	if (!token_is_word(name))
		return parser_complain(p, "a name");
	parser_next(p);
	if (p->token.line != name.line) /* #define NAME */
		return 0;
	if (!token_is_word(p->token)) {
		p->at = p->token.text;
		parser_skip_line(p);
		return 0;
	}
	err = parser_read_type(p, name.line, &type);
	if (err)
		return err;
	type.name = name;
	return add_synonym(p, &type);
}

static int skip_members(struct parser *p)
{
	unsigned depth = 0;

	do {
		if (token_is(p->token, "{"))
			depth++;
		else if (token_is(p->token, "}"))
			depth--;
		else if (!p->token.length)
			return parser_complain(p, "'}'");
		parser_next(p);
	} while (depth);
	return 0;
}

/* NAME or NAME = NUMBER of an enum. */
static int read_enum_word(struct parser *p, struct argument *type, int64_t *value)
{
	struct argument_word *words =
		reallocarray(type->words, type->nr_words + 1, sizeof(*words));
	struct token name = p->token;
	char *end;

	if (!words)
		return fail(p->f, -ENOMEM, "%s: out of memory", p->path);
	type->words = words;
	if (!token_is_word(name))
		return parser_complain(p, "the name of a value");
	if (type->nr_words == ENUM_WORDS_MAX)
		return fail(p->f, -E2BIG, "%s:%u: more than %d values", p->path,
			    name.line, ENUM_WORDS_MAX);
	parser_next(p);
	if (token_is(p->token, "=")) {
		parser_next(p);
		*value = p->token.length ? strtoll(p->token.text, &end, 0) : 0;
		if (!p->token.length || end != p->at)
			return parser_complain(p, "a number");
		parser_next(p);
	}
	words[type->nr_words].word = strndup(name.text, name.length);
	if (!words[type->nr_words].word)
		return fail(p->f, -ENOMEM, "%s: out of memory", p->path);
	type->is_signed |= *value < 0;
	words[type->nr_words++].value = (*value)++;
	return 0;
}

/* { NAME [= NUMBER], … }: what it prints like. */
static int read_enum(struct parser *p, struct argument *type)
{
	int64_t value = 0;
	int err;

	*type = (struct argument)INTEGER(4, false);
	do {
		parser_next(p);
		if (type->nr_words && token_is(p->token, "}"))
			break;
		err = read_enum_word(p, type, &value);
		if (err)
			return err;
	} while (token_is(p->token, ","));
	if (!token_is(p->token, "}"))
		return parser_complain(p, "',' or '}'");
	parser_next(p);
	return 0;
}

/* A struct's or union's size stays unknown, its members are passed over. */
static int read_tagged(struct parser *p, struct parsed_type *type)
{
	int err = 0;

	type->is_enum = token_is(p->token, "enum");

	for (parser_next(p); token_is_word(p->token); parser_next(p))
		type->name = p->token;
	if (!token_is(p->token, "{"))
		return 0;
	err = type->is_enum ? read_enum(p, &type->type) : skip_members(p);
	if (err)
		return err;
	if (!token_is_word(p->token))
		return parser_complain(p, "the name of the type");
	type->name = p->token;
	parser_next(p);
	return 0;
}

static bool is_tag(struct token t)
{
	const struct type_word *word = find_type_word(t);

	return word && word->role == WORD_TAG;
}

int parser_read_typedef(struct parser *p)
{
	struct parsed_type type = {0};
	int err;

	parser_next(p);
	if (is_tag(p->token))
		err = read_tagged(p, &type);
	else
		err = parser_read_type(p, UINT32_MAX, &type);
	if (!err && !token_is(p->token, ";"))
		err = parser_complain(p, "';'");
	if (!err && !type.name.length)
		err = parser_complain(p, "the name of the type before it");
	if (!err)
		err = add_synonym(p, &type);
	if (err) {
		if (type.is_enum)
			argument_release(&type.type);
		return err;
	}
	parser_next(p);
	return 0;
}

void parser_release(struct parser *p)
{
	for (size_t i = 0; i < p->nr_synonyms; i++)
		if (p->synonyms[i].is_enum)
			argument_release(&p->synonyms[i].type);
}
