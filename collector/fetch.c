// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generates the BPF program of a site.
 *
 * The program composes a PERF_RECORD_SAMPLE in this CPU's ring (hit_ring.c):
 *
 *   perf_event_header            stored last, which commits the record
 *   [u64 identifier]             with several events
 *   u32 pid, tid  u64 time  u32 cpu, 0
 *   u32 size of the raw data
 *   raw data                     laid out by format_layout(), then the strings
 *
 * and it is straight-line code:
 *
 *   filter    pid and tgid; return if the process is of no interest
 *             … or the event's filter keeps the hit out (fetch_filter.c)
 *   reserve   r7 = this CPU's entry, r8 = the record
 *   head      time, pid, cpu, event, site
 *   arguments one after the other
 *   commit    and ring the doorbell when a quarter of the ring was filled
 *
 * What costs is calls, so there are as few as possible: three helpers of which two are
 * inlined by newer kernels (pid, time, CPU), registers are loads from the context,
 * constants are stores, the site and the event are constants of the program when it
 * serves one site only (else bpf_get_attach_cookie tells them). Only memory operands
 * call a helper. The ring is zero where nothing was written, so padding needs no store.
 *
 * Strings are read to behind the fixed part, each behind the one before; the room that
 * was reserved for their greatest length and not used is given back if nobody reserved
 * meanwhile, else the record keeps it.
 *
 * A read that faults leaves 0, as bpf_probe_read_user does by itself; of a string,
 * "(fault)", as in the kernel's own uprobe events.
 *
 * Rejected: one program that interprets a table of operands per hit, as libbpf's
 * usdt.bpf.h (a map look-up and a switch per argument).
 */
#include "collector/fetch_generator.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

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
	return NULL;
}

static uint32_t whole(uint32_t bytes)
{
	return (bytes + 7) & ~7U;
}

static uint32_t raw_offset(unsigned nr_events)
{
	return (uint32_t)sizeof(struct perf_event_header) + 8 + 8 + 8 + 4 +
	       (nr_events > 1 ? 8 : 0);
}

static uint32_t string_bytes(const struct plan_event *event, uint32_t string_size)
{
	uint32_t bytes = 0;

	for (size_t i = 0; i < event->nr_arguments; i++)
		if (event->arguments[i].kind == ARGUMENT_STRING)
			bytes += string_size;
	return bytes;
}

uint32_t fetch_record_max(const struct plan_event *event, unsigned nr_events,
			  uint32_t string_size)
{
	struct format_field fields[ARGUMENTS_MAX];
	uint32_t site_offset, fixed;

	format_layout(event->arguments, event->nr_arguments, fields, &site_offset,
		      &fixed);
	return whole(raw_offset(nr_events) + fixed + string_bytes(event, string_size));
}

