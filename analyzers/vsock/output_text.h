/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the report for people: its parts. */
#ifndef FATHOM_ANALYZERS_VSOCK_OUTPUT_TEXT_H
#define FATHOM_ANALYZERS_VSOCK_OUTPUT_TEXT_H

#include "analyzers/vsock/output.h"

/* A row for each of @nr conversations. */
void text_conversations(struct vsock_conversation *const *c, unsigned nr);

/* Who stalled whom, for how long and why; nothing if nobody did. */
void text_stalls(const struct vsock_view *view, struct vsock_conversation *const *c,
		 unsigned nr);

/* Is standard output a terminal without room for everything side by side? */
bool text_is_narrow(void);

/* All about one that sent payload: each direction, its curves, its longest stalls. */
void text_details(const struct vsock_view *view, const struct vsock_conversation *c);

/* A line for each thing about @c that is not as it should be but for stalls. */
void text_trouble(const struct vsock_conversation *c);

/* Lines about what moves the figures: losses, cuts, limits. */
void text_notes(const struct vsock_view *view);

#endif
