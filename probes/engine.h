/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O engines: one table of operations each.
 *
 * A worker (worker.c) has one queue, and all slots are called by the worker's own
 * thread, so no slot needs a lock. The order of calls:
 *
 *	open, { queue… submit, reap…, wait }…, close
 *
 * The worker never has more than @depth requests between queue and reap.
 * How to add one: docs/add-an-engine.md. The smallest: engine_null.c.
 */
#ifndef FATHOM_PROBES_ENGINE_H
#define FATHOM_PROBES_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/request.h"

struct failure;
struct latency_mix;

/* What a worker tells its engine once. Outlives the queue. */
struct engine_setup {
	unsigned depth; /* requests in flight at most, 1 to 65536 */
	int fd;		/* the one file of this worker; -1: needs_file is false */
	struct request *requests; /* @depth of them, buffers assigned */
	void *buffers;		  /* the area all buffers lie in, page aligned */
	size_t buffers_size;
	const struct latency_mix *latency; /* of engine timer */
	uint64_t seed;			   /* of what it draws: each worker has its own */
	bool polls; /* reap will be called in a busy loop (poll_max_ns > 0) */
};

struct engine {
	const char *name;   /* as job files say it in ioengine= */
	bool needs_file;    /* false: nothing is opened, a file name is not wanted */
	bool synchronous;   /* submit returns when the I/O is done: a depth is useless */
	unsigned depth_max; /* the most requests one queue takes; 0: as many as a job says
			     */

	/* Before the first request. *@queue is handed to all other slots.
	 * 0, or a negative errno with the reason in @f. Never NULL. */
	int (*open)(void **queue, const struct engine_setup *setup, struct failure *f);

	/* With nothing in flight, or after open failed (@queue NULL). Never NULL. */
	void (*close)(void *queue);

	/* Takes note of @r, which stays the worker's memory but must not change until
	 * it is reaped. No system call; there is always room. Never NULL. */
	void (*queue)(void *queue, struct request *r);

	/* Enters the kernel with what was queued, oldest first. How many the kernel
	 * took: the others stay queued and will be offered again. A request that the
	 * kernel refuses counts as taken and is reaped with its error as result.
	 * -EAGAIN or -EINTR: took none, reap first. NULL: queue is all there is. */
	int (*submit)(void *queue);

	/* Fills @done with at most @room finished requests, results set; 0 if there
	 * are none. Does not block; a system call only where has_ring says no.
	 * Never NULL. */
	unsigned (*reap)(void *queue, struct request **done, unsigned room);

	/* Blocks until reap would find something, @limit_ns are over (-ETIME or 0;
	 * UINT64_MAX: no limit), a signal (-EINTR), or a failure (another negative
	 * errno). Only with a request in the kernel. An engine that knows no limits
	 * waits on. NULL when synchronous: reap always finds what submit took. */
	int (*wait)(void *queue, uint64_t limit_ns);

	/* Is reap a pure look at memory shared with the kernel, so that busy polling
	 * makes sense? NULL: no. */
	bool (*has_ring)(const void *queue);
};

extern const struct engine engine_io_uring, engine_libaio, engine_psync, engine_null,
	engine_timer;

/* The engine called @name, or NULL. */
const struct engine *engine_find(const char *name);

/* The names, ending with NULL. */
extern const char *const engine_names[];

#endif
