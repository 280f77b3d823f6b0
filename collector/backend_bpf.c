// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The backends that fetch arguments with generated BPF programs.
 *
 *   bpf       all sites of a program hang on one uprobe_multi link
 *   bpf-perf  a perf event of the uprobe PMU per site, for kernels without that link
 *
 * Both write records into rings of our own (hit_ring.c); perf's rings carry only the
 * side-band, names of threads and mappings, from one dummy event per CPU. So the number
 * of file descriptors does not grow with the events.
 *
 * Few sites get a program each, in which event and site are constants. Many share the
 * programs of their argument layouts and read both from the attach cookie: a link per
 * program costs a grace period of the kernel when it closes.
 */
#include "collector/backend.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "collector/bpf_link.h"
#include "collector/fetch.h"
#include "collector/follow.h"
#include "collector/hit_ring.h"
#include "core/failure.h"
#include "trace/event_format.h"

enum { BAKED_SITES_MAX = 16 };

/* A loaded program and the sites it serves, as indices of bpf_state.sites. */
struct program {
	int fd;
	struct bpf_insn *insns;
	size_t nr_insns;
};

struct program_site {
	unsigned event;
	const struct plan_site *site;
	size_t program;
};

struct bpf_state {
	bool multi;
	bool by_cookie;
	bool pid_filter;
	struct hit_rings *rings;
	struct hit_ring_shape shape;
	struct follow follow;
	struct program *programs;
	size_t nr_programs;
	struct program_site *sites;
	size_t nr_sites;
	int *links, *events; /* what detach closes, links first */
	size_t nr_links, nr_events;
};

static int multi_missing(struct failure *why)
{
	bool pid_filter;
	int err = bpf_code_allowed(why);

	return err ? err : multi_link_known(&pid_filter, why);
}

static int perf_missing(struct failure *why)
{
	int err = bpf_code_allowed(why);

	if (!err && uprobe_pmu_type() < 0)
		err = fail(why, -EOPNOTSUPP,
			   "this kernel has no uprobe PMU (Linux 4.17, "
			   "CONFIG_UPROBE_EVENTS)");
	if (!err && uprobe_pmu_allowed() < 0)
		err = fail(why, -EPERM,
			   "perf events of the uprobe PMU need root on this kernel");
	return err;
}

/* The side-band: one dummy event per CPU. */
static int open_counters(struct capture *capture, bool multi, struct failure *f)
{
	struct counter_choice choice = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sideband = true,
		.ring_size = rings_size(capture->rings),
	};
	size_t most = capture->cpus + 2 * capture->plan->nr_sites;
	int err = 0;

	/* A program and a link, or an event and a link, per site at most: where that is
	 * over the hard limit it may still be less. */
	if (allow_open_files(most, multi ? NULL : f) && !multi)
		return -EMFILE;
	for (unsigned cpu = 0; !err && cpu < capture->cpus; cpu++) {
		err = counters_open(&capture->counters, capture->rings, &choice,
				    COUNTER_SIDEBAND, -1, cpu, f);
		if (err == -ENODEV) /* the CPU is offline */
			err = 0;
	}
	return err;
}

static int open_rings(struct bpf_state *state, struct capture *capture, struct failure *f)
{
	const struct plan *plan = capture->plan;
	struct hit_ring_shape *shape = &state->shape;
	int err;

	shape->cpus = capture->cpus;
	shape->nr_events = capture->counters.nr_events;
	shape->size = (uint32_t)capture->ring_size;
	for (size_t i = 0; i < plan->nr_events; i++) {
		uint32_t bytes = fetch_record_max(&plan->events[i], shape->nr_events,
						  capture->string_size);

		if (bytes > shape->record_max)
			shape->record_max = bytes;
	}
	if (shape->record_max > shape->size / 2)
		return fail(f, -EINVAL,
			    "a record of up to %u bytes needs a larger ring (-m) or "
			    "shorter strings",
			    shape->record_max);
	hit_ring_shape(shape);
	err = hit_rings_new(&state->rings, shape, f);
	if (err)
		return err;
	return rings_watch(capture->rings, hit_rings_doorbell(state->rings));
}

