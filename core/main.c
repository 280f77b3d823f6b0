// SPDX-License-Identifier: GPL-2.0-or-later
/* The fathom command: finds the row of its first argument and runs it. */
#include <stdio.h>
#include <string.h>

#include "core/command.h"
#include "core/ini.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

static const struct command commands[] = {
#define COMMAND(name, function, summary) {name, function, summary},
#include "core/commands.def"
#undef COMMAND
};

enum { NR_COMMANDS = sizeof(commands) / sizeof(*commands) };

static int print_help(void)
{
	puts("Usage: fathom COMMAND [ARGUMENT...]\n\n"
	     "Understand I/O latency through static probes.\n\nCommands:");
	for (unsigned i = 0; i < NR_COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	puts("\n'fathom COMMAND --help' tells a command's options.");
	return EXIT_FINE;
}

static int complain(const char *word)
{
	const char *names[NR_COMMANDS + 1] = {0};
	const char *near;

	for (unsigned i = 0; i < NR_COMMANDS; i++)
		names[i] = commands[i].name;
	near = nearest_word(word, names);
	fprintf(stderr, "fathom: unknown command '%.60s'%s%s%s (see fathom --help)\n",
		word, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return EXIT_USAGE;
}

/* What was printed but could not be written is a failure, too. */
static int close_stdout(const char *command, int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "fathom %s: cannot write to standard output: %m\n",
			command);
		return status ? status : EXIT_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";

	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
		print_help();
		return close_stdout("help", argc > 1 ? EXIT_FINE : EXIT_USAGE);
	}
	if (!strcmp(word, "--version")) {
		puts("fathom " FATHOM_VERSION);
		return close_stdout("version", EXIT_FINE);
	}
	for (unsigned i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, word))
			return close_stdout(word, commands[i].run(argc - 1, argv + 1));
	return complain(word);
}
