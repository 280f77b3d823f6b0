// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom poll: what busy polling cost and saved, and what it would have with other rules.
 */
#include "analyzers/poll.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "analyzers/analyzer.h"
#include "analyzers/what_if/what_if.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/stop.h"

/* One of these makes a window or a wait. */
#define MUST_HAVE (1U << ROLE_POLL_END | 1U << ROLE_WAIT_END)

struct poll_options {
	const char *input;
	struct model_options model;
	const char *by;
	uint64_t interval_ns;
	bool json, csv, asks_what_if;
	uint64_t wake_ns;
	const char *limits;
	struct poll_settings rules;
};

struct poll_run {
	const struct poll_options *options;
	struct poll poll;
};

static int print(void *user, struct failure *f)
{
	const struct poll_run *run = user;
	const struct poll *p = &run->poll;
	char want[WANT_TEXT];

	if (!p->nr_loops) {
		describe_want(want, sizeof(want), p->model, MUST_HAVE, p->trace);
		return fail(f, -ENODATA, "no polling in the trace: %s", want);
	}
	if (p->intervals) {
		if (poll_end_intervals(p))
			return fail(f, -ENOMEM, "no memory");
		if (!run->options->json)
			poll_notes(p, run->options->csv ? stderr : stdout);
		return 0;
	}
	if (run->options->json)
		return poll_print_json(p) ? fail(f, -ENOMEM, "no memory") : 0;
	if (!run->options->csv) {
		poll_print_text(p);
		return 0;
	}
	poll_print_csv(p);
	poll_notes(p, stderr);
	return 0;
}

static int run(const struct poll_options *options)
{
	struct intervals intervals =
		intervals_of(options->interval_ns, options->json, options->csv);
	struct poll_run run = {options,
			       {.options = &options->model,
				.intervals = options->interval_ns ? &intervals : NULL}};
	struct analysis analysis = {&poll_analyzer, &run.poll};
	int status = run_analyses("poll", options->input, &analysis, 1, print, &run);

	poll_release(&run.poll);
	return status;
}

/* --what-if */

struct what_if_run {
	const struct poll_options *options;
	struct what_if what_if;
};

static int print_what_if(void *user, struct failure *f)
{
	const struct what_if_run *run = user;
	const struct what_if *w = &run->what_if;
	char want[WANT_TEXT];

	if (w->out_of_memory)
		return fail(f, -ENOMEM, "no memory");
	if (!w->replay.cells[REPLAY_RECORDED].waits) {
		describe_want(want, sizeof(want), what_if_model(w), WHAT_IF_NEEDS,
			      w->trace);
		return fail(f, -ENODATA, "no waits in the trace: %s", want);
	}
	if (run->options->json)
		return what_if_print_json(w) ? fail(f, -ENOMEM, "no memory") : 0;
	if (!run->options->csv) {
		what_if_print_text(w);
		return 0;
	}
	what_if_print_csv(w);
	what_if_notes(w, stderr);
	return 0;
}

static int run_what_if(const struct poll_options *options,
		       const struct replay_setup *setup)
{
	struct what_if_run run = {options, {.options = &options->model, .setup = *setup}};
	struct analysis analysis = {&what_if_analyzer, &run.what_if};
	int status =
		run_analyses("poll", options->input, &analysis, 1, print_what_if, &run);

	what_if_release(&run.what_if);
	return status;
}

#define AT(member) offsetof(struct poll_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, AT(input), "FILE",
	 "the trace, - for stdin (default perf.data)", 0, 0},
	{"model", 'm', OPTION_STRING, AT(model.which), "FILE|NAME",
	 "request model with a [poll] section (default: the one that fits)", 0, 0},
	{"by", 0, OPTION_STRING, AT(by), "loop",
	 "what is shown is of each loop; there is nothing else to group by", 0, 0},
	INTERVAL_OPTION_ROW(struct poll_options, interval_ns),
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "print a CSV row per loop", 0, 0},
	{"what-if", 0, OPTION_FLAG, AT(asks_what_if), NULL,
	 "replay the waits through other rules of polling", 0, 0},
	{"wakeup-cost", 0, OPTION_TIME, AT(wake_ns), "TIME",
	 "what a wake-up takes (default: what the trace tells, or 10us)", 1, 1000000000},
	{"poll-max", 0, OPTION_STRING, AT(limits), "TIME,...",
	 "the limits to replay, in ns (default 4096, doubled up to 1048576)", 0, 0},
	{"poll-grow", 0, OPTION_NUMBER, AT(rules.grow), "N",
	 "poll_grow of the rules (default 2)", 0, 1000},
	{"poll-shrink", 0, OPTION_NUMBER, AT(rules.shrink), "N",
	 "poll_shrink of the rules (default: each rule's own)", 0, 1000},
	{"poll-weight", 0, OPTION_NUMBER, AT(rules.weight), "N",
	 "poll_weight of the rules (default 2)", 0, POLL_WEIGHT_MAX},
	{0},
};

static const struct usage usage = {
	.command = "poll",
	.synopsis = "[-i FILE] [--model FILE|NAME] [--interval TIME | --what-if]",
	.summary =
		"Show what busy polling cost and saved, or would have with other rules.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom poll -i polling-on.data\n"
		"  fathom poll -i polling-on.data --what-if\n"
		"  fathom poll -i qemu.data --model qemu --json\n",
};

/* What the options say of the replay. Returns 0, or 2 after saying what is wrong. */
static int set_up_replay(const struct poll_options *o, struct replay_setup *setup)
{
	struct failure f = {""};

	if (!o->asks_what_if && (o->wake_ns || o->limits || o->rules.grow ||
				 o->rules.shrink || o->rules.weight))
		return options_complain(&usage, "--wakeup-cost, --poll-max, --poll-grow, "
						"--poll-shrink and --poll-weight need "
						"--what-if");
	if (o->asks_what_if && o->interval_ns)
		return options_complain(&usage, "--interval or --what-if, not both");
	*setup = (struct replay_setup){.settings = o->rules, .wake_ns = o->wake_ns};
	if (replay_limits(setup, o->limits, &f))
		return options_complain(&usage, "--poll-max: %s", f.text);
	return 0;
}

int cmd_poll(int argc, char **argv)
{
	struct poll_options options = {.input = "perf.data"};
	int at = options_parse(&usage, argc, argv, &options);
	struct replay_setup setup;

	if (at < 0)
		return options_exit(at);
	if (at < argc)
		return options_complain(&usage, "unexpected argument '%.60s'", argv[at]);
	if (options.json && options.csv)
		return options_complain(&usage, "--json or --csv, not both");
	if (options.by && strcmp(options.by, "loop") != 0)
		return options_complain(
			&usage,
			"polling can be grouped by 'loop' and by nothing else, "
			"not by '%.40s'",
			options.by);
	at = set_up_replay(&options, &setup);
	if (at)
		return at;
	stop_on_signals();
	return options.asks_what_if ? run_what_if(&options, &setup) : run(&options);
}
