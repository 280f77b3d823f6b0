// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generates the BPF program of a site.
 *
 * The program is straight-line code. r6 keeps the context (struct pt_regs), the record
 * is built on the stack, at r10 - record, and handed to bpf_perf_event_output:
 *
 *   r10 - 8        scratch: a value read from memory before it is widened; a hash key
 *   r10 - record   the record, 8-byte aligned, laid out by format_layout()
 *
 * What costs is calls, so there are as few as possible: registers are read from the
 * context (a load), constants are stored as such, the site and the event are constants
 * of the program when it serves one site only (else bpf_get_attach_cookie tells them),
 * and a lone event needs no look-up of the CPU. Only memory operands call a helper.
 *
 * Every byte of the record is written: what lies between fields is zeroed, because old
 * verifiers refuse an uninitialised stack and because the trace must not show what the
 * kernel's stack held. A field that padding follows is stored wider instead, for free.
 *
 * A read that faults leaves 0, as bpf_probe_read_user does by itself.
 *
 * Rejected: one program that interprets a table of operands per hit, as libbpf's
 * usdt.bpf.h (a map look-up and a switch per argument); bpf_ringbuf (no perf.data
 * record comes out of it, so it would need copying, and it costs more per hit).
 */
#include "collector/fetch.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "trace/event_format.h"

#ifdef __aarch64__
enum { MACHINE = EM_AARCH64, MACHINE_IP = REGISTER_PC };
#else
enum { MACHINE = EM_X86_64, MACHINE_IP = REGISTER_RIP };
#endif

enum { SCRATCH = -8 };

struct generator {
	struct bpf_code *code;
	const struct plan_event *event;
	unsigned number;
	const struct plan_site *site;
	const struct fetch_options *options;
	struct format_field fields[ARGUMENTS_MAX];
	uint32_t site_offset;
	uint32_t size;		/* of the record */
	int record;		/* its offset from r10 */
	bool ours[FETCH_STACK]; /* bytes of the record that a store covers */
};

uint64_t fetch_cookie(unsigned number, const struct plan_site *site)
{
	return (uint64_t)number << 32 | (uint32_t)site->site->address;
}

const char *fetch_cannot(const struct operand *o, const struct argument *argument)
{
	if (o->kind == OPERAND_NONE)
		return o->why;
	if (argument->kind == ARGUMENT_FLOAT && o->size != argument->size)
		return "floating point of another width";
	if (o->kind == OPERAND_MEMORY && o->base == REGISTER_RIP && !o->symbol)
		return "relative to the instruction";
	return NULL;
}

