/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the value of an operand was a moment before the site. */
#ifndef FATHOM_COLLECTOR_DWARF_COPY_H
#define FATHOM_COLLECTOR_DWARF_COPY_H

#include <stdbool.h>

#include "collector/dwarf_file.h"
#include "collector/operand.h"

/*
 * A walk back from a site through the moves right before it. Each step finds the place
 * that the operand's value was copied from.
 */
struct dwarf_copy {
	struct dwarf_file *file;
	uint64_t at;	  /* the instructions from here to the site are known */
	uint32_t changed; /* registers that they write, as bits */
	unsigned steps;
};

/* Begins at the site at @address. */
struct dwarf_copy dwarf_copy_begin(struct dwarf_file *file, uint64_t address);

/*
 * Replaces @operand by what was copied into it. Memory relative to rip becomes memory
 * without a base, at the address itself. False at the end of the walk.
 */
bool dwarf_copy_step(struct dwarf_copy *copy, struct operand *operand);

/* Has the register still, at the site, the value that it had here? */
bool dwarf_copy_holds(const struct dwarf_copy *copy, uint8_t reg);

#endif
