// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom list: the static probes of programs, with the names and types of arguments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/list.h"
#include "collector/target.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"

struct list_options {
	struct string_list files, pids, providers;
	bool all, verbose, json, csv;
};

static const struct option_row rows[] = {
	{"file", 'x', OPTION_LIST, offsetof(struct list_options, files), "FILE",
	 "program or library: a path, or a name to look for", 0, 0},
	{"pid", 'p', OPTION_LIST, offsetof(struct list_options, pids), "PID,...",
	 "every file that these processes map", 0, 0},
	{"all", 'a', OPTION_FLAG, offsetof(struct list_options, all), NULL,
	 "every file that any running process maps", 0, 0},
	{"provider", 0, OPTION_LIST, offsetof(struct list_options, providers), "FILE",
	 "provider file (.d or trace-events) with names and types of arguments", 0, 0},
	{"verbose", 'v', OPTION_FLAG, offsetof(struct list_options, verbose), NULL,
	 "all details: enum words, where names come from, conflicts, every site", 0, 0},
	{"json", 0, OPTION_FLAG, offsetof(struct list_options, json), NULL,
	 "print JSON, with all details", 0, 0},
	{"csv", 0, OPTION_FLAG, offsetof(struct list_options, csv), NULL,
	 "print a row per probe", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "list",
	.synopsis = "-x FILE | -p PID | -a [GLOB...]",
	.summary = "List the static probes of programs, with their arguments.",
	.rows = rows,
	.more = "GLOB is PROVIDER:NAME or NAME, as record -e has it.\n\n"
		"Examples:\n"
		"  fathom list -x /usr/lib/postgresql/15/bin/postgres 'query__*'\n"
		"  fathom list -p 1234 -v 'libstdcxx:*'\n"
		"  fathom list -a --json\n",
};

struct list {
	struct list_options options;
	struct string_list globs; /* never empty */
	struct file_list files;
	struct naming *naming;
	size_t nr_shown;  /* files */
	size_t nr_probed; /* files that have any probes */
	json_t *json;
	struct text_table *csv;
	struct failure failure, no_match;
};

static int check_usage(const struct list *l)
{
	const struct list_options *o = &l->options;

	if (!o->files.count && !o->pids.count && !o->all)
		return options_complain(&usage,
					"whose probes? Give -x FILE, -p PID or -a");
	if (o->json + o->csv + o->verbose > 1)
		return options_complain(&usage,
					"--json, --csv and -v exclude each other");
	for (size_t i = 0; i < l->globs.count; i++)
		if (*l->globs.items[i] == '-')
			return options_complain(&usage,
						"options stand before the GLOB: '%s'",
						l->globs.items[i]);
	return 0;
}

static int find_files(struct list *l)
{
	const struct list_options *o = &l->options;
	struct target target = {0};
	struct failure *f = &l->failure;
	int err = 0;

	for (size_t i = 0; !err && i < o->files.count; i++)
		err = file_list_add(&l->files, o->files.items[i], f);
	if (!err && o->pids.count)
		err = target_processes(&target, &o->pids, f);
	for (size_t i = 0; !err && i < target.nr_pids; i++)
		err = file_list_add_process(&l->files, target.pids[i], f);
	free(target.pids);
	if (!err && o->all)
		err = file_list_add_all(&l->files, f);
	if (l->files.nr_unreadable)
		command_warn("list", "%zu process%s could not be looked at%s",
			     l->files.nr_unreadable,
			     l->files.nr_unreadable == 1 ? "" : "es",
			     geteuid() ? ": only root may look at other users'"
				       : ": the kernel protects them");
	return err;
}

static int show(struct list *l, const struct listing *listing)
{
	bool many = l->files.nr_files > 1;

	if (l->json)
		return json_array_append_new(l->json, list_json(listing))
			       ? fail(&l->failure, -ENOMEM, "out of memory")
			       : 0;
	if (l->csv) {
		list_csv_add(l->csv, listing);
		return 0;
	}
	if (l->nr_shown)
		putchar('\n');
	if (l->options.verbose)
		list_print_long(listing);
	else
		list_print_table(listing, many);
	return 0;
}

/* A file of a process may be anything: what is no ELF file is passed over. */
static int list_file(struct list *l, const struct listed_file *file)
{
	struct plan plan = {.naming = l->naming};
	struct listing listing = {file, &plan, l->naming};
	int err = plan_add_file(&plan, file->path, &l->failure);

	if (err && err != -ENOMEM && file->nr_pids)
		err = 0;
	if (!err && plan.nr_files) {
		l->nr_probed++;
		err = plan_choose(&plan, &l->globs, &l->failure);
	}
	for (size_t i = 0; i < plan.nr_notices; i++)
		command_warn("list", "%s", plan.notices[i]);
	if (!plan.nr_files)
		goto out;
	if (err == -ENOENT) {
		l->no_match = l->failure;
		err = 0;
	} else if (!err) {
		err = show(l, &listing);
		l->nr_shown++;
	}
out:
	plan_release(&plan);
	return err;
}

static int order_paths(const void *a, const void *b)
{
	const struct listed_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int list_files(struct list *l)
{
	struct failure *f = &l->failure;
	int err = 0;

	if (l->options.all || l->options.pids.count)
		qsort(l->files.files, l->files.nr_files, sizeof(*l->files.files),
		      order_paths);
	for (size_t i = 0; !err && i < l->files.nr_files; i++)
		err = list_file(l, &l->files.files[i]);
	if (err || l->nr_shown)
		return err;
	if (l->nr_probed)
		return fail(f, -ENOENT, "%s", l->no_match.text);
	if (l->files.nr_files == 1)
		return fail(f, -ENOENT, "%s has no static probes",
			    l->files.files[0].path);
	return fail(f, -ENOENT, "none of %zu files has static probes", l->files.nr_files);
}

static int print_collected(struct list *l)
{
	if (l->csv)
		text_table_print(l->csv, stdout, true);
	if (!l->json)
		return 0;
	json_dumpf(l->json, stdout, JSON_INDENT(2));
	putchar('\n');
	return 0;
}

static int run(struct list *l)
{
	int err = naming_open(&l->naming, &l->options.providers, &l->failure);

	if (!err && l->options.json && !(l->json = json_array()))
		err = fail(&l->failure, -ENOMEM, "out of memory");
	if (!err && l->options.csv && !(l->csv = list_csv_new()))
		err = fail(&l->failure, -ENOMEM, "out of memory");
	if (!err)
		err = find_files(l);
	if (!err)
		err = list_files(l);
	if (!err)
		err = print_collected(l);
	return err ? command_failed("list", &l->failure) : EXIT_FINE;
}

int cmd_list(int argc, char **argv)
{
	static const char *const everything[] = {"*"};
	struct list l = {0};
	int first = options_parse(&usage, argc, argv, &l.options), err;

	if (first < 0)
		return options_exit(first);
	if (first < argc)
		l.globs = (struct string_list){(const char **)argv + first,
					       (size_t)(argc - first)};
	else
		l.globs = (struct string_list){(const char **)everything, 1};
	err = check_usage(&l);
	if (!err)
		err = run(&l);
	json_decref(l.json);
	text_table_free(l.csv);
	naming_close(l.naming);
	file_list_release(&l.files);
	string_list_free(&l.options.files);
	string_list_free(&l.options.pids);
	string_list_free(&l.options.providers);
	return err;
}
