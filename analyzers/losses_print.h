/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands about requests say of records that the recorder lost. */
#ifndef FATHOM_ANALYZERS_LOSSES_PRINT_H
#define FATHOM_ANALYZERS_LOSSES_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "trace/requests/requests.h"

/* "gaps": how many, and what they did to requests; "cut": the requests that they may
 * have cut. NULL without memory. */
json_t *losses_gaps_json(const struct requests *r);
json_t *losses_cut_json(const struct requests *r);

/* [low, high] in ns, null where there is no limit; NULL without memory. */
json_t *losses_bounds_json(const struct percentile_bounds *b);

/* "78.2 us - 81.0 us", "above 3.1 ms" in @text of LOSSES_BOUNDS_TEXT; returns it. */
enum { LOSSES_BOUNDS_TEXT = 80 };
char *losses_bounds_text(const struct percentile_bounds *b, char *text);

/* A line "note: …" on @to: what was lost, and how far the figures can be trusted. */
void losses_note(const struct requests *r, FILE *to);

/* A table of the first requests that may have been cut, on stdout; nothing if none. */
void losses_print_cut(const struct requests *r);

#endif
