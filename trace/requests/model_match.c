// SPDX-License-Identifier: GPL-2.0-or-later
/* Which events a line of a model is about, and how well a model fits a trace. */
#include "trace/requests/model_match.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

enum { PATTERN_MAX = 256 };

static bool provider_matches(const char *pattern, const char *provider)
{
	if (!fnmatch(pattern, provider, 0))
		return true;
	return !strncmp(provider, "sdt_", 4) && !fnmatch(pattern, provider + 4, 0);
}

/* @probe without the "_1", "_2" by which perf tells sites apart; NULL if it has none */
static char *without_number(char *text, const char *probe)
{
	size_t length = strlen(probe), digits = 0;

	while (digits < length && isdigit((unsigned char)probe[length - digits - 1]))
		digits++;
	if (!digits || length < digits + 2 || length >= PATTERN_MAX ||
	    probe[length - digits - 1] != '_')
		return NULL;
	memcpy(text, probe, length - digits - 1);
	text[length - digits - 1] = 0;
	return text;
}

enum model_match model_line_match(const struct model_line *line, const char *provider,
				  const char *probe)
{
	char shorter[PATTERN_MAX];

	if (!provider_matches(line->provider, provider))
		return MATCH_NONE;
	if (!fnmatch(line->probe, probe, 0))
		return MATCH_NAME;
	if (without_number(shorter, probe) && !fnmatch(line->probe, shorter, 0))
		return MATCH_SITE;
	return MATCH_NONE;
}

enum model_fit model_fit(const struct model *model, bool poll, model_has_probe *has,
			 const void *set)
{
	bool begins = poll, ends = false;

	for (size_t i = 0; i < model->nr_lines; i++) {
		const struct model_line *line = &model->lines[i];
		bool is_begin = !poll && line->role == ROLE_SUBMIT;
		bool is_end =
			poll ? line->role == ROLE_POLL_END || line->role == ROLE_WAIT_END
			     : line->role == ROLE_COMPLETE;

		if ((is_begin || is_end) && has(set, line)) {
			begins |= is_begin;
			ends |= is_end;
		}
	}
	if (begins && ends)
		return FIT_ALL;
	return !poll && (begins || ends) ? FIT_PART : FIT_NONE;
}

static bool trace_has(const void *set, const struct model_line *line)
{
	const struct trace *trace = set;
	size_t nr = trace_nr_types(trace);

	for (size_t t = 0; t < nr; t++) {
		const struct event_type *type = trace_type(trace, t);

		if (model_line_match(line, type->provider, type->probe) != MATCH_NONE)
			return true;
	}
	return false;
}

enum model_fit model_fit_trace(const struct model *model, bool poll,
			       const struct trace *trace)
{
	return model_fit(model, poll, trace_has, trace);
}
