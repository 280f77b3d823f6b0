// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom bench: runs a fio job file on the I/O engine. fathom-bench(1). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "core/failure.h"
#include "core/ini.h"
#include "core/options.h"
#include "core/stop.h"
#include "probes/bench_output.h"
#include "probes/bench_run.h"

struct bench_options {
	/* Each takes the place of a key in all jobs; NULL leaves it. */
	const char *filename, *size, *runtime, *ramp_time, *engine, *depth;
	const char *poll; /* poll_max_ns, or "" for its usual value */
	const char *poll_algorithm;
	bool no_poll;
	struct string_list allow_write;
	const char *json;   /* "" on stdout, or a file's name */
	const char *output; /* where the summary goes */
	const char *agent;  /* its address; NULL: here */
	const char *record; /* the file for its trace, or "" */
};

#define AT(member) offsetof(struct bench_options, member)

static const struct option_row rows[] = {
	{"filename", 'f', OPTION_STRING, AT(filename), "FILE",
	 "work on FILE instead of what the jobs say", 0, 0},
	{"size", 0, OPTION_STRING, AT(size), "SIZE", "instead of the jobs' size", 0, 0},
	{"runtime", 't', OPTION_STRING, AT(runtime), "TIME",
	 "instead of the jobs' runtime (seconds, or with ms, m, h)", 0, 0},
	{"ramp-time", 0, OPTION_STRING, AT(ramp_time), "TIME",
	 "instead of the jobs' ramp_time", 0, 0},
	{"engine", 'E', OPTION_STRING, AT(engine), "NAME",
	 "instead of the jobs' ioengine: io_uring, libaio, psync, null, timer", 0, 0},
	{"iodepth", 'd', OPTION_STRING, AT(depth), "N", "instead of the jobs' iodepth", 0,
	 0},
	{"poll", 0, OPTION_OPTIONAL, AT(poll), "TIME",
	 "poll before blocking, at most TIME (32768 ns) at once", 0, 0},
	{"poll-algorithm", 0, OPTION_STRING, AT(poll_algorithm), "NAME",
	 "context, handler, weighted (QEMU's) or fathom: how long to poll", 0, 0},
	{"no-poll", 0, OPTION_FLAG, AT(no_poll), NULL, "do not poll, whatever jobs say",
	 0, 0},
	{"allow-write", 0, OPTION_LIST, AT(allow_write), "DEVICE",
	 "the data on this block device may be lost", 0, 0},
	{"json", 0, OPTION_OPTIONAL, AT(json), "FILE",
	 "fio's JSON: instead of the summary, or into FILE", 0, 0},
	{"output", 'o', OPTION_STRING, AT(output), "FILE",
	 "write what would be printed into FILE", 0, 0},
	{"agent", 0, OPTION_STRING, AT(agent), "ADDR",
	 "run the jobs where 'fathom agent' listens on ADDR", 0, 0},
	{"record", 0, OPTION_OPTIONAL, AT(record), "FILE",
	 "with --agent: record its probes, and fetch the trace (agent.data)", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "bench",
	.synopsis = "[OPTION...] JOB",
	.summary =
		"Runs the fio job file JOB (- is stdin) and prints what a user needs to "
		"know\nof every request: rates, latencies, depths, CPU.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom bench -f /dev/nvme0n1 -t 20 docs/jobs/random-read.fio\n"
		"  fathom bench --json=result.json job.fio\n"
		"  fathom record -e 'fathom:*' -- fathom bench --poll job.fio\n"
		"  fathom bench --agent vsock:3:7700 --record job.fio\n",
};

static const char *poll_max(const struct bench_options *o)
{
	if (o->no_poll)
		return "0";
	return o->poll && !*o->poll ? "32768" : o->poll;
}

static void get_overrides(const struct bench_options *o,
			  struct bench_override list[BENCH_OVERRIDES])
{
	const struct bench_override all[BENCH_OVERRIDES] = {
		{"--filename", "filename", o->filename},
		{"--size", "size", o->size},
		{"--runtime", "runtime", o->runtime},
		{"--ramp-time", "ramp_time", o->ramp_time},
		{"--engine", "ioengine", o->engine},
		{"--iodepth", "iodepth", o->depth},
		{"--poll", "poll_max_ns", poll_max(o)},
		{"--poll-algorithm", "poll_algorithm", o->poll_algorithm},
	};

	memcpy(list, all, sizeof(all));
}

/* Returns 0, or the exit code after saying which option is wrong. */
static int override(struct job_file *file, const struct bench_override *given)
{
	for (size_t i = 0; i < BENCH_OVERRIDES; i++) {
		struct failure f = {{0}};

		if (given[i].value &&
		    job_file_override(file, given[i].key, given[i].value, &f))
			return options_complain(&usage, "%s: %s", given[i].option,
						f.text);
	}
	return 0;
}

/* Once: what went wrong in the run is said before its results. */
static void tell(struct failure *f)
{
	if (*f->text)
		command_failed("bench", f);
	*f->text = 0;
}

static int run_with_output(const struct bench_job *job, const struct bench_options *o,
			   struct failure *f)
{
	struct bench_output out;
	struct failure later = {{0}};
	json_t *results = NULL;
	int err = bench_output_open(&out, o->output, o->json, f), wrote = 0;

	if (!err)
		err = o->agent ? bench_there(job, &results, f)
			       : bench_here(job, &results, f);
	tell(f);
	if (results)
		wrote = bench_output_write(&out, results, &later);
	if (wrote && !err) {
		*f = later;
		err = wrote;
	}
	json_decref(results);
	bench_output_close(&out);
	return err;
}

/* A job for an agent is looked at here first: what is wrong with it costs no connection.
 */
static int bench(const char *path, const struct bench_options *o)
{
	struct bench_job job = {
		.path = path,
		.allow_write = &o->allow_write,
		.agent = o->agent,
		.record = o->record && !*o->record ? "agent.data" : o->record,
	};
	struct failure f = {{0}};
	int status = 0, err = o->agent ? channel_parse(o->agent, &job.address, &f) : 0;

	if (err == -EINVAL)
		return options_complain(&usage, "--agent: %s", f.text);
	if (!err)
		err = ini_load(path, &job.text, &f);
	get_overrides(o, job.overrides);
	if (!err)
		err = job_file_read_text(&job.file, path, job.text, &f);
	if (!err)
		status = override(&job.file, job.overrides);
	if (!err && !status)
		err = job_file_check(&job.file, &f);
	if (!err && !status)
		err = run_with_output(&job, o, &f);
	job_file_free(&job.file);
	free(job.text);
	tell(&f);
	return err ? EXIT_FAILED : status ? status : EXIT_FINE;
}

/* Options may stand behind JOB, too. */
static int parse(int argc, char **argv, struct bench_options *o, const char **job)
{
	int at = options_parse(&usage, argc, argv, o);

	*job = NULL;
	while (at >= 0 && at < argc) {
		if (*job)
			return options_complain(&usage, "one job file, not '%s' as well",
						argv[at]);
		*job = argv[at];
		argc -= at;
		argv += at;
		at = options_parse(&usage, argc, argv, o);
	}
	if (at < 0)
		return options_exit(at);
	if (!*job)
		return options_complain(&usage, "which job file?");
	if (o->poll && o->no_poll)
		return options_complain(&usage, "--poll or --no-poll, not both");
	if (o->record && !o->agent)
		return options_complain(&usage,
					"--record needs --agent (use fathom record "
					"for a job that runs here)");
	return -1;
}

int cmd_bench(int argc, char **argv)
{
	struct bench_options o = {0};
	const char *job;
	int status = parse(argc, argv, &o, &job);

	if (status < 0) {
		stop_on_signals();
		status = bench(job, &o);
	}
	string_list_free(&o.allow_write);
	return status;
}
