/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events a line of a model is about, and how well a model fits a trace. */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_MATCH_H
#define FATHOM_TRACE_REQUESTS_MODEL_MATCH_H

#include "trace/requests/model.h"

/* How well a line names an event, worst first. */
enum model_match {
	MATCH_NONE,
	MATCH_SITE, /* without the "_1", "_2" by which perf tells sites apart */
	MATCH_NAME,
};

/* Is "@provider:@probe" an event of @line? The provider may bear perf's "sdt_". */
enum model_match model_line_match(const struct model_line *line, const char *provider,
				  const char *probe);

/* How much of what makes requests (or windows of polling) there is, worst first. */
enum model_fit {
	FIT_NONE,
	FIT_PART, /* ends without begins, or the other way round */
	FIT_ALL,
};

/* A set of probes, asked for by a line that may have wildcards: is one of them it? */
typedef bool model_has_probe(const void *set, const struct model_line *line);

enum model_fit model_fit(const struct model *model, bool poll, model_has_probe *has,
			 const void *set);

/* The same for the events of a trace; @trace is its set. */
enum model_fit model_fit_trace(const struct model *model, bool poll,
			       const struct trace *trace);

#endif
