/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a wake-up takes, from the waits of a trace: how much later than its event a loop
 * runs again that slept.
 *
 * Two ways. Where a trace has both, waits that began with polling tell when events come,
 * waits that slept at once tell when the loop saw them; the two distributions differ by
 * the wake-up. That is all of it, the CPU's own waking included, so it is preferred.
 * Else, where the trace has sched:sched_waking, the time from there until the loop runs,
 * which in a virtual machine leaves out what the host takes to wake the CPU.
 */
#ifndef FATHOM_ANALYZERS_WHAT_IF_WAKEUP_H
#define FATHOM_ANALYZERS_WHAT_IF_WAKEUP_H

#include "analyzers/what_if/waits.h"

enum wakeup_source {
	WAKEUP_GIVEN, /* by the user */
	WAKEUP_DIFFERENCE,
	WAKEUP_KERNEL,
	WAKEUP_ASSUMED,
	WAKEUP_SOURCES,
};

enum {
	WAKEUP_ASSUMED_NS = 10000,
	WAKEUP_WAITS_LEAST = 100, /* of each kind, or nothing is concluded */
};

struct wakeup {
	uint64_t ns;
	enum wakeup_source source;
	uint64_t waits; /* that it was concluded from */
};

extern const char *const wakeup_words[WAKEUP_SOURCES]; /* for the JSON */

/* Returns 0 or -ENOMEM. */
int wakeup_estimate(struct wakeup *wakeup, const struct traced_wait *waits, size_t nr);

#endif
