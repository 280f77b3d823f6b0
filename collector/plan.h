/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to record: the probes that the user's SPECs name, each one event.
 *
 * A probe may have many sites, in several files, with other operands at each. To the
 * user it is one event, so its arguments get one common type per name
 * (collector/naming.h).
 */
#ifndef FATHOM_COLLECTOR_PLAN_H
#define FATHOM_COLLECTOR_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/naming.h"
#include "collector/operand.h"
#include "core/options.h"
#include "trace/argument.h"
#include "trace/sdt_file.h"

struct failure;
struct filter;

/* Which instruction of a site gets the breakpoint. */
enum site_kind {
	SITE_NOP,   /* the one-byte nop at +0: always right */
	SITE_NOP10, /* the ten-byte nop at +1 */
	SITE_NOP5,  /* the five-byte nop at +11, only in code without a red zone */
	SITE_KINDS,
};

struct plan_file {
	struct sdt_file *sdt;
	char *path; /* as the kernel can open it: may lie below /proc/PID/root */
	struct symbol_table *symbols; /* NULL until an operand needs it */
};

struct plan_site {
	unsigned file; /* index of plan->files */
	const struct sdt_site *site;
	enum site_kind kind; /* SITE_NOP until sites_choose() */
	struct operand operands[ARGUMENTS_MAX];
	size_t nr_operands;
	uint64_t hits; /* filled while recording */
};

struct plan_event {
	char *name;		      /* "provider:name" */
	const char *provider, *probe; /* of the first file that has it */
	struct argument arguments[ARGUMENTS_MAX];
	uint8_t operand[ARGUMENTS_MAX]; /* which operand each argument comes from */
	/* Which source told each argument's name, and its type (enum name_source). */
	uint8_t named_by[ARGUMENTS_MAX], typed_by[ARGUMENTS_MAX];
	size_t nr_arguments;
	struct filter *filter; /* which hits count; NULL all */
	const struct sdt_probe *declared; /* the one with a fathom note, or NULL */
	const char *provider_file;	  /* that declares it, belongs to the naming */
	char **conflicts; /* sentences: what sites or sources disagree about */
	size_t nr_conflicts;
	struct plan_site *sites;
	size_t nr_sites;
	pid_t not_raised_in; /* a process in which a semaphore was 0 while recording */
	bool sites_mixed; /* records do not tell the sites apart (site_hits.h) */
	/* Filled while recording. Hits that came out of the rings once the trace could
	 * not be written any more are @unwritten; they are in @lost, too. */
	uint64_t hits, lost, unwritten;
};

struct plan {
	struct naming *naming; /* the caller's; NULL: notes and operands only */
	struct plan_file *files;
	size_t nr_files;
	size_t nr_looked; /* files, also those without probes */
	char *first;	  /* … the first of them; NULL: none yet */
	struct plan_event *events; /* sorted by name */
	size_t nr_events;
	size_t nr_sites; /* of all events */
	char **notices;	 /* sentences for the user: what was left out, and why */
	size_t nr_notices;
};

/* Adds @path's probes to choose from; the same file (inode) counts once. A file
 * without probes is not kept. */
int plan_add_file(struct plan *plan, const char *path, struct failure *f);

/*
 * Chooses the probes that match any of @specs ("provider:name" with globs; a text
 * without a colon is a name of any provider). -ENOENT, with the nearest name in @f,
 * when a SPEC matches none.
 */
int plan_choose(struct plan *plan, const struct string_list *specs, struct failure *f);

/*
 * Leaves out every argument that @cannot says no site can fetch, with a notice; a
 * notice too when only some sites cannot (the value is 0 there). @cannot returns the
 * reason, or NULL when the operand can be fetched as @argument.
 */
typedef const char *plan_cannot(const struct operand *operand,
				const struct argument *argument);
int plan_leave_out(struct plan *plan, plan_cannot *cannot, bool all_sites);

/* Does @spec, a PROVIDER:NAME or NAME with globs, mean this probe? */
bool plan_spec_matches(const char *spec, const char *provider, const char *name);

/* Where the breakpoint of a site goes, as a file offset and as an address. */
uint64_t plan_attach_offset(const struct plan_site *site);
uint64_t plan_attach_address(const struct plan_site *site);

/* Adds a sentence to the notices. */
int plan_notice(struct plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a sentence to the conflicts of an event. */
int plan_event_conflict(struct plan_event *event, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void plan_release(struct plan *plan);

#endif
