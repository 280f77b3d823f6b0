// SPDX-License-Identifier: GPL-2.0-or-later
/* The two ways to show models: for people and as JSON. */
#include "analyzers/models.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzers/json.h"
#include "core/text.h"
#include "trace/requests/model_line.h"

enum { ESCAPED = 400 };

static const char *const fit_words[] = {
	[FIT_NONE] = "no",
	[FIT_PART] = "in part",
	[FIT_ALL] = "yes",
};

/* What is in a file is foreign text. */
static const char *clean(char *text, const char *foreign)
{
	text_escape(text, ESCAPED, foreign, strlen(foreign), 0);
	return text;
}

static const char *fit_word(const struct models_entry *entry)
{
	return *entry->problem ? "no" : fit_words[entry->fit];
}

static const struct model_line *first_line(const struct model *model,
					   enum model_role role)
{
	for (size_t i = 0; i < model->nr_lines; i++)
		if (model->lines[i].role == role)
			return &model->lines[i];
	return NULL;
}

/* "postgresql:query__start … query__done" */
static void probes_cell(struct text_table *t, const struct model *model)
{
	const struct model_line *from = first_line(model, ROLE_SUBMIT);
	const struct model_line *to = first_line(model, ROLE_COMPLETE);
	char first[ESCAPED], provider[ESCAPED], last[ESCAPED];

	if (!from || !to) {
		text_cell(t, "only polling");
		return;
	}
	text_cell(t, "%s:%s \u2026 %s", clean(provider, from->provider),
		  clean(first, from->probe), clean(last, to->probe));
}

static void print_list(const struct models *m)
{
	struct text_table *t = text_table_new(3);
	char name[ESCAPED], about[ESCAPED];

	if (!t)
		return;
	text_cell(t, "model");
	text_cell(t, "a request is");
	text_cell(t, "from \u2026 to");
	for (size_t i = 0; i < m->nr_entries; i++) {
		const struct model *model = m->entries[i].model;

		text_cell(t, "%s", clean(name, model->name));
		text_cell(t, "%s", clean(about, model->about ? model->about : "-"));
		probes_cell(t, model);
	}
	text_table_print(t, stdout, false);
	text_table_free(t);
}

static uint64_t events_of(const struct models_entry *entry, unsigned roles)
{
	uint64_t events = 0;

	for (size_t i = 0; i < entry->model->nr_lines; i++)
		if (roles & 1U << entry->model->lines[i].role)
			events += entry->lines[i].events;
	return events;
}

static size_t lines_there(const struct models_entry *entry)
{
	size_t there = 0;

	for (size_t i = 0; i < entry->model->nr_lines; i++)
		there += entry->lines[i].is_there;
	return there;
}

static void fit_row(struct text_table *t, const struct models *m,
		    const struct models_entry *entry)
{
	char name[ESCAPED], about[ESCAPED];

	text_cell(t, "%s", clean(name, entry->model->name));
	text_cell(t, "%s", fit_word(entry));
	if (m->against == AGAINST_TRACE) {
		text_cell(t, "%" PRIu64, events_of(entry, 1U << ROLE_SUBMIT));
		text_cell(t, "%" PRIu64, events_of(entry, 1U << ROLE_COMPLETE));
		text_cell(t, "%" PRIu64,
			  events_of(entry, 1U << ROLE_STAGE | 1U << ROLE_LEAVE));
	} else {
		text_cell(t, "%zu of %zu", lines_there(entry), entry->model->nr_lines);
	}
	text_cell(t, "%s", clean(about, entry->model->about ? entry->model->about : "-"));
}

/* Of all that are known, those of which at least a probe is there. */
static void print_fits(const struct models *m)
{
	bool trace = m->against == AGAINST_TRACE;
	struct text_table *t = text_table_new(trace ? 6 : 4);
	size_t shown = 0;
	char path[ESCAPED];

	if (!t)
		return;
	text_cell(t, "model");
	text_cell(t, "fits");
	text_cell(t, trace ? "submits" : "probes");
	if (trace) {
		text_cell(t, "completes");
		text_cell(t, "stages");
	}
	text_cell(t, "a request is");
	for (size_t i = 0; i < m->nr_entries; i++)
		if (lines_there(&m->entries[i])) {
			fit_row(t, m, &m->entries[i]);
			shown++;
		}
	if (shown)
		text_table_print(t, stdout, false);
	else
		printf("%s has no probe of the %zu models that there are\n",
		       clean(path, m->path), m->nr_entries);
	text_table_free(t);
}

/* "stage lock" */
static void role_cell(struct text_table *t, const struct model *model,
		      const struct model_line *line)
{
	bool named = line->role == ROLE_STAGE || line->role == ROLE_LEAVE;

	text_cell(t, "  %s%s%s", model_role_word(line->role), named ? " " : "",
		  named ? model->stages[line->stage] : "");
}

/* A number, or what stands for a probe that is not there. */
static void count_cell(struct text_table *t, const struct models_line *found,
		       uint64_t count)
{
	if (found->is_there)
		text_cell(t, "%" PRIu64, count);
	else
		text_cell(t, "-");
}

