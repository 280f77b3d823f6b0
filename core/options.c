// SPDX-License-Identifier: GPL-2.0-or-later
/* Command-line options as rows: parsing, and --help from the same rows. */
#include "core/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "core/failure.h"
#include "core/ini.h"
#include "core/units.h"

enum { ROWS_MAX = 64, FIRST_LONG = 256, HELP_LETTER = 'h', HELP_COLUMN = 28 };

static size_t count_rows(const struct option_row *rows)
{
	size_t n = 0;

	while (rows[n].name && n < ROWS_MAX)
		n++;
	return n;
}

static int print_help(const struct usage *usage)
{
	char left[64];

	printf("Usage: fathom %s %s\n\n%s\n\nOptions:\n", usage->command, usage->synopsis,
	       usage->summary);
	for (const struct option_row *row = usage->rows; row->name; row++) {
		bool optional = row->kind == OPTION_OPTIONAL;

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s%s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? "," : " ",
			 row->name, optional ? "[=" : (row->value ? " " : ""),
			 row->value ? row->value : "", optional ? "]" : "");
		if (strlen(left) >= HELP_COLUMN)
			printf("  %s\n  %*s %s\n", left, HELP_COLUMN, "", row->help);
		else
			printf("  %-*s %s\n", HELP_COLUMN, left, row->help);
	}
	printf("  %-*s %s\n", HELP_COLUMN, "-h, --help", "print this help");
	if (usage->more)
		printf("\n%s", usage->more);
	return OPTIONS_HELP;
}

int options_complain(const struct usage *usage, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "fathom %s: ", usage->command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (see fathom %s --help)\n", usage->command);
	return EXIT_USAGE;
}

static int list_add(struct string_list *list, const char *item)
{
	const char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return -1;
	list->items = items;
	list->items[list->count++] = item;
	return 0;
}

static int parse_number(const struct option_row *row, const char *text, uint64_t *value,
			struct failure *f)
{
	int err;

	if (row->kind == OPTION_SIZE)
		err = size_parse(text, value, f);
	else if (row->kind == OPTION_TIME)
		err = time_parse(text, 1000000000, value, f);
	else
		err = number_parse(text, value, f);
	if (err)
		return err;
	if (*value < row->min)
		return fail(f, -1, "'%s' is below %llu", text,
			    (unsigned long long)row->min);
	if (row->max && *value > row->max)
		return fail(f, -1, "'%s' is above %llu", text,
			    (unsigned long long)row->max);
	return 0;
}

static int store(const struct usage *usage, const struct option_row *row,
		 const char *text, void *options)
{
	void *to = (char *)options + row->at;
	struct failure f = {{0}};

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)to = true;
		return 0;
	case OPTION_STRING:
		*(const char **)to = text;
		return 0;
	case OPTION_OPTIONAL:
		*(const char **)to = text ? text : "";
		return 0;
	case OPTION_LIST:
		return list_add(to, text);
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_TIME:
		if (!parse_number(row, text, to, &f))
			return 0;
		options_complain(usage, "--%s: %s", row->name, f.text);
		return -1;
	}
	return -1;
}

static void complain_unknown(const struct usage *usage, const char *given)
{
	const char *names[ROWS_MAX + 1] = {0};
	const char *near;
	char word[64];

	for (size_t i = 0; i < count_rows(usage->rows); i++)
		names[i] = usage->rows[i].name;
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(given, "="), given);
	near = nearest_word(word, names);
	if (near)
		options_complain(usage, "unknown option '--%s', did you mean '--%s'?",
				 word, near);
	else
		options_complain(usage, "unknown option '--%s'", word);
}

/* What getopt did not like: it returned @got when it came to @given. */
static int complain(const struct usage *usage, int got, const char *given)
{
	if (got == ':')
		options_complain(usage, "option '%s' needs a value", given);
	else if (optopt >= FIRST_LONG)
		options_complain(usage, "option '--%s' takes no value",
				 usage->rows[optopt - FIRST_LONG].name);
	else if (optopt == HELP_LETTER) /* known, so it is the value that is wrong */
		options_complain(usage, "option '--help' takes no value");
	else if (optopt)
		options_complain(usage, "unknown option '-%c'", optopt);
	else
		complain_unknown(usage, given + strspn(given, "-"));
	return OPTIONS_BAD;
}

/* The rows as getopt_long wants them. */
static void make_getopt(const struct usage *usage, char *shorts, struct option *longs)
{
	size_t rows = count_rows(usage->rows);

	shorts = stpcpy(shorts, "+:h");
	for (size_t i = 0; i < rows; i++) {
		const struct option_row *row = &usage->rows[i];
		int takes = row->kind == OPTION_FLAG	   ? no_argument
			    : row->kind == OPTION_OPTIONAL ? optional_argument
							   : required_argument;

		longs[i] = (struct option){row->name, takes, NULL, FIRST_LONG + (int)i};
		if (!row->letter)
			continue;
		*shorts++ = row->letter;
		if (takes == required_argument)
			*shorts++ = ':';
	}
	longs[rows] = (struct option){"help", 0, NULL, HELP_LETTER};
	*shorts = 0;
}

int options_parse(const struct usage *usage, int argc, char **argv, void *options)
{
	struct option longs[ROWS_MAX + 2] = {{0}};
	char shorts[2 * ROWS_MAX + 4];
	int got;

	make_getopt(usage, shorts, longs);
	optind = 0;
	opterr = 0;
	while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i = 0;

		if (got == HELP_LETTER)
			return print_help(usage);
		if (got == ':' || got == '?')
			return complain(usage, got, argv[optind - 1]);
		if (got >= FIRST_LONG)
			i = (size_t)(got - FIRST_LONG);
		else
			while (usage->rows[i].letter != got)
				i++;
		if (store(usage, &usage->rows[i], optarg, options))
			return OPTIONS_BAD;
	}
	return optind;
}

int options_exit(int parsed)
{
	return parsed == OPTIONS_HELP ? EXIT_FINE : EXIT_USAGE;
}

void string_list_free(struct string_list *list)
{
	free(list->items);
	*list = (struct string_list){0};
}
