/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C types of debug information as types of arguments. */
#ifndef FATHOM_COLLECTOR_DWARF_TYPE_H
#define FATHOM_COLLECTOR_DWARF_TYPE_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace/argument.h"

/* The type of a variable or member, without typedefs and qualifiers. */
bool dwarf_type_of(Dwarf_Die *die, Dwarf_Die *type);

/* Bytes of a type, 0 when unknown. clang tells no size of pointers. */
uint64_t dwarf_type_size(Dwarf_Die *type);

/*
 * Fills kind, size, sign and words of @argument for @type; its size stays 0 when no
 * argument can be of that type (a struct). 0 or -ENOMEM.
 */
int dwarf_type_argument(Dwarf_Die *type, struct argument *argument);

/* What a pointer points to, without typedefs and qualifiers. */
bool dwarf_type_target(Dwarf_Die *pointer, Dwarf_Die *target);

/*
 * The member of @aggregate, a struct, class, union or array, of which @size bytes begin
 * at @offset; nested ones are looked through. @name belongs to the debug information and
 * stays as it was inside an array. False when there is none.
 */
bool dwarf_type_member(Dwarf_Die *aggregate, uint64_t offset, unsigned size,
		       const char **name, Dwarf_Die *type);

#endif
