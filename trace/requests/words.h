/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words numbered in the order in which they came: the operations of requests. */
#ifndef FATHOM_TRACE_REQUESTS_WORDS_H
#define FATHOM_TRACE_REQUESTS_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum {
	WORDS_MAX = 256,      /* the last is "other", for all that come too late */
	WORD_BYTES_MAX = 128, /* longer ones are cut */
};

/* Zeroed, it is empty. */
struct words {
	char *items[WORDS_MAX];
	uint64_t hashes[WORDS_MAX];
	uint16_t slots[2 * WORDS_MAX]; /* by hash: number + 1; 0 is free */
	unsigned count;
};

/* The same for the same bytes; FNV-1a. */
static inline uint64_t text_hash(const char *text, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3ULL;
	return hash;
}

/* The number of the word; 0 without memory. */
unsigned words_intern(struct words *w, const char *text, size_t length);

void words_release(struct words *w);

#endif
