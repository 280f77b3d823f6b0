// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom latency: how long requests took, per operation, size, thread or file. */
#include "analyzers/latency.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzers/analyzer.h"
#include "analyzers/requests_print.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/stop.h"
#include "core/units.h"

static struct latency_group *add_group(struct latency *l, unsigned number)
{
	struct latency_group *group = calloc(1, sizeof(*group));

	if (!group) {
		l->out_of_memory = true;
		return NULL;
	}
	histogram_init(&group->histogram);
	l->groups[number] = group;
	return group;
}

static void latency_end(void *state, const struct request *r)
{
	struct latency *l = state;
	unsigned number = requests_group(l->requests, r);
	struct latency_group *group = l->groups[number];

	if (!group)
		group = add_group(l, number);
	if (group)
		histogram_add(&group->histogram, r->complete_ns - r->submit_ns);
}

const struct request_listener latency_listener = {.end = latency_end};

void latency_release(struct latency *l)
{
	for (size_t i = 0; i <= GROUPS_MAX; i++)
		free(l->groups[i]);
}

struct latency_options {
	const char *input;
	struct model_options model;
	const char *by;
	uint64_t interval_ns;
	bool json, csv;
};

struct latency_run {
	const struct latency_options *options;
	struct latency latency;
};

static int print(void *user, struct failure *f)
{
	const struct latency_run *run = user;
	const struct latency *l = &run->latency;

	if (l->out_of_memory)
		return fail(f, -ENOMEM, "no memory for the groups");
	if (!l->requests->requests)
		return requests_nothing(l->requests, f);
	if (run->options->json)
		return latency_print_json(l) ? fail(f, -ENOMEM, "no memory") : 0;
	if (!run->options->csv) {
		latency_print_text(l);
		return 0;
	}
	latency_print_csv(l);
	requests_notes(l->requests, stderr);
	return 0;
}

static int run(const struct latency_options *options)
{
	struct requests requests = {.options = &options->model,
				    .grouping.by = options->by};
	struct latency_run run = {options, {.requests = &requests}};
	struct analysis analysis = {&requests_analyzer, &requests};
	int status;

	requests_listen(&requests, &latency_listener, &run.latency);
	status = run_analyses("latency", options->input, &analysis, 1, print, &run);
	latency_release(&run.latency);
	requests_release(&requests);
	return status;
}

static int print_intervals(void *user, struct failure *f)
{
	struct latency_intervals *l = user;

	if (l->out_of_memory)
		return fail(f, -ENOMEM, "no memory for the groups");
	return requests_end_intervals(l->requests, &l->intervals, "p99 over time",
				      time_text, f);
}

static int run_intervals(const struct latency_options *options)
{
	struct requests requests = {.options = &options->model,
				    .grouping.by = options->by};
	struct latency_intervals l = {
		.requests = &requests,
		.intervals =
			intervals_of(options->interval_ns, options->json, options->csv)};
	struct analysis analysis = {&requests_analyzer, &requests};
	int status;

	latency_intervals_init(&l);
	requests_listen(&requests, &latency_intervals_listener, &l);
	status = run_analyses("latency", options->input, &analysis, 1, print_intervals,
			      &l);
	latency_intervals_release(&l);
	requests_release(&requests);
	return status;
}

#define AT(member) offsetof(struct latency_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, AT(input), "FILE",
	 "the trace, - for stdin (default perf.data)", 0, 0},
	MODEL_OPTION_ROWS(struct latency_options, model),
	BY_OPTION_ROW(struct latency_options, by),
	INTERVAL_OPTION_ROW(struct latency_options, interval_ns),
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "print CSV, times in ns", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "latency",
	.synopsis = "[-i FILE] [--by op|size|thread|fd|ARG,...] [--interval TIME] "
		    "[--model FILE|NAME]",
	.summary = "Show how long the requests of a trace took.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom latency --by op,depth\n"
		"  fathom latency -m postgresql/query --by query\n"
		"  fathom record -o - -e 'fathom:*' -a | fathom latency -i - --interval "
		"1\n"
		"  fathom latency -i qemu.data --model qemu --json\n"
		"  fathom latency --submit prog:start --complete prog:done --key id\n",
};

static int check_and_run(const struct latency_options *options, const char *operand)
{
	struct failure f;

	if (operand)
		return options_complain(&usage, "unexpected argument '%.60s'", operand);
	if (options->json && options->csv)
		return options_complain(&usage, "--json or --csv, not both");
	if (model_options_check(&options->model, &f))
		return options_complain(&usage, "%s", f.text);
	stop_on_signals();
	return options->interval_ns ? run_intervals(options) : run(options);
}

int cmd_latency(int argc, char **argv)
{
	struct latency_options options = {.input = "perf.data"};
	int at = options_parse(&usage, argc, argv, &options);
	int status = at < 0 ? options_exit(at) : check_and_run(&options, argv[at]);

	model_options_release(&options.model);
	return status;
}
