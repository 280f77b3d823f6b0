// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names and types of the arguments of a probe.
 *
 * The sources are asked in the order of the table, best first, until no argument lacks
 * a name or a type; a name and a type may come from different ones (PostgreSQL's own
 * probes.d tells types only). Then the operands of all sites have the last word about
 * the size, because it is they that are fetched.
 */
#include "collector/naming.h"

#include <errno.h>
#include <stdlib.h>

#include "collector/naming_dwarf.h"
#include "collector/naming_source.h"
#include "collector/naming_type.h"
#include "collector/provider_search.h"
#include "core/failure.h"

struct naming {
	struct provider_search *providers;
	struct dwarf_cache *dwarf;
};

/* A copy that may lack a name. */
static int copy_argument(struct argument *to, const struct argument *from)
{
	struct argument named = *from;
	char empty[] = "";
	int err;

	if (!named.name)
		named.name = empty;
	err = argument_copy(to, &named);
	if (!err && !from->name) {
		free(to->name);
		to->name = NULL;
	}
	return err;
}

static int copy_arguments(struct naming_answer *answer, const struct argument *arguments,
			  size_t count, struct failure *f)
{
	for (size_t i = 0; i < count; i++) {
		if (copy_argument(&answer->arguments[i], &arguments[i]))
			return fail(f, -ENOMEM, "out of memory");
		answer->nr_arguments++;
	}
	return 0;
}

static int ask_note(struct naming *naming, const struct plan *plan,
		    struct plan_event *event, struct naming_answer *answer,
		    struct failure *f)
{
	const struct sdt_probe *declared = event->declared;

	(void)naming;
	(void)plan;
	if (!declared)
		return -ENOENT;
	return copy_arguments(answer, declared->arguments, declared->nr_arguments, f);
}

static int ask_provider_file(struct naming *naming, const struct plan *plan,
			     struct plan_event *event, struct naming_answer *answer,
			     struct failure *f)
{
	const struct provider_probe *probe;
	int err = provider_search_find(naming->providers, event->provider, event->probe,
				       &probe, &answer->path, f);

	(void)plan;
	if (err)
		return err;
	return copy_arguments(answer, probe->arguments, probe->nr_arguments, f);
}

static int ask_dwarf(struct naming *naming, const struct plan *plan,
		     struct plan_event *event, struct naming_answer *answer,
		     struct failure *f)
{
	int err = naming_ask_dwarf(naming->dwarf, plan, event, answer);

	return err == -ENOMEM ? fail(f, err, "out of memory") : err;
}

/* The last source: it knows nothing, and naming_settle_type() does the rest. */
static int ask_operands(struct naming *naming, const struct plan *plan,
			struct plan_event *event, struct naming_answer *answer,
			struct failure *f)
{
	(void)naming;
	(void)plan;
	(void)event;
	(void)answer;
	(void)f;
	return -ENOENT;
}

static const struct naming_source sources[NAME_SOURCES] = {
	[NAMED_BY_NOTE] = {"fathom note", ask_note, false},
	[NAMED_BY_PROVIDER_FILE] = {"provider file", ask_provider_file, true},
	[NAMED_BY_DWARF] = {"DWARF", ask_dwarf, true},
	[NAMED_BY_OPERAND] = {"operand", ask_operands, false},
};

const char *name_source_text(enum name_source source)
{
	return sources[source].name;
}

static bool is_complete(const struct plan_event *event)
{
	for (size_t i = 0; i < event->nr_arguments; i++)
		if (!event->arguments[i].name || !event->arguments[i].size)
			return false;
	return true;
}

/* Moves what @from knows and @to lacks. */
static void adopt_argument(struct plan_event *event, size_t i, struct argument *from,
			   enum name_source source)
{
	struct argument *to = &event->arguments[i];

	if (!to->name && from->name) {
		to->name = from->name;
		from->name = NULL;
		event->named_by[i] = (uint8_t)source;
	}
	if (!to->size && from->size) {
		char *name = to->name;

		*to = *from;
		to->name = name;
		from->words = NULL;
		from->nr_words = 0;
		event->typed_by[i] = (uint8_t)source;
	}
}

static int adopt(struct plan_event *event, struct naming_answer *answer,
		 enum name_source source)
{
	int err = 0;

	if (source == NAMED_BY_NOTE && answer->nr_arguments > event->nr_arguments)
		event->nr_arguments = answer->nr_arguments;
	for (size_t i = 0; i < event->nr_arguments && i < answer->nr_arguments; i++)
		adopt_argument(event, i, &answer->arguments[i], source);
	if (source == NAMED_BY_PROVIDER_FILE) {
		event->provider_file = answer->path;
		if (answer->nr_arguments != event->nr_arguments)
			err = plan_event_conflict(
				event, "%s declares %zu arguments, the program has %zu",
				answer->path, answer->nr_arguments, event->nr_arguments);
	}
	return err;
}

static int ask_sources(struct naming *naming, const struct plan *plan,
		       struct plan_event *event, struct failure *f)
{
	for (enum name_source source = 0; source < NAME_SOURCES; source++) {
		struct naming_answer answer = {0};
		int err;

		if (sources[source].needs_naming && (!naming || is_complete(event)))
			continue;
		err = sources[source].ask(naming, plan, event, &answer, f);
		if (!err)
			err = adopt(event, &answer, source);
		arguments_release(answer.arguments, ARGUMENTS_MAX);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

static void count_arguments(struct plan_event *event)
{
	for (size_t i = 0; i < event->nr_sites; i++)
		if (event->sites[i].nr_operands > event->nr_arguments)
			event->nr_arguments = event->sites[i].nr_operands;
}

int naming_apply(struct naming *naming, const struct plan *plan, struct plan_event *event,
		 struct failure *f)
{
	int err;

	count_arguments(event);
	for (uint8_t i = 0; i < ARGUMENTS_MAX; i++) {
		event->operand[i] = i;
		event->named_by[i] = event->typed_by[i] = NAMED_BY_OPERAND;
	}
	err = ask_sources(naming, plan, event, f);
	if (err)
		return err;
	for (uint8_t i = 0; i < event->nr_arguments; i++) {
		if (event->typed_by[i] == NAMED_BY_NOTE)
			continue;
		err = naming_settle_type(event, i);
		if (err < 0)
			return fail(f, err, "out of memory");
		if (!err)
			event->typed_by[i] = NAMED_BY_OPERAND;
	}
	err = naming_unique_names(event);
	return err ? fail(f, err, "out of memory") : 0;
}

int naming_source_line(struct naming *naming, const struct plan *plan,
		       const struct plan_site *site, struct source_line *line)
{
	return naming_dwarf_line(naming->dwarf, plan, site, line);
}

int naming_open(struct naming **result, const struct string_list *provider_files,
		struct failure *f)
{
	struct naming *naming = calloc(1, sizeof(*naming));
	int err;

	if (!naming)
		return fail(f, -ENOMEM, "out of memory");
	err = dwarf_cache_new(&naming->dwarf);
	if (err)
		fail(f, err, "out of memory");
	else
		err = provider_search_open(&naming->providers, provider_files, f);
	if (err)
		naming_close(naming);
	else
		*result = naming;
	return err;
}

void naming_close(struct naming *naming)
{
	if (!naming)
		return;
	provider_search_close(naming->providers);
	dwarf_cache_free(naming->dwarf);
	free(naming);
}
