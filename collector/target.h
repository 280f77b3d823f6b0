/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose hits are recorded: everybody's, some processes', or those of a command. */
#ifndef FATHOM_COLLECTOR_TARGET_H
#define FATHOM_COLLECTOR_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/options.h"

struct failure;

enum target_kind {
	TARGET_ALL,	  /* every process of the traced files */
	TARGET_PROCESSES, /* those of @pids */
	TARGET_COMMAND,	  /* a command that we start, and all it forks */
};

struct target {
	enum target_kind kind;
	pid_t *pids; /* process ids; of a command the one we started */
	size_t nr_pids;
	bool follow;	/* what they fork, too */
	bool everybody; /* of a command: record every process while it runs */
	int go;		/* of a command: writing here lets it exec; else -1 */
	int failed;	/* … reads an errno if the exec failed */
	int ended;	/* … a pidfd, readable when it ended */
};

/* Parses the values of -p: process ids, also several separated by commas. */
int target_processes(struct target *target, const struct string_list *pids,
		     struct failure *f);

/* The path that execvp would run for @command; to be freed. Fails for what cannot be
 * run: not there, not executable, a script whose interpreter is not there. */
int target_find_command(const char *command, char **path, struct failure *f);

/* Is @path a script, that is, run by another program? */
bool target_is_script(const char *path);

/* Forks a child that waits to become @argv. With @quiet_stdout its standard output is
 * our standard error, since ours carries the trace. */
int target_start(struct target *target, char **argv, bool quiet_stdout,
		 struct failure *f);

/* Lets it go. Returns 0, or the errno of its exec with the reason in @f. */
int target_go(struct target *target, const char *command, struct failure *f);

/* Does every process of the traced files count? */
static inline bool target_is_everybody(const struct target *target)
{
	return target->kind == TARGET_ALL || target->everybody;
}

bool target_ended(const struct target *target);	   /* the command */
/* "the command ended", "the command died of SIGSEGV". */
void target_how_ended(const struct target *target, char *text, size_t room);
bool target_all_gone(const struct target *target); /* every process */

/* Ends a command that still runs (SIGTERM, as perf does) and collects it. */
void target_release(struct target *target);

#endif
