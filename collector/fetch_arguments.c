// SPDX-License-Identifier: GPL-2.0-or-later
/* Generates the code that fetches arguments: a load, a store or a helper per operand. */
#include "collector/fetch_generator.h"

#include <string.h>

/* The instruction pointer of the machine we run on. */
enum { MACHINE_IP = OPERAND_MACHINE == EM_AARCH64 ? REGISTER_PC : REGISTER_RIP };

static void load_register(struct generator *g, unsigned bytes, unsigned to,
			  uint8_t number, unsigned byte)
{
	emit_load(g->code, bytes, to, CONTEXT,
		  operand_register_offset(OPERAND_MACHINE, number) + (int)byte);
}

static void add_value(struct generator *g, unsigned to, int64_t value)
{
	if (value == (int32_t)value) {
		if (value)
			emit_alu_value(g->code, BPF_ADD, to, (int32_t)value);
		return;
	}
	emit_wide(g->code, BPF_REG_0, 0, (uint64_t)value);
	emit_alu(g->code, BPF_ADD, to, BPF_REG_0);
}

/* Widens the low @bytes of @reg to 64 bits. */
static void extend(struct generator *g, unsigned reg, unsigned bytes, bool is_signed)
{
	int32_t shift = 64 - 8 * (int32_t)bytes;

	if (!shift)
		return;
	emit_alu_value(g->code, BPF_LSH, reg, shift);
	emit_alu_value(g->code, is_signed ? BPF_ARSH : BPF_RSH, reg, shift);
}

/*
 * The address of an operand into @to; may use r0. A symbol's is relative to where the
 * program runs: address in the file minus that of the breakpoint, plus the ip.
 */
static void load_address(struct generator *g, unsigned to, const struct operand *o)
{
	uint64_t value = (uint64_t)o->value;

	if (o->symbol) {
		load_register(g, 8, to, MACHINE_IP, 0);
		value -= plan_attach_address(g->site);
		if (o->base != REGISTER_NONE) {
			load_register(g, 8, BPF_REG_0, o->base, 0);
			emit_alu(g->code, BPF_ADD, to, BPF_REG_0);
		}
	} else if (o->base != REGISTER_NONE) {
		load_register(g, 8, to, o->base, 0);
	} else {
		emit_move_value(g->code, to, 0);
	}
	if (o->index != REGISTER_NONE) {
		load_register(g, o->extend == EXTEND_NONE ? 8 : 4, BPF_REG_0, o->index,
			      0);
		if (o->extend == EXTEND_S32)
			extend(g, BPF_REG_0, 4, true);
		if (o->scale > 1)
			emit_alu_value(g->code, BPF_LSH, BPF_REG_0,
				       __builtin_ctz(o->scale));
		emit_alu(g->code, BPF_ADD, to, BPF_REG_0);
	}
	add_value(g, to, (int64_t)value);
}

static int64_t truncate_value(int64_t value, unsigned bytes, bool is_signed)
{
	unsigned shift = 64 - 8 * bytes;
	uint64_t top = (uint64_t)value << shift;

	return is_signed ? (int64_t)top >> shift : (int64_t)(top >> shift);
}

/* Reads @bytes of memory to @base + @off. */
static void read_memory(struct generator *g, const struct operand *o, unsigned bytes,
			unsigned base, int off)
{
	load_address(g, BPF_REG_3, o);
	emit_move(g->code, BPF_REG_1, base);
	emit_alu_value(g->code, BPF_ADD, BPF_REG_1, off);
	emit_move_value(g->code, BPF_REG_2, (int32_t)bytes);
	emit_call(g->code, BPF_FUNC_probe_read_user);
}

/* The value of an operand into @to, which is r1 to r3, widened to 64 bits. */
static void load_value(struct generator *g, const struct operand *o, unsigned bytes,
		       bool is_signed, unsigned to)
{
	switch (o->kind) {
	case OPERAND_NONE:
		emit_move_value(g->code, to, 0);
		return;
	case OPERAND_CONSTANT:
		emit_wide(g->code, to, 0,
			  (uint64_t)truncate_value(o->value, o->size, o->is_signed));
		return;
	case OPERAND_ADDRESS:
		load_address(g, to, o);
		return;
	case OPERAND_REGISTER:
		load_register(g, bytes, to, o->base, o->byte);
		break;
	case OPERAND_MEMORY:
		read_memory(g, o, bytes, STACK, SCRATCH);
		emit_load(g->code, bytes, to, STACK, SCRATCH);
		break;
	}
	if (is_signed)
		extend(g, to, bytes, true);
}

