/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds the items of one trace to analyses, item by item. analyze() (analyzer.h) does so
 * for a whole trace; who merges several traces does it for each. */
#ifndef FATHOM_ANALYZERS_PASS_H
#define FATHOM_ANALYZERS_PASS_H

#include <stdint.h>

#include "analyzers/analyzer.h"

enum { ANALYSES_MAX = 8 }; /* bits of a type's mask */

/* Zeroed but for the first three members. */
struct pass {
	struct trace *trace;
	const struct analysis *analyses;
	size_t count;	 /* at most ANALYSES_MAX */
	uint8_t *wanted; /* per type: bit N, analysis N wants its events */
	size_t nr_types; /* announced so far */
};

/* When the first item is at hand, or the trace turned out empty. 0 or a negative errno
 * with the reason, as for the others. */
int pass_begin(struct pass *pass, struct failure *f);

/* The next item of the trace. */
int pass_feed(struct pass *pass, const struct trace_item *item, struct failure *f);

/* There are no more. */
void pass_end(struct pass *pass);

void pass_release(struct pass *pass);

#endif
