// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom models: which models there are, and whether they fit a program or a trace. */
#include "analyzers/models.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzers/analyzer.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "trace/requests/model_find.h"
#include "trace/requests/model_search.h"
#include "trace/sdt_file.h"

struct models_options {
	const char *program, *trace;
	bool json;
};

struct models_run {
	const struct models_options *options;
	struct models models;
	struct model_file **files; /* all that are known, or one for each name */
	size_t nr_files;
};

static int add_file(struct models_run *run, struct model_file *file, struct failure *f)
{
	struct model_file **files;

	files = realloc(run->files, (run->nr_files + 1) * sizeof(struct model_file *));
	if (!files) {
		model_file_free(file);
		return fail(f, -ENOMEM, "no memory");
	}
	run->files = files;
	files[run->nr_files++] = file;
	return 0;
}

/* All that are known. A file that cannot be read is told, and no reason to stop. */
static int gather_all(struct models_run *run, struct failure *f)
{
	struct model_sources known;
	int err = model_sources_find(&known, f);

	for (size_t i = 0; !err && i < known.count; i++) {
		struct model_file *file;
		struct failure why;

		if (model_source_read(&file, &known.items[i], &why))
			command_warn("models", "%s", why.text);
		else
			err = add_file(run, file, f);
	}
	model_sources_release(&known);
	return err;
}

static int gather_named(struct models_run *run, const char *const *names, size_t count,
			struct failure *f)
{
	int err = 0;

	run->models.details = true;
	for (size_t i = 0; !err && i < count; i++) {
		struct model_file *file;

		err = model_find(&file, names[i], f);
		if (!err)
			err = add_file(run, file, f);
	}
	return err;
}

/* An entry for each model of the files. */
static int make_entries(struct models_run *run, struct failure *f)
{
	struct models *m = &run->models;
	size_t nr = 0;

	for (size_t i = 0; i < run->nr_files; i++)
		nr += run->files[i]->nr_models;
	m->entries = calloc(nr + 1, sizeof(*m->entries));
	if (!m->entries)
		return fail(f, -ENOMEM, "no memory");
	for (size_t i = 0; i < run->nr_files; i++)
		for (size_t j = 0; j < run->files[i]->nr_models; j++)
			m->entries[m->nr_entries++] = (struct models_entry){
				.model = run->files[i]->models[j],
				.file = run->files[i],
			};
	return 0;
}

/* Of each name that was given, one model at least must fit. */
static int verdict(const struct models_run *run)
{
	const struct models_entry *entry = run->models.entries;
	int status = EXIT_FINE;

	if (!run->models.details || run->models.against == AGAINST_NOTHING)
		return EXIT_FINE;
	for (size_t i = 0; i < run->nr_files; i++) {
		bool fits = false;

		for (size_t j = 0; j < run->files[i]->nr_models; j++)
			fits |= models_fits(entry++);
		if (!fits)
			status = EXIT_FAILED;
	}
	return status;
}

static int print(const struct models_run *run)
{
	struct failure f;

	if (!run->options->json) {
		models_print_text(&run->models);
	} else if (models_print_json(&run->models)) {
		fail(&f, -ENOMEM, "no memory");
		return command_failed("models", &f);
	}
	return verdict(run);
}

static int run_on_program(struct models_run *run)
{
	struct models *m = &run->models;
	struct sdt_file *file;
	struct failure f;

	m->against = AGAINST_PROGRAM;
	m->path = run->options->program;
	if (sdt_file_open(&file, m->path, &f))
		return command_failed("models", &f);
	for (size_t i = 0; i < m->nr_entries; i++)
		models_check_program(&m->entries[i], file);
	sdt_file_close(file);
	return print(run);
}

/* The pass only lets the reader count. */
static int keep_trace(void *state, const struct trace *trace, struct failure *f)
{
	const struct trace **to = state;

	(void)f;
	*to = trace;
	return 0;
}

static int want_none(void *state, const struct event_type *type, struct failure *f)
{
	(void)state;
	(void)type;
	(void)f;
	return 0;
}

static const struct analyzer counter = {
	.name = "models",
	.begin = keep_trace,
	.type = want_none,
};

struct trace_run {
	struct models_run *run;
	const struct trace *trace;
	int status;
};

static int check_and_print(void *user, struct failure *f)
{
	struct trace_run *t = user;
	struct models *m = &t->run->models;

	(void)f;
	for (size_t i = 0; i < m->nr_entries; i++)
		models_check_trace(&m->entries[i], t->trace);
	t->status = print(t->run);
	return 0;
}

static int run_on_trace(struct models_run *run)
{
	struct trace_run t = {.run = run};
	struct analysis analysis = {&counter, &t.trace};
	int status;

	run->models.against = AGAINST_TRACE;
	run->models.path = run->options->trace;
	stop_on_signals();
	status = run_analyses("models", run->options->trace, &analysis, 1,
			      check_and_print, &t);
	return status == EXIT_FINE ? t.status : status;
}

static int run(const struct models_options *options, const char *const *names,
	       size_t count)
{
	struct models_run r = {.options = options};
	struct failure f;
	int err = count ? gather_named(&r, names, count, &f) : gather_all(&r, &f), status;

	if (!err)
		err = make_entries(&r, &f);
	if (err)
		status = command_failed("models", &f);
	else if (options->program)
		status = run_on_program(&r);
	else if (options->trace)
		status = run_on_trace(&r);
	else
		status = print(&r);
	for (size_t i = 0; i < r.nr_files; i++)
		model_file_free(r.files[i]);
	free(r.files);
	free(r.models.entries);
	return status;
}

#define AT(member) offsetof(struct models_options, member)

static const struct option_row rows[] = {
	{"file", 'x', OPTION_STRING, AT(program), "FILE",
	 "hold them against the probes of a program or library", 0, 0},
	{"input", 'i', OPTION_STRING, AT(trace), "FILE",
	 "hold them against the events of a trace, - for stdin", 0, 0},
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "models",
	.synopsis = "[NAME...] [-x FILE | -i FILE] [--json]",
	.summary = "List the request models, show one, or tell which fit a program or a "
		   "trace.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom models\n"
		"  fathom models postgresql/query\n"
		"  fathom models -x /usr/lib/postgresql/15/bin/postgres\n"
		"  fathom models -i perf.data\n"
		"  fathom models ./mine.model -x ./server\n",
};

/* Names may come before and between the options. Each call of options_parse() takes the
 * name before it for that of the command. */
static int parse(int argc, char **argv, struct models_options *options,
		 const char **names, size_t *count)
{
	for (int at = 0; at < argc;) {
		int parsed = options_parse(&usage, argc - at, argv + at, options);

		if (parsed < 0)
			return parsed;
		at += parsed;
		if (at < argc)
			names[(*count)++] = argv[at];
	}
	return 0;
}

int cmd_models(int argc, char **argv)
{
	struct models_options options = {0};
	const char **names = calloc((size_t)argc, sizeof(*names));
	size_t count = 0;
	int parsed, status;

	if (!names)
		return EXIT_FAILED;
	parsed = parse(argc, argv, &options, names, &count);
	if (parsed < 0)
		status = options_exit(parsed);
	else if (options.program && options.trace)
		status = options_complain(&usage, "-x or -i, not both");
	else
		status = run(&options, names, count);
	free(names);
	return status;
}
