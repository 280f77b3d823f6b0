// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom list --json: the keys stand in fathom-list(1). */
#include "collector/list.h"

#include <elf.h>
#include <stdio.h>

/* A jansson call that met no memory hands a NULL on, so only the end looks. */
static json_t *foreign(const char *text)
{
	return text ? json_string(list_text(text)) : json_null();
}

static json_t *json_words(const struct argument *a)
{
	json_t *words = json_object();

	for (size_t i = 0; i < a->nr_words; i++) {
		char value[24];

		snprintf(value, sizeof(value), "%lld", (long long)a->words[i].value);
		json_object_set_new(words, value, json_string(a->words[i].word));
	}
	return words;
}

static json_t *json_arguments(const struct plan_event *event)
{
	json_t *arguments = json_array();

	for (size_t i = 0; i < event->nr_arguments; i++) {
		const struct argument *a = &event->arguments[i];
		char type[8];

		json_array_append_new(
			arguments,
			json_pack("{s:s, s:s, s:o, s:s, s:s}", "name", a->name, "type",
				  argument_type_text(a, type), "words", json_words(a),
				  "named_by", name_source_text(event->named_by[i]),
				  "typed_by", name_source_text(event->typed_by[i])));
	}
	return arguments;
}

static json_t *json_source(const struct listing *l, const struct plan_site *site)
{
	struct source_line line;

	if (naming_source_line(l->naming, l->plan, site, &line))
		return json_null();
	return json_pack("{s:o, s:i}", "file", foreign(line.file), "line", line.line);
}

/* Arguments that cannot be read at the site, by their number, and why. */
static json_t *json_unreadable(const struct plan_site *site)
{
	json_t *unreadable = json_object();

	for (size_t i = 0; i < site->nr_operands; i++) {
		char number[24];

		snprintf(number, sizeof(number), "%zu", i + 1);
		if (site->operands[i].kind == OPERAND_NONE)
			json_object_set_new(unreadable, number,
					    json_string(site->operands[i].why));
	}
	return unreadable;
}

static json_t *json_sites(const struct listing *l, const struct plan_event *event)
{
	json_t *sites = json_array();

	for (size_t i = 0; i < event->nr_sites; i++) {
		const struct plan_site *site = &event->sites[i];

		json_array_append_new(
			sites,
			json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "address",
				  (json_int_t)site->site->address, "offset",
				  (json_int_t)site->site->offset, "semaphore",
				  (json_int_t)site->site->semaphore, "operands",
				  foreign(site->site->operands), "unreadable",
				  json_unreadable(site), "source", json_source(l, site)));
	}
	return sites;
}

static json_t *json_event(const struct listing *l, const struct plan_event *event)
{
	json_t *conflicts = json_array();

	for (size_t i = 0; i < event->nr_conflicts; i++)
		json_array_append_new(conflicts, foreign(event->conflicts[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "provider",
			 foreign(event->provider), "name", foreign(event->probe),
			 "arguments", json_arguments(event), "provider_file",
			 foreign(event->provider_file), "conflicts", conflicts, "sites",
			 json_sites(l, event));
}

static json_t *json_pids(const struct listed_file *file)
{
	json_t *pids = json_array();

	for (size_t i = 0; i < file->nr_pids; i++)
		json_array_append_new(pids, json_integer(file->pids[i]));
	return pids;
}

static json_t *json_build_id(const struct sdt_file *sdt)
{
	char text[2 * sizeof(sdt->build_id) + 1] = "";

	for (size_t i = 0; i < sdt->build_id_size; i++)
		snprintf(text + 2 * i, 3, "%02x", sdt->build_id[i]);
	return sdt->build_id_size ? json_string(text) : json_null();
}

json_t *list_json(const struct listing *l)
{
	const struct sdt_file *sdt = l->plan->files[0].sdt;
	json_t *probes = json_array();

	for (size_t i = 0; i < l->plan->nr_events; i++)
		json_array_append_new(probes, json_event(l, &l->plan->events[i]));
	return json_pack("{s:o, s:o, s:o, s:i, s:o, s:o}", "path", foreign(l->file->path),
			 "mapped_as", foreign(l->file->mapped_as), "build_id",
			 json_build_id(sdt), "machine", sdt->machine, "pids",
			 json_pids(l->file), "probes", probes);
}
