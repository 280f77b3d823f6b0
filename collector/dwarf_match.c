// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which variable of the source code an operand of a probe is.
 *
 * An operand says where the compiler put an argument: in a register, in memory at a
 * register plus an offset, at an address, or nowhere because it is constant. Debug
 * information says the same of each variable at each instruction. The two are compared:
 *
 *   operand %rdi       a variable in rdi
 *   operand -20(%rbp)  a variable at frame base + X, where the frame base is rbp + Y
 *   operand 16(%rax)   the member at offset 16 of what a pointer variable in rax points
 *                      to, or of a struct variable that spans those bytes
 *   operand n(%rip)    the global variable there
 *   operand $5         the only variable in scope that is known to be 5
 *
 * An operand that is no variable's place may be a copy of one: dwarf_copy.c.
 *
 * Of several variables in one place the innermost scope's is taken: that is the one
 * whose name stands in the inlined function with the probe. What the compiler computed
 * for the probe alone has no variable and so no name.
 *
 * Rejected: reading the source file at the site's line for the expressions. It names
 * more, but the source is seldom there, and macros hide the probe.
 */
#include "collector/dwarf_match.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/dwarf_copy.h"
#include "collector/dwarf_place.h"
#include "collector/dwarf_type.h"

enum { VARIABLES_MAX = 512 };

struct variable {
	Dwarf_Die die;
	size_t scope; /* higher is inner */
	struct dwarf_place place;
};

/* The site that is looked at. */
struct look {
	struct dwarf_where where;
	struct variable *variables;
	size_t nr_variables;
};

static void add_variables(struct look *look, Dwarf_Die *scope, size_t number)
{
	Dwarf_Die die;

	if (dwarf_child(scope, &die))
		return;
	do {
		struct variable *v = &look->variables[look->nr_variables];
		int tag = dwarf_tag(&die);

		if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter)
			continue;
		v->place = dwarf_place_of(&look->where, &die);
		if (v->place.kind == PLACE_UNKNOWN)
			continue;
		v->die = die;
		v->scope = number;
		look->nr_variables++;
	} while (look->nr_variables < VARIABLES_MAX && !dwarf_siblingof(&die, &die));
}

/* Matching */

static bool is_memory_of(const struct operand *o, unsigned reg)
{
	return o->kind == OPERAND_MEMORY && o->base == reg && o->index == REGISTER_NONE;
}

/* The bytes of @o inside a variable that begins @offset before them. */
static bool match_inside(const struct operand *o, uint64_t offset, Dwarf_Die *die,
			 struct dwarf_match *m)
{
	Dwarf_Die type;

	m->name = dwarf_diename(die);
	if (!m->name || !dwarf_type_of(die, &type))
		return false;
	m->type = type;
	m->strength = MATCH_PLACE;
	if (offset == 0 && dwarf_type_size(&type) == o->size)
		return true;
	if (dwarf_type_member(&type, offset, o->size, &m->name, &m->type))
		return true;
	m->type = type;
	return offset == 0 && dwarf_type_size(&type) > o->size && o->size < 8 &&
	       dwarf_tag(&type) == DW_TAG_base_type;
}

/* The member of what the pointer variable @die points to. */
static bool match_target(const struct operand *o, int64_t offset, Dwarf_Die *die,
			 struct dwarf_match *m)
{
	Dwarf_Die type, target;

	if (offset < 0 || !dwarf_type_of(die, &type) ||
	    !dwarf_type_target(&type, &target))
		return false;
	m->strength = MATCH_PLACE;
	if (offset == 0 && dwarf_tag(&target) == DW_TAG_base_type &&
	    dwarf_type_size(&target) == o->size) {
		m->name = dwarf_diename(die);
		m->type = target;
		return m->name != NULL;
	}
	m->name = NULL;
	return dwarf_type_member(&target, (uint64_t)offset, o->size, &m->name,
				 &m->type) &&
	       m->name;
}

static bool match_register(const struct operand *o, Dwarf_Die *die, struct dwarf_match *m)
{
	m->name = dwarf_diename(die);
	m->strength = MATCH_PLACE;
	return o->byte == 0 && m->name && dwarf_type_of(die, &m->type);
}

static bool match_place(const struct operand *o, struct variable *v,
			struct dwarf_match *m)
{
	int64_t offset = (int64_t)((uint64_t)o->value - (uint64_t)v->place.offset);

	switch (v->place.kind) {
	case PLACE_REGISTER:
		if (o->kind == OPERAND_REGISTER && o->base == v->place.reg &&
		    v->place.offset == 0)
			return match_register(o, &v->die, m);
		return is_memory_of(o, v->place.reg) &&
		       match_target(o, offset, &v->die, m);
	case PLACE_MEMORY:
		return is_memory_of(o, v->place.reg) && offset >= 0 &&
		       match_inside(o, (uint64_t)offset, &v->die, m);
	default:
		return false;
	}
}

static uint64_t cut(int64_t value, unsigned size)
{
	return size < 8 ? (uint64_t)value & ((1ULL << (8 * size)) - 1) : (uint64_t)value;
}

