// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom breakdown: where the time of requests went, stage by stage. */
#include "analyzers/breakdown/breakdown.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/analyzer.h"
#include "analyzers/requests_print.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "core/text.h"
#include "core/units.h"

enum {
	SAME_KEY = 16, /* most requests shown that had a key in turn */
	OP_TEXT = 24,  /* bytes of an operation's name in a sentence */
};

struct breakdown_options {
	const char *input;
	struct model_options model;
	const char *by, *where;
	uint64_t interval_ns;
	uint64_t slowest;
	const char *id, *around; /* numbers */
	uint64_t key;		 /* … of either */
	bool json, csv;
};

struct breakdown_run {
	const struct breakdown_options *options;
	struct intervals intervals;
	struct breakdown breakdown;
};

/* Where the answer itself has no place for it. */
static void note_chosen(const struct breakdown *b)
{
	if (b->requests->where.text)
		fprintf(stderr, "note: %" PRIu64 " of %" PRIu64 " requests, where %s\n",
			b->chosen, b->requests->requests, b->requests->where.text);
}

/* "; op is read, write": for one who asked for another word. */
static void list_ops(const struct words *ops, char *text, size_t room)
{
	size_t used = (size_t)snprintf(text, room, "; op is ");

	for (unsigned i = 0; i < ops->count && used + 2 + OP_TEXT < room; i++) {
		const char *word = ops->items[i];

		if (!*word)
			continue;
		if (text[used - 1] != ' ')
			used += (size_t)snprintf(text + used, room - used, ", ");
		used += text_escape(text + used, OP_TEXT, word, strlen(word), 0);
	}
}

static int nothing_chosen(const struct requests *r, struct failure *f)
{
	char ops[8 * OP_TEXT] = "";

	if (where_asks_op(&r->where))
		list_ops(&r->ops, ops, sizeof(ops));
	return fail(f, -ENODATA, "none of %" PRIu64 " requests is one where %s%s",
		    r->requests, r->where.text, ops);
}

/* No time in a stage and no such stage are not the same. */
static bool asks_in_vain(const struct breakdown *b)
{
	return !b->kernel.is_traced &&
	       where_asks_more(&b->requests->where, MORE_STAGES + STAGE_IO_URING,
			       MORE_STAGES + STAGE_OFF_CPU);
}

static int print(void *user, struct failure *f)
{
	const struct breakdown_run *run = user;
	const struct breakdown *b = &run->breakdown;

	if (b->out_of_memory)
		return fail(f, -ENOMEM, "no memory for the requests in flight");
	if (asks_in_vain(b))
		return fail(f, -EINVAL,
			    "--where asks for a stage that tracepoints of the "
			    "kernel tell, and the trace has none of them; "
			    "record it with --kernel");
	if (b->intervals) {
		note_chosen(b);
		return requests_end_intervals(b->requests, b->intervals, "p99 over time",
					      time_text, f);
	}
	if (!b->requests->requests)
		return requests_nothing(b->requests, f);
	if (!b->chosen)
		return nothing_chosen(b->requests, f);
	if (b->slowest.by_key && !b->slowest.count)
		return fail(f, -ENODATA,
			    "no request with the id %" PRIu64 " ended in the trace%s%s",
			    b->slowest.key, run->options->where ? " where " : "",
			    run->options->where ? run->options->where : "");
	if (run->options->json)
		return breakdown_print_json(b) ? fail(f, -ENOMEM, "no memory") : 0;
	if (!run->options->csv) {
		breakdown_print_text(b);
		return 0;
	}
	requests_notes(b->requests, stderr);
	note_chosen(b);
	return breakdown_print_csv(b) ? fail(f, -ENOMEM, "no memory") : 0;
}

/* Which requests are shown one by one. */
static void choose(struct slowest *s, const struct breakdown_options *options)
{
	s->wanted = (unsigned)options->slowest;
	s->by_key = options->id || options->around;
	s->key = options->key;
	s->around = options->around;
	if (s->by_key && !s->wanted)
		s->wanted = SAME_KEY;
}

