/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and types from DWARF: what the variables at the sites of a probe are called. */
#ifndef FATHOM_COLLECTOR_NAMING_DWARF_H
#define FATHOM_COLLECTOR_NAMING_DWARF_H

#include "collector/naming_source.h"

/* The debug information of the files that were asked about, opened when needed. */
struct dwarf_cache;

int dwarf_cache_new(struct dwarf_cache **cache);  /* 0 or -ENOMEM */
void dwarf_cache_free(struct dwarf_cache *cache); /* NULL is fine */

/* Fills @answer from the sites of @event; sites that disagree become conflicts. 0,
 * -ENOENT when no site's file has debug information, -ENOMEM. */
int naming_ask_dwarf(struct dwarf_cache *cache, const struct plan *plan,
		     struct plan_event *event, struct naming_answer *answer);

int naming_dwarf_line(struct dwarf_cache *cache, const struct plan *plan,
		      const struct plan_site *site, struct source_line *line);

#endif
