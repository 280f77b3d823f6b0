/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One type for an argument: what was declared against what the operands of all sites say.
 */
#ifndef FATHOM_COLLECTOR_NAMING_TYPE_H
#define FATHOM_COLLECTOR_NAMING_TYPE_H

#include <stdbool.h>

#include "collector/plan.h"

/*
 * Completes the type of @event's argument number @i, whose size is 0 when nobody
 * declared one: the narrowest type that holds the values of all sites. A declared type
 * that an operand contradicts gives way, which is added to the conflicts. Returns 1 when
 * the declared type (or the words of it) was kept, 0 when the operands decided, or
 * -ENOMEM.
 */
int naming_settle_type(struct plan_event *event, uint8_t i);

/*
 * Makes @event's names unique C identifiers of at most ARGUMENT_NAME_MAX bytes that no
 * field of an event format has: two arguments called n become n and n_2, one without a
 * name becomes arg3. 0 or -ENOMEM.
 */
int naming_unique_names(struct plan_event *event);

/* Turns @name into an identifier in place: what no identifier may have becomes '_'. */
void naming_make_identifier(char *name);

#endif
