/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that load BPF programs and tie them to probe sites. */
#ifndef FATHOM_COLLECTOR_BPF_LINK_H
#define FATHOM_COLLECTOR_BPF_LINK_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/bpf_code.h"

struct failure;

/* Attach types of newer kernels than the headers we build with. */
enum { FATHOM_BPF_TRACE_UPROBE_MULTI = 48 };

/* Loads @code as a program that uprobes run (@multi: through a uprobe_multi link) or,
 * with @type BPF_PROG_TYPE_TRACEPOINT, that a tracepoint runs. Returns an fd or a
 * negative errno, with what the verifier said last in @f. */
int bpf_code_load(const struct bpf_code *code, enum bpf_prog_type type, bool multi,
		  struct failure *f);

/* Sites of one file for one program. The arrays have @count entries. */
struct multi_link {
	const char *path;
	const uint64_t *offsets;    /* in the file */
	const uint64_t *semaphores; /* file offsets, 0 none; NULL: none has one */
	const uint64_t *cookies;    /* NULL: the program asks for none */
	uint32_t count;
	pid_t pid; /* 0: every process */
};

/* One uprobe_multi link (6.6). Returns an fd or a negative errno. */
int multi_link(int program, const struct multi_link *link);

/* Can this user load programs for uprobes at all? 0, or what is missing in @f. */
int bpf_code_allowed(struct failure *f);

/* Are there uprobe_multi links? 0, or a negative errno. Tells if their filter by process
 * is sound (6.11, and stable kernels): before, it took the id for that of a thread. */
int multi_link_known(bool *pid_filter, struct failure *f);

/* The uprobe PMU's type, or -ENOENT where there is none (before 4.17). */
int uprobe_pmu_type(void);

/* May this user open its events? 0 or a negative errno. Newer kernels ask for
 * CAP_SYS_ADMIN, for a uprobe amid an instruction breaks the program; older ones for
 * CAP_PERFMON. */
int uprobe_pmu_allowed(void);

/* A perf event on one site through the uprobe PMU, @program tied to it; with @cookie
 * through a BPF link (5.15) whose fd goes to @link, else -1 goes there. Returns an fd. */
int perf_uprobe(const char *path, uint64_t offset, uint64_t semaphore, int program,
		const uint64_t *cookie, int *link);

/* A perf event that counts the hits of one site by the calling thread, without a
 * program: for self-tests. Returns an fd or a negative errno. */
int perf_uprobe_self(uint64_t offset);

/* Ties @program to tracepoint number @id. Returns an fd or a negative errno. */
int tracepoint_link(int program, unsigned id);

#endif
