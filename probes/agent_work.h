/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The job of an agent's session, in a thread of its own, so that the session can listen
 * meanwhile. It has two steps, preparing and running; one is done at a time.
 */
#ifndef FATHOM_PROBES_AGENT_WORK_H
#define FATHOM_PROBES_AGENT_WORK_H

#include <pthread.h>
#include <stdbool.h>

#include "core/failure.h"
#include "probes/file_rules.h"
#include "probes/job.h"
#include "probes/run.h"

struct work {
	struct job_file file; /* read and checked by the session */
	struct file_rules rules;
	struct run run;
	bool has_run; /* run_prepare was called */
	bool stop;    /* atomic */
	pthread_t thread;
	bool is_running;
	int done; /* an eventfd, readable when the thread is */
	int (*step)(struct work *work);
	int result;
	struct failure failure; /* if @result is not 0 */
	pthread_mutex_t lock;
	struct run_progress progress; /* under the lock */
};

/* 0, or a negative errno with the reason in @f; work_close in both cases. */
int work_open(struct work *w, struct failure *f);

/* Each begins a step; when @done is readable work_join has its result. */
int work_prepare(struct work *w, struct failure *f);
int work_run(struct work *w, struct failure *f);
int work_join(struct work *w);

/* Lets the step end early. */
void work_stop(struct work *w);

struct run_progress work_progress(struct work *w);

/* Ends the step, closes the files. */
void work_close(struct work *w);

#endif
