// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves of x86_64: bytes as an assembler makes them, and bytes that are no such move. */
#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "collector/x86_move.h"

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R12 = 12, R15 = 15, RIP };

struct move_case {
	const char *text;
	const char *bytes;
	size_t length;
	unsigned size;
	unsigned from, to; /* registers; of memory its base */
	int64_t from_at, to_at;
	bool from_memory, to_memory;
};

#define BYTES(text) text, sizeof(text) - 1

static const struct move_case moves[] = {
	{"mov %rdi,-8(%rsp)", BYTES("\x48\x89\x7c\x24\xf8"), 8, RDI, RSP, 0, -8, false,
	 true},
	{"mov %edx,-0x14(%rsp)", BYTES("\x89\x54\x24\xec"), 4, RDX, RSP, 0, -20, false,
	 true},
	{"mov %dx,-0x12(%rsp)", BYTES("\x66\x89\x54\x24\xee"), 2, RDX, RSP, 0, -18, false,
	 true},
	{"mov %r8b,-0x19(%rsp)", BYTES("\x44\x88\x44\x24\xe7"), 1, R8, RSP, 0, -25, false,
	 true},
	{"mov %r15,0x100(%rbp)", BYTES("\x4c\x89\xbd\x00\x01\x00\x00"), 8, R15, RBP, 0,
	 256, false, true},
	{"mov (%rdi),%rax", BYTES("\x48\x8b\x07"), 8, RDI, RAX, 0, 0, true, false},
	{"mov 0x10(%r12),%ecx", BYTES("\x41\x8b\x4c\x24\x10"), 4, R12, RCX, 16, 0, true,
	 false},
	{"movzwl 0x14(%rdi),%edx", BYTES("\x0f\xb7\x57\x14"), 2, RDI, RDX, 20, 0, true,
	 false},
	{"movsbl (%rax),%eax", BYTES("\x0f\xbe\x00"), 1, RAX, RAX, 0, 0, true, false},
	{"movslq %esi,%rsi", BYTES("\x48\x63\xf6"), 4, RSI, RSI, 0, 0, false, false},
	{"mov %rsp,%rbp", BYTES("\x48\x89\xe5"), 8, RSP, RBP, 0, 0, false, false},
	{"mov 0x2ed3(%rip),%eax", BYTES("\x8b\x05\xd3\x2e\x00\x00"), 4, RIP, RAX, 0x2ed3,
	 0, true, false},
};

static void reads_moves(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		const struct move_case *c = &moves[i];
		const uint8_t *bytes = (const uint8_t *)c->bytes;
		struct x86_move move;

		if (!x86_move_read(bytes + c->length, c->length, &move))
			fail_msg("%s is not read\n", c->text);
		if (move.size != c->size || move.from.base != c->from ||
		    move.to.base != c->to || move.from.value != c->from_at ||
		    move.to.value != c->to_at ||
		    (move.from.kind == OPERAND_MEMORY) != c->from_memory ||
		    (move.to.kind == OPERAND_MEMORY) != c->to_memory)
			fail_msg("%s: size %u from %u at %lld to %u at %lld\n", c->text,
				 move.size, move.from.base, (long long)move.from.value,
				 move.to.base, (long long)move.to.value);
		/* A byte more or less is another instruction, or none. */
		assert_false(x86_move_read(bytes + c->length, c->length - 1, &move) &&
			     (bytes[0] & 0xf0) != 0x40 && bytes[0] != 0x66);
	}
}

static void refuses_others(void **state)
{
	static const struct {
		const char *text, *bytes;
		size_t length;
	} others[] = {
		{"mov (%rax,%rcx,4),%eax", BYTES("\x8b\x04\x88")},
		{"mov 0x0,%eax", BYTES("\x8b\x04\x25\x00\x00\x00\x00")},
		{"movl $5,-4(%rsp)", BYTES("\xc7\x44\x24\xfc\x05\x00\x00\x00")},
		{"mov %ah,-1(%rsp)", BYTES("\x88\x64\x24\xff")},
		{"lea 8(%rdi),%rax", BYTES("\x48\x8d\x47\x08")},
		{"add %edi,%eax", BYTES("\x01\xf8")},
		{"push %rbp; nop", BYTES("\x55\x90")},
		{"nothing but prefixes", BYTES("\x66\x48")},
	};
	struct x86_move move;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (x86_move_read((const uint8_t *)others[i].bytes + others[i].length,
				  others[i].length, &move))
			fail_msg("%s is taken for a move\n", others[i].text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_moves),
		cmocka_unit_test(refuses_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
