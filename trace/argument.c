// SPDX-License-Identifier: GPL-2.0-or-later
/* The name and type of one probe argument. */
#include "trace/argument.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

enum { WORDS_MAX = 256 };

struct type_name {
	char letter;
	enum argument_kind kind;
	bool is_signed;
};

static const struct type_name type_names[] = {
	{'u', ARGUMENT_INTEGER, false},
	{'s', ARGUMENT_INTEGER, true},
	{'x', ARGUMENT_HEX, false},
	{'f', ARGUMENT_FLOAT, true},
};

char *argument_type_text(const struct argument *a, char *text)
{
	char letter = a->kind == ARGUMENT_FLOAT ? 'f'
		      : a->kind == ARGUMENT_HEX ? 'x'
		      : a->is_signed		? 's'
						: 'u';

	if (a->kind == ARGUMENT_STRING)
		return strcpy(text, "str");
	snprintf(text, 8, "%c%u", letter, (8U * a->size) & 0xff);
	return text;
}

void argument_release(struct argument *a)
{
	free(a->name);
	for (size_t i = 0; i < a->nr_words; i++)
		free(a->words[i].word);
	free(a->words);
	*a = (struct argument){0};
}

void arguments_release(struct argument *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++)
		argument_release(&arguments[i]);
}

int argument_copy(struct argument *to, const struct argument *from)
{
	*to = *from;
	to->words = NULL;
	to->nr_words = 0;
	to->name = strdup(from->name);
	if (!to->name)
		goto no_memory;
	if (!from->nr_words)
		return 0;
	to->words = calloc(from->nr_words, sizeof(*to->words));
	if (!to->words)
		goto no_memory;
	for (; to->nr_words < from->nr_words; to->nr_words++) {
		struct argument_word *word = &to->words[to->nr_words];

		word->value = from->words[to->nr_words].value;
		word->word = strdup(from->words[to->nr_words].word);
		if (!word->word)
			goto no_memory;
	}
	return 0;
no_memory:
	argument_release(to);
	return -ENOMEM;
}

const char *argument_word(const struct argument *a, int64_t value)
{
	for (size_t i = 0; i < a->nr_words; i++)
		if (a->words[i].value == value)
			return a->words[i].word;
	return NULL;
}

/* "u64" and so on; returns the bytes used, or 0. */
static size_t parse_type(const char *at, struct argument *a)
{
	if (!strncmp(at, "str", 3)) {
		*a = (struct argument){.kind = ARGUMENT_STRING, .size = 8};
		return 3;
	}
	for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++) {
		char *end;
		unsigned long bits;

		if (*at != type_names[i].letter)
			continue;
		bits = strtoul(at + 1, &end, 10);
		if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
			return 0;
		if (type_names[i].kind == ARGUMENT_FLOAT && bits < 32)
			return 0;
		a->kind = type_names[i].kind;
		a->is_signed = type_names[i].is_signed;
		a->size = (uint8_t)(bits / 8);
		return (size_t)(end - at);
	}
	return 0;
}

static bool is_name_byte(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* An identifier at *@at into *@name, moving *@at behind it. */
static int parse_name(const char **at, char **name)
{
	size_t length = 0;

	while (is_name_byte((*at)[length], !length))
		length++;
	if (!length || length > ARGUMENT_NAME_MAX)
		return -EINVAL;
	*name = strndup(*at, length);
	*at += length;
	return *name ? 0 : -ENOMEM;
}

static int parse_word(const char **at, struct argument *a)
{
	struct argument_word *words =
		reallocarray(a->words, a->nr_words + 1, sizeof(*words));
	struct argument_word *word;
	char *end;

	if (!words)
		return -ENOMEM;
	a->words = words;
	word = &words[a->nr_words];
	word->value = strtoll(*at, &end, 0);
	if (end == *at || *end != '=' || a->nr_words == WORDS_MAX)
		return -EINVAL;
	*at = end + 1;
	if (parse_name(at, &word->word))
		return -EINVAL;
	a->nr_words++;
	return 0;
}

/* "(0=read,1=write)" */
static int parse_words(const char **at, struct argument *a)
{
	int err;

	do {
		++*at;
		*at += strspn(*at, " ");
		err = parse_word(at, a);
		*at += strspn(*at, " ");
	} while (!err && **at == ',');
	if (!err && **at != ')')
		err = -EINVAL;
	++*at;
	return err;
}

static int parse_argument(const char **at, struct argument *a)
{
	size_t used = parse_type(*at, a);
	int err = used ? 0 : -EINVAL;

	*at += used;
	if (!err && **at == '(')
		err = parse_words(at, a);
	if (!err && **at != ' ')
		err = -EINVAL;
	if (err)
		return err;
	*at += strspn(*at, " ");
	return parse_name(at, &a->name);
}

int arguments_parse(const char *text, struct argument *arguments, struct failure *f)
{
	const char *at = text;
	size_t count = 0;
	int err = 0;

	while (*at && !err) {
		if (count == ARGUMENTS_MAX) {
			err = -E2BIG;
			break;
		}
		arguments[count] = (struct argument){0};
		err = parse_argument(&at, &arguments[count++]);
		if (!err && *at && *at++ != ';')
			err = -EINVAL;
	}
	if (!err)
		return (int)count;
	arguments_release(arguments, count);
	return fail(f, err, "argument %zu of '%.200s': expected TYPE NAME", count, text);
}
