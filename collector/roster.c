// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folds the side-band of a recording into what is true at one moment.
 *
 * Records of one CPU come in order, those of two do not: a thread may be seen to fork
 * before the exec that named it. So records wait, sorted by time, until none older can
 * come, and then take effect one after the other.
 *
 * A thread goes with its EXIT record. A lost one would leave it here for ever, so when
 * the threads have become twice as many as were alive at the last look, those that are
 * not in /proc are marked, and they go when the time of that look has been reached: what
 * is still to take effect may be their EXIT.
 *
 * Rejected: reading /proc when a snapshot is written, as perf does. It knows nothing of
 * threads that ended within the snapshot, nor what a thread was called before it was
 * renamed within it.
 */
#include "collector/roster.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/mappings.h"
#include "collector/sideband.h"
#include "collector/waiting.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "trace/blob.h"
#include "trace/thread_names.h"

enum { FEW = 1024 }; /* threads, of which nobody asks whether they run */

struct task {
	int32_t tid; /* the key comes first */
	int32_t pid;
	uint64_t missed_ns; /* when it was not in /proc any more; 0: it was */
	char name[THREAD_NAME_SIZE];
};

struct process {
	int32_t pid; /* the key comes first */
	unsigned nr_tasks;
	struct blob maps; /* MMAP2 records */
};

struct roster {
	void *tasks, *processes; /* trees */
	size_t nr_tasks;
	struct waiting waiting; /* records that have not taken effect */
	size_t look_at;		/* so many threads: are all of them there? */
	uint64_t looked_ns;
};

struct roster *roster_new(void)
{
	struct roster *r = calloc(1, sizeof(*r));

	if (r)
		r->look_at = FEW;
	return r;
}

static void free_process(void *opaque)
{
	struct process *p = opaque;

	blob_release(&p->maps);
	free(p);
}

void roster_free(struct roster *r)
{
	if (!r)
		return;
	tdestroy(r->tasks, free);
	tdestroy(r->processes, free_process);
	waiting_release(&r->waiting);
	free(r);
}

size_t roster_threads(const struct roster *r)
{
	return r->nr_tasks;
}

