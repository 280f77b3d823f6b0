// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom record: records the hits of static probes into a perf.data file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/kernel_events.h"
#include "collector/patience.h"
#include "collector/record_files.h"
#include "collector/record_flight.h"
#include "collector/record_summary.h"
#include "collector/recording.h"
#include "collector/semaphore.h"
#include "collector/site.h"
#include "collector/spec.h"
#include "collector/spec_list.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "core/units.h"

enum { EVENTS_MAX = 5000, DETACH_SECONDS = 5, PATIENCE_SECONDS = 3 };

struct record_options {
	struct string_list specs, files, pids, providers;
	bool all, quiet, verbose, compress, force, follow;
	const char *output, *backend, *site, *kernel;
	uint64_t ring_size, string_size, duration_ns;
	struct flight_choice flight;
};

static const struct option_row rows[] = {
	{"event", 'e', OPTION_LIST, offsetof(struct record_options, specs), "SPEC",
	 "probes to record: PROVIDER:NAME[(ARGUMENT:TYPE,...)][/FILTER/],..., globs "
	 "allowed; may be given again",
	 0, 0},
	{"file", 'x', OPTION_LIST, offsetof(struct record_options, files), "FILE",
	 "program or library that has the probes: a path, or a name to look for", 0, 0},
	{"pid", 'p', OPTION_LIST, offsetof(struct record_options, pids), "PID,...",
	 "record these processes, and look for probes in the files they map", 0, 0},
	{"all", 'a', OPTION_FLAG, offsetof(struct record_options, all), NULL,
	 "record every process of the files (the default without -p and COMMAND)", 0, 0},
	{"follow", 0, OPTION_FLAG, offsetof(struct record_options, follow), NULL,
	 "with -p: also the children they fork from now on", 0, 0},
	{"provider", 0, OPTION_LIST, offsetof(struct record_options, providers), "FILE",
	 "provider file (.d or trace-events) with names and types of arguments", 0, 0},
	{"kernel", 0, OPTION_OPTIONAL, offsetof(struct record_options, kernel),
	 "SYSTEM:NAME,...",
	 "also tracepoints of the kernel: by default what breakdown asks for, of "
	 "io_uring, block devices and the scheduler",
	 0, 0},
	{"output", 'o', OPTION_STRING, offsetof(struct record_options, output), "FILE",
	 "trace to write (perf.data); - streams to standard output", 0, 0},
	{"duration", 0, OPTION_TIME, offsetof(struct record_options, duration_ns), "TIME",
	 "stop after this time", 0, 0},
	FLIGHT_OPTION_ROWS(struct record_options, flight),
	{"compress", 'z', OPTION_FLAG, offsetof(struct record_options, compress), NULL,
	 "compress the trace with zstd", 0, 0},
	{"mmap-size", 'm', OPTION_SIZE, offsetof(struct record_options, ring_size),
	 "SIZE", "ring per CPU, rounded up to a power of two (8m)", 4096, 1 << 30},
	{"string-size", 0, OPTION_SIZE, offsetof(struct record_options, string_size),
	 "SIZE", "most bytes of a string argument (128)", 8, 4096},
	{"backend", 0, OPTION_STRING, offsetof(struct record_options, backend), "NAME",
	 "auto, bpf, bpf-perf or uprobe", 0, 0},
	{"site", 0, OPTION_STRING, offsetof(struct record_options, site), "KIND",
	 "auto, or nop: only the one-byte nop", 0, 0},
	{"force", 0, OPTION_FLAG, offsetof(struct record_options, force), NULL,
	 "also probe sites that this kernel's uprobes may corrupt", 0, 0},
	{"quiet", 'q', OPTION_FLAG, offsetof(struct record_options, quiet), NULL,
	 "say nothing but errors and losses", 0, 0},
	{"verbose", 'v', OPTION_FLAG, offsetof(struct record_options, verbose), NULL,
	 "list every probe at the end, however many", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "record",
	.synopsis = "-e SPEC... [-x FILE] [-p PID | [-a] [-- COMMAND...]]",
	.summary = "Record the hits of static probes into a perf.data file.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom record -e 'fathom:*' -- fathom bench job.fio\n"
		"  fathom record -e 'postgresql:query__*' -x "
		"/usr/lib/postgresql/15/bin/postgres\n"
		"  fathom record -e 'postgresql:buffer__read__done/isHit==0/' -x "
		"postgres "
		"-a -- pgbench\n"
		"  fathom record -e 'fathom:*' --kernel -- fathom bench job.fio\n"
		"  fathom record --flight 64m --trigger 'latency>5ms' -e 'fathom:*' -p 1234\n"
		"  fathom record -e 'libstdcxx:throw' -p 1234 -o - | perf script -i -\n",
};

/* What the command works with. */
struct record {
	struct record_options options;
	struct target target;
	struct specs specs;
	struct plan plan;
	struct kernel_events kernel;
	struct site_features features;
	const struct backend *backend;
	struct record_flight flight;
	struct failure failure;
	int argc;
	char **argv;
	char **command;		   /* NULL without one */
	struct patience *patience; /* while attaching or detaching */
	char *program;		   /* … its path */
};

static int check_usage(const struct record *r)
{
	const struct record_options *o = &r->options;
	const char *sites[] = {"auto", "nop"};

	if (!o->specs.count)
		return options_complain(&usage,
					"which probes? -e PROVIDER:NAME is missing");
	if (o->pids.count && (o->all || r->command))
		return options_complain(&usage, "-p excludes -a and a command");
	if (!o->files.count && !o->pids.count && !r->command)
		return options_complain(&usage, "whose probes? Give -x FILE, -p PID or a "
						"command");
	if (o->follow && !o->pids.count)
		return options_complain(&usage,
					"--follow needs -p (a command is followed)");
	if (strcmp(o->backend, "auto") && !backend_find(o->backend))
		return options_complain(&usage,
					"--backend is auto, bpf, bpf-perf or uprobe, "
					"not '%s'",
					o->backend);
	if (strcmp(o->site, sites[0]) && strcmp(o->site, sites[1]))
		return options_complain(&usage, "--site is auto or nop, not '%s'",
					o->site);
	if (!strcmp(o->output, "-") && isatty(STDOUT_FILENO))
		return options_complain(&usage,
					"-o - needs a pipe or a file behind stdout");
	return record_flight_check(&usage, &o->flight, o->output);
}

static int choose_backend(struct record *r)
{
	struct failure *f = &r->failure;
	const struct backend *other;
	char why[sizeof(f->text)];

	r->backend = backend_find(r->options.backend);
	if (r->backend) {
		int err = r->backend->missing(f);

		if (!err)
			return 0;
		memcpy(why, f->text, sizeof(why));
		other = backend_best(NULL);
		return fail(f, err, "%.300s; %s%s (see fathom doctor)", why,
			    other ? "what works here is --backend "
				  : "no backend works here",
			    other ? other->name : "");
	}
	r->backend = backend_best(f);
	if (r->backend)
		return 0;
	memcpy(why, f->text, sizeof(why));
	return fail(f, -EPERM,
		    "%.300s; no backend works for this user (see fathom doctor)", why);
}

static int choose_sites(struct record *r)
{
	const struct plan_event *event;
	const struct plan_site *hazard;

	if (!strcmp(r->options.site, "nop"))
		return 0;
	site_features_learn(&r->features);
	sites_choose(&r->plan, &r->features);
	hazard = sites_hazard(&r->plan, &r->features, &event);
	if (!hazard)
		return 0;
	if (!r->options.force)
		return fail(&r->failure, -EPERM,
			    "%s in %s is a five-byte nop, which this kernel's uprobes "
			    "turn into "
			    "a call that corrupts red zones and kills forked children; "
			    "--force "
			    "records it all the same",
			    event->name, r->plan.files[hazard->file].path);
	command_warn("record",
		     "%s may corrupt the traced program: its site is a five-byte nop",
		     event->name);
	return 0;
}

/* What the plan asks for and the backend can give. */
static int make_plan(struct record *r)
{
	const struct record_files files = {
		.names = &r->options.files,
		.target = &r->target,
		.program = r->program,
		.everybody = r->options.all || (!r->program && !r->target.nr_pids),
	};
	int err = specs_parse(&r->specs, &r->options.specs, &r->failure);

	if (!err)
		err = naming_open(&r->plan.naming, &r->options.providers, &r->failure);
	if (!err)
		err = record_files_add(&r->plan, &files, &r->failure);
	if (!err)
		err = plan_choose(&r->plan, &r->specs.globs, &r->failure);
	if (!err && r->plan.nr_events > EVENTS_MAX)
		err = fail(&r->failure, -E2BIG, "%zu probes match, more than %d",
			   r->plan.nr_events, EVENTS_MAX);
	if (!err)
		err = specs_apply_types(&r->specs, &r->plan, &r->failure);
	if (!err)
		err = choose_backend(r);
	if (!err)
		err = plan_leave_out(&r->plan, r->backend->cannot, r->backend->all_sites);
	if (!err)
		err = specs_apply_filters(&r->specs, &r->plan, &r->failure);
	if (!err)
		err = choose_sites(r);
	if (!err)
		err = semaphores_foretell(&r->plan);
	if (!err && r->options.kernel)
		err = kernel_events_choose(&r->kernel,
					   *r->options.kernel ? r->options.kernel
							      : kernel_events_usual,
					   &r->failure);
	if (!err && r->options.flight.size)
		err = record_flight_open(&r->flight, &r->options.flight, &r->plan,
					 r->options.output, r->options.ring_size,
					 &r->failure);
	return err;
}

static void count_kinds(const struct plan *plan, size_t kinds[SITE_KINDS])
{
	for (size_t i = 0; i < plan->nr_events; i++)
		for (size_t j = 0; j < plan->events[i].nr_sites; j++)
			kinds[plan->events[i].sites[j].kind]++;
}

/* Is there a site that only lacks the promise of no forked children? */
static bool has_fast_site(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nr_events; i++)
		for (size_t j = 0; j < plan->events[i].nr_sites; j++)
			if (plan->events[i].sites[j].site->has_nop5 &&
			    plan->events[i].sites[j].kind == SITE_NOP)
				return true;
	return false;
}