static void store_constant(struct generator *g, const struct format_field *field,
			   int64_t value)
{
	unsigned size = field->argument->size;

	if (!value)
		return; /* the ring is zero */
	if (value == (int32_t)value || size < 8) {
		emit_store_value(g->code, size, RECORD, in_raw(g, field->offset),
				 (int32_t)value);
		return;
	}
	emit_wide(g->code, BPF_REG_1, 0, (uint64_t)value);
	emit_store(g->code, size, RECORD, in_raw(g, field->offset), BPF_REG_1);
}

static void fetch_number(struct generator *g, const struct format_field *field,
			 const struct operand *o)
{
	unsigned size = field->argument->size;
	unsigned bytes = o->size < size ? o->size : size;

	if (o->kind == OPERAND_CONSTANT) {
		store_constant(g, field, truncate_value(o->value, o->size, o->is_signed));
		return;
	}
	if (o->kind == OPERAND_MEMORY && bytes == size) {
		read_memory(g, o, size, RECORD, in_raw(g, field->offset));
		return;
	}
	load_value(g, o, bytes, o->is_signed && bytes < size, BPF_REG_1);
	emit_store(g->code, size, RECORD, in_raw(g, field->offset), BPF_REG_1);
}

/* r2 = the text for a string that could not be read, r0 = its bytes with the NUL. Both
 * texts fit a word. */
static void explain_fault(struct generator *g, const struct operand *o)
{
	const char null[8] = "(null)", fault[8] = "(fault)";
	struct bpf_code *c = g->code;
	uint64_t word;
	size_t is_null;

	load_value(g, o, o->size, false, BPF_REG_3);
	memcpy(&word, null, sizeof(word));
	emit_wide(c, BPF_REG_2, 0, word);
	emit_move_value(c, BPF_REG_0, sizeof("(null)"));
	is_null = emit_jump(c, BPF_JEQ, BPF_REG_3, 0);
	memcpy(&word, fault, sizeof(word));
	emit_wide(c, BPF_REG_2, 0, word);
	emit_move_value(c, BPF_REG_0, sizeof("(fault)"));
	emit_land(c, is_null);
}

/* The argument that tells how long string @i is, or NULL: then a NUL ends it. */
static const struct operand *length_of_string(const struct generator *g, size_t i)
{
	const struct argument *next = &g->event->arguments[i + 1];
	size_t length = strlen(g->event->arguments[i].name);
	const struct operand *o;

	if (i + 1 == g->event->nr_arguments || next->kind != ARGUMENT_INTEGER ||
	    strncmp(next->name, g->event->arguments[i].name, length) != 0 ||
	    strcmp(next->name + length, "_length") != 0)
		return NULL;
	o = &g->site->operands[g->event->operand[i + 1]];
	return o->kind == OPERAND_NONE ? NULL : o;
}

/* r1 = where the next string goes. */
static void point_behind_strings(struct generator *g)
{
	emit_move(g->code, BPF_REG_1, RECORD);
	emit_alu(g->code, BPF_ADD, BPF_REG_1, STRINGS);
	emit_alu_value(g->code, BPF_ADD, BPF_REG_1, in_raw(g, g->fixed));
}

/* Linux 6.1 says 0 instead of 1 for an empty text. */
void fetch_read_text(struct generator *g)
{
	size_t counted;

	emit_call(g->code, BPF_FUNC_probe_read_user_str);
	counted = emit_jump(g->code, BPF_JNE, BPF_REG_0, 0);
	emit_move_value(g->code, BPF_REG_0, 1);
	emit_land(g->code, counted);
}

/* Reads text up to its NUL; r0 = its bytes with the NUL, above @most if it faulted. */
static void read_terminated(struct generator *g, const struct operand *o, int32_t most)
{
	load_value(g, o, o->size, false, BPF_REG_3);
	point_behind_strings(g);
	emit_move_value(g->code, BPF_REG_2, most);
	fetch_read_text(g);
}