/* Returns from the program for hits of no interest; keeps pid and tgid. */
static void filter_process(struct generator *g)
{
	const struct fetch_options *options = g->options;
	struct bpf_code *c = g->code;
	size_t is_leader = 0, is_in_tree;

	emit_call(c, BPF_FUNC_get_current_pid_tgid);
	emit_store(c, 8, STACK, PID_TGID, BPF_REG_0);
	if (options->who == FETCH_ALL)
		return;
	emit_alu_value(c, BPF_RSH, BPF_REG_0, 32);
	if (options->leader)
		is_leader = emit_jump(c, BPF_JEQ, BPF_REG_0, options->leader);
	if (options->tree >= 0) {
		emit_store(c, 4, STACK, SCRATCH, BPF_REG_0);
		emit_map(c, BPF_REG_1, options->tree);
		emit_move(c, BPF_REG_2, STACK);
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
}

static void keep_cookie(struct generator *g)
{
	emit_move(g->code, BPF_REG_1, CONTEXT);
	emit_call(g->code, BPF_FUNC_get_attach_cookie);
	emit_store(g->code, 8, STACK, COOKIE, BPF_REG_0);
}

static void find_entry(struct generator *g)
{
	struct bpf_code *c = g->code;
	size_t found;

	emit_call(c, BPF_FUNC_get_smp_processor_id);
	emit_store(c, 8, STACK, CPU, BPF_REG_0);
	emit_map(c, BPF_REG_1, g->options->map);
	emit_move(c, BPF_REG_2, STACK);
	emit_alu_value(c, BPF_ADD, BPF_REG_2, CPU);
	emit_call(c, BPF_FUNC_map_lookup_elem);
	found = emit_jump(c, BPF_JNE, BPF_REG_0, 0);
	emit_return(c, 0);
	emit_land(c, found);
	emit_move(c, ENTRY, BPF_REG_0);
}

/* No room: counts it, by CPU and by event, and returns. r2 = TAIL, which tells if the
 * ring is closed. */
static void count_loss(struct generator *g)
{
	struct bpf_code *c = g->code;
	size_t is_open = emit_jump(c, BPF_JSGE, BPF_REG_2, 0), known;

	emit_return(c, 0);
	emit_land(c, is_open);
	emit_call(c, BPF_FUNC_ktime_get_ns);
	emit_store(c, 8, ENTRY, HIT_RING_LOST_TIME, BPF_REG_0);
	emit_move_value(c, BPF_REG_2, 1);
	emit_atomic_add(c, ENTRY, HIT_RING_LOST, BPF_REG_2);
	if (g->options->by_cookie) {
		emit_load(c, 4, BPF_REG_1, STACK, COOKIE + 4);
		known = emit_jump(c, BPF_JLT, BPF_REG_1,
				  (int32_t)g->options->rings->nr_events);
		emit_return(c, 0);
		emit_land(c, known);
		emit_alu_value(c, BPF_LSH, BPF_REG_1, 3);
		emit_alu(c, BPF_ADD, ENTRY, BPF_REG_1);
		emit_atomic_add(c, ENTRY, HIT_RING_LOST_EVENT, BPF_REG_2);
	} else {
		emit_alu_value(c, BPF_ADD, ENTRY, (int32_t)(8 * g->number));
		emit_atomic_add(c, ENTRY, HIT_RING_LOST_EVENT, BPF_REG_2);
	}
	emit_return(c, 0);
}

/* Reserves the record: its position in r1 and on the stack, its place in RECORD. */
static void reserve(struct generator *g)
{
	int32_t size = (int32_t)g->options->rings->size;
	size_t full[RESERVE_TRIES], reserved[RESERVE_TRIES];
	struct bpf_code *c = g->code;

	for (int i = 0; i < RESERVE_TRIES; i++) {
		emit_load(c, 8, BPF_REG_1, ENTRY, HIT_RING_RESERVED);
		emit_load(c, 8, BPF_REG_2, ENTRY, HIT_RING_TAIL);
		emit_move(c, BPF_REG_3, BPF_REG_1);
		emit_alu(c, BPF_SUB, BPF_REG_3, BPF_REG_2);
		full[i] = emit_jump(c, BPF_JGT, BPF_REG_3, size - (int32_t)g->size);
		emit_move(c, BPF_REG_4, BPF_REG_1);
		emit_alu_value(c, BPF_ADD, BPF_REG_4, (int32_t)g->size);
		emit_move(c, BPF_REG_0, BPF_REG_1);
		emit_compare_exchange(c, ENTRY, HIT_RING_RESERVED, BPF_REG_4);
		reserved[i] = emit_jump_register(c, BPF_JEQ, BPF_REG_0, BPF_REG_1);
	}
	for (int i = 0; i < RESERVE_TRIES; i++)
		emit_land(c, full[i]);
	count_loss(g);
	for (int i = 0; i < RESERVE_TRIES; i++)
		emit_land(c, reserved[i]);
	emit_store(c, 8, STACK, POSITION, BPF_REG_1);
	emit_move(c, RECORD, BPF_REG_1);
	emit_alu_value(c, BPF_AND, RECORD, size - 8);
	emit_alu(c, BPF_ADD, RECORD, ENTRY);
	emit_alu_value(c, BPF_ADD, RECORD, (int32_t)g->options->rings->control);
}

/* Event and site: constants, or from the cookie. */
static void write_origin(struct generator *g, int identifier)
{
	struct bpf_code *c = g->code;

	if (!g->options->by_cookie) {
		emit_store_value(c, 2, RECORD, in_raw(g, 0),
				 (int32_t)(FETCH_EVENT_ID + g->number));
		emit_store_value(c, 4, RECORD, in_raw(g, g->site_offset),
				 (int32_t)(uint32_t)g->site->site->address);
		if (!identifier)
			return;
		emit_wide(c, BPF_REG_1, 0, FETCH_SAMPLE_ID + g->number);
		emit_store(c, 8, RECORD, identifier, BPF_REG_1);
		return;
	}
	emit_load(c, 4, BPF_REG_1, STACK, COOKIE);
	emit_store(c, 4, RECORD, in_raw(g, g->site_offset), BPF_REG_1);
	emit_load(c, 4, BPF_REG_1, STACK, COOKIE + 4);
	if (identifier) {
		emit_wide(c, BPF_REG_2, 0, FETCH_SAMPLE_ID);
		emit_alu(c, BPF_ADD, BPF_REG_2, BPF_REG_1);
		emit_store(c, 8, RECORD, identifier, BPF_REG_2);
	}
	emit_alu_value(c, BPF_ADD, BPF_REG_1, FETCH_EVENT_ID);
	emit_store(c, 2, RECORD, in_raw(g, 0), BPF_REG_1);
}

/* All of the record that is not an argument, save for sizes. */
static void write_head(struct generator *g)
{
	bool identified = g->options->rings->nr_events > 1;
	int at = (int)sizeof(struct perf_event_header) + (identified ? 8 : 0);
	struct bpf_code *c = g->code;

	emit_call(c, BPF_FUNC_ktime_get_ns);
	emit_store(c, 8, RECORD, at + 8, BPF_REG_0);
	write_origin(g, identified ? (int)sizeof(struct perf_event_header) : 0);
	emit_load(c, 4, BPF_REG_1, STACK, PID_TGID + 4);
	emit_store(c, 4, RECORD, at, BPF_REG_1);
	emit_load(c, 4, BPF_REG_1, STACK, PID_TGID);
	emit_store(c, 4, RECORD, at + 4, BPF_REG_1);
	emit_store(c, 4, RECORD, in_raw(g, 4), BPF_REG_1);
	emit_load(c, 4, BPF_REG_1, STACK, CPU);
	emit_store(c, 4, RECORD, at + 16, BPF_REG_1);
}

static uint64_t header_of(uint32_t size)
{
	struct perf_event_header header = {
		.type = PERF_RECORD_SAMPLE,
		.misc = PERF_RECORD_MISC_USER,
		.size = (uint16_t)size,
	};
	uint64_t word;

	memcpy(&word, &header, sizeof(word));
	return word;
}

/*
 * Sizes of a record with strings: r5 = its bytes, given back what strings did not use, or
 * all that was reserved if another hit came in between.
 */
static void settle_size(struct generator *g)
{
	struct bpf_code *c = g->code;
	size_t given_back;

	emit_move(c, BPF_REG_5, STRINGS);
	emit_alu_value(c, BPF_ADD, BPF_REG_5, in_raw(g, g->fixed) + 7);
	emit_alu_value(c, BPF_AND, BPF_REG_5, -8);
	emit_load(c, 8, BPF_REG_0, STACK, POSITION);
	emit_move(c, BPF_REG_1, BPF_REG_0);
	emit_alu(c, BPF_ADD, BPF_REG_1, BPF_REG_5);
	emit_alu_value(c, BPF_ADD, BPF_REG_0, (int32_t)g->size);
	emit_move(c, BPF_REG_2, BPF_REG_0);
	emit_compare_exchange(c, ENTRY, HIT_RING_RESERVED, BPF_REG_1);
	given_back = emit_jump_register(c, BPF_JEQ, BPF_REG_0, BPF_REG_2);
	emit_move_value(c, BPF_REG_5, (int32_t)g->size);
	emit_land(c, given_back);
	emit_move(c, BPF_REG_1, BPF_REG_5);
	emit_alu_value(c, BPF_SUB, BPF_REG_1, (int32_t)g->raw);
	emit_store(c, 4, RECORD, (int)g->raw - 4, BPF_REG_1);
	emit_wide(c, BPF_REG_1, 0, header_of(0));
	emit_alu_value(c, BPF_LSH, BPF_REG_5, 48);
	emit_alu(c, BPF_OR, BPF_REG_1, BPF_REG_5);
}

static void commit(struct generator *g)
{
	struct bpf_code *c = g->code;

	if (g->has_strings) {
		settle_size(g);
	} else {
		emit_store_value(c, 4, RECORD, (int)g->raw - 4,
				 (int32_t)(g->size - g->raw));
		emit_wide(c, BPF_REG_1, 0, header_of(g->size));
	}
	emit_store_release(c, RECORD, 0, BPF_REG_1);
}

/* Wakes the reader when the record lies across a quarter of the ring. */
static void ring_doorbell(struct generator *g)
{
	struct bpf_code *c = g->code;
	size_t quiet;

	emit_load(c, 8, BPF_REG_1, STACK, POSITION);
	emit_move(c, BPF_REG_2, BPF_REG_1);
	emit_alu_value(c, BPF_ADD, BPF_REG_2, (int32_t)g->size);
	emit_alu(c, BPF_XOR, BPF_REG_1, BPF_REG_2);
	emit_alu_value(c, BPF_AND, BPF_REG_1, (int32_t)(g->options->rings->size / 4));
	quiet = emit_jump(c, BPF_JEQ, BPF_REG_1, 0);
	emit_map(c, BPF_REG_1, g->options->doorbell);
	emit_move(c, BPF_REG_2, STACK);
	emit_alu_value(c, BPF_ADD, BPF_REG_2, CPU);
	emit_move_value(c, BPF_REG_3, 8);
	emit_move_value(c, BPF_REG_4, FORCE_WAKEUP);
	emit_call(c, BPF_FUNC_ringbuf_output);
	emit_land(c, quiet);
	emit_return(c, 0);
}

int fetch_generate(struct bpf_code *code, const struct plan_event *event, unsigned number,
		   const struct plan_site *site, const struct fetch_options *options)
{
	struct generator g = {
		.code = code,
		.event = event,
		.number = number,
		.site = site,
		.options = options,
		.raw = raw_offset(options->rings->nr_events),
		.size = fetch_record_max(event, options->rings->nr_events,
					 options->string_size),
		.has_strings = string_bytes(event, options->string_size) != 0,
	};

	format_layout(event->arguments, event->nr_arguments, g.fields, &g.site_offset,
		      &g.fixed);
	code->count = 0;
	code->bad = false;
	emit_move(code, CONTEXT, BPF_REG_1);
	filter_process(&g);
	fetch_filter(&g);
	if (options->by_cookie)
		keep_cookie(&g);
	find_entry(&g);
	reserve(&g);
	if (g.has_strings)
		emit_move_value(code, STRINGS, 0);
	write_head(&g);
	fetch_arguments(&g);
	commit(&g);
	ring_doorbell(&g);
	return bpf_code_bad(code) || g.size > UINT16_MAX ? -E2BIG : 0;
}
