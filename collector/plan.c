// SPDX-License-Identifier: GPL-2.0-or-later
/* Matches SPECs against the probes of files and merges sites into events. */
#include "collector/plan.h"

#include <elf.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/filter.h"
#include "collector/symbol.h"
#include "core/failure.h"
#include "core/ini.h"

/* A probe of one file that some SPEC chose. */
struct chosen {
	char *name;
	unsigned file;
	const struct sdt_probe *probe;
};

static int add_text(char ***texts, size_t *count, const char *format, va_list args)
{
	char **bigger = reallocarray(*texts, *count + 1, sizeof(char *));

	if (!bigger)
		return -ENOMEM;
	*texts = bigger;
	if (vasprintf(&bigger[*count], format, args) < 0)
		return -ENOMEM;
	++*count;
	return 0;
}

int plan_notice(struct plan *plan, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = add_text(&plan->notices, &plan->nr_notices, format, args);
	va_end(args);
	return err;
}

int plan_event_conflict(struct plan_event *event, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = add_text(&event->conflicts, &event->nr_conflicts, format, args);
	va_end(args);
	return err;
}

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

int plan_add_file(struct plan *plan, const char *path, struct failure *f)
{
	struct plan_file *files;
	struct sdt_file *sdt;
	char *copy;
	int err = sdt_file_open(&sdt, path, f);

	if (err)
		return err;
	if (!plan->nr_looked++)
		plan->first = strdup(path);
	for (size_t i = 0; i < plan->nr_files; i++)
		if (plan->files[i].sdt->inode == sdt->inode &&
		    plan->files[i].sdt->device == sdt->device)
			goto not_kept;
	if (sdt->nr_bad_notes)
		plan_notice(plan, "%s: %zu damaged probe notes are left out", path,
			    sdt->nr_bad_notes);
	if (!sdt->nr_probes)
		goto not_kept;
	err = -ENOMEM;
	files = reallocarray(plan->files, plan->nr_files + 1, sizeof(*files));
	if (!files)
		goto not_kept;
	plan->files = files;
	copy = strdup(path);
	if (!copy)
		goto not_kept;
	files[plan->nr_files++] = (struct plan_file){.sdt = sdt, .path = copy};
	return 0;
not_kept:
	sdt_file_close(sdt);
	return err;
}

bool plan_spec_matches(const char *spec, const char *of, const char *name)
{
	const char *colon = strchr(spec, ':');
	char provider[256];

	if (!colon)
		return fnmatch(spec, name, 0) == 0;
	if ((size_t)(colon - spec) >= sizeof(provider))
		return false;
	memcpy(provider, spec, (size_t)(colon - spec));
	provider[colon - spec] = 0;
	return fnmatch(provider, of, 0) == 0 && fnmatch(colon + 1, name, 0) == 0;
}

static bool any_spec_matches(const struct string_list *specs,
			     const struct sdt_probe *probe, bool *used)
{
	bool any = false;

	for (size_t i = 0; i < specs->count; i++)
		if (plan_spec_matches(specs->items[i], probe->provider, probe->name))
			used[i] = any = true;
	return any;
}

static int compare_chosen(const void *a, const void *b)
{
	const struct chosen *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : (left->file > right->file) - (left->file < right->file);
}

static void chosen_free(struct chosen *chosen, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(chosen[i].name);
	free(chosen);
}

static size_t count_probes(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->nr_files; i++)
		count += plan->files[i].sdt->nr_probes;
	return count;
}

/* Every probe of every file (specs NULL) or those that match. */
static int choose(const struct plan *plan, const struct string_list *specs, bool *used,
		  struct chosen **result, size_t *count)
{
	struct chosen *chosen = calloc(count_probes(plan) + 1, sizeof(*chosen));
	size_t n = 0;

	if (!chosen)
		return -ENOMEM;
	for (unsigned i = 0; i < plan->nr_files; i++) {
		const struct sdt_file *sdt = plan->files[i].sdt;

		for (size_t j = 0; j < sdt->nr_probes; j++) {
			const struct sdt_probe *probe = &sdt->probes[j];

			if (specs && !any_spec_matches(specs, probe, used))
				continue;
			chosen[n].file = i;
			chosen[n].probe = probe;
			if (asprintf(&chosen[n].name, "%s:%s", probe->provider,
				     probe->name) < 0) {
				chosen[n].name = NULL;
				chosen_free(chosen, n);
				return -ENOMEM;
			}
			n++;
		}
	}
	qsort(chosen, n, sizeof(*chosen), compare_chosen);
	*result = chosen;
	*count = n;
	return 0;
}

