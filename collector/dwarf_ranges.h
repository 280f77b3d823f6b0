/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorted ranges of addresses, each with its entry of the debug information. */
#ifndef FATHOM_COLLECTOR_DWARF_RANGES_H
#define FATHOM_COLLECTOR_DWARF_RANGES_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of code, or a variable, from @low up to @high. */
struct dwarf_range {
	uint64_t low, high;
	Dwarf_Die die;
	size_t unit; /* index, of the ranges of units */
};

struct dwarf_ranges {
	struct dwarf_range *items; /* to be freed */
	size_t count;
};

/* 0 or -ENOMEM; an empty range is not kept. */
int dwarf_ranges_add(struct dwarf_ranges *r, uint64_t low, uint64_t high,
		     const Dwarf_Die *die, size_t unit);

/* Adds the ranges of code that @die tells, as those of @is. 0 or -ENOMEM. */
int dwarf_ranges_add_code(struct dwarf_ranges *r, Dwarf_Die *die, const Dwarf_Die *is,
			  size_t unit);

void dwarf_ranges_sort(struct dwarf_ranges *r);

/* The last range that begins at or before @address, if it reaches there; else NULL. The
 * ranges are sorted. */
const struct dwarf_range *dwarf_ranges_find(const struct dwarf_ranges *r,
					    uint64_t address);

#endif