static struct fetch_options fetch_options(const struct bpf_state *state,
					  const struct capture *capture)
{
	const struct target *target = capture->target;

	return (struct fetch_options){
		.rings = &state->shape,
		.map = hit_rings_map(state->rings),
		.doorbell = hit_rings_doorbell(state->rings),
		.string_size = capture->string_size,
		.who = target_is_everybody(target) ? FETCH_ALL : FETCH_TREE,
		.leader = target->nr_pids ? target->pids[0] : 0,
		.tree = state->follow.tree,
		.by_cookie = state->by_cookie,
	};
}

static int too_many_files(const struct bpf_state *state, struct failure *f)
{
	return fail(f, -EMFILE,
		    "too many open files: a program and a link for each of more than "
		    "%zu layouts of arguments; raise the limit (ulimit -Hn) or name "
		    "fewer probes",
		    state->nr_programs - 1);
}

/* The program with these instructions: one that is there, or a new one. */
static int find_program(struct bpf_state *state, const struct bpf_code *code,
			size_t *found, struct failure *f)
{
	size_t size = code->count * sizeof(code->insns[0]);
	struct program *program;

	for (*found = 0; *found < state->nr_programs; ++*found) {
		program = &state->programs[*found];
		if (program->nr_insns == code->count &&
		    memcmp(program->insns, code->insns, size) == 0)
			return 0;
	}
	program = &state->programs[*found];
	program->insns = malloc(size);
	if (!program->insns)
		return fail(f, -ENOMEM, "out of memory");
	memcpy(program->insns, code->insns, size);
	program->nr_insns = code->count;
	state->nr_programs++;
	program->fd = bpf_code_load(code, BPF_PROG_TYPE_KPROBE, state->multi, f);
	if (program->fd == -EMFILE)
		return too_many_files(state, f);
	return program->fd < 0 ? program->fd : 0;
}

static int load_programs(struct bpf_state *state, const struct capture *capture,
			 struct failure *f)
{
	struct fetch_options options = fetch_options(state, capture);
	const struct plan *plan = capture->plan;
	struct bpf_code code;

	for (unsigned i = 0; i < plan->nr_events; i++) {
		const struct plan_event *event = &plan->events[i];

		for (size_t j = 0; j < event->nr_sites; j++) {
			struct program_site *site = &state->sites[state->nr_sites];
			int err = fetch_generate(&code, event, i, &event->sites[j],
						 &options);

			if (err)
				return fail(
					f, err,
					"%s: its record and filter are too large for BPF",
					event->name);
			err = find_program(state, &code, &site->program, f);
			if (err)
				return fail_in(f, err, "%s", event->name);
			site->event = i;
			site->site = &event->sites[j];
			state->nr_sites++;
		}
	}
	return 0;
}

/* A tree is needed for more than one process, or when children are followed. */
static int follow_target(struct bpf_state *state, const struct target *target,
			 struct failure *f)
{
	if (target_is_everybody(target) || (target->nr_pids == 1 && !target->follow))
		return 0;
	return follow_start(&state->follow, target, f);
}

static int open_state(void **result, struct capture *capture, bool multi,
		      struct failure *f)
{
	struct bpf_state *state = calloc(1, sizeof(*state));
	size_t nr_sites = capture->plan->nr_sites;
	int err;

	*result = state;
	if (!state)
		return fail(f, -ENOMEM, "out of memory");
	*state = (struct bpf_state){
		.multi = multi,
		.by_cookie = nr_sites > BAKED_SITES_MAX,
		.follow = {-1, -1, -1},
		.programs = calloc(nr_sites, sizeof(struct program)),
		.sites = calloc(nr_sites, sizeof(struct program_site)),
		.links = calloc(nr_sites, sizeof(int)),
		.events = calloc(nr_sites, sizeof(int)),
	};
	if (!state->programs || !state->sites || !state->links || !state->events)
		return fail(f, -ENOMEM, "out of memory");
	if (multi)
		multi_link_known(&state->pid_filter, NULL);
	err = open_counters(capture, multi, f);
	if (!err)
		err = open_rings(state, capture, f);
	if (!err)
		err = follow_target(state, capture->target, f);
	if (!err)
		err = load_programs(state, capture, f);
	return err;
}

