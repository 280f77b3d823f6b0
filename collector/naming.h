/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and types of the arguments of a probe, from the best source that knows them:
 * the fathom note, a provider file, DWARF, and last the operands alone (arg1, arg2, …).
 * docs/naming.md tells the rules.
 */
#ifndef FATHOM_COLLECTOR_NAMING_H
#define FATHOM_COLLECTOR_NAMING_H

#include <stddef.h>

struct failure;
struct naming;
struct plan;
struct plan_event;
struct plan_site;
struct string_list;

/* Best first. */
enum name_source {
	NAMED_BY_NOTE,
	NAMED_BY_PROVIDER_FILE,
	NAMED_BY_DWARF,
	NAMED_BY_OPERAND,
	NAME_SOURCES,
};

/* "fathom note", "provider file", "DWARF", "operand" */
const char *name_source_text(enum name_source source);

/*
 * Makes the sources ready: reads @provider_files (may be NULL or empty), which come
 * before those of the search path. Everything else is read when a probe needs it.
 * 0, or a negative errno with the reason in @f.
 */
int naming_open(struct naming **naming, const struct string_list *provider_files,
		struct failure *f);
void naming_close(struct naming *naming); /* NULL is fine */

/*
 * Gives @event, whose sites are complete, its arguments. Without @naming only the
 * fathom note and the operands are asked. What the sources or the sites disagree about
 * goes to the event's conflicts. 0, or a negative errno with the reason in @f.
 */
int naming_apply(struct naming *naming, const struct plan *plan, struct plan_event *event,
		 struct failure *f);

/* Where in the source code a site stands. @file belongs to the naming. */
struct source_line {
	const char *file;
	int line;
};

/* 0, or -ENOENT when there is no debug information that knows. */
int naming_source_line(struct naming *naming, const struct plan *plan,
		       const struct plan_site *site, struct source_line *line);

#endif
