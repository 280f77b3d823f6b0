// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens, counts and closes the perf events of a recording. */
#include "collector/counter.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "collector/ring.h"
#include "core/failure.h"

enum { CLOSERS_MAX = 256, CLOSER_STACK = 64 << 10 };

/*
 * attr.build_id is not set, though the kernel knows it: with it Linux (6.18) marks the
 * MMAP2 records of everybody who records beside us as having a build id, too, and stock
 * perf record dies of that. The traced files' build ids are in the header instead.
 */
void counter_attr(struct perf_event_attr *attr, const struct counter_choice *choice,
		  unsigned nr_events)
{
	*attr = (struct perf_event_attr){
		.size = sizeof(*attr),
		.type = choice->type,
		.config = choice->config,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
			       PERF_SAMPLE_RAW |
			       (nr_events > 1 ? (uint64_t)PERF_SAMPLE_IDENTIFIER : 0),
		.read_format = PERF_FORMAT_ID | PERF_FORMAT_LOST,
		.disabled = 1,
		.inherit = choice->inherit,
		.inherit_thread = choice->threads_only,
		.enable_on_exec = choice->on_exec,
		.mmap = choice->sideband,
		.mmap2 = choice->sideband,
		.comm = choice->sideband,
		.comm_exec = choice->sideband,
		.task = choice->sideband,
		.sample_id_all = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(choice->ring_size / 4),
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
}

static int perf_event_open(struct perf_event_attr *attr, pid_t tid, unsigned cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, tid, (int)cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Opens with what this kernel knows; drops the newest wishes when it refuses. */
static int open_counter(struct counters *counters, struct perf_event_attr *attr,
			pid_t tid, unsigned cpu)
{
	bool learning = counters->count == 0;
	int fd;

	if (!learning && !counters->exact_losses)
		attr->read_format &= ~(uint64_t)PERF_FORMAT_LOST;
	fd = perf_event_open(attr, tid, cpu);
	if (learning && fd == -EINVAL) {
		attr->read_format &= ~(uint64_t)PERF_FORMAT_LOST;
		fd = perf_event_open(attr, tid, cpu);
	}
	if (learning)
		counters->exact_losses = attr->read_format & PERF_FORMAT_LOST;
	return fd;
}

static int add_counter(struct counters *counters, struct counter counter)
{
	size_t count = counters->count;

	if ((count & (count + 1)) == 0 || !counters->items) {
		struct counter *items =
			reallocarray(counters->items, 2 * count + 2, sizeof(*items));

		if (!items)
			return -ENOMEM;
		counters->items = items;
	}
	counters->items[counters->count++] = counter;
	return 0;
}

int counters_open(struct counters *counters, struct rings *rings,
		  const struct counter_choice *choice, unsigned event, pid_t tid,
		  unsigned cpu, struct failure *f)
{
	struct counter counter = {.event = event, .cpu = cpu};
	struct perf_event_attr attr;
	int err;

	counter_attr(&attr, choice, counters->nr_events);
	counter.fd = open_counter(counters, &attr, tid, cpu);
	if (counter.fd == -EMFILE)
		return fail(f, -EMFILE,
			    "too many open files: each of %u events needs one per "
			    "CPU; raise the limit (ulimit -n) or name fewer probes",
			    counters->nr_events);
	if (counter.fd < 0)
		return fail(f, counter.fd, "perf_event_open on CPU %u: %s", cpu,
			    strerror(-counter.fd));
	err = rings_join(rings, cpu, counter.fd, f);
	if (!err && ioctl(counter.fd, PERF_EVENT_IOC_ID, &counter.id) < 0)
		err = fail(f, -errno, "PERF_EVENT_IOC_ID: %s", strerror(errno));
	if (!err)
		err = add_counter(counters, counter);
	if (err)
		close(counter.fd);
	return err;
}

static int enable(const struct counter *counter, struct failure *f)
{
	if (ioctl(counter->fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return fail(f, -errno, "PERF_EVENT_IOC_ENABLE: %s", strerror(errno));
	return 0;
}

int counters_enable(const struct counters *counters, struct failure *f)
{
	int err = 0;

	for (size_t i = 0; !err && i < counters->count; i++)
		err = enable(&counters->items[i], f);
	return err;
}

int counters_enable_sideband(const struct counters *counters, struct failure *f)
{
	int err = 0;

	for (size_t i = 0; !err && i < counters->count; i++)
		if (counters->items[i].event == COUNTER_SIDEBAND)
			err = enable(&counters->items[i], f);
	return err;
}

/* The last first: no event lasts from the beginning on that another one only joined. */
void counters_disable(const struct counters *counters)
{
	for (size_t i = counters->count; i > 0; i--)
		ioctl(counters->items[i - 1].fd, PERF_EVENT_IOC_DISABLE, 0);
}

uint64_t *counters_ids(const struct counters *counters, unsigned event, size_t *count)
{
	uint64_t *ids = calloc(counters->count + 1, sizeof(*ids));

	*count = 0;
	for (size_t i = 0; ids && i < counters->count; i++)
		if (counters->items[i].event == event ||
		    (event == 0 && counters->items[i].event == COUNTER_SIDEBAND))
			ids[(*count)++] = counters->items[i].id;
	return ids;
}

void counters_read_lost(struct counters *counters)
{
	struct {
		uint64_t value, id, lost;
	} values;

	for (size_t i = 0; counters->exact_losses && i < counters->count; i++)
		if (read(counters->items[i].fd, &values, sizeof(values)) ==
		    sizeof(values))
			counters->items[i].lost = values.lost;
}

void counters_close(struct counters *counters)
{
	for (size_t i = 0; i < counters->count; i++)
		close(counters->items[i].fd);
	free(counters->items);
	*counters = (struct counters){0};
}

struct closing {
	const int *fds;
	size_t count;
	size_t next; /* atomic */
};

static void *closer(void *argument)
{
	struct closing *closing = argument;
	size_t i;

	while ((i = __atomic_fetch_add(&closing->next, 1, __ATOMIC_RELAXED)) <
	       closing->count)
		close(closing->fds[i]);
	return NULL;
}

void close_in_parallel(const int *fds, size_t count)
{
	struct closing closing = {.fds = fds, .count = count};
	pthread_t threads[CLOSERS_MAX];
	size_t started = 0;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, CLOSER_STACK);
	while (started + 1 < count && started < CLOSERS_MAX &&
	       !pthread_create(&threads[started], &attr, closer, &closing))
		started++;
	closer(&closing);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&attr);
}

int allow_open_files(size_t more, struct failure *f)
{
	struct rlimit limit, higher;

	getrlimit(RLIMIT_NOFILE, &limit);
	more += 64; /* our own */
	if (limit.rlim_cur >= more)
		return 0;
	higher = (struct rlimit){more, limit.rlim_max > more ? limit.rlim_max : more};
	if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
		return 0;
	higher = (struct rlimit){limit.rlim_max, limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &higher);
	return fail(f, -EMFILE,
		    "%zu open files are needed and the limit is %llu: raise it "
		    "(ulimit -Hn) or name fewer probes",
		    more, (unsigned long long)limit.rlim_max);
}