static void load_register(struct generator *g, unsigned bytes, unsigned to,
			  uint8_t number, unsigned byte)
{
	emit_load(g->code, bytes, to, BPF_REG_6,
		  operand_register_offset(MACHINE, number) + (int)byte);
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

static void claim(struct generator *g, uint32_t offset, unsigned bytes)
{
	memset(&g->ours[offset], 1, bytes);
}

static bool is_free(const struct generator *g, uint32_t offset, unsigned bytes)
{
	if (offset + bytes > g->size)
		return false;
	for (unsigned i = 0; i < bytes; i++)
		if (g->ours[offset + i])
			return false;
	return true;
}

/* The widest aligned store that begins at a field of @bytes and covers only padding
 * behind it. Claims it. */
static unsigned widen_store(struct generator *g, uint32_t offset, unsigned bytes)
{
	unsigned wide = bytes;

	while (wide < 8 && offset % (wide * 2) == 0 && is_free(g, offset + wide, wide))
		wide *= 2;
	claim(g, offset, wide);
	return wide;
}

static void zero_padding(struct generator *g)
{
	for (uint32_t at = 0; at < g->size;) {
		unsigned bytes = 8;

		if (g->ours[at]) {
			at++;
			continue;
		}
		while (bytes > 1 && (at % bytes || !is_free(g, at, bytes)))
			bytes /= 2;
		emit_store_value(g->code, bytes, BPF_REG_10, g->record + (int)at, 0);
		claim(g, at, bytes);
		at += bytes;
	}
}

static int64_t truncate_value(int64_t value, unsigned bytes, bool is_signed)
{
	unsigned shift = 64 - 8 * bytes;
	uint64_t top = (uint64_t)value << shift;

	return is_signed ? (int64_t)top >> shift : (int64_t)(top >> shift);
}

static void store_constant(struct generator *g, uint32_t offset, unsigned bytes,
			   int64_t value)
{
	unsigned wide = widen_store(g, offset, bytes);

	value = truncate_value(value, bytes, wide == bytes);
	if (wide < 8 || value == (int32_t)value) {
		emit_store_value(g->code, wide, BPF_REG_10, g->record + (int)offset,
				 (int32_t)value);
		return;
	}
	emit_wide(g->code, BPF_REG_0, 0, (uint64_t)value);
	emit_store(g->code, wide, BPF_REG_10, g->record + (int)offset, BPF_REG_0);
}

/* Stores r1, of which the low @bytes were loaded and the rest is 0, as the argument. */
static void store_value(struct generator *g, const struct format_field *field,
			const struct operand *o, unsigned bytes)
{
	unsigned size = field->argument->size, wide;

	if (bytes < size && o->is_signed)
		extend(g, BPF_REG_1, bytes, true);
	wide = bytes < size && o->is_signed ? size : widen_store(g, field->offset, size);
	emit_store(g->code, wide, BPF_REG_10, g->record + (int)field->offset, BPF_REG_1);
}

static void fetch_register(struct generator *g, const struct format_field *field,
			   const struct operand *o)
{
	unsigned bytes =
		o->size < field->argument->size ? o->size : field->argument->size;

	load_register(g, bytes, BPF_REG_1, o->base, o->byte);
	store_value(g, field, o, bytes);
}

static void fetch_memory(struct generator *g, const struct format_field *field,
			 const struct operand *o)
{
	unsigned size = field->argument->size;
	unsigned bytes = o->size < size ? o->size : size;
	int to = bytes == size ? g->record + (int)field->offset : SCRATCH;

	load_address(g, BPF_REG_3, o);
	emit_move(g->code, BPF_REG_1, BPF_REG_10);
	emit_alu_value(g->code, BPF_ADD, BPF_REG_1, to);
	emit_move_value(g->code, BPF_REG_2, (int32_t)bytes);
	emit_call(g->code, BPF_FUNC_probe_read_user);
	if (to != SCRATCH)
		return;
	emit_load(g->code, bytes, BPF_REG_1, BPF_REG_10, SCRATCH);
	store_value(g, field, o, bytes);
}

static void fetch_address(struct generator *g, const struct format_field *field,
			  const struct operand *o)
{
	load_address(g, BPF_REG_1, o);
	emit_store(g->code, field->argument->size, BPF_REG_10,
		   g->record + (int)field->offset, BPF_REG_1);
}

static void fetch_argument(struct generator *g, size_t argument)
{
	const struct format_field *field = &g->fields[argument];
	uint8_t number = g->event->operand[argument];
	const struct operand *o = &g->site->operands[number];

	if (number >= g->site->nr_operands || o->kind == OPERAND_NONE)
		store_constant(g, field->offset, field->argument->size, 0);
	else if (o->kind == OPERAND_CONSTANT)
		store_constant(g, field->offset, field->argument->size,
			       truncate_value(o->value, o->size, o->is_signed));
	else if (o->kind == OPERAND_REGISTER)
		fetch_register(g, field, o);
	else if (o->kind == OPERAND_MEMORY)
		fetch_memory(g, field, o);
	else
		fetch_address(g, field, o);
}

/* Leaves the thread's id in r0; returns from the program for hits of no interest. */
static void filter_process(struct generator *g)
{
	const struct fetch_options *options = g->options;
	struct bpf_code *c = g->code;
	size_t is_leader = 0, is_in_tree;

	if (options->who == FETCH_ALL)
		return;
	emit_move(c, BPF_REG_7, BPF_REG_0);
	emit_move(c, BPF_REG_1, BPF_REG_0);
	emit_alu_value(c, BPF_RSH, BPF_REG_1, 32);
	if (options->leader)
		is_leader = emit_jump(c, BPF_JEQ, BPF_REG_1, options->leader);
	if (options->tree >= 0) {
		emit_store(c, 4, BPF_REG_10, SCRATCH, BPF_REG_1);
		emit_map(c, BPF_REG_1, options->tree);
		emit_move(c, BPF_REG_2, BPF_REG_10);
		emit_alu_value(c, BPF_ADD, BPF_REG_2, SCRATCH);
		emit_call(c, BPF_FUNC_map_lookup_elem);
		is_in_tree = emit_jump(c, BPF_JNE, BPF_REG_0, 0);
		emit_return(c, 0);
		emit_land(c, is_in_tree);
	} else {
		emit_return(c, 0);
	}
	if (options->leader)
		emit_land(c, is_leader);
	emit_move(c, BPF_REG_0, BPF_REG_7);
}

/* common_type, common_pid and the site, and the event's number into r8 if needed. */
static void write_header(struct generator *g)
{
	struct bpf_code *c = g->code;

	emit_call(c, BPF_FUNC_get_current_pid_tgid);
	filter_process(g);
	emit_store(c, 4, BPF_REG_10, g->record + 4, BPF_REG_0);
	if (!g->options->by_cookie) {
		emit_store_value(c, 4, BPF_REG_10, g->record,
				 (int32_t)(FETCH_EVENT_ID + g->number));
		emit_store_value(c, 4, BPF_REG_10, g->record + (int)g->site_offset,
				 (int32_t)(uint32_t)g->site->site->address);
		return;
	}
	emit_move(c, BPF_REG_1, BPF_REG_6);
	emit_call(c, BPF_FUNC_get_attach_cookie);
	emit_store(c, 4, BPF_REG_10, g->record + (int)g->site_offset, BPF_REG_0);
	emit_alu_value(c, BPF_RSH, BPF_REG_0, 32);
	emit_move(c, BPF_REG_8, BPF_REG_0);
	emit_alu_value(c, BPF_ADD, BPF_REG_0, FETCH_EVENT_ID);
	emit_store(c, 4, BPF_REG_10, g->record, BPF_REG_0);
}

/* Into r3: which entry of the output map. */
static void choose_output(struct generator *g)
{
	struct bpf_code *c = g->code;

	if (g->options->nr_events == 1) {
		emit(c, BPF_ALU | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, -1); /* this CPU's */
		return;
	}
	emit_call(c, BPF_FUNC_get_smp_processor_id);
	emit_move(c, BPF_REG_3, BPF_REG_0);
	if (g->options->by_cookie) {
		emit_alu_value(c, BPF_MUL, BPF_REG_8, (int32_t)g->options->cpus);
		emit_alu(c, BPF_ADD, BPF_REG_3, BPF_REG_8);
	} else if (g->number) {
		emit_alu_value(c, BPF_ADD, BPF_REG_3,
			       (int32_t)(g->number * g->options->cpus));
	}
}

static void output_record(struct generator *g)
{
	struct bpf_code *c = g->code;

	choose_output(g);
	emit_move(c, BPF_REG_1, BPF_REG_6);
	emit_map(c, BPF_REG_2, g->options->output);
	emit_move(c, BPF_REG_4, BPF_REG_10);
	emit_alu_value(c, BPF_ADD, BPF_REG_4, g->record);
	emit_move_value(c, BPF_REG_5, (int32_t)g->size);
	emit_call(c, BPF_FUNC_perf_event_output);
	emit_return(c, 0);
}

int fetch_generate(struct bpf_code *code, const struct plan_event *event, unsigned number,
		   const struct plan_site *site, const struct fetch_options *options)
{
	struct generator g = {.code = code,
			      .event = event,
			      .number = number,
			      .site = site,
			      .options = options};

	format_layout(event->arguments, event->nr_arguments, g.fields, &g.site_offset,
		      &g.size);
	/* The kernel pads a raw record so that its size field and it are 8-aligned. */
	g.size = ((g.size + 4 + 7) & ~7U) - 4;
	g.record = SCRATCH - (int)((g.size + 7) & ~7U);
	if (g.record < -FETCH_STACK)
		return -E2BIG;
	code->count = 0;
	code->bad = false;
	claim(&g, 0, 8);
	claim(&g, g.site_offset, 4);
	for (size_t i = 0; i < event->nr_arguments; i++)
		claim(&g, g.fields[i].offset, g.fields[i].argument->size);
	emit_move(code, BPF_REG_6, BPF_REG_1);
	write_header(&g);
	for (size_t i = 0; i < event->nr_arguments; i++)
		fetch_argument(&g, i);
	zero_padding(&g);
	output_record(&g);
	return bpf_code_bad(code) ? -E2BIG : 0;
}
