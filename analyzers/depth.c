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

enum { FIRST_DEPTHS = 256 };

static bool make_room(struct depth *d)
{
	size_t nr = d->nr_times ? d->nr_times : FIRST_DEPTHS;
	uint64_t *times;

	if (d->depth < d->nr_times)
		return true;
	while (nr <= d->depth)
		nr *= 2;
	times = realloc(d->time_at, nr * sizeof(*times));
	if (!times)
		return false;
	memset(times + d->nr_times, 0, (nr - d->nr_times) * sizeof(*times));
	d->time_at = times;
	d->nr_times = nr;
	return true;
}

/* Accounts the time since the last change, then changes to @depth. */
static void change(struct depth *d, uint64_t time_ns, uint64_t depth)
{
	if (!d->series.bucket_ns) {
		d->since_ns = d->requests->first_ns;
		series_set(&d->series, d->since_ns, 0);
	}
	if (time_ns < d->since_ns)
		time_ns = d->since_ns;
	if (make_room(d))
		d->time_at[d->depth] += time_ns - d->since_ns;
	else
		d->out_of_memory = true;
	series_set(&d->series, time_ns, depth);
	d->since_ns = time_ns;
	d->depth = depth;
	if (depth > d->max)
		d->max = depth;
}

static void depth_begin(void *state, const struct request *r)
{
	struct depth *d = state;

	change(d, r->submit_ns, d->depth + 1);
}

static void depth_end(void *state, const struct request *r)
{
	struct depth *d = state;

	if (!r->given_up)
		change(d, r->complete_ns, d->depth - 1);
}

static void depth_gone(void *state, const struct request *r, uint64_t time_ns)
{
	struct depth *d = state;

	(void)r;
	change(d, time_ns, d->depth - 1);
}

static void depth_finish(void *state, uint64_t time_ns)
{
	struct depth *d = state;

	if (d->series.bucket_ns)
		change(d, time_ns, d->depth);
}

const struct request_listener depth_listener = {
	.begin = depth_begin,
	.end = depth_end,
	.gone = depth_gone,
	.finish = depth_finish,
};

void depth_release(struct depth *d)
{
	free(d->time_at);
}

uint64_t depth_total_ns(const struct depth *d)
{
	uint64_t total = 0;

	for (size_t i = 0; i < d->nr_times; i++)
		total += d->time_at[i];
	return total;
}

double depth_mean(const struct depth *d)
{
	uint64_t total = depth_total_ns(d);
	double area = 0;

	for (size_t i = 0; i < d->nr_times; i++)
		area += (double)i * (double)d->time_at[i];
	return total ? area / (double)total : 0;
}

struct little depth_little(const struct depth *d)
{
	double seconds = (double)depth_total_ns(d) / 1e9;
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

	if (d->out_of_memory)
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
	struct requests requests = {.options = &options->model};
	struct depth_run run = {options, {.requests = &requests}};
	struct analysis analysis = {&requests_analyzer, &requests};
	int status;

	requests_listen(&requests, &depth_listener, &run.depth);
	status = run_analyses("depth", options->input, &analysis, 1, print, &run);
	depth_release(&run.depth);
	requests_release(&requests);
	return status;
}

#define AT(member) offsetof(struct depth_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, AT(input), "FILE",
	 "the trace, - for stdin (default perf.data)", 0, 0},
	MODEL_OPTION_ROWS(struct depth_options, model),
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "print the depth over time as CSV", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "depth",
	.synopsis = "[-i FILE] [--model FILE|NAME]",
	.summary = "Show how many requests of a trace were in flight, and when.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom depth -i qemu.data\n"
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
	return run(options);
}

int cmd_depth(int argc, char **argv)
{
	struct depth_options options = {.input = "perf.data"};
	int at = options_parse(&usage, argc, argv, &options);
	int status = at < 0 ? options_exit(at) : check_and_run(&options, argv[at]);

	model_options_release(&options.model);
	return status;
}
