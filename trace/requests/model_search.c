// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where models are.
 *
 * What a person put on the path comes first, so that a shipped model can be replaced.
 * The installation's directory comes last: it holds copies of the shipped ones, to be
 * read, which may be older than this program, and those that others installed.
 */
#include "trace/requests/model_search.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

#define ENDING ".model"

static bool is_known(const struct model_sources *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->items[i].name, name))
			return true;
	return false;
}

static struct model_source *add(struct model_sources *s, const char *name)
{
	struct model_source *items;

	items = realloc(s->items, (s->count + 1) * sizeof(*items));
	if (!items)
		return NULL;
	s->items = items;
	items[s->count] = (struct model_source){.name = strdup(name)};
	return items[s->count].name ? &items[s->count++] : NULL;
}

static int is_model(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > strlen(ENDING) && *entry->d_name != '.' &&
	       !strcmp(entry->d_name + length - strlen(ENDING), ENDING);
}

/* "disk.model" of @directory */
static int add_file(struct model_sources *s, const char *directory, char *entry)
{
	struct model_source *source;
	char *path;

	if (asprintf(&path, "%s/%s", directory, entry) < 0)
		return -ENOMEM;
	entry[strlen(entry) - strlen(ENDING)] = 0;
	if (is_known(s, entry) || s->count == MODEL_SOURCES_MAX) {
		free(path);
		return 0;
	}
	source = add(s, entry);
	if (!source) {
		free(path);
		return -ENOMEM;
	}
	source->path = path;
	return 0;
}

static int add_directory(struct model_sources *s, const char *directory)
{
	struct dirent **entries;
	int nr = scandir(directory, &entries, is_model, alphasort), err = 0;

	if (nr < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (int i = 0; i < nr; i++) {
		if (!err)
			err = add_file(s, directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return err;
}

/* The directories of $FATHOM_MODEL_PATH, separated by colons. */
static int add_path(struct model_sources *s, const char *path)
{
	char *copy = path ? strdup(path) : NULL, *at = copy, *directory;
	int err = path && !copy ? -ENOMEM : 0;

	while (!err && (directory = strsep(&at, ":")))
		if (*directory)
			err = add_directory(s, directory);
	free(copy);
	return err;
}

static int add_shipped(struct model_sources *s)
{
	for (size_t i = 0; shipped_models[i].name; i++) {
		struct model_source *source;

		if (is_known(s, shipped_models[i].name))
			continue;
		source = add(s, shipped_models[i].name);
		if (!source)
			return -ENOMEM;
		source->text = shipped_models[i].text;
	}
	return 0;
}

int model_sources_find(struct model_sources *s, struct failure *f)
{
	int err;

	*s = (struct model_sources){0};
	err = add_path(s, getenv("FATHOM_MODEL_PATH"));
	if (!err)
		err = add_shipped(s);
	if (!err)
		err = add_directory(s, FATHOM_MODEL_DIRECTORY);
	if (err) {
		model_sources_release(s);
		return fail(f, err, "no memory for the names of the models");
	}
	return 0;
}

void model_sources_release(struct model_sources *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].name);
		free(s->items[i].path);
	}
	free(s->items);
	*s = (struct model_sources){0};
}

int model_source_read(struct model_file **file, const struct model_source *source,
		      struct failure *f)
{
	int err;

	if (source->path)
		return model_file_read(file, source->path, f);
	err = model_file_read_text(file, source->name, source->text, f);
	if (!err)
		(*file)->shipped = true;
	return err;
}