/* The same for text of a length that another operand tells. The ring's zero ends it. */
static void read_counted(struct generator *g, const struct operand *o,
			 const struct operand *length, int32_t most)
{
	struct bpf_code *c = g->code;
	size_t fits, faulted;

	load_value(g, length, length->size, length->is_signed, BPF_REG_2);
	fits = emit_jump(c, BPF_JLT, BPF_REG_2, most);
	emit_move_value(c, BPF_REG_2, most - 1);
	emit_land(c, fits);
	emit_store(c, 8, STACK, LENGTH, BPF_REG_2);
	load_value(g, o, o->size, false, BPF_REG_3);
	point_behind_strings(g);
	emit_load(c, 8, BPF_REG_2, STACK, LENGTH);
	emit_call(c, BPF_FUNC_probe_read_user);
	faulted = emit_jump(c, BPF_JNE, BPF_REG_0, 0);
	emit_load(c, 8, BPF_REG_0, STACK, LENGTH);
	emit_alu_value(c, BPF_ADD, BPF_REG_0, 1);
	emit_land(c, faulted);
}

/*
 * Reads a string to behind the others and stores its __data_loc: offset in the raw data,
 * and length with the NUL << 16.
 */
static void fetch_string(struct generator *g, const struct format_field *field,
			 const struct operand *o, const struct operand *length)
{
	int32_t most = (int32_t)g->options->string_size;
	struct bpf_code *c = g->code;
	size_t faulted, done;

	if (length)
		read_counted(g, o, length, most);
	else
		read_terminated(g, o, most);
	/* Negative errnos are large, too. */
	faulted = emit_jump(c, BPF_JGT, BPF_REG_0, most);
	emit_move(c, BPF_REG_1, STRINGS);
	emit_alu(c, BPF_ADD, STRINGS, BPF_REG_0);
	done = emit_jump_always(c);
	emit_land(c, faulted);
	explain_fault(g, o);
	emit_move(c, BPF_REG_1, RECORD);
	emit_alu(c, BPF_ADD, BPF_REG_1, STRINGS);
	emit_store(c, 8, BPF_REG_1, in_raw(g, g->fixed), BPF_REG_2);
	emit_move(c, BPF_REG_1, STRINGS);
	/* What a partial read left behind stays inside of the record. */
	emit_alu_value(c, BPF_ADD, STRINGS, most);
	emit_land(c, done);
	emit_alu_value(c, BPF_LSH, BPF_REG_0, 16);
	emit_alu_value(c, BPF_ADD, BPF_REG_1, (int32_t)g->fixed);
	emit_alu(c, BPF_OR, BPF_REG_1, BPF_REG_0);
	emit_store(c, 4, RECORD, in_raw(g, field->offset), BPF_REG_1);
}

/* Arguments that lie near each other behind one register: one read serves all. */
struct neighbours {
	uint8_t base;
	int64_t low, high; /* displacements: of the first byte, and behind the last */
	uint16_t members;  /* a bit per argument */
};

/* Is @i a number in memory behind a register, as aligned there as the stack demands? */
static bool is_neighbour(const struct generator *g, size_t i)
{
	uint8_t number = g->event->operand[i];
	const struct operand *o = &g->site->operands[number];

	return number < g->site->nr_operands && o->kind == OPERAND_MEMORY && !o->symbol &&
	       o->base != REGISTER_NONE && o->index == REGISTER_NONE &&
	       o->value % o->size == 0 && o->value == (int32_t)o->value &&
	       g->event->arguments[i].kind != ARGUMENT_STRING;
}

/* Those of argument @first's register that fit one read with it. */
static struct neighbours find_neighbours(const struct generator *g, size_t first)
{
	const struct operand *o = &g->site->operands[g->event->operand[first]];
	struct neighbours n = {o->base, o->value & ~7, o->value + o->size, 0};

