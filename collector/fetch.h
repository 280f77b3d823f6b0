/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generates the BPF program of a site: fetches the arguments, writes the record.
 *
 * One program per distinct layout of arguments, shared by the sites that have it; the
 * record is that of trace/event_format.h.
 */
#ifndef FATHOM_COLLECTOR_FETCH_H
#define FATHOM_COLLECTOR_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/bpf_code.h"
#include "collector/plan.h"

enum {
	FETCH_EVENT_ID = 60000, /* common_type of event 0; tracefs ids stay far below */
	FETCH_STACK = 512,	/* what a BPF program has */
};

/* Whose hits are recorded. */
enum fetch_who {
	FETCH_ALL,  /* everybody's */
	FETCH_TREE, /* of process @leader, and of those in map @tree */
};

struct fetch_options {
	unsigned cpus; /* the output map is indexed [event * cpus + cpu] */
	unsigned nr_events;
	int output; /* fd of the BPF_MAP_TYPE_PERF_EVENT_ARRAY */
	enum fetch_who who;
	int32_t leader; /* its tgid is compared first, without a look-up; 0 none */
	int tree;	/* fd of a hash of u32 tgids, or -1 when the leader is all */
	bool by_cookie; /* event and site come from the attach cookie */
};

/*
 * Generates the program of @site, a site of plan event number @event, into @code.
 * Without by_cookie it is good for this site only. 0, or -E2BIG when the record does
 * not fit on the BPF stack.
 */
int fetch_generate(struct bpf_code *code, const struct plan_event *event, unsigned number,
		   const struct plan_site *site, const struct fetch_options *options);

/* The cookie that tells a by_cookie program where it is. */
uint64_t fetch_cookie(unsigned number, const struct plan_site *site);

/* Why an operand cannot be fetched by a BPF program, or NULL (a plan_cannot). */
const char *fetch_cannot(const struct operand *operand, const struct argument *argument);

#endif
