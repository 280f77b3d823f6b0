// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does a model fit a program, or a trace?
 *
 * A program's notes always tell how many arguments a probe has, and only fathom's own
 * tell names. So a name that the model uses is taken for known when the notes have it,
 * or when the model says at which place it stands and the probe has that many; a name
 * that only a provider file or debug information could tell is not held against it.
 */
#include "analyzers/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "trace/reader.h"
#include "trace/requests/binding.h"
#include "trace/requests/model_line.h"
#include "trace/sdt_file.h"

static bool line_is_there(const void *set, const struct model_line *line)
{
	const struct models_entry *entry = set;

	return entry->lines[line - entry->model->lines].is_there;
}

/* How many arguments are in "8@%rdi -4@$3 8@[sp, 16]". */
static size_t count_operands(const char *text)
{
	size_t count = 0, depth = 0;
	bool in_word = false;

	for (; *text; text++) {
		depth += *text == '[';
		depth -= *text == ']' && depth;
		if (*text == ' ' && !depth) {
			in_word = false;
		} else if (!in_word) {
			in_word = true;
			count++;
		}
	}
	return count;
}

/* The place of argument @name by the notes, the model, or its form "argN"; 0: nobody
 * tells. */
static size_t place_of(const struct sdt_probe *probe, const struct model_line *line,
		       const char *name)
{
	for (size_t i = 0; i < probe->nr_arguments; i++)
		if (!strcmp(probe->arguments[i].name, name))
			return i + 1;
	for (size_t i = 0; i < line->nr_arguments; i++)
		if (!strcmp(line->arguments[i], name))
			return i + 1;
	return strncmp(name, "arg", 3) ? 0 : strtoul(name + 3, NULL, 10);
}

static void check_name(struct models_entry *entry, const struct sdt_probe *probe,
		       const struct model_line *line, const char *name)
{
	size_t count = entry->lines[line - entry->model->lines].arguments;
	size_t place = place_of(probe, line, name);

	if (!*entry->problem &&
	    (place > count || (!place && probe->has_names && strcmp(name, "tid") != 0 &&
			       strcmp(name, "pid") != 0)))
		snprintf(entry->problem, sizeof(entry->problem),
			 "%.40s:%.40s has %zu argument%s, and none is '%.40s'",
			 probe->provider, probe->name, count, count == 1 ? "" : "s",
			 name);
}

static void check_names(struct models_entry *entry, const struct sdt_probe *probe,
			const struct model_line *line)
{
	for (unsigned v = 0; v < MODEL_VALUES; v++)
		for (unsigned t = 0; t < line->values[v].nr_terms; t++)
			for (unsigned i = 0; i < line->values[v].terms[t].nr_names; i++)
				check_name(entry, probe, line,
					   line->values[v].terms[t].names[i]);
}

static void add_name(struct models_line *found, const char *name)
{
	size_t used = strlen(found->names);

	snprintf(found->names + used, sizeof(found->names) - used, "%s%s",
		 used ? ", " : "", name);
}

/* The names that the program tells, else those that the model does. */
static void note_names(struct models_line *found, const struct sdt_probe *probe,
		       const struct model_line *line)
{
	*found->names = 0;
	for (size_t i = 0; i < probe->nr_arguments; i++)
		add_name(found, probe->arguments[i].name);
	for (size_t i = 0; !probe->has_names && i < line->nr_arguments; i++)
		add_name(found, line->arguments[i]);
}

void models_check_program(struct models_entry *entry, const struct sdt_file *file)
{
	const struct model *model = entry->model;

	for (size_t i = 0; i < model->nr_lines; i++) {
		const struct model_line *line = &model->lines[i];
		struct models_line *found = &entry->lines[i];

		for (size_t p = 0; p < file->nr_probes; p++) {
			const struct sdt_probe *probe = &file->probes[p];

			if (model_line_match(line, probe->provider, probe->name) !=
			    MATCH_NAME)
				continue;
			found->is_there = true;
			found->sites += probe->nr_sites;
			found->arguments = count_operands(probe->sites[0].operands);
			note_names(found, probe, line);
			check_names(entry, probe, line);
		}
	}
	entry->fit = model_fit(model, false, line_is_there, entry);
}

void models_check_trace(struct models_entry *entry, const struct trace *trace)
{
	struct binding binding = {.model = entry->model};
	size_t nr = trace_nr_types(trace);
	struct failure f;

	for (size_t t = 0; t < nr; t++) {
		const struct event_type *type = trace_type(trace, t);

		if (binding_add(&binding, type, ~0U, &f) < 0 && !*entry->problem)
			snprintf(entry->problem, sizeof(entry->problem), "%.*s",
				 MODELS_PROBLEM - 1, f.text);
		for (size_t i = 0; i < binding.types[t].nr_lines; i++) {
			const struct model_line *line = binding.types[t].lines[i].line;
			struct models_line *found =
				&entry->lines[line - entry->model->lines];

			found->is_there = true;
			found->events += type->count;
		}
	}
	binding_release(&binding);
	entry->fit = model_fit(entry->model, false, line_is_there, entry);
}
