// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a variable is, at an instruction: DWARF expressions that are simple enough. */
#include "collector/dwarf_place.h"

#include <dwarf.h>
#include <stdbool.h>

#include "collector/operand.h"

/* The register of DW_OP_regN or DW_OP_bregN, or -1. */
static int numbered(const Dwarf_Op *op, int first, int indirect)
{
	if (op->atom >= first && op->atom < first + 32)
		return op->atom - first;
	return op->atom == indirect && op->number < REGISTER_NONE ? (int)op->number : -1;
}

static bool constant_of(const Dwarf_Op *op, int64_t *value)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31) {
		*value = op->atom - DW_OP_lit0;
		return true;
	}
	switch (op->atom) {
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		*value = (int64_t)op->number;
		return true;
	default:
		return false;
	}
}

/* One operation: where the variable is. */
static struct dwarf_place place_of(const struct dwarf_where *where, const Dwarf_Op *op)
{
	int reg = numbered(op, DW_OP_reg0, DW_OP_regx);
	struct dwarf_place place = {0};

	if (reg >= 0)
		return (struct dwarf_place){PLACE_REGISTER, (unsigned)reg, 0};
	if (op->atom == DW_OP_fbreg) {
		place = where->frame_base;
		place.offset += (int64_t)op->number;
		return place;
	}
	reg = numbered(op, DW_OP_breg0, DW_OP_bregx);
	if (reg >= 0)
		place = (struct dwarf_place){
			PLACE_MEMORY, (unsigned)reg,
			(int64_t)(op->atom == DW_OP_bregx ? op->number2 : op->number)};
	return place;
}

/* … and DW_OP_stack_value: what the variable is. */
static struct dwarf_place value_of(const struct dwarf_where *where, const Dwarf_Op *op)
{
	struct dwarf_place place = {.kind = PLACE_VALUE};

	if (constant_of(op, &place.offset))
		return place;
	place = place_of(where, op);
	if (place.kind == PLACE_MEMORY)
		place.kind = PLACE_REGISTER;
	else
		place.kind = PLACE_UNKNOWN;
	return place;
}

/* Only the low bits of a register, as clang tells of a _Bool. */
static bool is_narrowing(const Dwarf_Op *op)
{
	int64_t mask;

	return op->atom == DW_OP_and || op->atom == DW_OP_convert ||
	       constant_of(op, &mask);
}

static bool is_value(const Dwarf_Op *ops, size_t nr_ops)
{
	if (nr_ops < 2 || ops[nr_ops - 1].atom != DW_OP_stack_value)
		return false;
	for (size_t i = 1; i + 1 < nr_ops; i++)
		if (!is_narrowing(&ops[i]))
			return false;
	return true;
}

static struct dwarf_place place_of_location(const struct dwarf_where *where,
					    Dwarf_Attribute *attribute)
{
	struct dwarf_place unknown = {0};
	Dwarf_Op *ops;
	size_t nr_ops;

	if (dwarf_getlocation_addr(attribute,
				   dwarf_file_address(where->file, where->address), &ops,
				   &nr_ops, 1) != 1)
		return unknown;
	if (nr_ops == 1)
		return place_of(where, &ops[0]);
	if (is_value(ops, nr_ops))
		return value_of(where, &ops[0]);
	return unknown;
}

struct dwarf_place dwarf_place_of(const struct dwarf_where *where, Dwarf_Die *die)
{
	struct dwarf_place place = {0};
	Dwarf_Attribute attribute;
	Dwarf_Sword value;

	if (dwarf_attr_integrate(die, DW_AT_location, &attribute))
		return place_of_location(where, &attribute);
	if (dwarf_attr_integrate(die, DW_AT_const_value, &attribute) &&
	    !dwarf_formsdata(&attribute, &value))
		place = (struct dwarf_place){PLACE_VALUE, 0, value};
	return place;
}

void dwarf_place_enter(struct dwarf_where *where, Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	struct dwarf_place base;
	Dwarf_Op *ops;
	size_t nr_ops;

	if (!dwarf_attr_integrate(function, DW_AT_frame_base, &attribute) ||
	    dwarf_getlocation_addr(&attribute,
				   dwarf_file_address(where->file, where->address), &ops,
				   &nr_ops, 1) != 1 ||
	    nr_ops != 1)
		return;
	if (ops->atom == DW_OP_call_frame_cfa) {
		base = (struct dwarf_place){.kind = PLACE_MEMORY};
		if (!dwarf_file_frame(where->file, where->address, &base.reg,
				      &base.offset))
			where->frame_base = base;
		return;
	}
	base = place_of(where, ops);
	if (base.kind != PLACE_UNKNOWN)
		base.kind = PLACE_MEMORY; /* a frame base in a register is an address */
	where->frame_base = base;
}
