/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The static probes of one ELF file: stapsdt notes, and the fathom note's names.
 *
 * A probe (provider:name) has one or more sites. Addresses are turned into file
 * offsets, which is what uprobes want. Formats: docs/probe-notes.md.
 */
#ifndef FATHOM_TRACE_SDT_FILE_H
#define FATHOM_TRACE_SDT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/argument.h"

struct failure;
struct sdt_notes;

/* One address of a probe. */
struct sdt_site {
	uint64_t address;       /* virtual address of the one-byte nop, after prelink */
	uint64_t offset;        /* the same as a file offset */
	uint64_t semaphore_address; /* virtual address of a 16-bit counter, or 0 */
	uint64_t semaphore;     /* its file offset; 0: there is none, or it is in memory that
				   cannot be written */
	const char *operands;   /* "8@%rdi -4@%esi": where the arguments are */
	bool has_nop10;         /* the fathom note promises a 10-byte nop at +1 */
	bool has_nop5;          /* … and a 5-byte nop at +11, with no red zone */
	bool no_fork;           /* … and promises that no forked child comes by */
	uint8_t bytes[16];      /* the instructions at the site, as in the file */
};

struct sdt_probe {
	const char *provider;
	const char *name;
	struct sdt_site *sites;
	size_t nr_sites;
	struct argument arguments[ARGUMENTS_MAX]; /* from the fathom note */
	size_t nr_arguments;
	bool has_names;         /* false: nobody told names, @arguments is empty */
};

struct sdt_file {
	char *path;
	uint8_t build_id[20];
	size_t build_id_size;   /* 0: the file has none */
	uint16_t machine;       /* ELF e_machine, EM_X86_64 */
	uint64_t device, inode;
	struct sdt_probe *probes; /* sorted by provider, then name */
	size_t nr_probes;
	size_t nr_bad_notes;    /* notes that were damaged and left out */
	struct sdt_site *sites; /* of all probes, in one array */
	struct sdt_notes *notes; /* private: strings point into it */
};

/*
 * Reads the notes of @path. A file without probes is fine (nr_probes 0); one that
 * is not ELF, is damaged or of another word size is -EINVAL with the reason in @f.
 * At most 1,000,000 notes are read. Free with sdt_file_close.
 */
int sdt_file_open(struct sdt_file **file, const char *path, struct failure *f);
void sdt_file_close(struct sdt_file *file); /* NULL is fine */

#endif
