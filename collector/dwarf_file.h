/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug information of one program: what code an address belongs to.
 *
 * Addresses are those of the program file; the debug information may lie in a file of
 * its own, found by build id or debug link as GDB does. Nothing is read before it is
 * asked for, and only of the units that hold the addresses asked about.
 */
#ifndef FATHOM_COLLECTOR_DWARF_FILE_H
#define FATHOM_COLLECTOR_DWARF_FILE_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

enum { DWARF_SCOPES_MAX = 64 };

struct dwarf_file;

/* 0; -ENOENT when the program has no debug information that can be found; -ENOMEM. */
int dwarf_file_open(struct dwarf_file **file, const char *path);
void dwarf_file_close(struct dwarf_file *file); /* NULL is fine */

/* Source file and line of @address; @name belongs to @file. 0 or -ENOENT. */
int dwarf_file_line(struct dwarf_file *file, uint64_t address, const char **name,
		    int *line);

/*
 * The scopes around @address: the function first, then the blocks and inlined functions
 * down to the innermost. Returns how many, 0 when none is known.
 */
size_t dwarf_file_scopes(struct dwarf_file *file, uint64_t address,
			 Dwarf_Die scopes[DWARF_SCOPES_MAX]);

/* The global variable of the unit around @address that holds @target. 0 or -ENOENT. */
int dwarf_file_global(struct dwarf_file *file, uint64_t address, uint64_t target,
		      Dwarf_Die *variable, uint64_t *start);

/* Where the caller's frame begins at @address: @reg plus @offset. 0 or -ENOENT. */
int dwarf_file_frame(struct dwarf_file *file, uint64_t address, unsigned *reg,
		     int64_t *offset);

/*
 * The program's code before @address: returns its end, and in @before how many bytes of
 * the section come before it. NULL when there is none, or it is not x86_64 code.
 */
const uint8_t *dwarf_file_code(struct dwarf_file *file, uint64_t address, size_t *before);

/* @address as the debug information has it. */
uint64_t dwarf_file_address(const struct dwarf_file *file, uint64_t address);

#endif
