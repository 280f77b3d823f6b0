/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all commands about requests say. */
#ifndef FATHOM_ANALYZERS_REQUESTS_PRINT_H
#define FATHOM_ANALYZERS_REQUESTS_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "trace/requests/requests.h"

/* model, requests, events, lost, unmatched and gaps; NULL without memory. */
json_t *requests_json(const struct requests *r);

enum { CHOICE_TEXT = 64 };

/* How the model was come by, for the heading: "", or ", by the trace's events; 2 others
 * fit". @text has CHOICE_TEXT bytes; returns it. */
char *requests_choice_text(char *text, const struct requests *r);

/* "142k requests in 4.00 s, 35.6k/s (model fathom)" and an empty line, on stdout. */
void requests_heading(const struct requests *r);

/* Lines "note: …" on @to about what could move the figures: lost records, what did not
 * pair up, requests that failed. Nothing when all is well. */
void requests_notes(const struct requests *r, FILE *to);

/* The sentence for a trace without a single request. Returns -ENODATA. */
int requests_nothing(const struct requests *r, struct failure *f);

#endif