static void found_row(struct text_table *t, const struct models *m,
		      const struct models_entry *entry, size_t i)
{
	const struct model_line *line = &entry->model->lines[i];
	const struct models_line *found = &entry->lines[i];
	char provider[ESCAPED], probe[ESCAPED];

	role_cell(t, entry->model, line);
	text_cell(t, "%s:%s", clean(provider, line->provider), clean(probe, line->probe));
	if (m->against == AGAINST_TRACE) {
		count_cell(t, found, found->events);
		return;
	}
	count_cell(t, found, found->sites);
	count_cell(t, found, found->arguments);
	text_cell(t, "%s", clean(probe, found->names));
}

/* What was found of each line. */
static void print_found(const struct models *m, const struct models_entry *entry)
{
	bool trace = m->against == AGAINST_TRACE;
	struct text_table *t = text_table_new(trace ? 3 : 5);

	if (!t)
		return;
	text_cell(t, "  line");
	text_cell(t, "probe");
	text_cell(t, trace ? "events" : "sites");
	if (!trace) {
		text_cell(t, "arguments");
		text_cell(t, "called");
	}
	for (size_t i = 0; i < entry->model->nr_lines; i++)
		found_row(t, m, entry, i);
	text_table_print(t, stdout, false);
	text_table_free(t);
}

/* The lines as they are in the file. */
static void print_lines(const struct models_entry *entry)
{
	struct text_table *t = text_table_new(2);
	char written[ESCAPED];

	if (!t)
		return;
	text_cell(t, "  line");
	text_cell(t, "probe and values");
	for (size_t i = 0; i < entry->model->nr_lines; i++) {
		role_cell(t, entry->model, &entry->model->lines[i]);
		text_cell(t, "%s", clean(written, entry->model->lines[i].written));
	}
	text_table_print(t, stdout, false);
	text_table_free(t);
}

static bool is_repeated(const struct model *model, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(model->lines[j].provider, model->lines[i].provider) &&
		    !strcmp(model->lines[j].probe, model->lines[i].probe))
			return true;
	return false;
}

/* The probes in the form in which fathom record takes them. */
static void print_events(const struct model *model)
{
	char provider[ESCAPED], probe[ESCAPED];

	fputs("  fathom record", stdout);
	for (size_t i = 0; i < model->nr_lines; i++)
		if (!is_repeated(model, i))
			printf(" -e '%s:%s'", clean(provider, model->lines[i].provider),
			       clean(probe, model->lines[i].probe));
	putchar('\n');
}

static void print_details(const struct models *m, const struct models_entry *entry)
{
	const struct model *model = entry->model;
	char text[ESCAPED], path[ESCAPED];

	printf("%s: %s\n", clean(text, model->name),
	       model->about ? clean(path, model->about) : "a request");
	if (m->against == AGAINST_NOTHING) {
		printf("  %s, scope %s%s\n",
		       entry->file->shipped ? "built in" : clean(text, entry->file->path),
		       model_scope_word(model->scope),
		       model->unique_keys ? ", keys unique" : "");
		print_lines(entry);
		print_events(model);
		return;
	}
	printf("  fits %s: %s%s%s\n", clean(path, m->path), fit_word(entry),
	       *entry->problem ? ", " : "", clean(text, entry->problem));
	print_found(m, entry);
}

void models_print_text(const struct models *m)
{
	if (m->details)
		for (size_t i = 0; i < m->nr_entries; i++) {
			if (i)
				putchar('\n');
			print_details(m, &m->entries[i]);
		}
	else if (m->against == AGAINST_NOTHING)
		print_list(m);
	else
		print_fits(m);
}

static json_t *json_line(const struct models *m, const struct models_entry *entry,
			 size_t i)
{
	const struct model_line *line = &entry->model->lines[i];
	const struct models_line *found = &entry->lines[i];
	bool named = line->role == ROLE_STAGE || line->role == ROLE_LEAVE;
	json_t *all = json_pack("{s:s, s:s, s:s}", "role", model_role_word(line->role),
				"provider", line->provider, "probe", line->probe);

	if (named)
		json_object_set_new(all, "stage",
				    json_string(entry->model->stages[line->stage]));
	if (m->against == AGAINST_PROGRAM) {
		json_object_set_new(all, "sites", json_integer((json_int_t)found->sites));
		json_object_set_new(all, "arguments",
				    json_integer((json_int_t)found->arguments));
	}
	if (m->against == AGAINST_TRACE)
		json_object_set_new(all, "events",
				    json_integer((json_int_t)found->events));
	return all;
}

static json_t *json_entry(const struct models *m, const struct models_entry *entry)
{
	static const char *const fits[] = {"none", "part", "all"};
	const struct model *model = entry->model;
	json_t *lines = json_array(), *all;

	for (size_t i = 0; i < model->nr_lines; i++)
		json_array_append_new(lines, json_line(m, entry, i));
	all = json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", model->name, "about",
			model->about ? model->about : "", "file",
			entry->file->shipped ? "built in" : entry->file->path, "scope",
			model_scope_word(model->scope), "lines", lines);
	if (m->against == AGAINST_NOTHING)
		return all;
	json_object_set_new(all, "fit", json_string(fits[entry->fit]));
	json_object_set_new(all, "problem", json_string(entry->problem));
	return all;
}

int models_print_json(const struct models *m)
{
	json_t *models = json_array();

	for (size_t i = 0; i < m->nr_entries; i++)
		json_array_append_new(models, json_entry(m, &m->entries[i]));
	return json_print(json_pack("{s:o}", "models", models));
}
