// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom bench: runs a fio job file on the I/O engine. fathom-bench(1). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "core/text.h"
#include "core/units.h"
#include "probes/bench_report.h"
#include "probes/job.h"
#include "probes/run.h"

struct bench_options {
	/* Each takes the place of a key in all jobs; NULL leaves it. */
	const char *filename, *size, *runtime, *ramp_time, *engine, *depth;
	const char *poll; /* poll_max_ns, or "" for its usual value */
	const char *poll_algorithm;
	bool no_poll;
	struct string_list allow_write;
	const char *json;   /* "" on stdout, or a file's name */
	const char *output; /* where the summary goes */
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
	 "instead of the jobs' ioengine: io_uring, libaio, psync, null", 0, 0},
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
		"  fathom record -e 'fathom:*' -- fathom bench --poll job.fio\n",
};

static const char *poll_max(const struct bench_options *o)
{
	if (o->no_poll)
		return "0";
	return o->poll && !*o->poll ? "32768" : o->poll;
}

/* Returns 0, or the exit code after saying which option is wrong. */
static int override(struct job_file *file, const struct bench_options *o)
{
	const struct {
		const char *option, *key, *value;
	} given[] = {
		{"--filename", "filename", o->filename},
		{"--size", "size", o->size},
		{"--runtime", "runtime", o->runtime},
		{"--ramp-time", "ramp_time", o->ramp_time},
		{"--engine", "ioengine", o->engine},
		{"--iodepth", "iodepth", o->depth},
		{"--poll", "poll_max_ns", poll_max(o)},
		{"--poll-algorithm", "poll_algorithm", o->poll_algorithm},
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++) {
		struct failure f = {{0}};

		if (given[i].value &&
		    job_file_override(file, given[i].key, given[i].value, &f))
			return options_complain(&usage, "%s: %s", given[i].option,
						f.text);
	}
	return 0;
}

static void show_progress(const struct run_progress *p)
{
	char reads[UNIT_TEXT], writes[UNIT_TEXT], speed[UNIT_TEXT], done[16] = "";

	if (p->done >= 0)
		snprintf(done, sizeof(done), "%3.0f%% ",
			 100 * (p->done < 1 ? p->done : 1));
	progress("%s%s read %s IOPS, write %s IOPS, %s/s", done,
		 p->ramp ? "warming up," : "measuring,", count_text(reads, p->iops[0]),
		 count_text(writes, p->iops[1]),
		 size_text(speed, p->bytes_per_second[0] + p->bytes_per_second[1]));
}

/* Those that were not shown yet: a line for each job and file. */
static size_t show_warnings(const struct run *run, size_t shown)
{
	const struct warnings *w = &run->warnings;

	for (size_t i = shown; i < w->count;) {
		const struct warning *first = &w->items[i];
		char line[4096];
		size_t length = (size_t)snprintf(line, sizeof(line), "%s", first->text);

		for (i++; i < w->count && warnings_share_subject(first, &w->items[i]) &&
			  length < sizeof(line);
		     i++)
			length +=
				(size_t)snprintf(line + length, sizeof(line) - length,
						 "; also %s", warning_rest(&w->items[i]));
		command_warn("bench", "%s", line);
	}
	return w->count;
}

/* Where results go: open before the run, since they cannot be had a second time. */
struct outputs {
	FILE *main; /* stdout, or --output */
	FILE *json; /* --json=FILE; NULL: none */
};

/* What is in @path stays until there are results. */
static FILE *open_output(const char *path, struct failure *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");

	if (!to)
		fail(f, -errno, "%s: %s", path, strerror(errno));
	if (!to && fd >= 0)
		close(fd);
	return to;
}

static int open_outputs(struct outputs *out, const struct bench_options *o,
			struct failure *f)
{
	*out = (struct outputs){.main = stdout};
	if (o->output)
		out->main = open_output(o->output, f);
	if (out->main && o->json && *o->json)
		out->json = open_output(o->json, f);
	return out->main && (out->json || !o->json || !*o->json) ? 0 : -EIO;
}

static void close_outputs(struct outputs *out)
{
	if (out->main && out->main != stdout)
		fclose(out->main);
	if (out->json)
		fclose(out->json);
}

/* One form of the results. */
static int write_results(const struct run *run, bool json, FILE *to, const char *path,
			 struct failure *f)
{
	int err = 0;

	if (to != stdout && ftruncate(fileno(to), 0) && errno != EINVAL)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	errno = 0;
	if (json)
		err = bench_json(run, to);
	else
		bench_text(run, to);
	if (to == stdout) /* what did not arrive there is told by main */
		return !err || ferror(to)
			       ? 0
			       : fail(f, err, "no results: %s", strerror(-err));
	if ((fflush(to) || ferror(to)) && !err)
		err = errno ? -errno : -EIO;
	return err ? fail(f, err, "%s: %s", path, strerror(-err)) : 0;
}

/* Both forms are tried; the first failure is told. */
static int write_output(const struct run *run, const struct bench_options *o,
			const struct outputs *out, struct failure *f)
{
	struct failure other = {{0}};
	int err = 0, err_main;

	if (out->json)
		err = write_results(run, true, out->json, o->json, f);
	err_main = write_results(run, o->json && !out->json, out->main, o->output,
				 err ? &other : f);
	return err ? err : err_main;
}

/* Once: what went wrong in the run is said before its results. */
static void tell(struct failure *f)
{
	if (*f->text)
		command_failed("bench", f);
	*f->text = 0;
}

static int run_jobs(const struct job_file *file, const struct bench_options *o,
		    const struct outputs *out, struct failure *f)
{
	struct run run;
	struct failure later = {{0}};
	size_t shown;
	int err = run_prepare(&run, file, &o->allow_write, f);

	shown = show_warnings(&run, 0);
	if (err)
		goto release;
	run.watch = show_progress;
	err = run_go(&run, f);
	progress_end();
	tell(f);
	show_warnings(&run, shown);
	if (run_nr_reports(&run)) {
		int wrote = write_output(&run, o, out, &later);

		if (wrote && !err) {
			*f = later;
			err = wrote;
		}
	}
release:
	run_release(&run);
	return err;
}

static int run_with_outputs(const struct job_file *file, const struct bench_options *o,
			    struct failure *f)
{
	struct outputs out;
	int err = open_outputs(&out, o, f);

	if (!err)
		err = run_jobs(file, o, &out, f);
	close_outputs(&out);
	return err;
}

static int bench(const char *path, const struct bench_options *o)
{
	struct failure f = {{0}};
	struct job_file file;
	int status = 0, err = job_file_read(&file, path, &f);

	if (!err)
		status = override(&file, o);
	if (!err && !status)
		err = job_file_check(&file, &f);
	if (!err && !status)
		err = run_with_outputs(&file, o, &f);
	job_file_free(&file);
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
