// SPDX-License-Identifier: GPL-2.0-or-later
/* A run: groups of workers, one after the other, watched from the main thread. */
#include "probes/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/failure.h"
#include "probes/file_rules.h"
#include "probes/watcher.h"

struct run *bench_run;

/* Preparing */

static int add_disk(struct run *run, const struct job_target *t)
{
	struct run_disk *disks;

	for (size_t i = 0; i < run->nr_disks; i++)
		if (run->disks[i].device == t->device)
			return 0;
	disks = reallocarray(run->disks, run->nr_disks + 1, sizeof(*disks));
	if (!disks)
		return -ENOMEM;
	run->disks = disks;
	run->disks[run->nr_disks] = (struct run_disk){.device = t->device};
	memcpy(run->disks[run->nr_disks++].name, t->disk, sizeof(t->disk));
	return 0;
}

static int prepare_targets(struct run *run, struct failure *f)
{
	for (size_t i = 0; i < run->file->count; i++) {
		const struct job *job = &run->file->jobs[i];
		struct job_target *t = &run->targets[i];
		int err = job_target_prepare(t, job, run->file, run->rules, f);

		if (!err)
			err = job_target_guard(t, job, run->targets, i, f);
		if (err)
			return err;
		honesty_before(&run->warnings, job, t);
		if (*t->disk && add_disk(run, t))
			return -ENOMEM;
	}
	return 0;
}

static size_t count_workers(const struct job_file *file)
{
	size_t count = 0;

	for (size_t i = 0; i < file->count; i++)
		count += file->jobs[i].numjobs;
	return count;
}

static int prepare_workers(struct run *run, struct failure *f)
{
	unsigned index = 0, group = 0;

	for (size_t i = 0; i < run->file->count; i++) {
		const struct job *job = &run->file->jobs[i];

		group += job->stonewall && i > 0;
		for (unsigned nth = 0; nth < job->numjobs; nth++) {
			struct worker *w = &run->workers[index];
			int err;

			w->job = job;
			w->index = index++;
			w->group = group;
			w->nth = nth;
			err = job_target_open(&run->targets[i], job, nth, &w->extent, f);
			if (err)
				return err;
		}
	}
	return 0;
}

static int allocate(struct run *run, const struct job_file *file,
		    const struct file_rules *rules, struct failure *f)
{
	*run = (struct run){
		.file = file, .rules = rules, .nr_workers = count_workers(file)};
	if (run->nr_workers > 1U << (64 - REQUEST_WORKER_SHIFT))
		return fail(f, -E2BIG, "more than 65536 workers");
	run->targets = calloc(file->count, sizeof(*run->targets));
	run->workers = calloc(run->nr_workers, sizeof(*run->workers));
	for (size_t i = 0; run->targets && i < file->count; i++)
		run->targets[i].claim = -1;
	for (size_t i = 0; run->workers && i < run->nr_workers; i++)
		run->workers[i].extent.fd = -1;
	return run->targets && run->workers ? 0 : fail(f, -ENOMEM, "out of memory");
}

int run_prepare(struct run *run, const struct job_file *file,
		const struct file_rules *rules, struct failure *f)
{
	int err = allocate(run, file, rules, f);

	bench_run = run;
	if (!err)
		err = prepare_targets(run, f);
	return err ? err : prepare_workers(run, f);
}

void run_release(struct run *run)
{
	for (size_t i = 0; run->workers && i < run->nr_workers; i++)
		worker_release(&run->workers[i]);
	for (size_t i = 0; run->targets && i < run->file->count; i++)
		job_target_release(&run->targets[i]);
	warnings_free(&run->warnings);
	free(run->workers);
	free(run->targets);
	free(run->disks);
	bench_run = NULL;
}

/* Running a group */

