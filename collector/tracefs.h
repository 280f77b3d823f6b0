/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of tracefs: uprobe events and the formats of tracepoints. */
#ifndef FATHOM_COLLECTOR_TRACEFS_H
#define FATHOM_COLLECTOR_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>

struct failure;

/* Where tracefs is mounted, or NULL. With @mount it is mounted if it is not. */
const char *tracefs_path(bool mount);

/* Reads a file of tracefs (at most 16 MiB) into *@text, to be freed. */
int tracefs_read(const char *file, char **text, struct failure *f);

/* Appends a line to a file of tracefs. */
int tracefs_write(const char *file, const char *line, struct failure *f);

/* The id of an event ("sched/sched_process_fork"), or a negative errno. */
int tracefs_event_id(const char *event);

/* The offset of a field in an event's record, or a negative errno. */
int tracefs_field_offset(const char *event, const char *field);

/*
 * Removes the uprobe events that fathom processes left behind which are dead by now
 * (their group is fathom_PID). Returns how many, or a negative errno.
 */
int tracefs_clean(struct failure *f);

/* How many of them there are; 0 where tracefs is not readable. */
int tracefs_left_behind(void);

/* … and those of one process, dead or not: our own. */
int tracefs_remove_group(const char *group, struct failure *f);

#endif
