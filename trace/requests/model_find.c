// SPDX-License-Identifier: GPL-2.0-or-later
/* Which model a name means, and which model fits a trace. */
#include "trace/requests/model_find.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/failure.h"

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

enum model_match model_line_match(const struct model_line *line,
				  const struct event_type *type)
{
	char shorter[PATTERN_MAX];

	if (!provider_matches(line->provider, type->provider))
		return MATCH_NONE;
	if (!fnmatch(line->probe, type->probe, 0))
		return MATCH_NAME;
	if (without_number(shorter, type->probe) && !fnmatch(line->probe, shorter, 0))
		return MATCH_SITE;
	return MATCH_NONE;
}

/* Is one of the lines whose role is in @roles about an event of @trace? */
static bool model_fits(const struct model *model, const struct trace *trace,
		       unsigned roles)
{
	size_t nr = trace_nr_types(trace);

	for (size_t i = 0; i < model->nr_lines; i++) {
		if (!(roles & 1U << model->lines[i].role))
			continue;
		for (size_t t = 0; t < nr; t++)
			if (model_line_match(&model->lines[i], trace_type(trace, t)))
				return true;
	}
	return false;
}

static int shipped(struct model **model, size_t i, struct failure *f)
{
	return model_read_text(model, shipped_models[i].name, shipped_models[i].text, f);
}

int model_guess(struct model **model, const struct trace *trace, bool poll,
		struct failure *f)
{
	unsigned roles = poll ? 1U << ROLE_POLL_END | 1U << ROLE_WAIT_END
			      : 1U << ROLE_SUBMIT | 1U << ROLE_COMPLETE;

	for (size_t i = 0; shipped_models[i].name; i++) {
		struct model *candidate;
		int err = shipped(&candidate, i, f);

		if (err)
			return err;
		if (model_fits(candidate, trace, roles)) {
			*model = candidate;
			return 0;
		}
		model_free(candidate);
	}
	return -ENOENT;
}

static int no_such_model(const char *which, struct failure *f)
{
	char names[256] = "";

	for (size_t i = 0; shipped_models[i].name; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
			 shipped_models[i].name);
	}
	return fail(f, -ENOENT, "no model '%.80s': there are %s, or give a file's path",
		    which, names);
}

int model_find(struct model **model, const char *which, struct failure *f)
{
	size_t length = strlen(which);
	char path[512];

	if (strchr(which, '/') || !strcmp(which, "-") ||
	    (length > 6 && !strcmp(which + length - 6, ".model")))
		return model_read(model, which, f);
	for (size_t i = 0; shipped_models[i].name; i++)
		if (!strcmp(shipped_models[i].name, which))
			return shipped(model, i, f);
	snprintf(path, sizeof(path), FATHOM_MODEL_DIRECTORY "/%.200s.model", which);
	if (!access(path, R_OK))
		return model_read(model, path, f);
	return no_such_model(which, f);
}
