// SPDX-License-Identifier: GPL-2.0-or-later
/* The operand grammar: what each text means on x86_64 and aarch64. */
#include "unit.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "collector/operand.h"

/* x86_64 DWARF numbers. */
enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R12 = 12, R15 = 15 };

enum { NO = REGISTER_NONE };

struct expected {
	const char *text;
	enum operand_kind kind;
	int size; /* negative: signed */
	uint8_t base, index, scale, byte;
	int64_t value;
	const char *symbol;
};

static const struct expected x86_64[] = {
	{"8@%rax", OPERAND_REGISTER, 8, RAX, NO, 1, 0, 0, NULL},
	{"-4@%edi", OPERAND_REGISTER, -4, RDI, NO, 1, 0, 0, NULL},
	{"2@%si", OPERAND_REGISTER, 2, RSI, NO, 1, 0, 0, NULL},
	{"1@%sil", OPERAND_REGISTER, 1, RSI, NO, 1, 0, 0, NULL},
	{"1@%al", OPERAND_REGISTER, 1, RAX, NO, 1, 0, 0, NULL},
	{"1@%ah", OPERAND_REGISTER, 1, RAX, NO, 1, 1, 0, NULL},
	{"-1@%bh", OPERAND_REGISTER, -1, RBX, NO, 1, 1, 0, NULL},
	{"4@%r8d", OPERAND_REGISTER, 4, R8, NO, 1, 0, 0, NULL},
	{"2@%r15w", OPERAND_REGISTER, 2, R15, NO, 1, 0, 0, NULL},
	{"4@%al", OPERAND_REGISTER, 4, RAX, NO, 1, 0, 0, NULL}, /* the size governs */
	{"%rdx", OPERAND_REGISTER, 8, RDX, NO, 1, 0, 0, NULL},	/* the first notes */
	{"-4@$-9", OPERAND_CONSTANT, -4, NO, NO, 1, 0, -9, NULL},
	{"8@$0x10", OPERAND_CONSTANT, 8, NO, NO, 1, 0, 16, NULL},
	{"-4@$8192", OPERAND_CONSTANT, -4, NO, NO, 1, 0, 8192, NULL},
	{"8@$18446744073709551615", OPERAND_CONSTANT, 8, NO, NO, 1, 0, -1, NULL},
	{"8@$table+4", OPERAND_ADDRESS, 8, NO, NO, 1, 0, 4, "table"},
	{"4@4(%r12)", OPERAND_MEMORY, 4, R12, NO, 1, 0, 4, NULL},
	{"8@(%rax)", OPERAND_MEMORY, 8, RAX, NO, 1, 0, 0, NULL},
	{"-8@-40(%rbp)", OPERAND_MEMORY, -8, RBP, NO, 1, 0, -40, NULL},
	{"4@-20(%rbp,%rcx,8)", OPERAND_MEMORY, 4, RBP, RCX, 8, 0, -20, NULL},
	{"4@(%rdx,%rsi)", OPERAND_MEMORY, 4, RDX, RSI, 1, 0, 0, NULL},
	{"8@(,%rcx,4)", OPERAND_MEMORY, 8, NO, RCX, 4, 0, 0, NULL},
	{"8@16(,%r9,2)", OPERAND_MEMORY, 8, NO, R9, 2, 0, 16, NULL},
	{"8@table(%rip)", OPERAND_MEMORY, 8, NO, NO, 1, 0, 0, "table"},
	{"8@table+52(%rip)", OPERAND_MEMORY, 8, NO, NO, 1, 0, 52, "table"},
	{"8@44+table(%rip)", OPERAND_MEMORY, 8, NO, NO, 1, 0, 44, "table"},
	{"8@-4+table(%rip)", OPERAND_MEMORY, 8, NO, NO, 1, 0, -4, "table"},
	{"8@table-8(%rip)", OPERAND_MEMORY, 8, NO, NO, 1, 0, -8, "table"},
	{"4@.LC0(%rip)", OPERAND_MEMORY, 4, NO, NO, 1, 0, 0, ".LC0"},
	{"8@table(,%rax,8)", OPERAND_MEMORY, 8, NO, RAX, 8, 0, 0, "table"},
	{"8@table+4", OPERAND_MEMORY, 8, NO, NO, 1, 0, 4, "table"},
	{"8f@-8(%rbp)", OPERAND_MEMORY, 8, RBP, NO, 1, 0, -8, NULL},
	{"8f@%xmm0", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"4@%ymm15", OPERAND_NONE, 4, NO, NO, 1, 0, 0, NULL},
	{"16@%rax", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"3@(%rax)", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@8(%rip)", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@%fs:-16", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@%fs:seen@tpoff", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"@%rax", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@%rax)", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@4(%rax", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@(%rax,%rcx,3)", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@table(%rip)x", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@table@GOTPCREL(%rip)", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@%raxx", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"99999999999999999999@%rax", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
};

static const struct expected aarch64[] = {
	{"8@x0", OPERAND_REGISTER, 8, 0, NO, 1, 0, 0, NULL},
	{"-4@w19", OPERAND_REGISTER, -4, 19, NO, 1, 0, 0, NULL},
	{"8@sp", OPERAND_REGISTER, 8, REGISTER_SP, NO, 1, 0, 0, NULL},
	{"4@wzr", OPERAND_CONSTANT, 4, NO, NO, 1, 0, 0, NULL},
	{"8@xzr", OPERAND_CONSTANT, 8, NO, NO, 1, 0, 0, NULL},
	{"4@5", OPERAND_CONSTANT, 4, NO, NO, 1, 0, 5, NULL},
	{"-4@-1", OPERAND_CONSTANT, -4, NO, NO, 1, 0, -1, NULL},
	{"4@#5", OPERAND_CONSTANT, 4, NO, NO, 1, 0, 5, NULL},
	{"8@[sp]", OPERAND_MEMORY, 8, REGISTER_SP, NO, 1, 0, 0, NULL},
	{"8@[x0, 8]", OPERAND_MEMORY, 8, 0, NO, 1, 0, 8, NULL},
	{"-4@[x29,-8]", OPERAND_MEMORY, -4, 29, NO, 1, 0, -8, NULL},
	{"4@[sp, #96]", OPERAND_MEMORY, 4, REGISTER_SP, NO, 1, 0, 96, NULL},
	{"8@[x0, x1]", OPERAND_MEMORY, 8, 0, 1, 1, 0, 0, NULL},
	{"8@[x0, x1, lsl 3]", OPERAND_MEMORY, 8, 0, 1, 8, 0, 0, NULL},
	{"4@[x0, w1, sxtw 2]", OPERAND_MEMORY, 4, 0, 1, 4, 0, 0, NULL},
	{"8f@d0", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@[x0, 8", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@x77", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
	{"8@[x0, x1, lsl 9]", OPERAND_NONE, 8, NO, NO, 1, 0, 0, NULL},
};

static void check(const struct expected *e, uint16_t machine)
{
	struct operand o[ARGUMENTS_MAX];

	assert_int_equal(operands_parse(e->text, machine, o), 1);
	if (o->kind != e->kind)
		fail_msg("%s: kind %d, not %d", e->text, o->kind, e->kind);
	if (e->kind == OPERAND_NONE) {
		assert_non_null(o->why);
		return;
	}
	if (o->base != e->base || o->index != e->index || o->scale != e->scale ||
	    o->byte != e->byte || o->value != e->value ||
	    (o->is_signed ? -o->size : o->size) != e->size)
		fail_msg("%s: base %d index %d scale %d byte %d value %lld size %d",
			 e->text, o->base, o->index, o->scale, o->byte,
			 (long long)o->value, o->size);
	if (e->symbol) {
		assert_int_equal(o->symbol_size, strlen(e->symbol));
		assert_memory_equal(o->symbol, e->symbol, o->symbol_size);
	} else {
		assert_null(o->symbol);
	}
}

static void test_x86_64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(x86_64); i++)
		check(&x86_64[i], EM_X86_64);
}

static void test_aarch64(void **state)
{
	struct operand o[ARGUMENTS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(aarch64); i++)
		check(&aarch64[i], EM_AARCH64);
	operands_parse("4@[x0, w1, sxtw 2]", EM_AARCH64, o);
	assert_int_equal(o->extend, EXTEND_S32);
	operands_parse("4@[x0, w1]", EM_AARCH64, o);
	assert_int_equal(o->extend, EXTEND_U32);
}

static void test_several(void **state)
{
	struct operand o[ARGUMENTS_MAX];

	(void)state;
	assert_int_equal(operands_parse("", EM_X86_64, o), 0);
	assert_int_equal(operands_parse("  ", EM_X86_64, o), 0);
	assert_int_equal(operands_parse(":", EM_X86_64, o), 0);
	assert_int_equal(operands_parse("8@%rdi  -4@$3 1@%al ", EM_X86_64, o), 3);
	assert_int_equal(o[1].value, 3);
	assert_int_equal(operands_parse("4@[x0, 8] 8@x1", EM_AARCH64, o), 2);
	assert_int_equal(o[1].base, 1);
	/* One that cannot be fetched does not take the others with it. */
	assert_int_equal(operands_parse("8f@%xmm0 8@%rdi", EM_X86_64, o), 2);
	assert_int_equal(o[0].kind, OPERAND_NONE);
	assert_true(o[0].is_float);
	assert_int_equal(o[1].kind, OPERAND_REGISTER);
	assert_int_equal(
		operands_parse("1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 "
			       "1@$1 1@$1",
			       EM_X86_64, o),
		ARGUMENTS_MAX + 1);
	assert_int_equal(operands_parse("-4@r3 8@16(1)", EM_PPC64, o), 2);
	assert_int_equal(o[0].kind, OPERAND_NONE);
	assert_true(o[0].is_signed && o[0].size == 4);
}

/* No text makes the parser leave its bounds (the sanitizers watch). */
static void test_any_text(void **state)
{
	static const char bytes[] = "8@-%$(),[]xr0a+f: sp";
	struct operand o[ARGUMENTS_MAX];
	char text[12];
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t length = (size_t)i % sizeof(text);

		for (size_t j = 0; j < length; j++) {
			random = random * 1664525 + 1013904223;
			text[j] = bytes[(random >> 16) % (sizeof(bytes) - 1)];
		}
		text[length ? length - 1 : 0] = 0;
		assert_true(operands_parse(text, i & 1 ? EM_X86_64 : EM_AARCH64, o) <=
			    ARGUMENTS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_64),
		cmocka_unit_test(test_aarch64),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_any_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