/* Why sites are not as fast as they could be; "" when there is no more to say. */
static const char *slow_reason(const struct record *r, const size_t kinds[SITE_KINDS])
{
	if (!strcmp(r->options.site, "nop"))
		return " (as asked)";
	if (!kinds[SITE_NOP])
		return " (fast and safe here)";
	if (!r->features.tested && r->features.system_call != ENOSYS)
		return " (if a faster one is safe here, only root can try)";
	if (!r->features.nop5_fast && !r->features.nop10_fast)
		return " (this kernel has no faster one)";
	if (has_fast_site(&r->plan) && !r->features.nop5_forks)
		return " (this kernel's fast sites kill forked children that hit them; "
		       "if "
		       "none does, build the program with -DFATHOM_SDT_NO_FORK, see "
		       "docs/probe-notes.md)";
	return kinds[SITE_NOP5] + kinds[SITE_NOP10] ? " (not every probe has a fast site)"
						    : " (the probes have no fast site)";
}

static void say_notices(const struct record *r)
{
	size_t seconds = r->plan.nr_sites * r->backend->detach_ms / 1000;

	if (seconds > DETACH_SECONDS)
		command_warn("record",
			     "detaching %zu sites with --backend %s takes about %zu s, "
			     "and no uprobe of this machine can come or go meanwhile",
			     r->plan.nr_sites, r->backend->name, seconds);
	for (size_t i = 0; i < r->plan.nr_notices; i++)
		command_warn("record", "%s", r->plan.notices[i]);
}

