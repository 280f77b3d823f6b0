// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The backend that needs no BPF: uprobe events of tracefs, fetched by the kernel, sampled
 * by perf events into perf's rings.
 *
 * Each event of the plan becomes one uprobe event, in the group fathom_PID, with all its
 * sites. Its record is the kernel's own: common fields, u64 __probe_ip, and the arguments
 * one after the other without padding. In the trace's format they get their names and
 * words; in tracefs they are arg1, arg2, ….
 *
 * A killed fathom leaves its events in tracefs; the next run removes the groups of
 * processes that are dead. Events can only be removed once no perf event uses them, so
 * this is the last thing of all.
 */
#include "collector/backend.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "collector/fetch_text.h"
#include "collector/plan_filter.h"
#include "collector/tracefs.h"
#include "core/failure.h"
#include "trace/event_format.h"

enum { LINE_MAX_BYTES = 4096, NAME_MAX_BYTES = 60, RECORD_START = 16 };

struct uprobe_state {
	char group[32];
	int *ids; /* tracepoint ids, per event of the plan */
};

static int uprobe_missing(struct failure *why)
{
	const char *root = tracefs_path(false);
	char path[256];

	if (geteuid() != 0)
		return fail(why, -EPERM, "uprobe events need root");
	if (!root)
		return 0; /* open() mounts it */
	snprintf(path, sizeof(path), "%s/uprobe_events", root);
	if (access(path, W_OK) < 0)
		return fail(why, -EOPNOTSUPP,
			    "this kernel has no uprobe events "
			    "(CONFIG_UPROBE_EVENTS)");
	return 0;
}

static void event_name(char *out, size_t room, const struct plan *plan, unsigned event)
{
	size_t length =
		(size_t)snprintf(out, room, "e%u_%s", event, plan->events[event].probe);

	for (size_t i = 0; i < length && out[i]; i++)
		if (!isalnum((unsigned char)out[i]))
			out[i] = '_';
}

/* The kernel cuts lines at blanks and at #, and paths at colons: such a file goes by its
 * fd. */
static int plain_path(const char *path, char *out, size_t room)
{
	int fd = -1;

	if (!strpbrk(path, " \t\n\v\f\r:#")) {
		snprintf(out, room, "%s", path);
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(out, room, "/proc/self/fd/%d", fd);
	return fd;
}

/* Defines one site: the first makes the event, the others join it. */
static int define_site(const struct uprobe_state *state, const struct plan *plan,
		       unsigned event, const struct plan_site *site, struct failure *f)
{
	char line[LINE_MAX_BYTES], name[NAME_MAX_BYTES], path[1024], semaphore[32] = "";
	int fd = plain_path(plan->files[site->file].path, path, sizeof(path));
	int length, err;

	event_name(name, sizeof(name), plan, event);
	if (site->site->semaphore)
		snprintf(semaphore, sizeof(semaphore), "(0x%llx)",
			 (unsigned long long)site->site->semaphore);
	length = snprintf(line, sizeof(line), "p:%s/%s %s:0x%llx%s", state->group, name,
			  path, (unsigned long long)plan_attach_offset(site), semaphore);
	err = fetch_text(line + length, sizeof(line) - (size_t)length,
			 &plan->events[event], site);
	if (err)
		fail(f, err, "the definition is too long");
	else
		err = tracefs_write("uprobe_events", line, f);
	if (fd >= 0)
		close(fd);
	return err ? fail_in(f, err, "%s", plan->events[event].name) : 0;
}

static int define_event(struct uprobe_state *state, const struct plan *plan,
			unsigned event, struct failure *f)
{
	char name[NAME_MAX_BYTES], path[128];

	for (size_t i = 0; i < plan->events[event].nr_sites; i++) {
		int err =
			define_site(state, plan, event, &plan->events[event].sites[i], f);

		if (err)
			return err;
	}
	event_name(name, sizeof(name), plan, event);
	snprintf(path, sizeof(path), "%s/%s", state->group, name);
	state->ids[event] = tracefs_event_id(path);
	if (state->ids[event] < 0)
		return fail(f, state->ids[event], "%s: its uprobe event has no id",
			    plan->events[event].name);
	return 0;
}

/* One event, or the side-band, for one thread (-1 all) on every CPU. */
static int open_thread(struct uprobe_state *state, struct capture *capture,
		       unsigned event, pid_t tid, struct failure *f)
{
	const struct target *target = capture->target;
	bool sideband = event == COUNTER_SIDEBAND;
	struct counter_choice choice = {
		.type = sideband ? PERF_TYPE_SOFTWARE : PERF_TYPE_TRACEPOINT,
		.config = sideband ? PERF_COUNT_SW_DUMMY : (uint64_t)state->ids[event],
		.sideband = sideband,
		.inherit = tid != -1,
		.threads_only = tid != -1 && !target->follow,
		.on_exec = target->kind == TARGET_COMMAND && !target->everybody,
		.ring_size = capture->ring_size,
	};
	int err = 0;

	for (unsigned cpu = 0; !err && cpu < capture->cpus; cpu++) {
		err = counters_open(&capture->counters, capture->rings, &choice, event,
				    tid, cpu, f);
		if (err == -ENODEV) /* the CPU is offline */
			err = 0;
	}
	return err;
}

static int open_events(struct uprobe_state *state, struct capture *capture, pid_t tid,
		       struct failure *f)
{
	size_t nr_events = capture->plan->nr_events;
	size_t needed = capture->counters.count + (nr_events + 1) * capture->cpus;
	int err = allow_open_files(needed, f);

	if (!err)
		err = open_thread(state, capture, COUNTER_SIDEBAND, tid, f);
	for (unsigned i = 0; !err && i < nr_events; i++)
		err = open_thread(state, capture, i, tid, f);
	return err;
}

/* A thread that ends meanwhile (-ESRCH) is no error. */
static int open_process(struct uprobe_state *state, struct capture *capture, pid_t pid,
			struct failure *f)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return fail(f, -errno, "process %d: %s", pid, strerror(errno));
	while (!err && (entry = readdir(tasks))) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (tid > 0)
			err = open_events(state, capture, tid, f);
		if (err == -ESRCH)
			err = 0;
	}
	closedir(tasks);
	return err;
}

