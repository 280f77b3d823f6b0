// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Job files and request models, read with libinih.
 *
 * libinih calls back per key and does not tell line numbers, keys without '=' or
 * sections without keys, all of which fio's job files have. So it is fed by a line
 * reader that counts, cuts comments, and says "=" for what stands alone; a section
 * header is followed by one made-up key that announces it.
 */
#include "core/ini.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

enum { LINE_MAX_BYTES = 4096, FILE_MAX_BYTES = 1 << 20 };

#define SECTION_MARK	"\x01section"
#define ALONE_MARK	"\x01"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct feeder {
	const char *name;
	const char *at;
	unsigned line;
	bool announce; /* the line before was a section header */
	ini_callback *callback;
	void *user;
	struct failure *f;
	int result;
};

static void trim_end(char *line)
{
	size_t length = strlen(line);

	while (length && isspace((unsigned char)line[length - 1]))
		line[--length] = 0;
}

/* A comment begins with ; or # at the start or behind white space. */
static void cut_comment(char *line)
{
	for (char *c = line; *c; c++)
		if ((*c == ';' || *c == '#') &&
		    (c == line || isspace((unsigned char)c[-1]))) {
			*c = 0;
			return;
		}
}

/* What feed_line and libinih put behind a line, its NUL included. */
enum { LINE_TAIL = 8 };

/* libinih's own line limit is lifted here, so lines are cut to size by us. */
static char *next_line(struct feeder *feed, char *line, int room)
{
	size_t length = strcspn(feed->at, "\n");

	if (!*feed->at)
		return NULL;
	feed->line++;
	if (length > (size_t)room - LINE_TAIL) {
		feed->result = fail(feed->f, -E2BIG, "%s:%u: line longer than %d bytes",
				    feed->name, feed->line, room - LINE_TAIL);
		return NULL;
	}
	memcpy(line, feed->at, length);
	line[length] = 0;
	feed->at += length + (feed->at[length] == '\n');
	return line;
}

static char *feed_line(char *line, int room, void *stream)
{
	struct feeder *feed = stream;
	char *text;

	if (feed->result)
		return NULL;
	if (feed->announce) {
		feed->announce = false;
		return strcpy(line, SECTION_MARK " =\n");
	}
	if (!next_line(feed, line, room))
		return NULL;
	cut_comment(line);
	trim_end(line);
	text = line;
	while (isspace((unsigned char)*text)) /* as libinih does */
		text++;
	memmove(line, text, strlen(text) + 1);
	if (*line == '[' && !strchr(line, ']')) {
		feed->result = fail(feed->f, -EINVAL, "%s:%u: expected ']' after '['",
				    feed->name, feed->line);
		return NULL;
	}
	if (*line == '[')
		feed->announce = true;
	else if (*line && !strpbrk(line, "=:"))
		strcat(line, "=" ALONE_MARK);
	return line;
}

static int take_entry(void *user, const char *section, const char *key, const char *value)
{
	struct feeder *feed = user;
	bool begins = !strcmp(key, SECTION_MARK);
	struct ini_entry entry = {
		.section = section,
		.key = begins ? NULL : key,
		.value = begins || !strcmp(value, ALONE_MARK) ? NULL : value,
		.file = feed->name,
		.line = feed->line,
	};

	if (!feed->result) {
		feed->result = feed->callback(feed->user, &entry, feed->f);
		if (feed->result)
			fail_in(feed->f, 0, "%s:%u", feed->name, feed->line);
	}
	return !feed->result;
}

int ini_read_text(const char *name, const char *text, ini_callback *callback, void *user,
		  struct failure *f)
{
	struct feeder feed = {.name = name, .callback = callback, .user = user, .f = f};
	bool has_mark = !strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK));
	int bad;

	feed.at = text + (has_mark ? strlen(BYTE_ORDER_MARK) : 0);
	ini_use_stack = false;
	ini_max_line = LINE_MAX_BYTES + LINE_TAIL;
	ini_initial_alloc = LINE_MAX_BYTES + LINE_TAIL;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	bad = ini_parse_stream(feed_line, &feed, take_entry, &feed);
	if (feed.result)
		return feed.result;
	if (bad)
		return fail(f, -EINVAL, "%s: expected [section] or key=value", name);
	return 0;
}

int ini_load(const char *path, char **text, struct failure *f)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	size_t size;
	int err = 0;

	*text = NULL;
	if (!file)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	*text = malloc(FILE_MAX_BYTES + 1);
	if (!*text) {
		err = fail(f, -ENOMEM, "%s: out of memory", path);
		goto out;
	}
	size = fread(*text, 1, FILE_MAX_BYTES + 1, file);
	if (ferror(file))
		err = fail(f, -EIO, "%s: %s", path, strerror(errno));
	else if (size > FILE_MAX_BYTES)
		err = fail(f, -EFBIG, "%s: larger than %d bytes", path, FILE_MAX_BYTES);
	else if (memchr(*text, 0, size))
		err = fail(f, -EINVAL, "%s: not a text file", path);
	else
		(*text)[size] = 0;
	if (err) {
		free(*text);
		*text = NULL;
	}
out:
	if (!is_stdin)
		fclose(file);
	return err;
}

int ini_read(const char *path, ini_callback *callback, void *user, struct failure *f)
{
	char *text;
	int err = ini_load(path, &text, f);

	if (err)
		return err;
	err = ini_read_text(path, text, callback, user, f);
	free(text);
	return err;
}

/* Levenshtein distance over at most 63 bytes of each. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64], columns = (unsigned)strnlen(b, 63);

	for (unsigned j = 0; j <= columns; j++)
		row[j] = j;
	for (unsigned i = 1; i < 64 && a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= columns; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[columns];
}

/* The first of the nearest, and how far it is. */
static const char *closest(const char *word, const char *const *words, unsigned *least)
{
	const char *found = NULL;

	*least = UINT_MAX;
	for (; *words; words++) {
		unsigned d = distance(word, *words);

		if (d < *least) {
			*least = d;
			found = *words;
		}
	}
	return found;
}

const char *closest_word(const char *word, const char *const *words)
{
	unsigned steps;

	return closest(word, words, &steps);
}

const char *nearest_word(const char *word, const char *const *words)
{
	unsigned steps;
	const char *found = closest(word, words, &steps);

	return found && steps <= strlen(word) / 3 + 1 ? found : NULL;
}
