/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a variable is, at an instruction: DWARF expressions that are simple enough. */
#ifndef FATHOM_COLLECTOR_DWARF_PLACE_H
#define FATHOM_COLLECTOR_DWARF_PLACE_H

#include "collector/dwarf_file.h"

enum place_kind {
	PLACE_UNKNOWN,	/* also: in pieces, or in the caller's registers */
	PLACE_REGISTER, /* the value is register + offset */
	PLACE_MEMORY,	/* … is in memory at register + offset */
	PLACE_VALUE,	/* … is offset */
};

struct dwarf_place {
	enum place_kind kind;
	unsigned reg;
	int64_t offset;
};

/* The instruction, and the frame of the function around it. */
struct dwarf_where {
	struct dwarf_file *file;
	uint64_t address;
	struct dwarf_place frame_base; /* PLACE_MEMORY when known */
};

/* Learns the frame base of @function, whose variables come next. */
void dwarf_place_enter(struct dwarf_where *where, Dwarf_Die *function);

/* The place of the variable or parameter @die. */
struct dwarf_place dwarf_place_of(const struct dwarf_where *where, Dwarf_Die *die);

#endif
