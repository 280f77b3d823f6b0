/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which model a name means, which one fits a trace, and which events a line is about. */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_FIND_H
#define FATHOM_TRACE_REQUESTS_MODEL_FIND_H

#include "core/embed.h"
#include "trace/requests/model.h"

/* How well a line names an event, worst first. */
enum model_match {
	MATCH_NONE,
	MATCH_SITE, /* without the "_1", "_2" by which perf tells sites apart */
	MATCH_NAME,
};

/* Is @type an event of @line? Its provider may bear perf's "sdt_". */
enum model_match model_line_match(const struct model_line *line,
				  const struct event_type *type);

/* The models that come with fathom, in the order in which a trace is matched. */
extern const struct embedded_text shipped_models[];

/*
 * @which is a file (it has a '/' or ends with ".model"), a shipped model's name, or
 * the name of a file NAME.model in fathom's model directory.
 */
int model_find(struct model **model, const char *which, struct failure *f);

/* The first shipped model whose submit or complete (@poll: poll or wait end) is among
 * the types of @trace. Returns 0, or -ENOENT when there is none. */
int model_guess(struct model **model, const struct trace *trace, bool poll,
		struct failure *f);

#endif
