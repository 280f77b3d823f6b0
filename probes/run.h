/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run: all jobs of a job file, their workers, and what came out.
 *
 * Jobs run side by side until one says stonewall; it and those behind it wait. Those
 * that run together are a group (fio's groupid).
 */
#ifndef FATHOM_PROBES_RUN_H
#define FATHOM_PROBES_RUN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "probes/disk.h"
#include "probes/honesty.h"
#include "probes/job.h"
#include "probes/statistics.h"
#include "probes/job_target.h"
#include "probes/worker.h"

struct failure;
struct file_rules;

struct run_disk {
	char name[64];
	dev_t device;
	struct disk_counts before, used;
};

/* What a watcher of the run is told, ten times a second. */
struct run_progress {
	double done;	  /* of the time of all groups, 0 to 1; -1 unknown */
	uint64_t left_ns; /* of it; 0 unknown */
	double iops[2], bytes_per_second[2]; /* of the last half second */
	bool ramp;			     /* nothing is measured yet */
};

struct run {
	const struct job_file *file;
	const struct file_rules *rules;
	struct job_target *targets; /* by job */
	struct worker *workers;	    /* jobs in order, each with numjobs workers */
	size_t nr_workers;
	size_t nr_done; /* … of which ran: all, unless it was stopped or could not */
	struct run_disk *disks;
	size_t nr_disks;
	struct warnings warnings;
	uint64_t elapsed_ns;
	uint64_t seen_ns; /* by the watcher, last: ages in a core are up to here */
	void (*watch)(void *watcher, const struct run_progress *progress);
	void *watcher; /* … if @watch is not NULL */
};

/* The run of this process, for debuggers: its workers have the requests. */
extern struct run *bench_run;

/* Opens and lays out all files of @file under the @rules, both of which must outlive
 * the run. 0 or a negative errno with the reason in @f; run_release in both cases. */
int run_prepare(struct run *run, const struct job_file *file,
		const struct file_rules *rules, struct failure *f);

/* Runs to the end, or until file_work_stopped(). A worker's failure ends its job; the
 * first is returned with its reason, and results are there all the same. */
int run_go(struct run *run, struct failure *f);

void run_release(struct run *run);

/* Part of the run in which disk @index had a request in flight, in percent. The kernel
 * counts it in whole ticks of its clock, so that of a short run is coarse. */
double run_disk_util(const struct run *run, size_t index);

/* One line of the report: a worker, or a group with group_reporting. */
struct run_report {
	const struct job *job;
	const struct worker *first; /* of those merged */
	unsigned workers;
	int error;
	uint64_t all_requests;
	struct statistics statistics;
};

/* Bytes per second that all workers of @group together read, or wrote. */
double run_group_speed(const struct run *run, unsigned group, int direction);

/* How many reports; report @index (0 … count - 1) is merged into *@report. */
size_t run_nr_reports(const struct run *run);
void run_report(const struct run *run, size_t index, struct run_report *report);

#endif
