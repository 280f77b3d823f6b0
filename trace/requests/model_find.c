// SPDX-License-Identifier: GPL-2.0-or-later
/* Which models a name means, and which one fits a trace. */
#include "trace/requests/model_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/failure.h"
#include "trace/requests/model_match.h"
#include "trace/requests/model_search.h"

#define ENDING ".model"

/* The name of a model in its file: what stands behind the slash, or all. */
static const char *section_of(const struct model *model)
{
	const char *slash = strchr(model->name, '/');

	return slash ? slash + 1 : model->name;
}

static int find_section(const struct model_file *file, const char *section)
{
	for (size_t i = 0; i < file->nr_models; i++)
		if (!strcmp(section_of(file->models[i]), section))
			return (int)i;
	return -1;
}

/* "query, transaction and 3 more" */
static char *list_sections(char *text, size_t room, const struct model_file *file)
{
	size_t used = 0;

	*text = 0;
	for (size_t i = 0; i < file->nr_models && used + MODEL_NAME_MAX + 20 < room;
	     i++) {
		snprintf(text + used, room - used, "%s%.40s", i ? ", " : "",
			 section_of(file->models[i]));
		used += strlen(text + used);
	}
	return text;
}

/* Leaves only the model called @section in @file, which is freed if it has none. */
static int keep_section(struct model_file **kept, struct model_file *file,
			const char *section, struct failure *f)
{
	int at = find_section(file, section);
	char names[300];

	if (at < 0) {
		fail(f, -ENOENT, "%.200s has no model '%.40s': there are %s", file->path,
		     section, list_sections(names, sizeof(names), file));
		model_file_free(file);
		return -ENOENT;
	}
	for (size_t i = file->nr_models; i--;)
		if (i != (size_t)at)
			model_free(model_file_take(file, i));
	*kept = file;
	return 0;
}

static int keep_all_or_section(struct model_file **kept, struct model_file *file,
			       const char *section, struct failure *f)
{
	if (section)
		return keep_section(kept, file, section, f);
	*kept = file;
	return 0;
}

/* The length of the path that @which is or begins with; 0: it is a name. */
static size_t path_length(const char *which)
{
	size_t length = strlen(which), ending = strlen(ENDING);
	const char *middle = strstr(which, ENDING "/");

	if (!strcmp(which, "-") ||
	    (length > ending && !strcmp(which + length - ending, ENDING)))
		return length;
	if (middle && middle > which)
		return (size_t)(middle - which) + ending;
	return strchr("./", *which) ? length : 0;
}

static int find_by_path(struct model_file **file, const char *which, size_t length,
			struct failure *f)
{
	const char *section = which[length] ? which + length + 1 : NULL;
	char *path = strndup(which, length);
	struct model_file *all;
	int err;

	if (!path)
		return fail(f, -ENOMEM, "no memory");
	err = model_file_read(&all, path, f);
	free(path);
	return err ? err : keep_all_or_section(file, all, section, f);
}

static int no_such_model(const struct model_sources *s, const char *which,
			 struct failure *f)
{
	char names[256] = "";

	for (size_t i = 0; i < s->count; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%.40s", i ? ", " : "",
			 s->items[i].name);
	}
	return fail(f, -ENOENT,
		    "no model '%.80s': there are %s (see fathom models), or give a "
		    "file's path",
		    which, names);
}

/* The only known model called @section, whatever its file. Files that are wrong have
 * none: their names are what the user did not ask for. */
static int find_by_section(struct model_file **found, const struct model_sources *s,
			   const char *section, struct failure *f)
{
	struct failure ignored;

	*found = NULL;
	for (size_t i = 0; i < s->count; i++) {
		struct model_file *file;

		if (model_source_read(&file, &s->items[i], &ignored))
			continue;
		if (find_section(file, section) < 0) {
			model_file_free(file);
			continue;
		}
		if (*found) {
			fail(f, -EINVAL,
			     "'%.40s' is a model of %.80s and of %.80s: say "
			     "which, as in %.40s/%.40s",
			     section, (*found)->path, file->path, s->items[i].name,
			     section);
			model_file_free(file);
			model_file_free(*found);
			return -EINVAL;
		}
		*found = file;
	}
	return *found ? keep_section(found, *found, section, f)
		      : no_such_model(s, section, f);
}

/* FILE, FILE/SECTION or SECTION */
static int find_by_name(struct model_file **file, const struct model_sources *s,
			const char *which, struct failure *f)
{
	const char *slash = strchr(which, '/');
	size_t length = slash ? (size_t)(slash - which) : strlen(which);
	struct model_file *all;
	int err;

	for (size_t i = 0; i < s->count; i++) {
		const char *name = s->items[i].name;

		if (strlen(name) != length || strncmp(name, which, length) != 0)
			continue;
		err = model_source_read(&all, &s->items[i], f);
		return err ? err
			   : keep_all_or_section(file, all, slash ? slash + 1 : NULL, f);
	}
	if (!slash)
		return find_by_section(file, s, which, f);
	if (!access(which, R_OK))
		return model_file_read(file, which, f);
	return no_such_model(s, which, f);
}

int model_find(struct model_file **file, const char *which, struct failure *f)
{
	size_t length = path_length(which);
	struct model_sources sources;
	int err;

	if (length)
		return find_by_path(file, which, length, f);
	err = model_sources_find(&sources, f);
	if (err)
		return err;
	err = find_by_name(file, &sources, which, f);
	model_sources_release(&sources);
	return err;
}

size_t model_best(const struct model_file *file, const struct trace *trace, bool poll)
{
	enum model_fit best_fit = FIT_NONE;
	size_t best = 0;

	if (file->nr_models == 1)
		return 0;
	for (size_t i = 0; i < file->nr_models; i++) {
		enum model_fit fit = model_fit_trace(file->models[i], poll, trace);

		if (fit > best_fit) {
			best_fit = fit;
			best = i;
		}
	}
	return best;
}

/* The best so far of a guess. */
struct guess {
	const struct trace *trace;
	bool poll;
	struct model *model;
	enum model_fit fit;
	unsigned others; /* that fit as well */
};

static void guess_from(struct guess *g, struct model_file *file)
{
	for (size_t i = 0; i < file->nr_models; i++) {
		enum model_fit fit = model_fit_trace(file->models[i], g->poll, g->trace);

		if (fit == FIT_NONE || fit < g->fit)
			continue;
		if (fit == g->fit) {
			g->others++;
			continue;
		}
		model_free(g->model);
		g->model = model_file_take(file, i--);
		g->fit = fit;
		g->others = 0;
	}
}

int model_guess(struct model **model, unsigned *others, const struct trace *trace,
		bool poll, struct failure *f)
{
	struct guess g = {.trace = trace, .poll = poll};
	struct failure why = {""}, more;
	struct model_sources sources;
	int err = model_sources_find(&sources, f);

	if (err)
		return err;
	for (size_t i = 0; i < sources.count; i++) {
		struct model_file *file;

		if (model_source_read(&file, &sources.items[i], &more)) {
			if (!*why.text)
				why = more;
			continue;
		}
		guess_from(&g, file);
		model_file_free(file);
	}
	model_sources_release(&sources);
	*model = g.model;
	*others = g.others;
	if (g.model)
		return 0;
	return *why.text ? fail(f, -EINVAL, "%s", why.text) : -ENOENT;
}
