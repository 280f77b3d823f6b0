/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which provider file tells about a probe: those that the user gave, or found by name. */
#ifndef FATHOM_COLLECTOR_PROVIDER_SEARCH_H
#define FATHOM_COLLECTOR_PROVIDER_SEARCH_H

#include "core/embed.h"
#include "collector/provider_file.h"

struct failure;
struct provider_search;
struct string_list;

/* Reads the @given files (may be NULL). 0, or a negative errno with the reason in @f. */
int provider_search_open(struct provider_search **search, const struct string_list *given,
			 struct failure *f);
void provider_search_close(struct provider_search *search); /* NULL is fine */

/*
 * The declaration of a probe and the file that holds it: of the first given file that
 * has it; else of PROVIDER.d or PROVIDER.trace-events in the directories of
 * $FATHOM_PROVIDER_PATH (separated by colons), in fathom's own directory, or as built
 * in; the first of these files that exists is the one. -ENOENT when there is none;
 * another negative errno, with the reason in @f, when a file is bad.
 */
int provider_search_find(struct provider_search *search, const char *provider,
			 const char *name, const struct provider_probe **probe,
			 const char **path, struct failure *f);

/* The provider files that come with fathom, by provider. */
extern const struct embedded_text shipped_providers[];

#endif
