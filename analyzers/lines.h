/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines to a descriptor, fast: pieces are put into one large buffer that is written
 * when it is full. stdio spends a lock and a parse of the format on every field.
 */
#ifndef FATHOM_ANALYZERS_LINES_H
#define FATHOM_ANALYZERS_LINES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	LINES_SIZE = 1 << 16,
	LINES_PIECE = 512, /* what a fixed piece may take at most */
};

struct lines {
	int fd;
	int error; /* negative errno of the first write that failed; then all is dropped
		    */
	size_t used;
	char buffer[LINES_SIZE];
};

/* Writes out what is buffered; returns 0 or the first negative errno, every time. */
int lines_flush(struct lines *l);

struct failure;

/* The same for a command's answer: the sentence is about standard output. */
int lines_flush_answer(struct lines *l, struct failure *f);

/* Room for @size bytes (at most LINES_SIZE): the caller fills them, then adds to
 * l->used. */
static inline char *lines_room(struct lines *l, size_t size)
{
	if (__builtin_expect(l->used + size > LINES_SIZE, 0))
		lines_flush(l);
	return l->buffer + l->used;
}

static inline void lines_char(struct lines *l, char c)
{
	*lines_room(l, 1) = c;
	l->used++;
}

/* Bytes of our own, at most LINES_SIZE. */
static inline void lines_bytes(struct lines *l, const char *bytes, size_t size)
{
	memcpy(lines_room(l, size), bytes, size);
	l->used += size;
}

static inline void lines_text(struct lines *l, const char *text)
{
	lines_bytes(l, text, strlen(text));
}

void lines_unsigned(struct lines *l, uint64_t value);
void lines_signed(struct lines *l, int64_t value);
void lines_hex(struct lines *l, uint64_t value); /* with 0x */
void lines_double(struct lines *l, double value);

/* @value with leading @pad characters up to @width (at most 32). */
void lines_padded(struct lines *l, uint64_t value, unsigned width, char pad);

/* Foreign text for a terminal (core/text.h), cut at 16 KiB of output. Returns how
 * many bytes it took. */
size_t lines_escaped(struct lines *l, const char *text, size_t size, char quote);

/* Foreign text as a JSON string with its quotes: what is not UTF-8 becomes U+FFFD,
 * and at most 8 KiB of it are shown. */
void lines_json(struct lines *l, const char *text, size_t size);

#endif
