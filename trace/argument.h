/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name and type of one probe argument, as notes, event formats and lists have it. */
#ifndef FATHOM_TRACE_ARGUMENT_H
#define FATHOM_TRACE_ARGUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;

enum argument_kind {
	ARGUMENT_INTEGER, /* size 1, 2, 4 or 8, signed or not */
	ARGUMENT_HEX,     /* an integer that is printed in hex: a pointer, flags */
	ARGUMENT_FLOAT,   /* size 4 or 8 */
	ARGUMENT_STRING,  /* a pointer to NUL-terminated text in the traced process */
};

struct argument_word {
	int64_t value;
	char *word;
};

struct argument {
	char *name;
	enum argument_kind kind;
	uint8_t size;       /* bytes of the value; of a string: 8, its pointer */
	bool is_signed;
	struct argument_word *words; /* enum words of an integer, or NULL */
	size_t nr_words;
};

enum { ARGUMENTS_MAX = 12, ARGUMENT_NAME_MAX = 63 };

/*
 * Parses a declaration as the fathom note carries it: arguments separated by ';',
 * each "TYPE NAME". TYPE is u8 u16 u32 u64, s8…s64, x8…x64 (hex), f32 f64 or str,
 * and may bear enum words: "u8(0=read,1=write) op". The empty text has no arguments.
 * @arguments has room for ARGUMENTS_MAX. Returns how many, or -EINVAL, -E2BIG,
 * -ENOMEM with @arguments released.
 */
int arguments_parse(const char *text, struct argument *arguments, struct failure *f);

/* Writes "u64", "x32", "f64", "str", … into @text (8 bytes); returns it. */
char *argument_type_text(const struct argument *a, char *text);

int argument_copy(struct argument *to, const struct argument *from); /* 0 or -ENOMEM */
void argument_release(struct argument *a); /* frees what it points to, not itself */
void arguments_release(struct argument *arguments, size_t count);

/* The word of @value, or NULL. */
const char *argument_word(const struct argument *a, int64_t value);

#endif
