/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the figures say, in words: sentences about causes, each only where the data carry
 * it. A finding needs FINDING_COUNT cases and a share worth speaking of; findings.c has
 * the rule of each beside its sentence.
 */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_FINDINGS_H
#define FATHOM_ANALYZERS_BREAKDOWN_FINDINGS_H

#include <stdint.h>
#include <stdio.h>

#include "core/histogram.h"

struct breakdown;

enum { FINDING_COUNT = 50, FINDINGS_MAX = 8, FINDING_TEXT = 400 };

struct few { /* requests or waits of one kind */
	uint64_t count, sum_ns;
};

/* Gathered in the pass. */
struct findings {
	struct few reads_alone, reads_behind; /* no write, writes in flight on arrival */
	struct few waits;		      /* of loops, of which the answer was seen */
	struct few hasty; /* … those in which waking took longer than waiting; the sum is
			   * what the answers waited */
	struct histogram hasty_ns; /* from going to sleep to the answer */
};

struct finding {
	const char *name; /* stable, for JSON: "reads_behind_writes" */
	char text[FINDING_TEXT];
};

void findings_init(struct findings *f);

/* A loop slept from @since_ns, its answer was there at @answer_ns, it woke at @woke_ns.
 */
void findings_wait(struct findings *f, uint64_t since_ns, uint64_t answer_ns,
		   uint64_t woke_ns);

/* Fills @found (room for FINDINGS_MAX), the weightiest first as a rule; returns how many.
 */
unsigned findings_make(const struct breakdown *b, struct finding *found);

#endif
