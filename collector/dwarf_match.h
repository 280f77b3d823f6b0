/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which variable of the source code an operand of a probe is. */
#ifndef FATHOM_COLLECTOR_DWARF_MATCH_H
#define FATHOM_COLLECTOR_DWARF_MATCH_H

#include "collector/dwarf_file.h"
#include "collector/operand.h"

/* How sure a match is. */
enum match_strength {
	MATCH_NONE,
	MATCH_CONSTANT, /* a variable in scope has this value, and no other one has */
	MATCH_PLACE,	/* the variable lives where the operand is */
};

struct dwarf_match {
	enum match_strength strength;
	const char *name; /* belongs to the debug information */
	Dwarf_Die type;	  /* without typedefs and qualifiers */
};

/*
 * Finds the variable, parameter or struct member that each of @count operands of the
 * site at @address is, into @matches. The innermost scope wins.
 */
void dwarf_match_operands(struct dwarf_file *file, uint64_t address,
			  const struct operand *operands, size_t count,
			  struct dwarf_match *matches);

#endif
