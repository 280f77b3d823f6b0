/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes operands as the fetch arguments of the kernel's uprobe events. */
#ifndef FATHOM_COLLECTOR_FETCH_TEXT_H
#define FATHOM_COLLECTOR_FETCH_TEXT_H

#include <stddef.h>

#include "collector/plan.h"

/*
 * Writes " arg1=%di:u64 arg2=…" for all arguments of @event at @site into @out. Every
 * site of an event gets the same names and types, or the kernel would refuse to put
 * them into one event. 0, or -E2BIG. Source: Documentation/trace/uprobetracer.rst.
 */
int fetch_text(char *out, size_t room, const struct plan_event *event,
	       const struct plan_site *site);

/* Why the kernel's own fetching cannot give an operand, or NULL (a plan_cannot). */
const char *fetch_text_cannot(const struct operand *operand,
			      const struct argument *argument);

#endif
