/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line options as rows. The same rows parse the line and make --help, so
 * the two cannot disagree. Each command has its own options struct; a row says
 * where in it the value goes.
 */
#ifndef FATHOM_CORE_OPTIONS_H
#define FATHOM_CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct string_list {
	const char **items; /* the strings belong to argv, the array to the list */
	size_t count;
};

enum option_kind {
	OPTION_FLAG,   /* bool, no value */
	OPTION_STRING, /* const char *, points into argv */
	OPTION_OPTIONAL, /* the same; "--name=VALUE", or "" for "--name" alone */
	OPTION_LIST,   /* struct string_list, may be given again and again */
	OPTION_NUMBER, /* uint64_t, decimal or 0x */
	OPTION_SIZE,   /* uint64_t bytes, with fio's suffixes (core/units.h) */
	OPTION_TIME,   /* uint64_t ns; seconds without a suffix, as in fio */
};

struct option_row {
	const char *name;      /* long name without "--" */
	char letter;           /* short name or 0 */
	enum option_kind kind;
	size_t at;             /* offsetof the value in the command's options */
	const char *value;     /* what --help calls the value; NULL for a flag */
	const char *help;      /* one line, lower case, no full stop */
	uint64_t min, max;     /* for numbers, sizes and times; max 0 is no bound */
};

struct usage {
	const char *command;   /* "latency" */
	const char *synopsis;  /* "[-i FILE] [--by op|size|thread|fd]" */
	const char *summary;   /* one sentence */
	const struct option_row *rows; /* ends with a row whose name is NULL */
	const char *more;      /* printed after the options: examples; may be NULL */
};

enum {
	OPTIONS_HELP = -1,     /* help was asked and printed to stdout: exit 0 */
	OPTIONS_BAD = -2,      /* said on stderr what is wrong: exit 2 */
};

/*
 * Parses up to the first operand or "--". Returns its index in @argv (argc when
 * there is none), OPTIONS_HELP or OPTIONS_BAD. @argv[0] is the command's name.
 * @options holds the defaults before and the values after.
 */
int options_parse(const struct usage *usage, int argc, char **argv, void *options);

/* The exit code for a negative return of options_parse. */
int options_exit(int parsed);

/* Prints "fathom COMMAND: text" and where help is, for a rule that no row can say;
 * returns 2, the exit code. */
int options_complain(const struct usage *usage, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void string_list_free(struct string_list *list);

#endif