static int multi_open(void **state, struct capture *capture, struct failure *f)
{
	return open_state(state, capture, true, f);
}

static int perf_open(void **state, struct capture *capture, struct failure *f)
{
	return open_state(state, capture, false, f);
}

/* Samples carry an id of ours; event 0's ids are also those of the side-band. */
static uint64_t *sample_ids(const struct capture *capture, unsigned event, size_t *count)
{
	uint64_t *ids = counters_ids(&capture->counters, event, count);

	if (ids)
		ids[(*count)++] = FETCH_SAMPLE_ID + event;
	return ids;
}

static int bpf_describe(void *state, const struct capture *capture, unsigned event,
			struct event_description *out, struct failure *f)
{
	const struct plan_event *e = &capture->plan->events[event];
	struct format_field fields[ARGUMENTS_MAX];
	uint32_t site_offset, size;

	(void)state;
	out->type = FETCH_EVENT_ID + event;
	out->ids = sample_ids(capture, event, &out->nr_ids);
	format_layout(e->arguments, e->nr_arguments, fields, &site_offset, &size);
	if (!out->ids || format_text(&out->format, e->probe, out->type, FORMAT_SITE_U32,
				     site_offset, fields, e->nr_arguments)) {
		free(out->ids);
		return fail(f, -ENOMEM, "out of memory");
	}
	return 0;
}

static int bpf_drain(void *opaque, ring_consume *consume, void *user)
{
	struct bpf_state *state = opaque;

	return hit_rings_drain(state->rings, consume, user);
}

static uint64_t bpf_lost(void *opaque, unsigned cpu, uint64_t *time_ns)
{
	struct bpf_state *state = opaque;

	return hit_rings_lost(state->rings, cpu, time_ns);
}

static uint64_t bpf_lost_of_event(void *opaque, const struct capture *capture,
				  unsigned event)
{
	struct bpf_state *state = opaque;

	(void)capture;
	return hit_rings_lost_event(state->rings, event);
}

static int attach_failed(const struct capture *capture, const struct plan_site *site,
			 unsigned event, int err, struct failure *f)
{
	return fail(f, err, "cannot attach to %s in %s at offset 0x%llx: %s",
		    capture->plan->events[event].name,
		    capture->plan->files[site->file].path,
		    (unsigned long long)plan_attach_offset(site), strerror(-err));
}

/* The arrays of one link, filled again for each. */
struct link_sites {
	uint64_t *offsets, *semaphores, *cookies;
	uint32_t count;
	bool has_semaphore;
};

/* Collects the sites of @program that lie in @file; *@first is one of them. */
static void collect_sites(const struct bpf_state *state, size_t program, unsigned file,
			  struct link_sites *sites, const struct program_site **first)
{
	sites->count = 0;
	sites->has_semaphore = false;
	for (size_t i = 0; i < state->nr_sites; i++) {
		const struct program_site *s = &state->sites[i];

		if (s->program != program || s->site->file != file)
			continue;
		if (!sites->count)
			*first = s;
		sites->offsets[sites->count] = plan_attach_offset(s->site);
		sites->semaphores[sites->count] = s->site->site->semaphore;
		sites->cookies[sites->count] = fetch_cookie(s->event, s->site);
		sites->has_semaphore |= s->site->site->semaphore != 0;
		sites->count++;
	}
}

static int link_program(struct bpf_state *state, const struct capture *capture,
			size_t program, unsigned file, struct link_sites *sites,
			struct failure *f)
{
	const struct target *target = capture->target;
	const struct program_site *first = NULL;
	struct multi_link link = {.path = capture->plan->files[file].path};
	int fd;

	collect_sites(state, program, file, sites, &first);
	if (!sites->count)
		return 0;
	link.offsets = sites->offsets;
	link.semaphores = sites->has_semaphore ? sites->semaphores : NULL;
	link.cookies = state->by_cookie ? sites->cookies : NULL;
	link.count = sites->count;
	if (state->pid_filter && target->kind == TARGET_PROCESSES &&
	    target->nr_pids == 1 && !target->follow)
		link.pid = target->pids[0];
	fd = multi_link(state->programs[program].fd, &link);
	if (fd == -EMFILE)
		return too_many_files(state, f);
	if (fd < 0)
		return attach_failed(capture, first->site, first->event, fd, f);
	state->links[state->nr_links++] = fd;
	return 0;
}

