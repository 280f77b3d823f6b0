/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reads a provider file: tokens and C types. Private to provider_*.c. */
#ifndef FATHOM_COLLECTOR_PROVIDER_PARSER_H
#define FATHOM_COLLECTOR_PROVIDER_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/argument.h"

struct failure;
struct provider_file;

enum { SYNONYMS_MAX = 256 };

struct token {
	const char *text;
	size_t length; /* 0 at the end of the file */
	unsigned line;
};

/* A name for a type, by #define or typedef. */
struct synonym {
	struct token name;
	struct argument type;
	bool is_enum; /* the words are its own, else another's or none */
};

struct parser {
	const char *path, *at; /* the text ends with a NUL */
	unsigned line;
	struct token token;
	struct provider_file *file;
	struct synonym synonyms[SYNONYMS_MAX];
	size_t nr_synonyms;
	struct failure *f;
};

/* The next word, number, string or single character; comments are skipped. */
void parser_next(struct parser *p);
void parser_skip_line(struct parser *p); /* and what is behind it becomes the token */

bool token_is(struct token t, const char *text);
bool token_is_word(struct token t);

/* "path:line: expected …, found …"; returns -EINVAL. */
int parser_complain(struct parser *p, const char *expected);

/* A parameter, or what a typedef or #define names. */
struct parsed_type {
	struct argument type; /* size 0: not known here; words belong to a synonym */
	struct token name;    /* length 0: none */
	bool is_enum;	      /* … but those of an enum's typedef to this */
	bool is_nothing;      /* void, without a star */
};

/*
 * Reads "const char *query" and leaves the parser at what is neither a word, a star nor
 * an array's bounds, or behind line @last_line. -EINVAL with the reason.
 */
int parser_read_type(struct parser *p, unsigned last_line, struct parsed_type *type);

/* Reads "#define NAME type", or skips another line that begins with '#'. */
int parser_read_define(struct parser *p);

/* Reads "typedef type NAME;", where type may be an enum with its values, or a struct
 * with its members. */
int parser_read_typedef(struct parser *p);

/* Frees what the synonyms own. */
void parser_release(struct parser *p);

#endif
