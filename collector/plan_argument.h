/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds an argument of an event by the name that a user wrote. */
#ifndef FATHOM_COLLECTOR_PLAN_ARGUMENT_H
#define FATHOM_COLLECTOR_PLAN_ARGUMENT_H

#include <stddef.h>

struct failure;
struct plan_event;

/* The index of the argument called @name (@size bytes), or argN for the Nth operand
 * whatever its name. -ENOENT, with the nearest name in @f. */
int plan_argument_find(const struct plan_event *event, const char *name, size_t size,
		       struct failure *f);

#endif
