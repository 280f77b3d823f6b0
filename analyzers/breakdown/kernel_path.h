/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests on their way through the kernel, by its tracepoints (record --kernel).
 *
 * A tracepoint does not know the program's requests. They are found in three ways:
 *
 *   by key    io_uring's user_data is the request's key, or an alias that the model names
 *   in order  what a thread gives to the kernel are its submitted requests, the oldest
 *             first; from then on io_uring's user_data tells
 *   worker    io_uring gave it to a worker thread: the oldest such request of the process
 *             that goes the same way
 *
 * A bio belongs to the request that its thread is giving to the kernel; what is issued
 * and completed belongs to bios by device and sector (bios.h). How many requests were
 * found in which way, and what was not, is counted and said.
 */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_KERNEL_PATH_H
#define FATHOM_ANALYZERS_BREAKDOWN_KERNEL_PATH_H

#include "analyzers/breakdown/bios.h"
#include "analyzers/breakdown/life.h"
#include "analyzers/breakdown/threads.h"
#include "trace/analyzer.h"
#include "trace/requests/requests.h"

struct kernel_type;

struct kernel_path {
	/* Set before the pass. */
	struct requests *requests;
	struct lives *lives;
	struct threads *threads;

	/* Found out. */
	bool is_traced;		     /* the trace has types of the kernel's events */
	bool has_block, has_sched;   /* … and there were such events */
	bool has_io_uring;	     /* … and requests went through it */
	uint64_t joined[LIFE_JOINS]; /* requests that ended, by how */
	uint64_t reached_device;     /* … of them that were at a block device */
	uint64_t strange_bios; /* of threads that have requests, but of none of them */
	uint64_t strange_data; /* user_data of no request */
	uint64_t unseen;       /* requests that ended before block_rq_complete was seen */

	struct bios bios;
	struct index_table by_data; /* lives that is_in_ring, by ring and user_data */
	uint32_t nr_in_ring;
	struct kernel_type *types; /* by the type's index */
	size_t nr_types;
	bool writes[WORDS_MAX], asked[WORDS_MAX]; /* does an operation write? */
};

/* The state is a struct kernel_path. Its events belong behind those of requests. */
extern const struct analyzer kernel_path_analyzer;

/* A request came (life.thread and so on are filled here) and left. */
void kernel_path_begin(struct kernel_path *k, const struct request *q, uint32_t index);
void kernel_path_end(struct kernel_path *k, uint32_t index, bool completed);

/* Does the operation of @q write? By its word. */
bool kernel_path_writes(struct kernel_path *k, const struct request *q);

void kernel_path_release(struct kernel_path *k);

#endif