/* The only variable of the innermost function that has the constant's value and size. */
static void match_constant(struct look *look, const struct operand *o,
			   struct dwarf_match *m)
{
	size_t found = 0;

	for (size_t i = look->nr_variables; i-- > 0;) {
		struct variable *v = &look->variables[i];
		Dwarf_Die type;

		if (v->place.kind != PLACE_VALUE || !dwarf_type_of(&v->die, &type) ||
		    dwarf_type_size(&type) != o->size || !dwarf_diename(&v->die) ||
		    cut(v->place.offset, o->size) != cut(o->value, o->size))
			continue;
		if (found++)
			break;
		*m = (struct dwarf_match){MATCH_CONSTANT, dwarf_diename(&v->die), type};
	}
	if (found != 1)
		*m = (struct dwarf_match){0};
}

static void match_global(struct look *look, const struct operand *o,
			 struct dwarf_match *m)
{
	uint64_t target = (uint64_t)o->value, start;
	Dwarf_Die die;

	if (dwarf_file_global(look->where.file, look->where.address, target, &die,
			      &start) ||
	    !match_inside(o, dwarf_file_address(look->where.file, target) - start, &die,
			  m))
		*m = (struct dwarf_match){0};
}

/* The innermost variable; in one scope the first whose size is the operand's. */
static bool match_variable(struct look *look, const struct operand *o,
			   struct dwarf_match *m)
{
	size_t scope = 0;

	for (size_t i = 0; i < look->nr_variables; i++) {
		struct variable *v = &look->variables[i];
		struct dwarf_match candidate = {0};

		if (!match_place(o, v, &candidate))
			continue;
		if (!m->strength || v->scope > scope ||
		    (dwarf_type_size(&m->type) != o->size &&
		     dwarf_type_size(&candidate.type) == o->size)) {
			*m = candidate;
			scope = v->scope;
		}
	}
	return m->strength != MATCH_NONE;
}

static bool is_global(const struct operand *o)
{
	return o->kind == OPERAND_MEMORY && o->base == REGISTER_NONE &&
	       o->index == REGISTER_NONE;
}

static bool match_direct(struct look *look, const struct operand *o,
			 struct dwarf_match *m)
{
	if (!is_global(o))
		return match_variable(look, o, m);
	match_global(look, o, m);
	return m->strength != MATCH_NONE;
}

/* The member at @offset of what the matched pointer points to. */
static bool follow_pointer(const struct operand *o, int64_t offset, struct dwarf_match *m)
{
	struct dwarf_match pointer = *m;
	Dwarf_Die target;

	m->name = NULL;
	if (offset >= 0 && dwarf_type_target(&pointer.type, &target) &&
	    dwarf_type_member(&target, (uint64_t)offset, o->size, &m->name, &m->type) &&
	    m->name)
		return true;
	*m = (struct dwarf_match){0};
	return false;
}

/* Walks back through the copies to a variable, over at most one pointer. */
static void match_copied(struct look *look, const struct operand *o,
			 struct dwarf_match *m)
{
	struct dwarf_copy copy = dwarf_copy_begin(look->where.file, look->where.address);
	struct operand now = *o;
	bool is_pointer = false;
	int64_t offset = 0;

	while (dwarf_copy_step(&copy, &now)) {
		bool holds = is_global(&now) || dwarf_copy_holds(&copy, now.base);

		if (holds && match_direct(look, &now, m)) {
			if (is_pointer)
				follow_pointer(o, offset, m);
			return;
		}
		if (now.kind != OPERAND_MEMORY || is_pointer || is_global(&now))
			continue;
		/* What the base register points to: the pointer is looked for now. */
		is_pointer = true;
		offset = now.value;
		now = (struct operand){.kind = OPERAND_REGISTER,
				       .size = sizeof(void *),
				       .base = now.base,
				       .index = REGISTER_NONE};
	}
}

static void match_operand(struct look *look, const struct operand *o,
			  struct dwarf_match *m)
{
	if (o->kind == OPERAND_CONSTANT)
		match_constant(look, o, m);
	else if ((o->kind == OPERAND_REGISTER || o->kind == OPERAND_MEMORY) &&
		 !match_direct(look, o, m))
		match_copied(look, o, m);
}

void dwarf_match_operands(struct dwarf_file *file, uint64_t address,
			  const struct operand *operands, size_t count,
			  struct dwarf_match *matches)
{
	struct look look = {.where = {.file = file, .address = address}};
	Dwarf_Die scopes[DWARF_SCOPES_MAX];
	size_t nr_scopes = dwarf_file_scopes(file, address, scopes);

	memset(matches, 0, count * sizeof(*matches));
	look.variables = calloc(VARIABLES_MAX, sizeof(*look.variables));
	if (!nr_scopes || !look.variables)
		goto out;
	for (size_t i = 0; i < nr_scopes && look.nr_variables < VARIABLES_MAX; i++) {
		if (dwarf_tag(&scopes[i]) == DW_TAG_subprogram)
			dwarf_place_enter(&look.where, &scopes[i]);
		add_variables(&look, &scopes[i], i);
	}
	for (size_t i = 0; i < count; i++)
		match_operand(&look, &operands[i], &matches[i]);
out:
	free(look.variables);
}
