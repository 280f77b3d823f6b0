/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One I/O request of the engine, and where it is in its life.
 *
 * A worker owns an array of them, as many as its depth, for its whole life; a
 * debugger that finds the array finds every request in flight (docs/add-an-engine.md).
 */
#ifndef FATHOM_PROBES_REQUEST_H
#define FATHOM_PROBES_REQUEST_H

#include <stdint.h>

enum request_stage {
	REQUEST_FREE,
	REQUEST_QUEUED,	    /* accepted by the engine: probe submit */
	REQUEST_DISPATCHED, /* the kernel has it: probe dispatch */
};

enum { REQUEST_WORKER_SHIFT = 48 }; /* id: the worker above, a sequence from 1 below */

struct request {
	uint64_t id;
	uint64_t offset;
	uint64_t queued_ns;	/* CLOCK_MONOTONIC */
	uint64_t dispatched_ns; /* … when the kernel had taken its batch */
	int64_t result;		/* bytes, or a negative errno; after it was reaped */
	void *buffer;
	uint32_t length;
	uint32_t index; /* in the worker's array */
	int32_t fd;
	uint8_t op;    /* enum io_op */
	uint8_t stage; /* enum request_stage */
};

#endif
