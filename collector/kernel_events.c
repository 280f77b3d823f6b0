// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds and opens the kernel's tracepoints that record --kernel records. */
#include "collector/kernel_events.h"

#include <errno.h>
#include <glob.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "collector/backend.h"
#include "collector/tracefs.h"
#include "core/failure.h"

/* The names changed with Linux 6.3 (submit_sqe to submit_req). */
const char kernel_events_usual[] =
	"io_uring:io_uring_submit_*,io_uring:io_uring_queue_async_work,"
	"io_uring:io_uring_complete,"
	"block:block_bio_queue,block:block_bio_backmerge,block:block_bio_frontmerge,"
	"block:block_rq_issue,block:block_rq_complete,sched:sched_switch";

enum { SPEC_MAX = 128 };

static int out_of_memory(struct failure *f)
{
	return fail(f, -ENOMEM, "out of memory");
}

/* @path is a tracepoint's folder: …/events/SYSTEM/NAME. */
static int add(struct kernel_events *k, const char *path, struct failure *f)
{
	const char *name = strrchr(path, '/') + 1, *system = name - 1;
	struct kernel_event *event = &k->items[k->count];
	char file[256];
	int id, err;

	while (system[-1] != '/')
		system--;
	if (k->count == KERNEL_EVENTS_MAX)
		return fail(f, -E2BIG, "more than %d tracepoints of the kernel match",
			    KERNEL_EVENTS_MAX);
	id = tracefs_event_id(system);
	if (id < 0)
		return 0; /* a group's "enable" or "filter", or ftrace's own */
	snprintf(file, sizeof(file), "events/%s/format", system);
	err = tracefs_read(file, &event->format, f);
	if (err)
		return err;
	event->id = (uint32_t)id;
	event->system = strndup(system, (size_t)(name - 1 - system));
	event->name = event->system ? malloc(strlen(system) + 1) : NULL;
	k->count++;
	if (!event->name)
		return out_of_memory(f);
	sprintf(event->name, "%s:%s", event->system, name);
	return 0;
}

/* One SYSTEM:NAME of the list. Returns how many there are, or a negative errno. */
static int add_matching(struct kernel_events *k, const char *spec, size_t length,
			struct failure *f)
{
	const char *root = tracefs_path(true), *colon = memchr(spec, ':', length);
	char pattern[2 * SPEC_MAX];
	glob_t found;
	int err;

	if (!root)
		return fail(f, -ENOENT,
			    "tracepoints of the kernel need tracefs: mount "
			    "-t tracefs tracefs /sys/kernel/tracing");
	if (!colon || memchr(spec, '/', length) || length > SPEC_MAX)
		return fail(f, -EINVAL, "--kernel: expected SYSTEM:NAME, not '%.*s'",
			    (int)(length > SPEC_MAX ? SPEC_MAX : length), spec);
	snprintf(pattern, sizeof(pattern), "%s/events/%.*s/%.*s", root,
		 (int)(colon - spec), spec, (int)(length - 1 - (size_t)(colon - spec)),
		 colon + 1);
	err = glob(pattern, GLOB_ONLYDIR, NULL, &found);
	if (err == GLOB_NOMATCH)
		return 0;
	if (err)
		return out_of_memory(f);
	err = (int)found.gl_pathc;
	for (size_t i = 0; err > 0 && i < found.gl_pathc; i++) {
		int added = add(k, found.gl_pathv[i], f);

		if (added < 0)
			err = added;
	}
	globfree(&found);
	return err;
}

static void release_event(struct kernel_event *event)
{
	free(event->name);
	free(event->system);
	free(event->format);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kernel_event *)a)->name,
		      ((const struct kernel_event *)b)->name);
}

/* One that two SPECs named counts once. */
static void sort_out(struct kernel_events *k)
{
	size_t kept = 0;

	qsort(k->items, k->count, sizeof(*k->items), by_name);
	for (size_t i = 0; i < k->count; i++) {
		if (kept && !by_name(&k->items[kept - 1], &k->items[i]))
			release_event(&k->items[i]);
		else
			k->items[kept++] = k->items[i];
	}
	k->count = kept;
}

int kernel_events_choose(struct kernel_events *k, const char *list, struct failure *f)
{
	bool usual = list == kernel_events_usual;

	k->items = calloc(KERNEL_EVENTS_MAX, sizeof(*k->items));
	if (!k->items)
		return out_of_memory(f);
	for (size_t length; *list; list += length + (list[length] == ',')) {
		int found;

		length = strcspn(list, ",");
		found = add_matching(k, list, length, f);
		if (found < 0)
			return found;
		if (!found && !usual)
			return fail(f, -ENOENT,
				    "--kernel: this kernel has no tracepoint %.*s",
				    (int)length, list);
	}
	sort_out(k);
	if (!k->count)
		return fail(f, -ENOENT,
			    "--kernel: this kernel has none of the tracepoints "
			    "of io_uring, block devices and the scheduler");
	return 0;
}

int kernel_events_open(const struct kernel_events *k, struct capture *capture,
		       bool sideband, struct failure *f)
{
	unsigned first = (unsigned)capture->plan->nr_events;

	for (unsigned i = 0; i < k->count; i++) {
		struct counter_choice choice = {
			.type = PERF_TYPE_TRACEPOINT,
			.config = k->items[i].id,
			.ring_size = rings_size(capture->rings),
			.sideband = sideband && i == 0,
		};

		for (unsigned cpu = 0; cpu < capture->cpus; cpu++) {
			int err = counters_open(&capture->counters, capture->rings,
						&choice, first + i, -1, cpu, f);

			if (err && err != -ENODEV) /* the CPU is offline */
				return fail_in(f, err, "%s", k->items[i].name);
		}
	}
	return 0;
}

/* Of the kernel's tracepoints, not of the plan or the side-band. */
static bool is_kernels(const struct capture *capture, const struct counter *counter)
{
	return counter->event >= capture->plan->nr_events &&
	       counter->event != COUNTER_SIDEBAND;
}

int kernel_events_enable(const struct capture *capture, struct failure *f)
{
	const struct counters *counters = &capture->counters;

	for (size_t i = 0; i < counters->count; i++)
		if (is_kernels(capture, &counters->items[i]) &&
		    ioctl(counters->items[i].fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
			return fail(f, -errno, "PERF_EVENT_IOC_ENABLE: %s",
				    strerror(errno));
	return 0;
}

void kernel_events_disable(const struct capture *capture)
{
	const struct counters *counters = &capture->counters;

	for (size_t i = 0; i < counters->count; i++)
		if (is_kernels(capture, &counters->items[i]))
			ioctl(counters->items[i].fd, PERF_EVENT_IOC_DISABLE, 0);
}

uint64_t kernel_events_count_lost(struct kernel_events *k, const struct capture *capture,
				  uint64_t *on_cpu)
{
	const struct counters *counters = &capture->counters;
	uint64_t sum = 0;

	for (size_t i = 0; i < counters->count; i++) {
		const struct counter *counter = &counters->items[i];

		if (!is_kernels(capture, counter))
			continue;
		k->items[counter->event - capture->plan->nr_events].lost += counter->lost;
		if (on_cpu)
			on_cpu[counter->cpu] += counter->lost;
		sum += counter->lost;
	}
	return sum;
}

void kernel_events_release(struct kernel_events *k)
{
	for (size_t i = 0; i < k->count; i++)
		release_event(&k->items[i]);
	free(k->items);
	*k = (struct kernel_events){0};
}