static int run(const struct breakdown_options *options)
{
	struct breakdown_run *run = calloc(1, sizeof(*run));
	struct requests *requests = calloc(1, sizeof(*requests));
	struct failure f = {"no memory"};
	int status;

	if (!run || !requests) {
		free(run);
		free(requests);
		return command_failed("breakdown", &f);
	}
	requests->options = &options->model;
	requests->grouping.by = options->by;
	requests->where.text = options->where;
	run->options = options;
	choose(&run->breakdown.slowest, options);
	run->intervals = intervals_of(options->interval_ns, options->json, options->csv);
	if (options->interval_ns)
		run->breakdown.intervals = &run->intervals;
	breakdown_init(&run->breakdown, requests);
	status = run_analyses("breakdown", options->input,
			      (const struct analysis[]){
				      {&requests_analyzer, requests},
				      {&breakdown_analyzer, &run->breakdown},
				      {&kernel_path_analyzer, &run->breakdown.kernel},
				      {&asked_analyzer, &run->breakdown.asked},
			      },
			      4, print, run);
	breakdown_release(&run->breakdown);
	requests_release(requests);
	free(requests);
	free(run);
	return status;
}

#define AT(member) offsetof(struct breakdown_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, AT(input), "FILE",
	 "the trace, - for stdin (default perf.data)", 0, 0},
	MODEL_OPTION_ROWS(struct breakdown_options, model),
	BY_OPTION_ROW(struct breakdown_options, by),
	INTERVAL_OPTION_ROW(struct breakdown_options, interval_ns),
	{"where", 0, OPTION_STRING, AT(where), "FILTER",
	 "only requests where this holds, as in 'latency>2ms && op==write'", 0, 0},
	{"slowest", 0, OPTION_NUMBER, AT(slowest), "N",
	 "show the N slowest requests, each with what went on around it", 0, SLOWEST_MAX},
	{"id", 0, OPTION_STRING, AT(id), "ID", "show the request with this id (key)", 0,
	 0},
	{"around", 0, OPTION_STRING, AT(around), "ID",
	 "show it among all that were in flight at the same time", 0, 0},
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "print CSV, times in ns", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "breakdown",
	.synopsis = "[-i FILE] [--by WHAT] [--where FILTER] [--interval TIME | "
		    "--slowest N | --id ID | "
		    "--around ID] [--model FILE|NAME]",
	.summary = "Show where the time of requests went, stage by stage.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom record -e 'fathom:*' --kernel -- fathom bench job.fio\n"
		"  fathom breakdown --slowest 3\n"
		"  fathom breakdown --where 'latency>2ms && device<1ms' --slowest 3\n",
};

static int check_and_run(struct breakdown_options *options, const char *operand)
{
	const char *id = options->id ? options->id : options->around;
	struct failure f;

	if (operand)
		return options_complain(&usage, "unexpected argument '%.60s'", operand);
	if (options->json && options->csv)
		return options_complain(&usage, "--json or --csv, not both");
	if (options->id && options->around)
		return options_complain(&usage, "--id or --around, not both");
	if (options->interval_ns && (id || options->slowest))
		return options_complain(&usage, "--interval excludes --slowest, --id and "
						"--around");
	if (id && number_parse(id, &options->key, &f))
		return options_complain(&usage, "%s: %s",
					options->id ? "--id" : "--around", f.text);
	if (model_options_check(&options->model, &f))
		return options_complain(&usage, "%s", f.text);
	stop_on_signals();
	return run(options);
}

int cmd_breakdown(int argc, char **argv)
{
	struct breakdown_options options = {.input = "perf.data"};
	int at = options_parse(&usage, argc, argv, &options);
	int status = at < 0 ? options_exit(at) : check_and_run(&options, argv[at]);

	model_options_release(&options.model);
	return status;
}
