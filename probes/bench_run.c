// SPDX-License-Identifier: GPL-2.0-or-later
/* A bench as the command line wants it: run here, or there by an agent. */
#include "probes/bench_run.h"

#include <errno.h>
#include <stdio.h>

#include "core/failure.h"
#include "core/options.h"
#include "core/text.h"
#include "probes/bench_report.h"
#include "probes/bench_tell.h"
#include "probes/file_rules.h"
#include "probes/master.h"
#include "probes/run.h"

enum { CONNECT_MS = 30000 };

static size_t told; /* warnings that the user has seen */

static void warn(const json_t *warnings)
{
	progress_end();
	told = tell_warnings("bench", warnings, told);
}

/* Here */

static void warn_of(const struct run *run)
{
	json_t *warnings = bench_warnings(&run->warnings);

	warn(warnings);
	json_decref(warnings);
}

static void show(void *nobody, const struct run_progress *progress)
{
	(void)nobody;
	tell_progress(tell_phase(progress), progress);
}

int bench_here(const struct bench_job *job, json_t **results, struct failure *f)
{
	struct file_rules rules = {.devices = job->allow_write};
	struct run run;
	int err = run_prepare(&run, &job->file, &rules, f);

	warn_of(&run);
	if (!err) {
		run.watch = show;
		err = run_go(&run, f);
		warn_of(&run);
	}
	*results = bench_results(&run, err ? f->text : NULL);
	if (!*results && !err)
		err = fail(f, -ENOMEM, "no memory for the results");
	run_release(&run);
	return err;
}

/* There */

static void say(const char *line)
{
	progress_end();
	fprintf(stderr, "[ fathom bench: %s ]\n", line);
}

static json_t *overrides_of(const struct bench_job *job)
{
	json_t *list = json_array();

	for (size_t i = 0; i < BENCH_OVERRIDES; i++) {
		const struct bench_override *given = &job->overrides[i];

		if (given->value)
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "key", given->key,
							"value", given->value));
	}
	return list;
}

static json_t *devices_of(const struct bench_job *job)
{
	json_t *list = json_array();

	for (size_t i = 0; i < job->allow_write->count; i++)
		json_array_append_new(list, json_string(job->allow_write->items[i]));
	return list;
}

int bench_there(const struct bench_job *job, json_t **results, struct failure *f)
{
	struct master_options master = {
		.job = json_pack("{s:s, s:s, s:o, s:o}", "name", job->path, "text",
				 job->text, "overrides", overrides_of(job), "allow_write",
				 devices_of(job)),
		.agent = job->agent,
		.record = job->record,
		.say = say,
		.warn = warn,
		.show = tell_progress,
	};
	int fd, err;

	if (master.job)
		fd = channel_connect(&job->address, CONNECT_MS, f);
	else
		fd = fail(f, -EILSEQ, "%s is not UTF-8, so no agent can get it",
			  job->path);
	err = fd < 0 ? fd : master_run(fd, &master, results, f);
	progress_end();
	json_decref(master.job);
	return err;
}
