// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fathom depth: how many requests were in flight, and for how long.
 *
 * The depth is counted from submits and completes, not read from an argument, so that
 * it means the same for every model: all requests of the trace together.
 */
#include "analyzers/depth.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzers/analyzer.h"
#include "analyzers/requests_print.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/stop.h"

/* The level of the group of @r, or NULL if nobody groups, or without memory. */
static struct level *group_level(struct depth *d, const struct request *r)
{
	unsigned number;

	if (!d->requests->grouping.is_early)
		return NULL;
	number = requests_group(d->requests, r);
	if (!d->groups[number]) {
		d->groups[number] = calloc(1, sizeof(struct level));
		if (d->groups[number])
			d->groups[number]->since_ns = d->requests->first_ns;
		else
			d->out_of_memory = true;
	}
	return d->groups[number];
}

/* A request comes (1) or goes (-1). */
static void change(struct depth *d, const struct request *r, uint64_t time_ns, int by)
{
	struct level *group = group_level(d, r);

	if (!d->series.bucket_ns) {
		d->all.since_ns = d->requests->first_ns;
		series_set(&d->series, d->all.since_ns, 0);
	}
	level_set(&d->all, time_ns, d->all.value + (uint64_t)by);
	series_set(&d->series, d->all.since_ns, d->all.value);
	if (group)
		level_set(group, time_ns, group->value + (uint64_t)by);
}

static void depth_begin(void *state, const struct request *r)
{
	change(state, r, r->submit_ns, 1);
}

static void depth_end(void *state, const struct request *r)
{
	if (!r->given_up)
		change(state, r, r->complete_ns, -1);
}

static void depth_gone(void *state, const struct request *r, uint64_t time_ns)
{
	change(state, r, time_ns, -1);
}

static void depth_finish(void *state, uint64_t time_ns)
{
	struct depth *d = state;

	if (!d->series.bucket_ns)
		return;
	level_set(&d->all, time_ns, d->all.value);
	series_set(&d->series, time_ns, d->all.value);
	for (unsigned i = 0; i <= GROUPS_MAX; i++)
		if (d->groups[i])
			level_set(d->groups[i], time_ns, d->groups[i]->value);
}

const struct request_listener depth_listener = {
	.begin = depth_begin,
	.end = depth_end,
	.gone = depth_gone,
	.finish = depth_finish,
};

void depth_release(struct depth *d)
{
	level_release(&d->all);
	asked_release(&d->asked);
	for (unsigned i = 0; i <= GROUPS_MAX; i++) {
		if (d->groups[i])
			level_release(d->groups[i]);
		free(d->groups[i]);
	}
}

bool depth_is_whole(const struct depth *d)
{
	bool whole = !d->out_of_memory && !d->all.out_of_memory;

	for (unsigned i = 0; i <= GROUPS_MAX; i++)
		whole &= !d->groups[i] || !d->groups[i]->out_of_memory;
	return whole;
}

struct little depth_little(const struct depth *d)
{
	double seconds = (double)level_total_ns(&d->all) / 1e9;
	double requests = (double)d->requests->requests;
	struct little little = {0};

	if (seconds > 0)
		little.iops = requests / seconds;
	if (requests > 0)
		little.mean_latency_ns = (double)d->requests->latency_sum / requests;
	little.depth = little.iops * little.mean_latency_ns / 1e9;
	return little;
}

struct depth_options {
	const char *input;
	struct model_options model;
	const char *by;
	uint64_t interval_ns;
	bool json, csv;
};

struct depth_run {
	const struct depth_options *options;
	struct depth depth;
};

static int print(void *user, struct failure *f)
{
	const struct depth_run *run = user;
	const struct depth *d = &run->depth;

	if (!depth_is_whole(d))
		return fail(f, -ENOMEM, "no memory for so deep a queue");
	if (!d->requests->requests)
		return requests_nothing(d->requests, f);
	if (run->options->json)
		return depth_print_json(d) ? fail(f, -ENOMEM, "no memory") : 0;
	if (!run->options->csv) {
		depth_print_text(d);
		return 0;
	}
	depth_print_csv(d);
	requests_notes(d->requests, stderr);
	return 0;
}

static int run(const struct depth_options *options)
{
	struct requests requests = {
		.options = &options->model,
		.grouping = {.by = options->by, .is_early = options->by != NULL},
	};
	struct depth_run run = {options,
				{.requests = &requests, .asked.requests = &requests}};
	const struct analysis analyses[] = {{&requests_analyzer, &requests},
					    {&asked_analyzer, &run.depth.asked}};
	int status;

	requests_listen(&requests, &depth_listener, &run.depth);
	status = run_analyses("depth", options->input, analyses, 2, print, &run);
	depth_release(&run.depth);
	requests_release(&requests);
	return status;
}

static int print_intervals(void *user, struct failure *f)
{
	struct depth_intervals *d = user;

	if (d->out_of_memory)
		return fail(f, -ENOMEM, "no memory for the groups");
	return requests_end_intervals(d->requests, &d->intervals, "mean depth over time",
				      depth_text, f);
}

static int run_intervals(const struct depth_options *options)
{
	struct requests requests = {
		.options = &options->model,
		.grouping = {.by = options->by, .is_early = options->by != NULL},
	};
	struct depth_intervals d = {
		.requests = &requests,
		.intervals =
			intervals_of(options->interval_ns, options->json, options->csv)};
	struct analysis analysis = {&requests_analyzer, &requests};
	int status;

	requests_listen(&requests, &depth_intervals_listener, &d);
	status = run_analyses("depth", options->input, &analysis, 1, print_intervals, &d);
	depth_intervals_release(&d);
	requests_release(&requests);
	return status;
}

#define AT(member) offsetof(struct depth_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, AT(input), "FILE",
	 "the trace, - for stdin (default perf.data)", 0, 0},
	MODEL_OPTION_ROWS(struct depth_options, model),
	BY_OPTION_ROW(struct depth_options, by),
	INTERVAL_OPTION_ROW(struct depth_options, interval_ns),
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL,
	 "print the depth over time, or with --by at each depth, as CSV", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "depth",
	.synopsis = "[-i FILE] [--by op|size|thread|fd|ARG,...] [--interval TIME] "
		    "[--model FILE|NAME]",
	.summary = "Show how many requests of a trace were in flight, and when.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom depth -i qemu.data\n"
		"  fathom depth --by thread\n"
		"  fathom depth --csv > depth.csv\n",
};

static int check_and_run(const struct depth_options *options, const char *operand)
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

int cmd_depth(int argc, char **argv)
{
	struct depth_options options = {.input = "perf.data"};
	int at = options_parse(&usage, argc, argv, &options);
	int status = at < 0 ? options_exit(at) : check_and_run(&options, argv[at]);

	model_options_release(&options.model);
	return status;
}