	for (size_t i = first; i < g->event->nr_arguments; i++) {
		int64_t low, high;

		o = &g->site->operands[g->event->operand[i]];
		if (!is_neighbour(g, i) || o->base != n.base)
			continue;
		low = o->value < n.low ? o->value & ~7 : n.low;
		high = o->value + o->size > n.high ? o->value + o->size : n.high;
		if (high - low > NEIGHBOURS_MAX)
			continue;
		n.low = low;
		n.high = high;
		n.members |= (uint16_t)(1U << i);
	}
	return n;
}

/* Stores an argument out of what was read to the stack. */
static void store_neighbour(struct generator *g, const struct neighbours *n, size_t i)
{
	const struct operand *o = &g->site->operands[g->event->operand[i]];
	unsigned size = g->event->arguments[i].size;
	unsigned bytes = o->size < size ? o->size : size;

	emit_load(g->code, bytes, BPF_REG_1, STACK, TEXT + (int)(o->value - n->low));
	if (o->is_signed && bytes < size)
		extend(g, BPF_REG_1, bytes, true);
	emit_store(g->code, size, RECORD, in_raw(g, g->fields[i].offset), BPF_REG_1);
}

/* One read for all of them; if it faults, one for each. */
static void fetch_neighbours(struct generator *g, const struct neighbours *n)
{
	struct bpf_code *c = g->code;
	size_t faulted, done;

	load_register(g, 8, BPF_REG_3, n->base, 0);
	add_value(g, BPF_REG_3, n->low);
	emit_move(c, BPF_REG_1, STACK);
	emit_alu_value(c, BPF_ADD, BPF_REG_1, TEXT);
	emit_move_value(c, BPF_REG_2, (int32_t)(n->high - n->low));
	emit_call(c, BPF_FUNC_probe_read_user);
	faulted = emit_jump(c, BPF_JNE, BPF_REG_0, 0);
	for (size_t i = 0; i < g->event->nr_arguments; i++)
		if (n->members >> i & 1)
			store_neighbour(g, n, i);
	done = emit_jump_always(c);
	emit_land(c, faulted);
	for (size_t i = 0; i < g->event->nr_arguments; i++)
		if (n->members >> i & 1)
			fetch_number(g, &g->fields[i],
				     &g->site->operands[g->event->operand[i]]);
	emit_land(c, done);
}

/* Groups of two and more; returns the arguments that were fetched. */
static uint16_t fetch_all_neighbours(struct generator *g)
{
	uint16_t fetched = 0;

	for (size_t i = 0; i < g->event->nr_arguments; i++) {
		struct neighbours n;

		if (fetched >> i & 1 || !is_neighbour(g, i))
			continue;
		n = find_neighbours(g, i);
		n.members &= (uint16_t)~fetched;
		if (__builtin_popcount(n.members) < 2)
			continue;
		fetch_neighbours(g, &n);
		fetched |= n.members;
	}
	return fetched;
}

void fetch_load_argument(struct generator *g, size_t argument, unsigned to)
{
	const struct argument *a = &g->event->arguments[argument];
	uint8_t number = g->event->operand[argument];
	const struct operand *o = &g->site->operands[number];
	unsigned bytes = o->size < a->size ? o->size : a->size;

	if (number >= g->site->nr_operands || o->kind == OPERAND_NONE) {
		emit_move_value(g->code, to, 0);
		return;
	}
	load_value(g, o, bytes, o->is_signed && bytes < a->size, to);
	extend(g, to, a->size, a->is_signed);
}

bool fetch_load_length(struct generator *g, size_t argument, unsigned to)
{
	const struct operand *o = length_of_string(g, argument);

	if (o)
		load_value(g, o, o->size, o->is_signed, to);
	return o != NULL;
}

void fetch_arguments(struct generator *g)
{
	uint16_t fetched = fetch_all_neighbours(g);

	for (size_t i = 0; i < g->event->nr_arguments; i++) {
		uint8_t number = g->event->operand[i];
		const struct operand *o = &g->site->operands[number];
		bool there = number < g->site->nr_operands && o->kind != OPERAND_NONE;

		if (!there || fetched >> i & 1)
			continue; /* the ring is zero */
		if (g->event->arguments[i].kind == ARGUMENT_STRING)
			fetch_string(g, &g->fields[i], o, length_of_string(g, i));
		else
			fetch_number(g, &g->fields[i], o);
	}
}
