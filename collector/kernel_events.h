/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints of the kernel, recorded beside the probes: what became of a request below
 * the program.
 *
 * Each is a perf event per CPU, of every process: a block request is issued and completed
 * in whatever context the kernel happens to be in. Their records go through perf's rings
 * and are the kernel's own, formats included.
 */
#ifndef FATHOM_COLLECTOR_KERNEL_EVENTS_H
#define FATHOM_COLLECTOR_KERNEL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture;
struct failure;

struct kernel_event {
	char *name;	     /* "block:block_rq_issue" */
	char *system;	     /* "block" */
	uint32_t id;	     /* its common_type */
	char *format;	     /* as tracefs has it */
	uint64_t hits, lost; /* filled while recording */
};

struct kernel_events {
	struct kernel_event *items; /* sorted by name, each once */
	size_t count;
};

/* What fathom breakdown asks for. */
extern const char kernel_events_usual[];

enum { KERNEL_EVENTS_MAX = 256 };

/*
 * Finds the tracepoints that @list names: SYSTEM:NAME with globs, between commas.
 * -ENOENT when one of them names nothing; of the usual ones those that this kernel has.
 */
int kernel_events_choose(struct kernel_events *k, const char *list, struct failure *f);

/* Opens their counters, asleep, as the events that follow those of the plan. @sideband:
 * names of all threads go with them, for the backend asks only for those of the target.
 */
int kernel_events_open(const struct kernel_events *k, struct capture *capture,
		       bool sideband, struct failure *f);

/* Wakes them, and puts them to sleep. */
int kernel_events_enable(const struct capture *capture, struct failure *f);
void kernel_events_disable(const struct capture *capture);

/* Adds what the counters lost (counters_read_lost() comes first) to lost and, unless it
 * is NULL, to @on_cpu. Returns the sum. */
uint64_t kernel_events_count_lost(struct kernel_events *k, const struct capture *capture,
				  uint64_t *on_cpu);

void kernel_events_release(struct kernel_events *k);

#endif