/* Signals are for the main thread, which sits in no system call of a request. */
static int start_threads(struct worker *workers, size_t count, size_t *started)
{
	sigset_t all, before;
	int err = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (*started = 0; *started < count && !err; *started += !err) {
		struct worker *w = &workers[*started];

		err = pthread_create(&w->thread, NULL, worker_run, w);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err ? -err : 0;
}

static int first_failure(const struct worker *workers, size_t count, struct failure *f)
{
	for (size_t i = 0; i < count; i++)
		if (workers[i].error)
			return fail(f, workers[i].error, "job [%.60s]: %s",
				    workers[i].job->name, workers[i].failure.text);
	return 0;
}

/* All open their engines; nobody begins before all have, or if one could not. */
static int run_threads(struct watcher *watcher, struct worker *workers, size_t count,
		       struct failure *f)
{
	struct gate gate = GATE_CLOSED;
	size_t started;
	int err;

	for (size_t i = 0; i < count; i++)
		workers[i].gate = &gate;
	err = start_threads(workers, count, &started);
	gate_await(&gate, (unsigned)started);
	if (err)
		fail(f, err, "cannot start a thread: %s", strerror(-err));
	else
		err = first_failure(workers, started, f);
	watcher_begin(watcher, started);
	gate_decide(&gate, !err);
	watcher_join(watcher);
	return err ? err : first_failure(workers, started, f);
}

static int run_group(struct run *run, struct worker *workers, size_t count,
		     struct failure *f)
{
	struct watcher *watcher = watcher_new(run, workers, count);
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = worker_init(&workers[i]);
	if (err || !watcher)
		err = fail(f, -ENOMEM, "no memory for %zu workers", count);
	else
		err = run_threads(watcher, workers, count, f);
	for (size_t i = 0; i < count; i++)
		worker_release_memory(&workers[i]); /* the next group wants its own */
	watcher_free(watcher);
	return err;
}

static void judge_results(struct run *run)
{
	size_t count = run_nr_reports(run);
	struct run_report *report = malloc(sizeof(*report));

	for (size_t i = 0; report && i < count; i++) {
		run_report(run, i, report);
		honesty_after(&run->warnings, report->job, &report->statistics);
	}
	free(report);
}

static size_t group_size(const struct run *run, size_t first)
{
	size_t end = first;

	while (end < run->nr_workers &&
	       run->workers[end].group == run->workers[first].group)
		end++;
	return end - first;
}

int run_go(struct run *run, struct failure *f)
{
	uint64_t began = clock_ns();
	int err = 0;

	for (size_t i = 0; i < run->nr_disks; i++)
		disk_read(&run->disks[i].before, run->disks[i].device);
	for (size_t i = 0;
	     i < run->nr_workers && !err && !file_work_stopped(run->rules);) {
		size_t count = group_size(run, i);

		err = run_group(run, &run->workers[i], count, f);
		if (run->workers[i].began_ns)
			run->nr_done = i + count;
		i += count;
	}
	for (size_t i = 0; i < run->nr_disks; i++) {
		struct disk_counts after = {0};

		disk_read(&after, run->disks[i].device);
		run->disks[i].used = disk_between(&run->disks[i].before, &after);
	}
	run->elapsed_ns = clock_ns() - began;
	if (err) /* what it cut short says nothing */
		return err;
	if (!run->nr_done)
		return fail(f, -EINTR, "interrupted before it began");
	judge_results(run);
	return 0;
}

/* Reports */

double run_disk_util(const struct run *run, size_t index)
{
	double busy_ns = (double)run->disks[index].used.busy_ms * 1e6;

	if (busy_ns >= (double)run->elapsed_ns)
		return busy_ns > 0 ? 100 : 0;
	return 100 * busy_ns / (double)run->elapsed_ns;
}

double run_group_speed(const struct run *run, unsigned group, int direction)
{
	uint64_t bytes = 0, longest_ns = 0;

	for (size_t i = 0; i < run->nr_done; i++) {
		const struct statistics *s = &run->workers[i].statistics;

		if (run->workers[i].group != group)
			continue;
		bytes += s->direction[direction].bytes;
		if (s->elapsed_ns > longest_ns)
			longest_ns = s->elapsed_ns;
	}
	return longest_ns ? (double)bytes * 1e9 / (double)longest_ns : 0;
}

/* How many workers the report that begins with @first covers. */
static size_t report_size(const struct run *run, size_t first)
{
	return run->workers[first].job->group_reporting ? group_size(run, first) : 1;
}

size_t run_nr_reports(const struct run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->nr_done; i += report_size(run, i))
		count++;
	return count;
}

void run_report(const struct run *run, size_t index, struct run_report *report)
{
	size_t first = 0, size;

	while (index--)
		first += report_size(run, first);
	size = report_size(run, first);
	*report = (struct run_report){
		.job = run->workers[first].job,
		.first = &run->workers[first],
		.workers = (unsigned)size,
	};
	statistics_reset(&report->statistics);
	for (size_t i = first; i < first + size; i++) {
		const struct worker *w = &run->workers[i];

		statistics_merge(&report->statistics, &w->statistics);
		statistics_merge_samples(&report->statistics, w->iops, w->bandwidth);
		report->all_requests += w->all_requests;
		if (!report->error)
			report->error = w->error;
	}
}
