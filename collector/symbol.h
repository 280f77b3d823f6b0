/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of the symbols that operands such as counter(%rip) name. */
#ifndef FATHOM_COLLECTOR_SYMBOL_H
#define FATHOM_COLLECTOR_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

struct symbol_table;

/* Reads .symtab and .dynsym of the ELF file @path; both may be missing. 0 or a negative
 * errno. */
int symbol_table_open(struct symbol_table **table, const char *path);
void symbol_table_close(struct symbol_table *table); /* NULL is fine */

/* The virtual address of the symbol named by @size bytes of @name. 0; -ENOENT when
 * there is none (a stripped file); -ENOTUNIQ when several source files have one of their
 * own at other addresses. */
int symbol_table_find(const struct symbol_table *table, const char *name, size_t size,
		      uint64_t *address);

#endif
