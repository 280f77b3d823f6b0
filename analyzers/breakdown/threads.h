/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of a trace: what each is doing, and the requests that it has submitted and
 * the kernel has not begun. */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_THREADS_H
#define FATHOM_ANALYZERS_BREAKDOWN_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzers/breakdown/life.h"
#include "trace/requests/index_table.h"

/* What a thread does for some time, again and again. */
struct spell {
	uint64_t since_ns; /* the last began */
	uint64_t until_ns; /* … and ended, unless is_on */
	uint64_t sum_ns;   /* of all that ended */
	bool is_on;
};

struct thread {
	int32_t pid, tid;
	struct spell polling, waiting, off_cpu;
	uint32_t first, last; /* requests in line for the kernel, the oldest first */
	uint32_t at_work;     /* the request that it is giving to the kernel, or 0 */
	uint64_t requests;    /* it submitted that ended */
	uint64_t latency_ns;  /* … the sum of theirs */
	/* Of the wait that is on, or the last: when the first answer came; 0: none. */
	uint64_t answer_ns;
};

enum { THREADS_MAX = 1 << 16 }; /* further ones are not told apart */

struct threads {
	struct index_table table;
	struct thread *items; /* [0] stands for those that are too many */
	uint32_t count, room;
	uint32_t last; /* found */
};

int threads_init(struct threads *t); /* 0 or -ENOMEM */
void threads_release(struct threads *t);

/* The index of thread @tid, a new one if need be; pid -1 leaves the pid as it is. */
uint32_t threads_find(struct threads *t, int32_t pid, int32_t tid);

void spell_begin(struct spell *s, uint64_t time_ns);
void spell_end(struct spell *s, uint64_t time_ns); /* without a begin nothing happens */

/* What it did until @time_ns. */
void thread_time(const struct thread *t, uint64_t time_ns, struct thread_time *spent);

/* The line of those that wait for the kernel, one per thread. */
void thread_enqueue(struct threads *t, struct lives *lives, uint32_t life);
void thread_dequeue(struct threads *t, struct lives *lives, uint32_t life);

/* @thread gives it to the kernel from now on, and nothing else; life 0: nothing. */
void thread_work(struct threads *t, struct lives *lives, uint32_t thread, uint32_t life);

#endif
