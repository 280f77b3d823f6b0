/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A worker: one thread with one event loop that keeps one engine queue full. */
#ifndef FATHOM_PROBES_WORKER_H
#define FATHOM_PROBES_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "core/poll_rule.h"
#include "probes/engine.h"
#include "probes/gate.h"
#include "probes/job.h"
#include "probes/pattern.h"
#include "probes/statistics.h"
#include "probes/job_target.h"

struct worker {
	/* Set before the thread starts. */
	const struct job *job;
	unsigned index;	      /* in the run: the loop= of its probes */
	unsigned group;	      /* what fio calls groupid */
	unsigned nth;	      /* of its job's workers, from 0 */
	struct extent extent; /* where it works; the fd is closed by release */
	pthread_t thread;
	struct gate *gate; /* all workers of a group begin together */

	/* The loop's own. */
	const struct engine *engine;
	void *queue;
	unsigned depth;
	struct request *requests; /* depth of them: look here in a core dump */
	struct request **unused;  /* a stack */
	struct request **batch;	  /* queued, not yet dispatched */
	struct request **done;	  /* room for what reap finds */
	unsigned nr_unused, nr_batch;
	unsigned in_flight; /* queued or dispatched */
	unsigned nr_round;  /* queued since the depth was full last */
	void *buffers;
	size_t buffers_size;
	struct pattern pattern;
	uint64_t next_id;
	uint64_t left;	   /* requests to issue, UINT64_MAX without end */
	uint64_t unsynced; /* writes since the last sync request */
	uint64_t began_ns, measured_ns, end_ns, now_ns;
	bool measuring; /* the ramp is over */
	bool polls;
	struct poll_tuner tuner;
	struct statistics statistics;
	struct cpu_use cpu_before;

	/* For whoever watches: written with relaxed atomics. */
	bool stop; /* set by others: issue no more */
	uint64_t seen_ios[2], seen_bytes[2];
	struct samples iops[2], bandwidth[2]; /* the watcher's own; KiB/s */

	/* The end. */
	int error;	       /* the first negative errno, or 0 */
	uint64_t all_requests; /* reaped, the ramp included */
	struct failure failure;
};

/* Allocates what the loop needs; the engine is opened by the thread. 0 or -ENOMEM. */
int worker_init(struct worker *w);

/* Frees buffers and requests of one whose thread has ended or never was; what it
 * measured stays. May be called again. */
void worker_release_memory(struct worker *w);

/* Frees all and closes the file. */
void worker_release(struct worker *w);

/* Has somebody asked it to issue no more? */
static inline bool worker_stopped(const struct worker *w)
{
	return __atomic_load_n(&w->stop, __ATOMIC_RELAXED);
}

/* The first failure is the one that is told; nothing is issued after it. */
static inline void worker_note_failure(struct worker *w, int err)
{
	if (!w->error)
		w->error = err;
	w->left = 0;
}

/* worker_wait.c: with requests in flight and none to reap. Polls and blocks until there
 * are some; returns how many now stand in @done, 0 when a signal or a failure came. */
unsigned worker_await(struct worker *w);

/* The thread. @worker is a struct worker; returns NULL. */
void *worker_run(void *worker);

#endif