static int no_probes(const struct plan *plan, const char *spec, struct failure *f)
{
	const char *first = plan->first ? plan->first : "";
	const char *cure = "-x FILE names the program or library that has them";

	if (!plan->nr_looked)
		return fail(f, -ENOENT, "no probe matches '%s': no file to look into; %s",
			    spec, cure);
	if (plan->nr_looked == 1)
		return fail(f, -ENOENT, "no probe matches '%s': %.200s has no probes; %s",
			    spec, first, cure);
	return fail(
		f, -ENOENT,
		"no probe matches '%s': %.200s and %zu other files have no probes; %s",
		spec, first, plan->nr_looked - 1, cure);
}

static int no_match(const struct plan *plan, const char *spec, struct failure *f)
{
	const char **words, *near;
	struct chosen *all;
	size_t count;
	int err = -ENOENT;

	if (!plan->nr_files)
		return no_probes(plan, spec, f);
	if (choose(plan, NULL, NULL, &all, &count))
		return fail(f, -ENOMEM, "out of memory");
	words = calloc(count + 1, sizeof(*words));
	for (size_t i = 0; words && i < count; i++)
		words[i] = strchr(spec, ':') ? all[i].name : all[i].probe->name;
	near = words ? nearest_word(spec, words) : NULL;
	if (near)
		fail(f, err, "no probe matches '%s'; did you mean '%s'?", spec, near);
	else
		fail(f, err,
		     "no probe matches '%s' among the %zu probes of %.200s%s; to look "
		     "into "
		     "another program or library, name it with -x FILE",
		     spec, count, plan->files[0].path,
		     plan->nr_files > 1 ? " and others" : "");
	free(words);
	chosen_free(all, count);
	return err;
}

static int find_symbol(struct plan_file *file, const struct operand *o, uint64_t *address)
{
	int err = 0;

	if (!file->symbols)
		err = symbol_table_open(&file->symbols, file->sdt->path);
	if (err)
		return err;
	return symbol_table_find(file->symbols, o->symbol, o->symbol_size, address);
}

static void resolve_symbol(struct plan *plan, const struct plan_site *site,
			   struct operand *o)
{
	uint64_t address;
	int err = find_symbol(&plan->files[site->file], o, &address);

	if (err) {
		o->kind = OPERAND_NONE;
		o->why =
			err == -ENOTUNIQ
				? "relative to a symbol whose name several variables have"
				: "relative to a symbol that the file's symbol table "
				  "lacks";
		return;
	}
	/* From now on the displacement is the address itself. */
	o->value = (int64_t)((uint64_t)o->value + address);
}

/* What a site has more than ARGUMENTS_MAX is left out. */
static int read_operands(struct plan *plan, const struct plan_event *event,
			 struct plan_site *site)
{
	uint16_t machine = plan->files[site->file].sdt->machine;
	size_t count = operands_parse(site->site->operands, machine, site->operands);

	site->nr_operands = count < ARGUMENTS_MAX ? count : ARGUMENTS_MAX;
	for (size_t i = 0; i < site->nr_operands; i++)
		if (site->operands[i].symbol && site->operands[i].kind != OPERAND_NONE)
			resolve_symbol(plan, site, &site->operands[i]);
	if (count == site->nr_operands)
		return 0;
	return plan_notice(plan,
			   "%s: of the %zu arguments at 0x%" PRIx64
			   " only the first %d are taken",
			   event->name, count, site->site->address, ARGUMENTS_MAX);
}

static int add_sites(struct plan *plan, struct plan_event *event, const struct chosen *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < c->probe->nr_sites; i++) {
		struct plan_site *site = &event->sites[event->nr_sites++];

		site->file = c->file;
		site->site = &c->probe->sites[i];
		err = read_operands(plan, event, site);
	}
	return err;
}

/* Merges @count probes of one name, from several files, into the next event. */
static int add_event(struct plan *plan, const struct chosen *chosen, size_t count,
		     struct failure *f)
{
	struct plan_event *event = &plan->events[plan->nr_events++];
	size_t nr_sites = 0;

	event->provider = chosen->probe->provider;
	event->probe = chosen->probe->name;
	event->name = strdup(chosen->name);
	for (size_t i = 0; i < count; i++) {
		nr_sites += chosen[i].probe->nr_sites;
		if (!event->declared && chosen[i].probe->has_names)
			event->declared = chosen[i].probe;
	}
	event->sites = calloc(nr_sites + 1, sizeof(*event->sites));
	if (!event->sites || !event->name)
		return fail(f, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (add_sites(plan, event, &chosen[i]))
			return fail(f, -ENOMEM, "out of memory");
	plan->nr_sites += nr_sites;
	return naming_apply(plan->naming, plan, event, f);
}

static int add_events(struct plan *plan, const struct chosen *chosen, size_t count,
		      struct failure *f)
{
	size_t end;

