/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operands of a stapsdt note: where the compiler put each argument of a probe.
 *
 * "8@%rdi -4@-20(%rbp,%rcx,8) 8@counter(%rip)" becomes one struct operand each.
 * Every form of x86_64 and aarch64 parses on every machine. An operand that nobody
 * can fetch (a vector register) is no error: it says why, and the others stand.
 * Grammar: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation
 */
#ifndef FATHOM_COLLECTOR_OPERAND_H
#define FATHOM_COLLECTOR_OPERAND_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/argument.h"

/* The machine that we run on. */
#ifdef __aarch64__
enum { OPERAND_MACHINE = EM_AARCH64 };
#else
enum { OPERAND_MACHINE = EM_X86_64 };
#endif

enum operand_kind {
	OPERAND_NONE,	  /* cannot be fetched, @why says the reason */
	OPERAND_CONSTANT, /* the value is @value */
	OPERAND_REGISTER, /* the value is in @base */
	OPERAND_MEMORY,	  /* … at base + index * scale + value */
	OPERAND_ADDRESS,  /* … is the address of @symbol plus @value */
};

/* Machine register numbers: the machine's own DWARF order, so x86_64 has rax 0, rdx 1,
 * …, r15 15 and rip 16; aarch64 x0 to x30, sp 31 and pc 32. */
enum {
	REGISTER_NONE = 0xff,
	REGISTER_RSP = 7,
	REGISTER_RIP = 16,
	REGISTER_SP = 31,
	REGISTER_PC = 32,
};

/* How an aarch64 index register is widened. */
enum operand_extend { EXTEND_NONE, EXTEND_U32, EXTEND_S32 };

struct operand {
	enum operand_kind kind;
	uint8_t size; /* bytes of the value: it governs, not the register's name */
	bool is_signed;
	bool is_float;
	uint8_t base;  /* or REGISTER_NONE */
	uint8_t index; /* or REGISTER_NONE */
	uint8_t scale; /* 1, 2, 4 or 8 */
	uint8_t byte;  /* of @base where the value begins: 1 for %ah */
	enum operand_extend extend;
	int64_t value;	    /* constant, or displacement */
	const char *symbol; /* name in the parsed text, not terminated; or NULL */
	size_t symbol_size;
	const char *why; /* static text, when kind is OPERAND_NONE */
};

/*
 * Parses the operands of one site of a program for @machine (EM_X86_64, EM_AARCH64; of
 * others only size and sign are known). @operands has room for ARGUMENTS_MAX; what they
 * point to belongs to @text. Returns how many there are; those behind the twelfth are not
 * filled in. A text that is no operand becomes OPERAND_NONE.
 */
size_t operands_parse(const char *text, uint16_t machine, struct operand *operands);

/* The register's name as the kernel's fetch arguments have it ("ax", "x0"), or NULL. */
const char *operand_register_name(uint16_t machine, uint8_t number);

/* Where register @number lies in the pt_regs that a BPF program sees, or -1. */
int operand_register_offset(uint16_t machine, uint8_t number);

#endif
