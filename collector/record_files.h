/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files whose probes fathom record chooses from. */
#ifndef FATHOM_COLLECTOR_RECORD_FILES_H
#define FATHOM_COLLECTOR_RECORD_FILES_H

#include <stdbool.h>

struct failure;
struct plan;
struct string_list;
struct target;

struct record_files {
	const struct string_list *names; /* of -x */
	const struct target *target;	 /* its processes are those of -p */
	const char *program;		 /* the command's, or NULL */
	bool everybody;			 /* does every process of the files count? */
};

/*
 * Adds the files of -x; without any, the command's program and its libraries, or what the
 * processes of -p have mapped. Where everybody counts, copies of them that others have
 * mapped, too. 0, or a negative errno with the reason in @f.
 */
int record_files_add(struct plan *plan, const struct record_files *files,
		     struct failure *f);

#endif
