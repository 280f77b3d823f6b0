/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mov instructions of x86_64 by which compilers carry arguments to a probe's place.
 */
#ifndef FATHOM_COLLECTOR_X86_MOVE_H
#define FATHOM_COLLECTOR_X86_MOVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/operand.h"

/* A register, or memory at base + value; base REGISTER_RIP counts from the next
 * instruction. The operands have no size. */
struct x86_move {
	struct operand from, to;
	unsigned size; /* bytes that are moved */
};

/*
 * Reads the move that ends at @end and is @length bytes long, all of them. False when
 * the bytes are another instruction, or a move with an index or of a constant.
 */
bool x86_move_read(const uint8_t *end, size_t length, struct x86_move *move);

enum { X86_MOVE_MIN = 2, X86_MOVE_MAX = 9 };

#endif
