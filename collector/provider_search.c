// SPDX-License-Identifier: GPL-2.0-or-later
/* Which provider file tells about a probe. */
#include "collector/provider_search.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/failure.h"
#include "core/options.h"

enum { PROVIDER_NAME_MAX = 128 };

/* A provider that was looked for. */
struct found {
	char *provider;
	struct provider_file *file; /* NULL: nobody ships one */
};

struct provider_search {
	struct provider_file **given;
	size_t nr_given;
	struct found *found;
	size_t nr_found;
};

int provider_search_open(struct provider_search **result, const struct string_list *given,
			 struct failure *f)
{
	struct provider_search *search = calloc(1, sizeof(*search));
	size_t count = given ? given->count : 0;
	int err = 0;

	if (search)
		search->given = calloc(count + 1, sizeof(*search->given));
	if (!search || !search->given)
		err = fail(f, -ENOMEM, "out of memory");
	for (size_t i = 0; !err && i < count; i++) {
		err = provider_file_open(&search->given[i], given->items[i], f);
		search->nr_given += !err;
	}
	if (err)
		provider_search_close(search);
	else
		*result = search;
	return err;
}

void provider_search_close(struct provider_search *search)
{
	if (!search)
		return;
	for (size_t i = 0; i < search->nr_given; i++)
		provider_file_close(search->given[i]);
	for (size_t i = 0; i < search->nr_found; i++) {
		provider_file_close(search->found[i].file);
		free(search->found[i].provider);
	}
	free(search->given);
	free(search->found);
	free(search);
}

/* The name comes from a foreign file: it must not lead out of a directory. */
static bool is_plain(const char *provider)
{
	size_t length = 0;

	for (; provider[length]; length++)
		if (!isalnum((unsigned char)provider[length]) &&
		    provider[length] != '_' && provider[length] != '-')
			return false;
	return length > 0 && length <= PROVIDER_NAME_MAX;
}

/* Opens PROVIDER.d or PROVIDER.trace-events of a directory; -ENOENT if there is none. */
static int open_in(const char *directory, int length, const char *provider,
		   struct provider_file **file, struct failure *f)
{
	static const char *const endings[] = {"d", "trace-events"};

	for (size_t i = 0; length && i < sizeof(endings) / sizeof(*endings); i++) {
		char path[4096];

		if (snprintf(path, sizeof(path), "%.*s/%s.%s", length, directory,
			     provider, endings[i]) >= (int)sizeof(path))
			continue;
		if (access(path, F_OK) == 0)
			return provider_file_open(file, path, f);
	}
	return -ENOENT;
}

static int open_shipped(const char *provider, struct provider_file **file,
			struct failure *f)
{
	char name[PROVIDER_NAME_MAX + 16];

	for (const struct embedded_text *s = shipped_providers; s->name; s++) {
		if (strcmp(s->name, provider) != 0)
			continue;
		snprintf(name, sizeof(name), "%s.d (built in)", provider);
		return provider_file_parse(file, name, s->text, f);
	}
	return -ENOENT;
}

static int look_for(const char *provider, struct provider_file **file, struct failure *f)
{
	const char *path = getenv("FATHOM_PROVIDER_PATH");
	int err = -ENOENT;

	if (!is_plain(provider))
		return -ENOENT;
	while (path && *path && err == -ENOENT) {
		size_t length = strcspn(path, ":");

		err = open_in(path, (int)length, provider, file, f);
		path += length + (path[length] == ':');
	}
	if (err == -ENOENT)
		err = open_in(FATHOM_PROVIDER_DIRECTORY,
			      (int)strlen(FATHOM_PROVIDER_DIRECTORY), provider, file, f);
	if (err == -ENOENT)
		err = open_shipped(provider, file, f);
	return err;
}

/* The file of @provider, or NULL in *@file; looked for once. */
static int file_of(struct provider_search *search, const char *provider,
		   struct provider_file **file, struct failure *f)
{
	struct found *found;
	int err;

	for (size_t i = 0; i < search->nr_found; i++)
		if (!strcmp(search->found[i].provider, provider)) {
			*file = search->found[i].file;
			return 0;
		}
	found = reallocarray(search->found, search->nr_found + 1, sizeof(*found));
	if (!found)
		return fail(f, -ENOMEM, "out of memory");
	search->found = found;
	found += search->nr_found;
	*found = (struct found){.provider = strdup(provider)};
	if (!found->provider)
		return fail(f, -ENOMEM, "out of memory");
	search->nr_found++;
	err = look_for(provider, &found->file, f);
	*file = found->file;
	return err == -ENOENT ? 0 : err;
}

int provider_search_find(struct provider_search *search, const char *provider,
			 const char *name, const struct provider_probe **probe,
			 const char **path, struct failure *f)
{
	struct provider_file *file = NULL;
	int err;

	for (size_t i = 0; i < search->nr_given; i++) {
		*probe = provider_file_find(search->given[i], provider, name);
		*path = search->given[i]->path;
		if (*probe)
			return 0;
	}
	err = file_of(search, provider, &file, f);
	if (err)
		return err;
	*probe = file ? provider_file_find(file, provider, name) : NULL;
	if (!*probe)
		return -ENOENT;
	*path = file->path;
	return 0;
}
