/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend: how a hit of a site becomes a record in a ring.
 *
 * Three rows of one table, best first: bpf, bpf-perf, uprobe. docs/capture.md.
 */
#ifndef FATHOM_COLLECTOR_BACKEND_H
#define FATHOM_COLLECTOR_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include "collector/counter.h"
#include "collector/plan.h"
#include "collector/ring.h"
#include "collector/target.h"

struct failure;

/* What the trace's header says of an event. */
struct event_description {
	uint32_t type;
	char *format;
	uint64_t *ids;
	size_t nr_ids;
};

/* One recording, as its backend sees it. */
struct capture {
	const struct plan *plan;
	const struct target *target;
	struct rings *rings;	  /* perf's */
	unsigned cpus;		  /* possible CPUs, from 0 */
	size_t ring_size;	  /* bytes per CPU for hits */
	uint32_t string_size;	  /* most bytes of a string argument, its NUL included */
	struct counters counters; /* the backend opens them; event 0 has the side-band */
};

/* Slots in the order of a recording's life; all are called from the main thread. */
struct backend {
	const char *name; /* what --backend takes */
	const char *how;  /* for people: "BPF programs on uprobe_multi links" */

	/* Do hits come through rings of its own (drain is set), so that perf's carry
	 * nothing but the side-band and can be small? */
	bool own_rings;

	/* Must an argument be left out that some sites cannot give? Else it is 0 there.
	 */
	bool all_sites;

	/* About how long the kernel takes to detach one site, one after the other, when
	 * that is long enough to warn of; else 0. */
	unsigned detach_ms;

	/* Can it work here, for this user? 0, or a negative errno with what is missing
	 * and how to get it. Changes nothing. */
	int (*missing)(struct failure *why);

	/* Why it cannot fetch an operand, or NULL. (plan_leave_out) */
	plan_cannot *cannot;

	/* Opens counters and whatever can fail, without a hit being recorded yet. *@state
	 * is the backend's own; close() is called also when this fails. */
	int (*open)(void **state, struct capture *capture, struct failure *f);

	/* Describes an event: its id in records (common_type), its format text, and the
	 * ids its samples can carry; both to be freed. */
	int (*describe)(void *state, const struct capture *capture, unsigned event,
			struct event_description *description, struct failure *f);

	/* From here on hits are recorded (of a command: once it has called exec). */
	int (*attach)(void *state, struct capture *capture, struct failure *f);

	/* Hands out the records of its own rings, as hit_rings_drain() does. NULL: it has
	 * none. */
	int (*drain)(void *state, ring_consume *consume, void *user);

	/* How many records a CPU's ring had no room for so far, and when the last was: so
	 * many that no record in the stream tells of as yet. Called after each drain;
	 * NULL: the stream tells. */
	uint64_t (*lost)(void *state, unsigned cpu, uint64_t *time_ns);

	/* Hits are recorded no more; when it returns, the last is in its ring. */
	void (*detach)(void *state, struct capture *capture);

	/* How many records of an event were lost in all. After detach. */
	uint64_t (*lost_of_event)(void *state, const struct capture *capture,
				  unsigned event);

	/* Frees; the counters are the caller's to close. @state may be NULL. */
	void (*close)(void *state);
};

extern const struct backend backend_bpf, backend_bpf_perf, backend_uprobe;

/* All of them, best first; ends with NULL. */
extern const struct backend *const backends[];

/* The one called @name, or NULL. */
const struct backend *backend_find(const char *name);

/* The first that works here; when none does, why the best does not, in @f. */
const struct backend *backend_best(struct failure *f);

#endif