static int multi_attach(void *opaque, struct capture *capture, struct failure *f)
{
	struct bpf_state *state = opaque;
	struct link_sites sites = {
		.offsets = calloc(state->nr_sites, sizeof(uint64_t)),
		.semaphores = calloc(state->nr_sites, sizeof(uint64_t)),
		.cookies = calloc(state->nr_sites, sizeof(uint64_t)),
	};
	int err = 0;

	if (!sites.offsets || !sites.semaphores || !sites.cookies)
		err = fail(f, -ENOMEM, "out of memory");
	for (size_t i = 0; !err && i < state->nr_programs; i++)
		for (unsigned j = 0; !err && j < capture->plan->nr_files; j++)
			err = link_program(state, capture, i, j, &sites, f);
	free(sites.offsets);
	free(sites.semaphores);
	free(sites.cookies);
	if (!err)
		hit_rings_open(state->rings);
	return err;
}

static int perf_attach(void *opaque, struct capture *capture, struct failure *f)
{
	struct bpf_state *state = opaque;

	for (size_t i = 0; i < state->nr_sites; i++) {
		const struct program_site *s = &state->sites[i];
		uint64_t cookie = fetch_cookie(s->event, s->site);
		int link, event;

		event = perf_uprobe(capture->plan->files[s->site->file].path,
				    plan_attach_offset(s->site), s->site->site->semaphore,
				    state->programs[s->program].fd,
				    state->by_cookie ? &cookie : NULL, &link);
		if (event < 0)
			return attach_failed(capture, s->site, s->event, event, f);
		state->events[state->nr_events++] = event;
		if (link >= 0)
			state->links[state->nr_links++] = link;
	}
	hit_rings_open(state->rings);
	return 0;
}

static void bpf_detach(void *opaque, struct capture *capture)
{
	struct bpf_state *state = opaque;

	(void)capture;
	if (state->rings)
		hit_rings_close(state->rings);
	close_in_parallel(state->links, state->nr_links);
	/* Threads would not help: the kernel holds a lock over each grace period. */
	for (size_t i = 0; i < state->nr_events; i++)
		close(state->events[i]);
	state->nr_links = state->nr_events = 0;
}

static void bpf_close(void *opaque)
{
	struct bpf_state *state = opaque;

	if (!state)
		return;
	bpf_detach(state, NULL);
	for (size_t i = 0; i < state->nr_programs; i++) {
		if (state->programs[i].fd >= 0)
			close(state->programs[i].fd);
		free(state->programs[i].insns);
	}
	hit_rings_free(state->rings);
	follow_end(&state->follow);
	free(state->programs);
	free(state->sites);
	free(state->links);
	free(state->events);
	free(state);
}

const struct backend backend_bpf = {
	.name = "bpf",
	.how = "BPF programs on uprobe_multi links",
	.own_rings = true,
	.missing = multi_missing,
	.cannot = fetch_cannot,
	.open = multi_open,
	.describe = bpf_describe,
	.attach = multi_attach,
	.drain = bpf_drain,
	.lost = bpf_lost,
	.detach = bpf_detach,
	.lost_of_event = bpf_lost_of_event,
	.close = bpf_close,
};

const struct backend backend_bpf_perf = {
	.name = "bpf-perf",
	.how = "BPF programs on perf events of the uprobe PMU",
	.detach_ms = 80, /* a grace period of RCU, under the kernel's event_mutex */
	.own_rings = true,
	.missing = perf_missing,
	.cannot = fetch_cannot,
	.open = perf_open,
	.describe = bpf_describe,
	.attach = perf_attach,
	.drain = bpf_drain,
	.lost = bpf_lost,
	.detach = bpf_detach,
	.lost_of_event = bpf_lost_of_event,
	.close = bpf_close,
};