static int open_target(struct uprobe_state *state, struct capture *capture,
		       struct failure *f)
{
	const struct target *target = capture->target;
	int err = 0;

	if (target_is_everybody(target))
		return open_events(state, capture, -1, f);
	for (size_t i = 0; !err && i < target->nr_pids; i++)
		err = open_process(state, capture, target->pids[i], f);
	return err;
}

/* Each perf event of a plan event gets its filter. */
static int set_filters(const struct capture *capture, struct failure *f)
{
	const struct counters *counters = &capture->counters;
	char text[LINE_MAX_BYTES];

	for (size_t i = 0; i < counters->count; i++) {
		unsigned number = counters->items[i].event;
		const struct plan_event *event = &capture->plan->events[number];

		if (number == COUNTER_SIDEBAND || !event->filter)
			continue;
		if (filter_kernel_text(text, sizeof(text), event->filter, event))
			return fail(f, -E2BIG, "%s: the filter is too long", event->name);
		if (ioctl(counters->items[i].fd, PERF_EVENT_IOC_SET_FILTER, text) < 0)
			return fail(f, -errno, "%s: the kernel refuses the filter %s: %s",
				    event->name, text, strerror(errno));
	}
	return 0;
}

static int uprobe_open(void **result, struct capture *capture, struct failure *f)
{
	struct uprobe_state *state = calloc(1, sizeof(*state));
	int err;

	*result = state;
	if (state)
		state->ids = calloc(capture->plan->nr_events, sizeof(*state->ids));
	if (!state || !state->ids)
		return fail(f, -ENOMEM, "out of memory");
	snprintf(state->group, sizeof(state->group), "fathom_%d", getpid());
	err = tracefs_clean(f);
	if (err > 0)
		err = 0;
	for (unsigned i = 0; !err && i < capture->plan->nr_events; i++)
		err = define_event(state, capture->plan, i, f);
	if (!err)
		err = open_target(state, capture, f);
	return err ? err : set_filters(capture, f);
}

/* The kernel packs arguments without padding behind __probe_ip. */
static void layout(const struct plan_event *event, struct format_field *fields)
{
	uint32_t at = RECORD_START;

	for (size_t i = 0; i < event->nr_arguments; i++) {
		const struct argument *a = &event->arguments[i];

		fields[i] = (struct format_field){a, at};
		at += a->kind == ARGUMENT_STRING ? 4 : a->size;
	}
}

static int uprobe_describe(void *opaque, const struct capture *capture, unsigned event,
			   struct event_description *out, struct failure *f)
{
	const struct plan_event *e = &capture->plan->events[event];
	struct format_field fields[ARGUMENTS_MAX];
	struct uprobe_state *state = opaque;

	out->type = (uint32_t)state->ids[event];
	out->ids = counters_ids(&capture->counters, event, &out->nr_ids);
	layout(e, fields);
	if (!out->ids || format_text(&out->format, e->probe, out->type, FORMAT_SITE_IP, 0,
				     fields, e->nr_arguments)) {
		free(out->ids);
		return fail(f, -ENOMEM, "out of memory");
	}
	return 0;
}

static int uprobe_attach(void *state, struct capture *capture, struct failure *f)
{
	(void)state;
	if (capture->target->kind == TARGET_COMMAND && !capture->target->everybody)
		return 0; /* exec enables them */
	return counters_enable(&capture->counters, f);
}

static void uprobe_detach(void *state, struct capture *capture)
{
	(void)state;
	counters_disable(&capture->counters);
}

static uint64_t uprobe_lost_of_event(void *state, const struct capture *capture,
				     unsigned event)
{
	uint64_t lost = 0;

	(void)state;
	for (size_t i = 0; i < capture->counters.count; i++)
		if (capture->counters.items[i].event == event)
			lost += capture->counters.items[i].lost;
	return lost;
}

static void uprobe_close(void *opaque)
{
	struct uprobe_state *state = opaque;

	if (!state)
		return;
	tracefs_remove_group(state->group, NULL);
	free(state->ids);
	free(state);
}

const struct backend backend_uprobe = {
	.name = "uprobe",
	.how = "uprobe events of tracefs",
	.all_sites = true,
	.missing = uprobe_missing,
	.cannot = fetch_text_cannot,
	.open = uprobe_open,
	.describe = uprobe_describe,
	.attach = uprobe_attach,
	.detach = uprobe_detach,
	.lost_of_event = uprobe_lost_of_event,
	.close = uprobe_close,
};
