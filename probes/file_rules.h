/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run may do with files. Whatever opens a file that a job names does it here:
 * a user's own bench may open anything, an agent only what its operator allows.
 */
#ifndef FATHOM_PROBES_FILE_RULES_H
#define FATHOM_PROBES_FILE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct failure;
struct string_list;

/* A directory with all below it, or one file or device. */
struct file_root {
	char *path; /* absolute, without a slash at the end */
	int fd;	    /* O_PATH: what the path led to when it was added */
	bool is_directory;
};

struct file_roots {
	struct file_root *items;
	size_t count;
};

struct file_rules {
	const struct file_roots *roots; /* NULL: all there is */
	bool read_only;
	const struct string_list *devices; /* whose data may be lost; NULL none */
	uint64_t *room;	  /* bytes that files may still grow by; NULL: no bound */
	const bool *stop; /* set by another thread when work shall end; may be NULL */
};

/* 0, or a negative errno with the reason in @f. Free in both cases. */
int file_roots_add(struct file_roots *roots, const char *path, struct failure *f);
void file_roots_free(struct file_roots *roots);

/*
 * open(2) under the rules: a descriptor, or a negative errno with the reason in @f. With
 * roots, no symbolic link and no ".." leads out of them, whoever moves what meanwhile;
 * a relative @path is one below the first directory.
 */
int file_open(const struct file_rules *rules, const char *path, int flags, mode_t mode,
	      struct failure *f);

/* Removes a file that file_open has made. */
void file_unlink(const struct file_rules *rules, const char *path);

/* May @path become @bytes longer? Counts them. */
int file_take_room(const struct file_rules *rules, const char *path, uint64_t bytes,
		   struct failure *f);

/* Shall work end: by a signal, or by who made the rules? */
bool file_work_stopped(const struct file_rules *rules);

#endif
