// SPDX-License-Identifier: GPL-2.0-or-later
/* Words numbered in the order in which they came. */
#include "trace/requests/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(const struct words *w, unsigned i, uint64_t hash, const char *text,
		    size_t length)
{
	return w->hashes[i] == hash && !strncmp(w->items[i], text, length) &&
	       !w->items[i][length];
}

static unsigned add(struct words *w, unsigned slot, uint64_t hash, const char *text,
		    size_t length)
{
	char *copy = strndup(text, length);

	if (!copy)
		return 0;
	w->items[w->count] = copy;
	w->hashes[w->count] = hash;
	w->slots[slot] = (uint16_t)(w->count + 1);
	return w->count++;
}

/* Probes linearly; the table is at most half full, so there is a free slot. */
static unsigned find(struct words *w, const char *text, size_t length, bool is_last)
{
	uint64_t hash = text_hash(text, length);
	unsigned slot = (unsigned)(hash ^ hash >> 32) % (2 * WORDS_MAX);

	for (; w->slots[slot]; slot = (slot + 1) % (2 * WORDS_MAX))
		if (is_word(w, w->slots[slot] - 1U, hash, text, length))
			return w->slots[slot] - 1U;
	if (w->count == WORDS_MAX - 1 && !is_last)
		return WORDS_MAX;
	return add(w, slot, hash, text, length);
}

unsigned words_intern(struct words *w, const char *text, size_t length)
{
	unsigned found;

	if (length > WORD_BYTES_MAX)
		length = WORD_BYTES_MAX;
	found = find(w, text, length, false);
	if (found < WORDS_MAX)
		return found;
	return w->count == WORDS_MAX ? WORDS_MAX - 1 : find(w, "other", 5, true);
}

void words_release(struct words *w)
{
	for (unsigned i = 0; i < w->count; i++)
		free(w->items[i]);
	memset(w, 0, sizeof(*w));
}
