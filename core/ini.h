/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Job files and request models: sections of keys, read with libinih.
 *
 * Comments start with ; or # at the start of a line or behind white space. A key
 * without '=' has the value NULL (fio's `time_based`). A section may be empty and a
 * name may come twice; the order is kept.
 */
#ifndef FATHOM_CORE_INI_H
#define FATHOM_CORE_INI_H

#include <stddef.h>

struct failure;

struct ini_entry {
	const char *section; /* "" before the first */
	const char *key;     /* NULL: a section begins here */
	const char *value;   /* NULL: the key stands alone */
	const char *file;    /* for messages */
	unsigned line;       /* from 1 */
};

/* Called in file order; a negative errno stops the reading and is returned. */
typedef int ini_callback(void *user, const struct ini_entry *entry, struct failure *f);

/* @path "-" is stdin. At most 1 MiB, lines of at most 4096 bytes. Returns 0 or a
 * negative errno with "file:line: reason" in @f. */
int ini_read(const char *path, ini_callback *callback, void *user, struct failure *f);

/* The same for text in memory; @name stands for the file in messages. */
int ini_read_text(const char *name, const char *text, ini_callback *callback, void *user,
		  struct failure *f);

/* The text of @path, for free(); *@text is NULL on failure. */
int ini_load(const char *path, char **text, struct failure *f);

/* The word of @words (ends with NULL) nearest to @word, for "did you mean"; NULL if
 * none is near (edit distance above a third of its length). */
const char *nearest_word(const char *word, const char *const *words);

/* The same, however far; NULL only if there are no words. */
const char *closest_word(const char *word, const char *const *words);

#endif
