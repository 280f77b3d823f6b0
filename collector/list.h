/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fathom list works with: files, whose they are, and how their probes are shown. */
#ifndef FATHOM_COLLECTOR_LIST_H
#define FATHOM_COLLECTOR_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/plan.h"
#include "core/text.h"

struct failure;

struct listed_file {
	char *path;	 /* that can be opened: may lie below /proc/PID */
	char *mapped_as; /* its name in the process, if that is another; or NULL */
	uint64_t device, inode;
	pid_t *pids; /* processes that map it, of those looked at */
	size_t nr_pids;
};

struct file_list {
	struct listed_file *files;
	size_t nr_files, room;
	size_t nr_unreadable; /* processes whose files could not be looked at */
};

/* Adds the file that @name means (file_find.h) unless its inode is there. 0 or a negative
 * errno with the reason in @f. */
int file_list_add(struct file_list *list, const char *name, struct failure *f);

/* Adds every file that process @pid has mapped for execution. */
int file_list_add_process(struct file_list *list, pid_t pid, struct failure *f);

/* The same of every process that we may look at. */
int file_list_add_all(struct file_list *list, struct failure *f);

void file_list_release(struct file_list *list);

/* A file with the probes that were asked for: @plan has this file only. */
struct listing {
	const struct listed_file *file;
	const struct plan *plan;
	struct naming *naming;
};

/* Prints the file's probes, a row each; with @heading a line about the file first. */
void list_print_table(const struct listing *listing, bool heading);

/* Prints all that is known about each probe. */
void list_print_long(const struct listing *listing);

/* CSV for all files: the heading, then the rows of a file at a time. */
struct text_table *list_csv_new(void); /* NULL without memory */
void list_csv_add(struct text_table *table, const struct listing *listing);

/* The file as JSON, or NULL without memory. */
json_t *list_json(const struct listing *listing);

/* Foreign text, escaped, in one of a few turns of a static buffer. */
const char *list_text(const char *text);

#endif