	plan->events = calloc(count + 1, sizeof(*plan->events));
	if (!plan->events)
		return fail(f, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i = end) {
		int err;

		for (end = i + 1; end < count; end++)
			if (strcmp(chosen[end].name, chosen[i].name) != 0)
				break;
		err = add_event(plan, &chosen[i], end - i, f);
		if (err)
			return err;
	}
	return 0;
}

int plan_choose(struct plan *plan, const struct string_list *specs, struct failure *f)
{
	bool *used = calloc(specs->count + 1, sizeof(*used));
	struct chosen *chosen = NULL;
	size_t count = 0;
	int err;

	if (!used)
		return fail(f, -ENOMEM, "out of memory");
	err = choose(plan, specs, used, &chosen, &count);
	for (size_t i = 0; !err && i < specs->count; i++)
		if (!used[i])
			err = no_match(plan, specs->items[i], f);
	if (!err)
		err = add_events(plan, chosen, count, f);
	chosen_free(chosen, count);
	free(used);
	return err;
}

/* Asks @cannot about one argument at every site; drops the operands it refuses. */
static size_t refuse(struct plan_event *event, size_t argument, plan_cannot *cannot,
		     const char **why)
{
	uint8_t number = event->operand[argument];
	size_t refused = 0;

	for (size_t i = 0; i < event->nr_sites; i++) {
		struct plan_site *site = &event->sites[i];
		const char *reason = "missing at this site";

		if (number < site->nr_operands)
			reason = cannot(&site->operands[number],
					&event->arguments[argument]);
		if (!reason)
			continue;
		*why = reason;
		refused++;
		if (number < site->nr_operands)
			site->operands[number].kind = OPERAND_NONE;
	}
	return refused;
}

static void drop_argument(struct plan_event *event, size_t argument)
{
	size_t after = event->nr_arguments - argument - 1;

	argument_release(&event->arguments[argument]);
	memmove(&event->arguments[argument], &event->arguments[argument + 1],
		after * sizeof(event->arguments[0]));
	memmove(&event->operand[argument], &event->operand[argument + 1], after);
	memmove(&event->named_by[argument], &event->named_by[argument + 1], after);
	memmove(&event->typed_by[argument], &event->typed_by[argument + 1], after);
	event->nr_arguments--;
}

int plan_leave_out(struct plan *plan, plan_cannot *cannot, bool all_sites)
{
	int err = 0;

	for (size_t i = 0; i < plan->nr_events; i++) {
		struct plan_event *event = &plan->events[i];

		for (size_t j = event->nr_arguments; j-- > 0;) {
			const char *why = NULL;
			size_t refused = refuse(event, j, cannot, &why);

			if (!refused)
				continue;
			if (refused == event->nr_sites || all_sites) {
				err = plan_notice(plan, "%s: %s is left out: %s",
						  event->name, event->arguments[j].name,
						  why);
				drop_argument(event, j);
			} else {
				err = plan_notice(plan,
						  "%s: %s is 0 at %zu of %zu sites: %s",
						  event->name, event->arguments[j].name,
						  refused, event->nr_sites, why);
			}
			if (err)
				return err;
		}
	}
	return 0;
}

static const unsigned site_distance[SITE_KINDS] = {
	[SITE_NOP] = 0,
	[SITE_NOP10] = 1,
	[SITE_NOP5] = 11,
};

uint64_t plan_attach_offset(const struct plan_site *site)
{
	return site->site->offset + site_distance[site->kind];
}

uint64_t plan_attach_address(const struct plan_site *site)
{
	return site->site->address + site_distance[site->kind];
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->nr_events; i++) {
		arguments_release(plan->events[i].arguments,
				  plan->events[i].nr_arguments);
		free_texts(plan->events[i].conflicts, plan->events[i].nr_conflicts);
		filter_free(plan->events[i].filter);
		free(plan->events[i].name);
		free(plan->events[i].sites);
	}
	for (size_t i = 0; i < plan->nr_files; i++) {
		symbol_table_close(plan->files[i].symbols);
		sdt_file_close(plan->files[i].sdt);
		free(plan->files[i].path);
	}
	free_texts(plan->notices, plan->nr_notices);
	free(plan->first);
	free(plan->events);
	free(plan->files);
	*plan = (struct plan){0};
}
