/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a -x FILE means, here and in the mount namespaces of processes. */
#ifndef FATHOM_COLLECTOR_FILE_FIND_H
#define FATHOM_COLLECTOR_FILE_FIND_H

#include <stddef.h>
#include <sys/types.h>

#include "collector/process.h"

struct failure;
struct sdt_file;

/*
 * Calls @each for the file that @name means: a path, else, without a slash, a program of
 * $PATH, else a file of that name which a running process has mapped.
 *
 * -ENOENT when there is none, with where it was looked for in @f.
 */
int file_find(const char *name, process_file *each, void *user, struct failure *f);

/*
 * The same as process @pid sees it: the file that it has mapped under that name, or which
 * is that file by inode or build id; if it has none, the file that the name has in the
 * process's mount namespace, else here. A program that was replaced since is the old one.
 */
int file_find_in_process(const char *name, pid_t pid, process_file *each, void *user,
			 struct failure *f);

/* Processes that run another file under the base name of a given one. */
struct other_builds {
	size_t count;
	pid_t pid; /* one of them */
};

/*
 * Calls @each for copies of @file, with its name and build id, that other processes have
 * mapped: in a container, or deleted. Those that run another build are counted.
 */
int file_find_copies(const struct sdt_file *file, process_file *each, void *user,
		     struct other_builds *others, struct failure *f);

#endif
