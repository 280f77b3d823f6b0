/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sdt_file.c builds probes from: the notes of one ELF file, flat. Private to trace/. */
#ifndef FATHOM_TRACE_SDT_NOTES_H
#define FATHOM_TRACE_SDT_NOTES_H

#include "trace/sdt_file.h"

struct raw_site {
	const char *provider, *name;
	struct sdt_site site;
};

/* Names and types of a probe's arguments, as the fathom note tells them. */
struct declaration {
	const char *provider, *name, *text;
};

/* Which nops follow the site at an address. */
struct promise {
	uint64_t address;
	uint32_t flags;
};

enum { PROMISE_NOP10 = 1, PROMISE_NOP5 = 2, PROMISE_NO_FORK = 4 };

/* Strings point into @elf and hold until sdt_notes_free(). */
struct sdt_notes {
	struct Elf *elf;
	struct raw_site *sites; /* located: offset, semaphore and bytes are filled */
	struct declaration *declarations;
	struct promise *promises;
	size_t nr_sites, nr_declarations, nr_promises;
	size_t nr_bad;          /* damaged, or of an address that lies nowhere */
};

/* Reads @file->path; fills @file's build id, machine, device and inode. 0, or a
 * negative errno with the reason in @f. */
int sdt_notes_read(struct sdt_notes **notes, struct sdt_file *file, struct failure *f);
void sdt_notes_free(struct sdt_notes *notes); /* NULL is fine */

#endif
