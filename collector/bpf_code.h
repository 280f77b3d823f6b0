/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes BPF instructions one by one; names follow the kernel's own macros.
 *
 * A buffer that is full swallows the rest and says so at its end (bpf_code_bad), so
 * that generators need not check every line.
 */
#ifndef FATHOM_COLLECTOR_BPF_CODE_H
#define FATHOM_COLLECTOR_BPF_CODE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BPF_CODE_MAX = 1024 };

struct bpf_code {
	struct bpf_insn insns[BPF_CODE_MAX];
	size_t count;
	bool bad;
};

static inline void emit(struct bpf_code *c, unsigned code, unsigned to, unsigned from,
			int off, int32_t value)
{
	if (c->count == BPF_CODE_MAX || off != (int16_t)off) {
		c->bad = true;
		return;
	}
	c->insns[c->count++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)(to & 0xf),
		.src_reg = (uint8_t)(from & 0xf),
		.off = (int16_t)off,
		.imm = value,
	};
}

/* The size bits of a load or store of @bytes. */
static inline unsigned bpf_size(unsigned bytes)
{
	return bytes == 1 ? BPF_B : bytes == 2 ? BPF_H : bytes == 4 ? BPF_W : BPF_DW;
}

static inline void emit_move(struct bpf_code *c, unsigned to, unsigned from)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static inline void emit_move_value(struct bpf_code *c, unsigned to, int32_t value)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

/* to = to OPERATION value, OPERATION being BPF_ADD, BPF_LSH, … */
static inline void emit_alu_value(struct bpf_code *c, unsigned operation, unsigned to,
				  int32_t value)
{
	emit(c, BPF_ALU64 | operation | BPF_K, to, 0, 0, value);
}

static inline void emit_alu(struct bpf_code *c, unsigned operation, unsigned to,
			    unsigned from)
{
	emit(c, BPF_ALU64 | operation | BPF_X, to, from, 0, 0);
}

static inline void emit_wide(struct bpf_code *c, unsigned to, unsigned kind,
			     uint64_t value)
{
	emit(c, BPF_LD | BPF_DW | BPF_IMM, to, kind, 0, (int32_t)(uint32_t)value);
	emit(c, 0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

static inline void emit_map(struct bpf_code *c, unsigned to, int map)
{
	emit_wide(c, to, BPF_PSEUDO_MAP_FD, (uint32_t)map);
}

static inline void emit_load(struct bpf_code *c, unsigned bytes, unsigned to,
			     unsigned from, int off)
{
	emit(c, BPF_LDX | BPF_MEM | bpf_size(bytes), to, from, off, 0);
}

static inline void emit_store(struct bpf_code *c, unsigned bytes, unsigned to, int off,
			      unsigned from)
{
	emit(c, BPF_STX | BPF_MEM | bpf_size(bytes), to, from, off, 0);
}

static inline void emit_store_value(struct bpf_code *c, unsigned bytes, unsigned to,
				    int off, int32_t value)
{
	emit(c, BPF_ST | BPF_MEM | bpf_size(bytes), to, 0, off, value);
}

/* *(u64 *)(to + off) += from, in one step. */
static inline void emit_atomic_add(struct bpf_code *c, unsigned to, int off,
				   unsigned from)
{
	emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, to, from, off, BPF_ADD);
}

/* If *(u64 *)(to + off) is r0, it becomes from; r0 is what it was. */
static inline void emit_compare_exchange(struct bpf_code *c, unsigned to, int off,
					 unsigned from)
{
	emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, to, from, off, BPF_CMPXCHG);
}

/* Stores so that whoever sees it sees all stores before it. Clobbers @from. */
static inline void emit_store_release(struct bpf_code *c, unsigned to, int off,
				      unsigned from)
{
#ifdef __x86_64__
	emit(c, BPF_STX | BPF_MEM | BPF_DW, to, from, off, 0);
#else
	emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, to, from, off, BPF_XCHG);
#endif
}

static inline void emit_call(struct bpf_code *c, int helper)
{
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

/* Jumps when @reg CONDITION @value (BPF_JEQ, BPF_JNE, …); the place to land is set by
 * emit_land(). Compares all 64 bits. */
static inline size_t emit_jump(struct bpf_code *c, unsigned condition, unsigned reg,
			       int32_t value)
{
	emit(c, BPF_JMP | condition | BPF_K, reg, 0, 0, value);
	return c->count - 1;
}

static inline size_t emit_jump_register(struct bpf_code *c, unsigned condition,
					unsigned reg, unsigned other)
{
	emit(c, BPF_JMP | condition | BPF_X, reg, other, 0, 0);
	return c->count - 1;
}

static inline size_t emit_jump_always(struct bpf_code *c)
{
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	return c->count - 1;
}

static inline void emit_land(struct bpf_code *c, size_t jump)
{
	c->insns[jump].off = (int16_t)(c->count - jump - 1);
}

static inline void emit_return(struct bpf_code *c, int32_t value)
{
	emit_move_value(c, BPF_REG_0, value);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static inline bool bpf_code_bad(const struct bpf_code *c)
{
	return c->bad;
}

#endif
