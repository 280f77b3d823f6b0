// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fetch arguments of uprobe events.
 *
 *   %di:u64          a register        \5:s32           a constant
 *   +8(%bp):u32      memory            @+0x4010:u32     memory at a file offset
 *   +0(%di):string   what a pointer points to
 *
 * The kernel reads as many bytes as the type has. Where the operand is narrower than the
 * event's common type, a bit field takes its part: b32@0/64. There is no signed bit
 * field, so a narrower signed operand cannot be had, nor can a second byte (%ah) or an
 * index.
 */
#include "collector/fetch_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *fetch_text_cannot(const struct operand *o, const struct argument *argument)
{
	bool is_number = argument->kind != ARGUMENT_STRING;

	if (o->kind == OPERAND_NONE)
		return o->why;
	if (o->kind == OPERAND_ADDRESS)
		return "an address, which the kernel's uprobe events cannot give";
	if (o->index != REGISTER_NONE)
		return "memory with an index, which the kernel's uprobe events cannot "
		       "read";
	if (o->symbol && o->base != REGISTER_NONE)
		return "memory at a symbol and a register, which uprobe events cannot "
		       "read";
	if (o->kind == OPERAND_MEMORY && !o->symbol && o->base == REGISTER_NONE)
		return "memory at a fixed address, which uprobe events cannot read";
	if (o->byte)
		return "the second byte of a register, which uprobe events cannot read";
	if (!is_number && (o->size != 8 || o->kind == OPERAND_CONSTANT))
		return "not a pointer";
	if (is_number && o->size < argument->size && o->is_signed &&
	    o->kind != OPERAND_CONSTANT)
		return "narrower than at other sites, and signed";
	if (argument->kind == ARGUMENT_FLOAT && o->size != argument->size)
		return "floating point of another width";
	return NULL;
}

/* "%di", "+8(%bp)", "\5" or "@+0x4010" */
static int place(char *out, size_t room, const struct plan_site *site,
		 const struct operand *o)
{
	const char *name = o->base == REGISTER_NONE
				   ? NULL
				   : operand_register_name(OPERAND_MACHINE, o->base);

	if (o->kind == OPERAND_CONSTANT)
		return snprintf(out, room, "\\%" PRId64, o->value);
	if (o->kind == OPERAND_REGISTER)
		return snprintf(out, room, "%%%s", name);
	if (name)
		return snprintf(out, room, "%+" PRId64 "(%%%s)", o->value, name);
	/* The kernel adds to it where offset 0 of the file would be mapped, as seen from
	 * the breakpoint. */
	return snprintf(out, room, "@+0x%" PRIx64,
			(uint64_t)o->value - plan_attach_address(site) +
				plan_attach_offset(site));
}

static int typed(char *out, size_t room, const struct operand *o,
		 const struct argument *a)
{
	if (o->size < a->size && o->kind != OPERAND_CONSTANT)
		return snprintf(out, room, "b%d@0/%d", 8 * o->size, 8 * a->size);
	return snprintf(out, room, "%c%d", a->is_signed ? 's' : 'u', 8 * a->size);
}

/* The bit field's type is an unsigned one, so the other sites' must be. */
static bool needs_unsigned(const struct plan_event *event, size_t argument)
{
	uint8_t number = event->operand[argument];

	for (size_t i = 0; i < event->nr_sites; i++) {
		const struct operand *o = &event->sites[i].operands[number];

		if (o->kind != OPERAND_CONSTANT &&
		    o->size < event->arguments[argument].size)
			return true;
	}
	return false;
}

int fetch_text(char *out, size_t room, const struct plan_event *event,
	       const struct plan_site *site)
{
	char where[64], type[32];
	size_t at = 0;

	for (size_t i = 0; i < event->nr_arguments; i++) {
		const struct operand *o = &site->operands[event->operand[i]];
		struct argument argument = event->arguments[i];
		int written;

		argument.is_signed &= !needs_unsigned(event, i);
		place(where, sizeof(where), site, o);
		typed(type, sizeof(type), o, &argument);
		if (argument.kind == ARGUMENT_STRING)
			written = snprintf(out + at, room - at, " arg%zu=+0(%s):string",
					   i + 1, where);
		else
			written = snprintf(out + at, room - at, " arg%zu=%s:%s", i + 1,
					   where, type);
		if (written < 0 || (size_t)written >= room - at)
			return -E2BIG;
		at += (size_t)written;
	}
	return 0;
}
