/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SPEC of `record -e`: which probes, and what the user says about them.
 *
 *   PROVIDER:NAME                      globs allowed; NAME alone is of any provider
 *   PROVIDER:NAME(ARGUMENT:TYPE,...)   types of arguments, by name or as argN
 *   PROVIDER:NAME/FILTER/              which hits count (trace/filter.h)
 */
#ifndef FATHOM_COLLECTOR_SPEC_H
#define FATHOM_COLLECTOR_SPEC_H

#include "core/options.h"

struct failure;
struct plan;

struct spec {
	char *types;  /* what is between the brackets, or NULL */
	char *filter; /* … between the slashes, or NULL */
};

struct specs {
	struct string_list globs; /* for plan_choose(), in the order of the SPECs */
	struct spec *items;
};

/* 0, or -EINVAL with the column and what was expected there in @f. */
int specs_parse(struct specs *specs, const struct string_list *texts, struct failure *f);
void specs_release(struct specs *specs);

/* Gives the chosen events' arguments the types that the user said. Before
 * plan_leave_out(). */
int specs_apply_types(const struct specs *specs, struct plan *plan, struct failure *f);

/* Gives the chosen events their filters. After plan_leave_out(). */
int specs_apply_filters(const struct specs *specs, struct plan *plan, struct failure *f);

#endif