/* Which backend and which sites, and why: once they are attached. */
static void say_attached(void *user)
{
	const struct record *r = user;
	size_t kinds[SITE_KINDS] = {0};
	const char *separator = "";

	if (r->options.quiet)
		return;
	count_kinds(&r->plan, kinds);
	fprintf(stderr, "[ fathom record: %zu probe%s attached, backend %s: %s; sites: ",
		r->plan.nr_events, r->plan.nr_events == 1 ? "" : "s", r->backend->name,
		r->backend->how);
	for (enum site_kind kind = 0; kind < SITE_KINDS; kind++) {
		if (!kinds[kind])
			continue;
		fprintf(stderr, "%s%zu %s", separator, kinds[kind], site_kind_name(kind));
		separator = ", ";
	}
	fprintf(stderr, "%s ]\n", slow_reason(r, kinds));
	if (r->options.flight.size)
		record_flight_say_attached(&r->flight);
}

/* NULL: it is no longer. */
static void say_busy(void *user, const char *what)
{
	struct record *r = user;

	patience_end(r->patience);
	r->patience =
		what && !r->options.quiet ? patience_begin(what, PATIENCE_SECONDS) : NULL;
}

static size_t power_of_two(uint64_t size)
{
	size_t power = 4096;

	while (power < size)
		power *= 2;
	return power;
}

