/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generates the BPF program of a site: fetches the arguments, writes the record.
 *
 * One program per distinct layout of arguments, shared by the sites that have it. The
 * record is a whole PERF_RECORD_SAMPLE whose raw data is that of trace/event_format.h.
 */
#ifndef FATHOM_COLLECTOR_FETCH_H
#define FATHOM_COLLECTOR_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/bpf_code.h"
#include "collector/hit_ring.h"
#include "collector/plan.h"

enum { FETCH_EVENT_ID = 60000 }; /* common_type of event 0; tracefs ids stay far below */

/* PERF_SAMPLE_IDENTIFIER of event 0. The kernel counts its ids from 1. */
#define FETCH_SAMPLE_ID UINT64_C(0xfa7000000000)

/* Whose hits are recorded. */
enum fetch_who {
	FETCH_ALL,  /* everybody's */
	FETCH_TREE, /* of process @leader, and of those in map @tree */
};

struct fetch_options {
	const struct hit_ring_shape *rings;
	int map, doorbell;    /* of the rings */
	uint32_t string_size; /* most bytes of a string, its NUL included; at least 8 */
	enum fetch_who who;
	int32_t leader; /* its tgid is compared first, without a look-up; 0 none */
	int tree;	/* fd of a hash of u32 tgids, or -1 when the leader is all */
	bool by_cookie; /* event and site come from the attach cookie */
};

/*
 * Generates the program of @site, a site of plan event number @event, into @code.
 * Without by_cookie it is good for this site only. 0, or -E2BIG.
 */
int fetch_generate(struct bpf_code *code, const struct plan_event *event, unsigned number,
		   const struct plan_site *site, const struct fetch_options *options);

/* Bytes of the event's largest record, with strings of @string_size. */
uint32_t fetch_record_max(const struct plan_event *event, unsigned nr_events,
			  uint32_t string_size);

/* The cookie that tells a by_cookie program where it is. */
uint64_t fetch_cookie(unsigned number, const struct plan_site *site);

/* Why an operand cannot be fetched by a BPF program, or NULL (a plan_cannot). */
const char *fetch_cannot(const struct operand *operand, const struct argument *argument);

#endif
