// SPDX-License-Identifier: GPL-2.0-or-later
/* The mov instructions of x86_64 by which compilers carry arguments to a probe's place.
 */
#include "collector/x86_move.h"

#include <string.h>

#include "core/bytes.h"

enum {
	REX_W = 8,
	REX_R = 4,
	REX_X = 2,
	REX_B = 1,
	BASE_SIB = 4,  /* a second byte tells the base */
	BASE_NONE = 5, /* … without displacement: relative to rip */
};

/* What kind of move an opcode is. */
struct opcode {
	uint8_t code;
	bool is_extended; /* behind 0f */
	bool is_store;
	uint8_t size; /* 0: 4, or 8 or 2 by prefix */
};

static const struct opcode opcodes[] = {
	{0x88, false, true, 1},	 {0x89, false, true, 0},  {0x8a, false, false, 1},
	{0x8b, false, false, 0}, {0x63, false, false, 4}, /* movslq */
	{0xb6, true, false, 1},	 {0xb7, true, false, 2},  /* movz */
	{0xbe, true, false, 1},	 {0xbf, true, false, 2},  /* movs */
};

static const struct opcode *read_opcode(struct bytes *b)
{
	uint8_t code = bytes_u8(b);
	bool is_extended = code == 0x0f;

	if (is_extended)
		code = bytes_u8(b);
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(*opcodes); i++)
		if (opcodes[i].code == code && opcodes[i].is_extended == is_extended)
			return &opcodes[i];
	return NULL;
}

static struct operand register_operand(unsigned number)
{
	/* The machine's encoding order, against that of DWARF. */
	static const uint8_t dwarf[] = {0, 2, 1, 3, 7, 6, 4, 5};

	return (struct operand){
		.kind = OPERAND_REGISTER,
		.base = number < 8 ? dwarf[number] : (uint8_t)number,
		.index = REGISTER_NONE,
	};
}

/* Behind modrm: the memory operand. */
static bool read_memory(struct bytes *b, unsigned mode, unsigned base, uint8_t rex,
			struct operand *o)
{
	bool is_rip = mode == 0 && base == BASE_NONE;

	if (base == BASE_SIB) {
		uint8_t sib = bytes_u8(b);

		/* Index 4 is none. */
		if (((sib >> 3) & 7) != 4 || rex & REX_X || (mode == 0 && (sib & 7) == 5))
			return false;
		base = sib & 7;
	}
	*o = register_operand(base | (rex & REX_B ? 8U : 0U));
	o->kind = OPERAND_MEMORY;
	if (is_rip)
		o->base = REGISTER_RIP;
	if (mode == 1)
		o->value = (int8_t)bytes_u8(b);
	else if (mode == 2 || is_rip)
		o->value = (int32_t)bytes_u32_le(b);
	return true;
}

bool x86_move_read(const uint8_t *end, size_t length, struct x86_move *move)
{
	struct bytes b = bytes_of(end - length, length);
	bool is_short = length && *b.at == 0x66;
	const struct opcode *opcode;
	struct operand reg, other;
	uint8_t rex = 0, modrm;

	bytes_skip(&b, is_short);
	if (bytes_left(&b) && (*b.at & 0xf0) == 0x40)
		rex = bytes_u8(&b);
	opcode = read_opcode(&b);
	if (!opcode)
		return false;
	modrm = bytes_u8(&b);
	reg = register_operand(((modrm >> 3) & 7U) | (rex & REX_R ? 8U : 0U));
	if (modrm >> 6 == 3)
		other = register_operand((modrm & 7U) | (rex & REX_B ? 8U : 0U));
	else if (!read_memory(&b, modrm >> 6, modrm & 7U, rex, &other))
		return false;
	if (bytes_bad(&b) || bytes_left(&b))
		return false;
	/* Without REX the byte registers 4 to 7 are %ah to %bh. */
	if (opcode->size == 1 && !rex && ((modrm >> 3) & 7) >= 4 && !opcode->is_extended)
		return false;
	move->from = opcode->is_store ? reg : other;
	move->to = opcode->is_store ? other : reg;
	move->size = opcode->size ? opcode->size : rex & REX_W ? 8 : is_short ? 2 : 4;
	return true;
}