static int run(struct record *r)
{
	const struct record_options *o = &r->options;
	struct recording_options recording = {
		.backend = r->backend,
		.plan = &r->plan,
		.kernel = o->kernel ? &r->kernel : NULL,
		.target = &r->target,
		.command = r->command ? r->command[0] : NULL,
		.path = o->output,
		.flight = o->flight.size ? &r->flight.options : NULL,
		.compress = o->compress ? 1 : 0,
		.ring_size = o->ring_size ? power_of_two(o->ring_size) : 0,
		.string_size = (uint32_t)o->string_size,
		.duration_ns = o->duration_ns,
		.attached = say_attached,
		.busy = say_busy,
		.user = r,
		.argc = r->argc,
		.argv = r->argv,
	};
	struct summary_style style = {.output = o->output,
				      .quiet = o->quiet,
				      .verbose = o->verbose,
				      .flight = o->flight.size != 0};
	struct recording_result result;
	int err = 0;

	if (r->command)
		err = target_start(&r->target, r->command, !strcmp(o->output, "-"),
				   &r->failure);
	if (err)
		return err;
	say_notices(r);
	err = recording_run(&recording, &result, &r->failure);
	style.complete = !err;
	if (!err || result.events || result.lost)
		record_summary_print(&r->plan, &r->kernel, &result, &style);
	free(result.lost_on_cpu);
	if (!err && result.failed_snapshots)
		err = fail(&r->failure, -EIO,
			   "%llu of %llu snapshots could not be written to their end",
			   (unsigned long long)result.failed_snapshots,
			   (unsigned long long)result.snapshots + 1);
	return err;
}

int cmd_record(int argc, char **argv)
{
	struct record r = {
		.options = {.output = "perf.data",
			    .backend = "auto",
			    .site = "auto",
			    .string_size = 128,
			    .flight = {.count = SNAPSHOT_COUNT,
				       .interval_ns = SNAPSHOT_INTERVAL_NS}},
		.target = {.go = -1, .failed = -1, .ended = -1},
		.argc = argc,
		.argv = argv,
	};
	int first = options_parse(&usage, argc, argv, &r.options), err;

	if (first < 0) {
		err = options_exit(first);
		goto out;
	}
	if (first < argc)
		r.command = argv + first;
	err = check_usage(&r);
	if (err)
		goto out;
	stop_on_signals();
	if (r.options.flight.size)
		snapshot_on_signal();
	err = spec_list_split(&r.options.specs, &r.failure);
	if (!err && r.options.pids.count)
		err = target_processes(&r.target, &r.options.pids, &r.failure);
	r.target.follow = r.options.follow;
	r.target.everybody = r.options.all;
	if (!err && r.command)
		err = target_find_command(r.command[0], &r.program, &r.failure);
	if (!err)
		err = make_plan(&r);
	if (!err)
		err = run(&r);
	if (err)
		err = command_failed("record", &r.failure);
	target_release(&r.target);
	record_flight_close(&r.flight);
	naming_close(r.plan.naming);
	plan_release(&r.plan);
	kernel_events_release(&r.kernel);
	specs_release(&r.specs);
	spec_list_free(&r.options.specs);
	free(r.program);
out:
	string_list_free(&r.options.specs);
	string_list_free(&r.options.files);
	string_list_free(&r.options.pids);
	string_list_free(&r.options.providers);
	string_list_free(&r.options.flight.triggers);
	return err;
}
