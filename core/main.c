// SPDX-License-Identifier: GPL-2.0-or-later
/* The fathom command: finds the row of its first argument and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/*
 * A standard file that is closed would let the next file that is opened take its place,
 * and what is printed would go there. Such a one is opened the wrong way round instead,
 * so that using it fails.
 */
static void open_standard_files(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", modes[fd]);
}

/* `fathom … | head` is no failure: the reader has seen enough. */
static bool reader_has_left(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && out.revents & (POLLERR | POLLHUP);
}

/* What was printed but could not be written is a failure, too. */
static int close_stdout(const char *command, int status)
{
	if ((fflush(stdout) || ferror(stdout)) && !reader_has_left()) {
		fprintf(stderr, "fathom %s: cannot write to standard output: %m\n",
			command);
		return status ? status : EXIT_FAILED;
	}
	return status;
}

static int run_command(int argc, char **argv)
{
	for (unsigned i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, argv[0]))
			return close_stdout(argv[0], commands[i].run(argc, argv));
	return complain(argv[0]);
}

/* "fathom help record" is "fathom record --help". */
static int help_with(char *command)
{
	char option[] = "--help";

	return run_command(2, (char *[]){command, option, NULL});
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";

	open_standard_files();
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(word, "help") && argc > 2)
		return help_with(argv[2]);
	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
		print_help();
		return close_stdout("help", argc > 1 ? EXIT_FINE : EXIT_USAGE);
	}
	if (!strcmp(word, "--version")) {
		puts("fathom " FATHOM_VERSION);
		return close_stdout("version", EXIT_FINE);
	}
	return run_command(argc - 1, argv + 1);
}
