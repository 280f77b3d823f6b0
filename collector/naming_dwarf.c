// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names and types from DWARF.
 *
 * Every site of a probe votes for the name of each argument; a variable that lives where
 * the operand is counts more than one that only has the constant's value. The type is
 * that of the winner's first site, if it fits the operand.
 */
#include "collector/naming_dwarf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/dwarf_match.h"
#include "collector/dwarf_type.h"
#include "collector/naming_type.h"

/* More names than this for one argument tell nothing. */
enum { BALLOT_MAX = 16, CONSTANT_VOTE = 1, PLACE_VOTE = 4 };

struct dwarf_entry {
	uint64_t device, inode;
	struct dwarf_file *file; /* NULL: it has no debug information */
};

struct dwarf_cache {
	struct dwarf_entry *entries;
	size_t count;
};

int dwarf_cache_new(struct dwarf_cache **cache)
{
	*cache = calloc(1, sizeof(**cache));
	return *cache ? 0 : -ENOMEM;
}

void dwarf_cache_free(struct dwarf_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->count; i++)
		dwarf_file_close(cache->entries[i].file);
	free(cache->entries);
	free(cache);
}

/* The file's debug information, or NULL. */
static struct dwarf_file *open_cached(struct dwarf_cache *cache,
				      const struct plan_file *file)
{
	const struct sdt_file *sdt = file->sdt;
	struct dwarf_entry *entries;

	for (size_t i = 0; i < cache->count; i++)
		if (cache->entries[i].inode == sdt->inode &&
		    cache->entries[i].device == sdt->device)
			return cache->entries[i].file;
	entries = reallocarray(cache->entries, cache->count + 1, sizeof(*entries));
	if (!entries)
		return NULL;
	cache->entries = entries;
	entries += cache->count++;
	*entries = (struct dwarf_entry){sdt->device, sdt->inode, NULL};
	dwarf_file_open(&entries->file, file->path);
	return entries->file;
}

int naming_dwarf_line(struct dwarf_cache *cache, const struct plan *plan,
		      const struct plan_site *site, struct source_line *line)
{
	struct dwarf_file *file = open_cached(cache, &plan->files[site->file]);

	if (!file)
		return -ENOENT;
	return dwarf_file_line(file, site->site->address, &line->file, &line->line);
}

/* The names that the sites gave one argument. */
struct ballot {
	struct {
		const char *name;
		unsigned votes, sites;
		Dwarf_Die type; /* the first that fits the operand, or the first */
		bool fits;
	} names[BALLOT_MAX];
	size_t nr_names;
};

static void vote(struct ballot *b, const struct dwarf_match *m, const struct operand *o)
{
	bool fits = dwarf_type_size((Dwarf_Die *)&m->type) == o->size;
	size_t i = 0;

	while (i < b->nr_names && strcmp(b->names[i].name, m->name) != 0)
		i++;
	if (i == BALLOT_MAX)
		return;
	if (i == b->nr_names) {
		b->names[i].name = m->name;
		b->names[i].type = m->type;
		b->nr_names++;
	}
	if (fits && !b->names[i].fits)
		b->names[i].type = m->type;
	b->names[i].fits |= fits;
	b->names[i].votes += m->strength == MATCH_PLACE ? PLACE_VOTE : CONSTANT_VOTE;
	b->names[i].sites++;
}

static int tell_names(struct plan_event *event, size_t argument, const struct ballot *b,
		      size_t winner)
{
	size_t other = winner ? 0 : 1;

	return plan_event_conflict(
		event,
		"argument %zu is called %s at %u site%s, %s at %u%s: "
		"taken as %s",
		argument + 1, b->names[winner].name, b->names[winner].sites,
		b->names[winner].sites == 1 ? "" : "s", b->names[other].name,
		b->names[other].sites, b->nr_names > 2 ? ", and more" : "",
		b->names[winner].name);
}

static int elect(struct plan_event *event, size_t argument, struct ballot *b,
		 struct argument *answer)
{
	size_t winner = 0;
	int err = 0;

	if (!b->nr_names)
		return 0;
	for (size_t i = 1; i < b->nr_names; i++)
		if (b->names[i].votes > b->names[winner].votes)
			winner = i;
	if (b->names[winner].fits)
		err = dwarf_type_argument(&b->names[winner].type, answer);
	if (err)
		return err;
	for (size_t i = 0; i < answer->nr_words; i++)
		naming_make_identifier(answer->words[i].word);
	answer->name = strndup(b->names[winner].name, ARGUMENT_NAME_MAX);
	if (!answer->name)
		return -ENOMEM;
	return b->nr_names > 1 ? tell_names(event, argument, b, winner) : 0;
}

/* Votes of all sites whose file has debug information; how many those are. */
static size_t poll_sites(struct dwarf_cache *cache, const struct plan *plan,
			 const struct plan_event *event, struct ballot *ballots)
{
	struct dwarf_match matches[ARGUMENTS_MAX];
	size_t asked = 0;

	for (size_t i = 0; i < event->nr_sites; i++) {
		const struct plan_site *site = &event->sites[i];
		struct dwarf_file *file = open_cached(cache, &plan->files[site->file]);

		if (!file)
			continue;
		asked++;
		dwarf_match_operands(file, site->site->address, site->operands,
				     site->nr_operands, matches);
		for (size_t j = 0; j < site->nr_operands; j++)
			if (matches[j].strength)
				vote(&ballots[j], &matches[j], &site->operands[j]);
	}
	return asked;
}

int naming_ask_dwarf(struct dwarf_cache *cache, const struct plan *plan,
		     struct plan_event *event, struct naming_answer *answer)
{
	struct ballot *ballots = calloc(ARGUMENTS_MAX, sizeof(*ballots));
	int err = 0;

	if (!ballots)
		return -ENOMEM;
	if (!poll_sites(cache, plan, event, ballots))
		err = -ENOENT;
	answer->nr_arguments = event->nr_arguments;
	for (size_t i = 0; !err && i < event->nr_arguments; i++)
		err = elect(event, i, &ballots[i], &answer->arguments[i]);
	free(ballots);
	return err;
}
