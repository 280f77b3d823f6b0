/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which instruction of a site may carry the breakpoint, so that a hit is fast and the
 * program stays right. FACTS in docs/capture.md, "Fast sites".
 */
#ifndef FATHOM_COLLECTOR_SITE_H
#define FATHOM_COLLECTOR_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "collector/plan.h"

struct failure;

/* What this kernel does to multi-byte nops, found out by doing it to ourselves. */
struct site_features {
	int system_call;  /* errno of uprobe(2) called from outside: ENOSYS, ENXIO, EPROTO
			   */
	bool tested;	  /* the self-test ran; @why_not says why not */
	bool nop5_fast;	  /* a uprobe on a nop5 became a call */
	bool nop5_sound;  /* … and a function without a red zone kept its results */
	bool nop5_hazard; /* … but one with a red zone did not */
	bool nop5_forks;  /* … and a forked child came through it alive */
	bool nop10_fast;
	bool nop10_sound; /* … with a red zone */
	bool nop10_forks;
	char why_not[160];
};

/* Takes about a tenth of a second where the kernel has a fast path, else nothing. */
void site_features_learn(struct site_features *features);

/* The best kind that is fast and sound for code that makes the site's promises. */
enum site_kind site_best_kind(const struct site_features *features,
			      const struct sdt_site *site);

/* Gives every site of the plan its kind. Returns how many got a fast one. */
size_t sites_choose(struct plan *plan, const struct site_features *features);

/* Does a foreign probe's own location hold a five-byte nop, which this kernel would
 * turn into a call that may corrupt a red zone? The first such site, or NULL. */
const struct plan_site *sites_hazard(const struct plan *plan,
				     const struct site_features *features,
				     const struct plan_event **event);

/* "nop", "nop10", "nop5" */
const char *site_kind_name(enum site_kind kind);

#endif
