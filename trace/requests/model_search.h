/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where models are: the directories of $FATHOM_MODEL_PATH, those that come with fathom,
 * and share/fathom/models of the installation, in this order.
 */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_SEARCH_H
#define FATHOM_TRACE_REQUESTS_MODEL_SEARCH_H

#include "core/embed.h"
#include "trace/requests/model.h"

/* The models that come with fathom, in the order in which a trace is matched. */
extern const struct embedded_text shipped_models[];

/* A file that holds models. */
struct model_source {
	char *name; /* of the file, without folder and ending */
	char *path; /* NULL: it came with fathom, and this is its */
	const char *text;
};

struct model_sources {
	struct model_source *items; /* each name once, best first */
	size_t count;
};

enum { MODEL_SOURCES_MAX = 1024 };

/* Directories that cannot be read hold nothing. Returns 0 or a negative errno. */
int model_sources_find(struct model_sources *sources, struct failure *f);
void model_sources_release(struct model_sources *sources);

int model_source_read(struct model_file **file, const struct model_source *source,
		      struct failure *f);

#endif
