// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom diff: what of two traces of the same work differs, and whether it is chance. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/analyzer.h"
#include "analyzers/diff/diff.h"
#include "analyzers/requests_print.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/stop.h"

struct diff_options {
	const char *paths[2];
	unsigned nr_paths; /* also those that are too many */
	struct model_options model;
	const char *by;
	uint64_t seed;
	bool json, csv;
};

struct diff_run {
	const struct diff_options *options;
	struct diff diff;
	int status; /* of reading the second trace, and all that follows */
};

/* The trace has been read: is it fit to be compared? */
static int check_side(const struct diff_side *s, struct failure *f)
{
	struct failure nothing;

	if (s->out_of_memory || s->latency.out_of_memory)
		return fail(f, -ENOMEM, "no memory for the groups");
	if (s->requests.requests)
		return 0;
	requests_nothing(&s->requests, &nothing);
	return fail(f, -ENODATA, "%.60s: %s", s->path, nothing.text);
}

/* Requests of two models are not the same work. */
static int check_models(const struct diff *d, struct failure *f)
{
	const char *a = d->sides[0].requests.model->name;
	const char *b = d->sides[1].requests.model->name;

	if (!strcmp(a, b))
		return 0;
	return fail(
		f, -EINVAL,
		"%.60s has requests of %.40s and %.60s of %.40s: say which to compare, "
		"with --model",
		d->sides[0].path, a, d->sides[1].path, b);
}

static int compare_and_print(struct diff *d, const struct diff_options *options,
			     struct failure *f)
{
	int err = check_models(d, f);

	if (err)
		return err;
	if (diff_compare(d))
		return fail(f, -ENOMEM, "no memory to compare");
	if (options->json)
		return diff_print_json(d) ? fail(f, -ENOMEM, "no memory") : 0;
	if (!options->csv) {
		diff_print_text(d);
		return 0;
	}
	diff_print_csv(d);
	requests_notes(&d->sides[0].requests, stderr);
	requests_notes(&d->sides[1].requests, stderr);
	return 0;
}

/* Reads a side, and calls @then while its trace is still open: what is printed of
 * requests asks their trace. So the second side is read, and all printed, inside of the
 * first. */
static int read_side(struct diff_run *run, unsigned side,
		     int (*then)(void *run, struct failure *f))
{
	struct diff_side *s = &run->diff.sides[side];
	struct analysis analysis = {&requests_analyzer, &s->requests};

	s->path = run->options->paths[side];
	s->requests.options = &run->options->model;
	s->requests.grouping.by = run->options->by;
	s->latency.requests = &s->requests;
	requests_listen(&s->requests, &latency_listener, &s->latency);
	requests_listen(&s->requests, &diff_listener, s);
	return run_analyses("diff", s->path, &analysis, 1, then, run);
}

static int after_b(void *user, struct failure *f)
{
	struct diff_run *run = user;
	int err = check_side(&run->diff.sides[1], f);

	return err ? err : compare_and_print(&run->diff, run->options, f);
}

static int after_a(void *user, struct failure *f)
{
	struct diff_run *run = user;
	int err = check_side(&run->diff.sides[0], f);

	if (!err)
		run->status = read_side(run, 1, after_b);
	return err;
}

static int run(const struct diff_options *options)
{
	struct diff_run *run = calloc(1, sizeof(*run));
	struct failure f = {"no memory"};
	int status;

	if (!run)
		return command_failed("diff", &f);
	run->options = options;
	run->diff.seed = options->seed;
	status = read_side(run, 0, after_a);
	if (run->status > status)
		status = run->status;
	diff_side_release(&run->diff.sides[0]);
	diff_side_release(&run->diff.sides[1]);
	free(run);
	return status;
}

#define AT(member) offsetof(struct diff_options, member)

static const struct option_row rows[] = {
	MODEL_OPTION_ROWS(struct diff_options, model),
	BY_OPTION_ROW(struct diff_options, by),
	{"seed", 0, OPTION_NUMBER, AT(seed), "N",
	 "of the drawings: the same seed gives the same answer (default 1)", 0, 0},
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "print CSV, times in ns", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "diff",
	.synopsis = "[--by op|size|thread|fd|ARG,...] [--model FILE|NAME] A B",
	.summary = "Show what of the requests of two traces differs, and whether it is "
		   "chance.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom diff before.data after.data\n"
		"  fathom diff -m postgresql/query --by query before.data after.data\n",
};

static int check_and_run(const struct diff_options *options)
{
	struct failure f;

	if (options->nr_paths != 2)
		return options_complain(&usage, "two traces are compared, not %u",
					options->nr_paths);
	if (!strcmp(options->paths[0], "-") && !strcmp(options->paths[1], "-"))
		return options_complain(&usage, "only one of the traces can be stdin");
	if (options->json && options->csv)
		return options_complain(&usage, "--json or --csv, not both");
	if (model_options_check(&options->model, &f))
		return options_complain(&usage, "%s", f.text);
	stop_on_signals();
	return run(options);
}

/* Options may stand behind the traces, too: an operand takes the place of the command's
 * name for what follows it. */
static int parse(int argc, char **argv, struct diff_options *options)
{
	int at;

	while ((at = options_parse(&usage, argc, argv, options)) >= 0 && at < argc) {
		argc -= at;
		argv += at;
		if (options->nr_paths < 2)
			options->paths[options->nr_paths] = *argv;
		options->nr_paths++;
	}
	return at;
}

int cmd_diff(int argc, char **argv)
{
	struct diff_options options = {.seed = 1};
	int parsed = parse(argc, argv, &options);
	int status = parsed < 0 ? options_exit(parsed) : check_and_run(&options);

	model_options_release(&options.model);
	return status;
}
