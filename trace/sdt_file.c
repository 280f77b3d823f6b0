// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The static probes of one ELF file: its sites, sorted by provider and name and cut
 * into probes, with the names and promises that the fathom notes make of them.
 */
#include "trace/sdt_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "trace/sdt_notes.h"

static int order_names(const char *provider, const char *name, const char *provider2,
		       const char *name2)
{
	int order = strcmp(provider, provider2);

	return order ? order : strcmp(name, name2);
}

static int order_sites(const void *a, const void *b)
{
	const struct raw_site *x = a, *y = b;
	int order = order_names(x->provider, x->name, y->provider, y->name);

	if (order)
		return order;
	return x->site.address < y->site.address ? -1 : x->site.address > y->site.address;
}

static int order_declarations(const void *a, const void *b)
{
	const struct declaration *x = a, *y = b;

	return order_names(x->provider, x->name, y->provider, y->name);
}

static int order_promises(const void *a, const void *b)
{
	const struct promise *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void sort_notes(struct sdt_notes *notes)
{
	if (notes->nr_sites)
		qsort(notes->sites, notes->nr_sites, sizeof(*notes->sites), order_sites);
	if (notes->nr_declarations)
		qsort(notes->declarations, notes->nr_declarations,
		      sizeof(*notes->declarations), order_declarations);
	if (notes->nr_promises)
		qsort(notes->promises, notes->nr_promises, sizeof(*notes->promises),
		      order_promises);
}

/* The bytes must keep the note's promise, too: a patched file may not. */
static void apply_promise(const struct sdt_notes *notes, struct sdt_site *site)
{
	static const uint8_t nop10[] = {0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0};
	static const uint8_t nop5[] = {0x0f, 0x1f, 0x44, 0, 0};
	const struct promise key = {.address = site->address}, *promise = NULL;

	if (notes->nr_promises)
		promise = bsearch(&key, notes->promises, notes->nr_promises, sizeof(key),
				  order_promises);
	if (!promise)
		return;
	site->has_nop10 = promise->flags & PROMISE_NOP10 &&
			  !memcmp(site->bytes + 1, nop10, sizeof(nop10));
	site->no_fork = promise->flags & PROMISE_NO_FORK;
	site->has_nop5 = promise->flags & PROMISE_NOP5 && site->has_nop10 &&
			 !memcmp(site->bytes + 11, nop5, sizeof(nop5));
}

static int apply_declaration(struct sdt_notes *notes, struct sdt_probe *probe)
{
	const struct declaration key = {probe->provider, probe->name, NULL},
				 *found = NULL;
	int count;

	if (notes->nr_declarations)
		found = bsearch(&key, notes->declarations, notes->nr_declarations,
				sizeof(key), order_declarations);
	if (!found)
		return 0;
	count = arguments_parse(found->text, probe->arguments, NULL);
	if (count == -ENOMEM)
		return count;
	if (count < 0) {
		notes->nr_bad++;
		return 0;
	}
	probe->nr_arguments = (size_t)count;
	probe->has_names = true;
	return 0;
}

static size_t count_names(const struct sdt_notes *notes)
{
	size_t count = 0;

	for (size_t i = 0; i < notes->nr_sites; i++)
		count += !i || order_names(notes->sites[i].provider, notes->sites[i].name,
					   notes->sites[i - 1].provider,
					   notes->sites[i - 1].name);
	return count;
}

static bool same_probe(const struct sdt_probe *probe, const struct raw_site *raw)
{
	return !order_names(probe->provider, probe->name, raw->provider, raw->name);
}

/* Cuts the sorted sites into probes; their sites stand in one array. */
static int make_probes(struct sdt_file *file, struct sdt_notes *notes)
{
	struct sdt_probe *probe = NULL;

	if (!notes->nr_sites)
		return 0;
	file->probes = calloc(count_names(notes), sizeof(*file->probes));
	file->sites = calloc(notes->nr_sites, sizeof(*file->sites));
	if (!file->probes || !file->sites)
		return -ENOMEM;
	for (size_t i = 0; i < notes->nr_sites; i++) {
		struct raw_site *raw = &notes->sites[i];

		if (!probe || !same_probe(probe, raw)) {
			probe = &file->probes[file->nr_probes++];
			probe->provider = raw->provider;
			probe->name = raw->name;
			probe->sites = &file->sites[i];
			if (apply_declaration(notes, probe))
				return -ENOMEM;
		}
		apply_promise(notes, &raw->site);
		probe->sites[probe->nr_sites++] = raw->site;
	}
	return 0;
}

int sdt_file_open(struct sdt_file **result, const char *path, struct failure *f)
{
	struct sdt_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file || !(file->path = strdup(path))) {
		err = fail(f, -ENOMEM, "%s: out of memory", path);
		goto out;
	}
	err = sdt_notes_read(&file->notes, file, f);
	if (err)
		goto out;
	sort_notes(file->notes);
	err = make_probes(file, file->notes);
	if (err)
		fail(f, err, "%s: out of memory", path);
	file->nr_bad_notes = file->notes->nr_bad;
out:
	if (err) {
		sdt_file_close(file);
		return err;
	}
	*result = file;
	return 0;
}

void sdt_file_close(struct sdt_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->nr_probes; i++)
		arguments_release(file->probes[i].arguments,
				  file->probes[i].nr_arguments);
	free(file->probes);
	free(file->sites);
	sdt_notes_free(file->notes);
	free(file->path);
	free(file);
}
