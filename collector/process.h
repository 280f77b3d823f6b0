/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process runs: the files that are mapped into it, each with a path by which we
 * can open it though the process lives in another mount namespace or the file is gone.
 */
#ifndef FATHOM_COLLECTOR_PROCESS_H
#define FATHOM_COLLECTOR_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct failure;
struct stat;

/* A part of a file in the memory of a process: a line of /proc/PID/maps. */
struct mapping {
	pid_t pid;
	uint64_t start, end;
	uint64_t offset; /* of @start in the file */
	unsigned major_number, minor_number;
	uint64_t inode;
	bool executable, writable, shared;
	const char *name; /* in the process; " (deleted)" behind that of a file which is
			     gone */
};

typedef int mapping_each(void *user, const struct mapping *mapping, struct failure *f);

/* Calls @each for every mapping of a file. 0, what @each returned, or a negative errno
 * with the reason in @f when we may not look. */
int process_each_mapping(pid_t pid, mapping_each *each, void *user, struct failure *f);

/* What stat() says of the file that is mapped; false if that cannot be told. */
bool mapping_stat(const struct mapping *mapping, struct stat *status);

/* A path by which the mapped file can be opened: its name below /proc/PID/root, or the
 * kernel's own link if it was deleted, replaced or mounted over. 0 or a negative errno.
 */
int mapping_path(const struct mapping *mapping, char *path, size_t room);

/* Calls @each for the path (mapping_path) of every file that process @pid has mapped to
 * execute, with its name in the process. A file may come more than once. */
typedef int process_file(void *user, const char *path, const char *name,
			 struct failure *f);
int process_each_file(pid_t pid, process_file *each, void *user, struct failure *f);

/* Calls @each for every process but this one. */
typedef int process_each(void *user, pid_t pid, struct failure *f);
int process_all(process_each *each, void *user, struct failure *f);

#endif
