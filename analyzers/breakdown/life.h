/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a request in stages: marks in the order of time, each the beginning of a
 * stage that lasts until the next. So the stages of a request add up to its latency to
 * the nanosecond, whatever probes there were and in whatever order they came.
 *
 * A life of many stages, a query that reads thousands of blocks, keeps its last marks and
 * the sums of what came before. Lives lie beside the pool of inflight.h, at the same
 * indices.
 */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_LIFE_H
#define FATHOM_ANALYZERS_BREAKDOWN_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/requests/model.h"

/* Stages that are not the model's; a model's are numbered from STAGE_MODEL on. */
enum {
	STAGE_SUBMIT,	/* accepted by the program */
	STAGE_IO_URING, /* io_uring_submit_req: the kernel looks at it */
	STAGE_BLOCK,	/* block_bio_queue: it waits at the block device */
	STAGE_DEVICE,	/* block_rq_issue: the device works on it */
	STAGE_FINISH,	/* block_rq_complete: on its way back through the kernel */
	STAGE_OFF_CPU,	/* … while its thread is not running */
	STAGE_REAP,	/* its completion lies there for the program to see */
	STAGE_MODEL,
	STAGES_MAX = STAGE_MODEL + MODEL_STAGES_MAX,
};

enum { LIFE_MARKS_MAX = 20 };

struct mark {
	uint64_t time_ns;
	uint8_t stage;
};

/* What the thread of a request did, in ns since the trace began. */
struct thread_time {
	uint64_t polling, waiting, off_cpu;
};

/* How a request was found again in the kernel. */
enum life_join {
	JOIN_NONE,
	JOIN_KEY,    /* io_uring's user_data is its key or alias */
	JOIN_ORDER,  /* it was the thread's next */
	JOIN_WORKER, /* a worker thread of io_uring did it */
	LIFE_JOINS,
};

/* What every request touches comes first, in few cache lines. */
struct life {
	uint32_t folded_met; /* the stages with time in folded, as bits */
	uint8_t nr_marks;
	uint8_t join;	 /* enum life_join */
	bool for_worker; /* given to a worker thread of io_uring, not begun there */
	bool is_waiting; /* in its thread's line for the kernel */
	bool is_write;
	bool is_in_ring;
	uint32_t depth;		 /* in flight when it came, itself included */
	uint32_t writes;	 /* … of them that write */
	uint32_t bios;		 /* at block devices now */
	uint32_t first_bio;	 /* bios.h; 0: none */
	uint32_t thread;	 /* that submitted it, threads.h */
	uint32_t worked_by;	 /* the thread that gave it to the kernel, or 0 */
	uint32_t before, behind; /* in the thread's line; 0: none */
	uint64_t queued_bytes;	 /* given to block devices so far */
	/* A new life has zeroes until here. */
	struct thread_time meanwhile;	   /* when it was submitted */
	struct mark marks[LIFE_MARKS_MAX]; /* the last of them */
	uint64_t ring, user_data;	   /* io_uring's names of it, if is_in_ring */
	uint64_t folded[STAGES_MAX];	   /* ns in stages before the marks */
};

struct lives {
	struct life *items;
	uint32_t room;
};

/* The life at @index of a pool of @pool_size, begun at @time_ns; NULL without memory.
 * Pointers hold until the next call. */
struct life *lives_begin(struct lives *l, uint32_t index, uint32_t pool_size,
			 uint64_t time_ns);
void lives_release(struct lives *l);

/* From @time_ns on it is in @stage. A time before the last mark counts as the last's. */
void life_mark(struct life *l, uint64_t time_ns, unsigned stage);

static inline unsigned life_stage(const struct life *l)
{
	return l->marks[l->nr_marks - 1].stage;
}

/* Puts what lies between @from_ns and @to_ns into @stage; then it is where it was. */
void life_overlay(struct life *l, uint64_t from_ns, uint64_t to_ns, unsigned stage);

/* A life taken apart. */
struct stage_times {
	uint32_t met;		       /* stages, as bits */
	uint64_t ns[STAGES_MAX];       /* in each; the sum is the latency */
	uint64_t begin_ns[STAGES_MAX]; /* after the submit, as far as marks are kept */
};

void life_times(const struct life *l, uint64_t submit_ns, uint64_t end_ns,
		struct stage_times *times);

#endif
