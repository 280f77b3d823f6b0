// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the value of an operand was a moment before the site.
 *
 * clang copies every argument of a probe that is not constant to a slot of its own on the
 * stack, and compilers without optimisation load it into a register first. No variable
 * lives in these places. But the copies are plain moves right before the site, so they
 * can be walked back, from the slot to the variable:
 *
 *	mov %rdi,-8(%rsp)	8@-8(%rsp) is 8@%rdi, where the parameter is
 *	nop			the site
 *
 * Instructions have no marks of where they begin, so each step takes the longest bytes
 * before the last one that are exactly one move which fits. The walk ends at anything
 * else.
 */
#include "collector/dwarf_copy.h"

#include <elf.h>
#include <stddef.h>

#include "collector/x86_move.h"

enum { STEPS_MAX = 40 };

struct dwarf_copy dwarf_copy_begin(struct dwarf_file *file, uint64_t address)
{
	return (struct dwarf_copy){.file = file, .at = address};
}

bool dwarf_copy_holds(const struct dwarf_copy *copy, uint8_t reg)
{
	return reg < 32 && !(copy->changed & 1U << reg);
}

static bool same_place(const struct operand *a, const struct operand *b)
{
	return a->kind == b->kind && a->base == b->base &&
	       (a->kind == OPERAND_REGISTER || a->value == b->value);
}

static void take(struct dwarf_copy *copy, const struct x86_move *move,
		 struct operand *operand)
{
	operand->kind = move->from.kind;
	operand->base = move->from.base;
	operand->value = move->from.value;
	if (operand->kind == OPERAND_MEMORY && operand->base == REGISTER_RIP) {
		operand->base = REGISTER_NONE;
		operand->value = (int64_t)((uint64_t)operand->value + copy->at);
	}
}

/* One instruction back; true when it wrote the operand, which is then replaced. */
static bool step_over(struct dwarf_copy *copy, const uint8_t *end, size_t before,
		      struct operand *operand)
{
	struct x86_move move;
	size_t length = before < X86_MOVE_MAX ? before : X86_MOVE_MAX;

	for (; length >= X86_MOVE_MIN; length--) {
		bool wrote;

		if (!x86_move_read(end, length, &move))
			continue;
		wrote = same_place(&move.to, operand);
		if (wrote && move.size < operand->size)
			continue;
		if (wrote)
			take(copy, &move, operand);
		copy->at -= length;
		if (move.to.kind == OPERAND_REGISTER)
			copy->changed |= 1U << (move.to.base & 31);
		return wrote;
	}
	copy->steps = STEPS_MAX;
	return false;
}

bool dwarf_copy_step(struct dwarf_copy *copy, struct operand *operand)
{
	if (operand->index != REGISTER_NONE || operand->byte)
		return false;
	while (copy->steps++ < STEPS_MAX) {
		size_t before;
		const uint8_t *end = dwarf_file_code(copy->file, copy->at, &before);

		if (!end)
			return false;
		if (step_over(copy, end, before, operand))
			return true;
	}
	return false;
}
