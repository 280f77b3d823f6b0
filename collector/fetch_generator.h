/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of the program generator share: fetch.c, fetch_arguments.c. */
#ifndef FATHOM_COLLECTOR_FETCH_GENERATOR_H
#define FATHOM_COLLECTOR_FETCH_GENERATOR_H

#include "collector/fetch.h"
#include "trace/event_format.h"

/* Registers with one meaning; r0 to r5 are free between helpers. */
enum {
	CONTEXT = BPF_REG_6, /* struct pt_regs */
	ENTRY = BPF_REG_7,   /* of this CPU in the rings' map */
	RECORD = BPF_REG_8,  /* in the ring */
	STRINGS = BPF_REG_9, /* bytes of strings so far */
	STACK = BPF_REG_10,
};

/* The stack. */
enum {
	CPU = -8, /* u64: a doorbell's message, too */
	PID_TGID = -16,
	POSITION = -24, /* of the record in the ring */
	COOKIE = -32,
	SCRATCH = -40, /* a value from memory before it is widened; a hash key */
	LENGTH = -48,  /* of a string that is not terminated */
	TEXT = -192,   /* 144 bytes that a filter compares, or neighbours */
};

enum {
	NEIGHBOURS_MAX = 128, /* bytes that one read fetches */
	RESERVE_TRIES = 3,    /* each failure means that a hit came in between */
	FORCE_WAKEUP = 2,     /* BPF_RB_FORCE_WAKEUP */
};

struct generator {
	struct bpf_code *code;
	const struct plan_event *event;
	unsigned number;
	const struct plan_site *site;
	const struct fetch_options *options;
	struct format_field fields[ARGUMENTS_MAX];
	uint32_t site_offset;
	uint32_t fixed; /* bytes of raw data without strings */
	uint32_t raw;	/* where raw data begins in the record */
	uint32_t size;	/* that is reserved */
	bool has_strings;
};

/* Offset from RECORD of a byte of the raw data. */
static inline int in_raw(const struct generator *g, uint32_t offset)
{
	return (int)(g->raw + offset);
}

/* Code that returns from the program for a hit that the event's filter keeps out. */
void fetch_filter(struct generator *g);

/* Code that loads an argument as its record has it, extended by its sign, into @to (r1 to
 * r3); of a string the pointer. r0 to r3 are lost. */
void fetch_load_argument(struct generator *g, size_t argument, unsigned to);

/* The same for the length of a string that is not terminated; false for one that is. */
bool fetch_load_length(struct generator *g, size_t argument, unsigned to);

/* Code that reads text up to its NUL: to r1, at most r2 bytes, from r3. r0 = its bytes with the
 * NUL, or a negative errno. */
void fetch_read_text(struct generator *g);

/* Code that stores every argument; r0 to r5 are lost. */
void fetch_arguments(struct generator *g);

#endif