static int by_number(const void *a, const void *b)
{
	int32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* The one called @number in a tree, or NULL. */
static void *find(void *const *tree, int32_t number)
{
	void **found = tfind(&number, tree, by_number);

	return found ? *found : NULL;
}

/* … or a new one of @size zeroed bytes that begin with the number; NULL without memory.
 */
static void *find_or_add(void **tree, int32_t number, size_t size)
{
	void *item = find(tree, number);

	if (item)
		return item;
	item = calloc(1, size);
	if (!item)
		return NULL;
	memcpy(item, &number, sizeof(number));
	if (tsearch(item, tree, by_number))
		return item;
	free(item);
	return NULL;
}

static struct process *process_of(struct roster *r, int32_t pid)
{
	return find_or_add(&r->processes, pid, sizeof(struct process));
}

static void remove_task(struct roster *r, struct task *task)
{
	struct process *process = find(&r->processes, task->pid);

	tdelete(task, &r->tasks, by_number);
	free(task);
	r->nr_tasks--;
	if (process && --process->nr_tasks == 0) {
		tdelete(process, &r->processes, by_number);
		free_process(process);
	}
}

/* The thread, which is one of @pid from now on; NULL without memory. */
static struct task *task_of(struct roster *r, int32_t pid, int32_t tid)
{
	struct task *task = find(&r->tasks, tid);
	struct process *process;

	if (task && task->pid != pid) {
		remove_task(r, task);
		task = NULL;
	}
	if (!task) {
		process = process_of(r, pid);
		task = process ? find_or_add(&r->tasks, tid, sizeof(*task)) : NULL;
		if (!task)
			return NULL;
		task->pid = pid;
		process->nr_tasks++;
		r->nr_tasks++;
	}
	task->missed_ns = 0;
	return task;
}

static int apply_comm(struct roster *r, struct bytes b, bool is_exec)
{
	int32_t pid = (int32_t)bytes_u32(&b), tid = (int32_t)bytes_u32(&b);
	const char *name = bytes_string(&b);
	struct task *task;

	if (bytes_bad(&b))
		return 0;
	task = task_of(r, pid, tid);
	if (!task)
		return -ENOMEM;
	memset(task->name, 0, sizeof(task->name));
	memcpy(task->name, name, strnlen(name, sizeof(task->name) - 1));
	if (is_exec)
		process_of(r, pid)->maps.size = 0;
	return 0;
}

/* A child begins with what its parent has mapped. */
static int inherit_maps(struct roster *r, int32_t pid, int32_t parent)
{
	struct process *child = process_of(r, pid);
	const struct process *from = find(&r->processes, parent);

	if (!child)
		return -ENOMEM;
	child->maps.size = 0;
	return from ? mappings_inherit(&child->maps, &from->maps, pid) : 0;
}

static int apply_fork(struct roster *r, struct bytes b)
{
	int32_t pid = (int32_t)bytes_u32(&b), parent = (int32_t)bytes_u32(&b);
	int32_t tid = (int32_t)bytes_u32(&b), parent_tid = (int32_t)bytes_u32(&b);
	const struct task *from;
	struct task *task;

	if (bytes_bad(&b) || tid == parent_tid)
		return 0;
	task = task_of(r, pid, tid);
	if (!task)
		return -ENOMEM;
	from = find(&r->tasks, parent_tid);
	if (from)
		memcpy(task->name, from->name, sizeof(task->name));
	return pid == parent ? 0 : inherit_maps(r, pid, parent);
}

static void apply_exit(struct roster *r, struct bytes b)
{
	struct task *task;

	bytes_u64(&b); /* pid and parent's pid */
	task = find(&r->tasks, (int32_t)bytes_u32(&b));
	if (task && !bytes_bad(&b))
		remove_task(r, task);
}

/* A process that is not known has no thread that could go. */
static int apply_mapping(struct roster *r, const uint8_t *record, struct bytes b)
{
	struct process *process = find(&r->processes, (int32_t)bytes_u32(&b));

	return process ? mappings_add(&process->maps, record) : 0;
}

static int apply(void *opaque, const uint8_t *record)
{
	struct perf_event_header header;
	struct roster *r = opaque;
	struct bytes b;

	memcpy(&header, record, sizeof(header));
	b = bytes_of(record + sizeof(header), header.size - sizeof(header));
	switch (header.type) {
	case PERF_RECORD_COMM:
		return apply_comm(r, b, header.misc & PERF_RECORD_MISC_COMM_EXEC);
	case PERF_RECORD_FORK:
		return apply_fork(r, b);
	case PERF_RECORD_EXIT:
		apply_exit(r, b);
		return 0;
	default:
		return apply_mapping(r, record, b);
	}
}

static bool is_of_interest(uint32_t type)
{
	return type == PERF_RECORD_COMM || type == PERF_RECORD_FORK ||
	       type == PERF_RECORD_EXIT || type == PERF_RECORD_MMAP2;
}

int roster_add(struct roster *r, const void *record, uint64_t time_ns)
{
	struct perf_event_header header;

	memcpy(&header, record, sizeof(header));
	return is_of_interest(header.type) ? waiting_add(&r->waiting, record, time_ns)
					   : 0;
}

/* A look at /proc: who is not there, and since when. */
struct look {
	uint64_t now_ns, gone_before_ns;
	struct task **gone; /* those that may go */
	size_t nr_gone, alive;
};

static void look_at_task(const void *node, VISIT visit, void *opaque)
{
	struct task *task = *(struct task *const *)node;
	struct look *look = opaque;
	char path[64];

	if (visit != postorder && visit != leaf)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", task->pid, task->tid);
	if (task->missed_ns && task->missed_ns <= look->gone_before_ns)
		look->gone[look->nr_gone++] = task;
	else if (access(path, F_OK) == 0)
		look->alive++;
	else if (!task->missed_ns)
		task->missed_ns = look->now_ns;
}

/* @time_ns: what was said until then has taken effect. */
static int look_for_all(struct roster *r, uint64_t time_ns)
{
	struct look look = {.now_ns = clock_ns(), .gone_before_ns = time_ns};

	look.gone = calloc(r->nr_tasks, sizeof(struct task *));
	if (!look.gone)
		return -ENOMEM;
	twalk_r(r->tasks, look_at_task, &look);
	for (size_t i = 0; i < look.nr_gone; i++)
		remove_task(r, look.gone[i]);
	free(look.gone);
	r->looked_ns = look.now_ns;
	r->look_at = look.alive * 2 > FEW ? look.alive * 2 : FEW;
	return 0;
}

int roster_settle(struct roster *r, uint64_t time_ns)
{
	int err = waiting_end(&r->waiting, time_ns, apply, r);

	if (!err && r->nr_tasks > r->look_at && time_ns > r->looked_ns)
		err = look_for_all(r, time_ns);
	return err;
}

/* What a walk through a tree writes, and how it went. */
struct writing {
	const struct sideband *to;
	struct failure *failure;
	bool leaders; /* only threads that give their process its number; or the others */
	int err;
};

static void write_task(const void *node, VISIT visit, void *opaque)
{
	const struct task *task = *(struct task *const *)node;
	struct writing *w = opaque;

	if ((visit != postorder && visit != leaf) || w->err ||
	    (task->tid == task->pid) != w->leaders)
		return;
	w->err = sideband_thread(w->to, (uint32_t)task->pid, (uint32_t)task->tid,
				 task->name, w->failure);
}

static void write_process(const void *node, VISIT visit, void *opaque)
{
	const struct process *process = *(struct process *const *)node;
	struct writing *w = opaque;

	if ((visit != postorder && visit != leaf) || w->err || !process->maps.size)
		return;
	w->err = w->to->write(w->to->user, process->maps.data, process->maps.size,
			      w->failure);
}

/* Leaders first: threads are forked from them. */
int roster_write(const struct roster *r, const struct sideband *to, struct failure *f)
{
	struct writing w = {.to = to, .failure = f, .leaders = true};

	twalk_r(r->tasks, write_task, &w);
	w.leaders = false;
	twalk_r(r->tasks, write_task, &w);
	twalk_r(r->processes, write_process, &w);
	for (size_t i = 0; i < r->waiting.count && !w.err; i++) {
		const struct waiting_record *waiting = &r->waiting.items[i];

		w.err = to->write(to->user, waiting->record, waiting->size, f);
	}
	return w.err;
}
