/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the threads that live at this point of a trace. */
#ifndef FATHOM_TRACE_THREAD_NAMES_H
#define FATHOM_TRACE_THREAD_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum {
	THREAD_NAME_SIZE = 16,	    /* the kernel's TASK_COMM_LEN */
	THREAD_NAMES_MAX = 1 << 19, /* further threads stay nameless */
};

struct thread_name {
	int32_t tid; /* 0: the slot is free; thread 0 is the idle task and not kept */
	char name[THREAD_NAME_SIZE];
};

struct thread_names {
	struct thread_name *slots; /* open addressing, at most three quarters full */
	size_t room, count;
};

/* Copies at most 15 bytes of @name, up to a NUL. Without memory the name is lost. */
void thread_named(struct thread_names *t, int32_t tid, const char *name, size_t size);
void thread_forked(struct thread_names *t, int32_t parent_tid, int32_t tid);
void thread_exited(struct thread_names *t, int32_t tid);
const char *thread_name(const struct thread_names *t, int32_t tid); /* NULL: unknown */
void thread_names_release(struct thread_names *t);

#endif
