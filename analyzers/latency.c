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

const char *const latency_by_words[LATENCY_BYS + 1] = {
	[BY_OP] = "op",
	[BY_SIZE] = "size",
	[BY_THREAD] = "thread",
	[BY_FD] = "fd",
};

static int64_t group_value(enum latency_by by, const struct request *r)
{
	switch (by) {
	case BY_SIZE:
		return (int64_t)r->length;
	case BY_THREAD:
		return r->tid;
	case BY_FD:
		return r->fd;
	default:
		return r->op;
	}
}

static struct latency_group *add_group(struct latency *l, const struct request *r)
{
	bool is_other = l->nr_groups == LATENCY_GROUPS_MAX;
	struct latency_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	histogram_init(&group->histogram);
	group->value = is_other ? -1 : group_value(l->by, r);
	group->is_other = is_other;
	if (l->by == BY_THREAD && !is_other)
		group->thread = strdup(trace_comm(l->requests->trace, r->pid, r->tid));
	l->groups[l->nr_groups++] = group;
	return group;
}

static struct latency_group *find_group(struct latency *l, const struct request *r)
{
	int64_t value = group_value(l->by, r);

	if (l->by == BY_OP) {
		if (!l->of_op[r->op])
			l->of_op[r->op] = add_group(l, r);
		return l->of_op[r->op];
	}
	for (size_t i = 0; i < l->nr_groups; i++)
		if (l->groups[i]->value == value && !l->groups[i]->is_other)
			return l->groups[i];
	if (l->nr_groups > LATENCY_GROUPS_MAX)
		return l->groups[LATENCY_GROUPS_MAX];
	return add_group(l, r);
}

static void latency_end(void *state, const struct request *r)
{
	struct latency *l = state;
	struct latency_group *group = l->last;

	if (!group || group->is_other || group->value != group_value(l->by, r)) {
		group = find_group(l, r);
		if (!group) {
			l->out_of_memory = true;
			return;
		}
		l->last = group;
	}
	histogram_add(&group->histogram, r->complete_ns - r->submit_ns);
}

const struct request_listener latency_listener = {.end = latency_end};

void latency_release(struct latency *l)
{
	for (size_t i = 0; i < l->nr_groups; i++) {
		free(l->groups[i]->thread);
		free(l->groups[i]);
	}
}

struct latency_options {
	const char *input;
	struct model_options model;
	const char *by;
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

static int run(const struct latency_options *options, enum latency_by by)
{
	struct requests requests = {.options = &options->model};
	struct latency_run run = {options, {.by = by, .requests = &requests}};
	struct analysis analysis = {&requests_analyzer, &requests};
	int status;

	requests_listen(&requests, &latency_listener, &run.latency);
	status = run_analyses("latency", options->input, &analysis, 1, print, &run);
	latency_release(&run.latency);
	requests_release(&requests);
	return status;
}

#define AT(member) offsetof(struct latency_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, AT(input), "FILE",
	 "the trace, - for stdin (default perf.data)", 0, 0},
	MODEL_OPTION_ROWS(struct latency_options, model),
	{"by", 0, OPTION_STRING, AT(by), "WHAT", "group by op, size, thread or fd", 0, 0},
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "print CSV, times in ns", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "latency",
	.synopsis = "[-i FILE] [--by op|size|thread|fd] [--model FILE|NAME]",
	.summary = "Show how long the requests of a trace took.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom latency --by thread\n"
		"  fathom latency -i qemu.data --model qemu --json\n"
		"  fathom latency --submit prog:start --complete prog:done --key id\n",
};

static int find_by(const char *word)
{
	for (int i = 0; i < LATENCY_BYS; i++)
		if (!strcmp(latency_by_words[i], word))
			return i;
	return -1;
}

static int check_and_run(const struct latency_options *options, const char *operand)
{
	int by = find_by(options->by);
	struct failure f;

	if (operand)
		return options_complain(&usage, "unexpected argument '%.60s'", operand);
	if (by < 0)
		return options_complain(&usage, "--by is op, size, thread or fd");
	if (options->json && options->csv)
		return options_complain(&usage, "--json or --csv, not both");
	if (model_options_check(&options->model, &f))
		return options_complain(&usage, "%s", f.text);
	stop_on_signals();
	return run(options, (enum latency_by)by);
}

int cmd_latency(int argc, char **argv)
{
	struct latency_options options = {.input = "perf.data", .by = "op"};
	int at = options_parse(&usage, argc, argv, &options);
	int status = at < 0 ? options_exit(at) : check_and_run(&options, argv[at]);

	model_options_release(&options.model);
	return status;
}
