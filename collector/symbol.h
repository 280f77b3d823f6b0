/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of the symbols that operands such as counter(%rip) name. */
#ifndef FATHOM_COLLECTOR_SYMBOL_H
#define FATHOM_COLLECTOR_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

/*
 * The virtual address of the symbol named by @size bytes of @name in the ELF file
 * @path, from .symtab or .dynsym. Returns 0, -ENOENT when there is none (a stripped
 * file), or another negative errno. Reads the file anew at each call: such operands
 * are rare.
 */
int symbol_address(const char *path, const char *name, size_t size, uint64_t *address);

#endif
