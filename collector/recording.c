// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a recording.
 *
 * Order matters at both ends. Counters and rings are there before the trace is opened,
 * because its header holds their ids; the trace is open before the first site is
 * attached, and the command runs last, so that its first hit counts. At the end the
 * sites are detached first; then the rings hold all there will ever be, and one more
 * pass empties them. Only then do the counts of losses stand still (recording_counts.c).
 *
 * A reader that comes late loses hits, above all on a machine that is busy, so it asks to
 * be scheduled before others. With a dozen compilers on two CPUs, 5 M hits at full speed
 * lost 40,000 in the middle of eight runs, 400,000 at most; with that none in any. The
 * work is the same, and the command does not inherit it: it was forked before.
 */
#include "collector/recording_state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "collector/kernel_events.h"
#include "collector/semaphore.h"
#include "collector/sink_flight.h"
#include "core/clock.h"
#include "core/failure.h"
#include "core/stop.h"

enum {
	PASS_MS = 100,
	LAST_PASSES = 50, /* while a writer is interrupted, a millisecond each */
	SIDEBAND_RING = 256 << 10,
	FLIGHT_RING_MIN = 64 << 10,
	HIGHEST_PRIORITY = -20,
};

/* Once it failed, records only are counted. */
static int write_records(struct recording *r, const void *records, size_t size)
{
	if (r->unwritten)
		return 0;
	r->unwritten = r->sink->records(r->sink_state, records, size, r->failure);
	return r->unwritten;
}

/* Writes first: what could not be written stays in its ring, for finish() to count. */
static int consume(void *user, unsigned cpu, const void *records, size_t size)
{
	struct recording *r = user;
	const uint8_t *at = records, *end = at + size;
	struct perf_event_header header;
	int err = write_records(r, records, size);

	if (err)
		return err;
	for (; at < end; at += header.size) {
		memcpy(&header, at, sizeof(header));
		if (header.size < sizeof(header) || header.size > end - at)
			return fail(r->failure, -EBADMSG,
				    "the ring of CPU %u makes no sense", cpu);
		if (header.type == PERF_RECORD_SAMPLE)
			recording_count_sample(r, at, header.size);
		else if (header.type == PERF_RECORD_LOST &&
			 !r->options->backend->own_rings)
			recording_count_lost(r, cpu, at, header.size);
	}
	return 0;
}

static void tell_busy(const struct recording *r, const char *what)
{
	if (r->options->busy)
		r->options->busy(r->options->user, what);
}

/* What the user says; else the usual size, and of a small flight recorder no more than
 * half. */
static size_t choose_ring_size(const struct recording_options *o, unsigned cpus)
{
	size_t size = o->ring_size ? o->ring_size : rings_default_size(cpus);

	while (!o->ring_size && o->flight && size > FLIGHT_RING_MIN &&
	       size * cpus > o->flight->size / 2)
		size /= 2;
	return size;
}

static int open_rings(struct recording *r)
{
	const struct recording_options *options = r->options;
	struct capture *c = &r->capture;

	c->plan = options->plan;
	c->target = options->target;
	c->cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
	c->ring_size = choose_ring_size(options, c->cpus);
	c->string_size = options->string_size;
	c->counters.nr_events = heading_count(options);
	r->result->cpus = c->cpus;
	r->result->lost_on_cpu = calloc(c->cpus, sizeof(uint64_t));
	r->event_of_type = malloc(RECORDING_TYPES * sizeof(uint16_t));
	if (!r->result->lost_on_cpu || !r->event_of_type)
		return fail(r->failure, -ENOMEM, "out of memory");
	memset(r->event_of_type, 0xff, RECORDING_TYPES * sizeof(uint16_t));
	if (site_hits_new(&r->site_hits, options->plan, !options->backend->own_rings))
		return fail(r->failure, -ENOMEM, "out of memory");
	return rings_new(&c->rings, c->cpus,
			 options->backend->own_rings && !options->kernel ? SIDEBAND_RING
									 : c->ring_size,
			 r->failure);
}

static int open_trace(struct recording *r)
{
	const struct recording_options *o = r->options;
	int err = heading_make(&r->heading, o, r->backend, &r->capture, r->failure);

	if (err)
		return err;
	for (unsigned i = 0; i < r->heading.count; i++)
		r->event_of_type[(uint16_t)r->heading.events[i].attr.config] =
			(uint16_t)i;
	r->raw_offset = sizeof(struct perf_event_header) + 8 + 8 + 8 + 4 +
			(r->heading.count > 1 ? 8 : 0);
	r->setup = (struct sink_setup){
		.path = o->path,
		.compress = o->compress,
		.plan = o->plan,
		.events = r->heading.events,
		.nr_events = r->heading.count,
		.sideband_id = r->capture.counters.items[0].id,
		.flight = o->flight,
		.argc = o->argc,
		.argv = o->argv,
	};
	return r->sink->open(&r->sink_state, &r->setup, r->failure);
}

static int write_record(void *user, const void *record, size_t size, struct failure *f)
{
	(void)f;
	return write_records(user, record, size);
}

static int write_round(struct recording *r)
{
	if (!r->unwritten)
		r->unwritten =
			r->sink->round(r->sink_state, r->pass_began_ns, r->failure);
	return r->unwritten;
}

struct sideband recording_sideband(struct recording *r)
{
	return (struct sideband){
		.write = write_record,
		.user = r,
		.id = r->capture.counters.items[0].id,
		.with_id = r->capture.counters.nr_events > 1,
	};
}

/* Names of threads that already run; those that come tell it themselves. What the kernel
 * does it does in anybody's context. */
static int write_sideband(struct recording *r)
{
	const struct target *target = r->options->target;
	struct sideband sideband = recording_sideband(r);
	int err = 0;

	if (target_is_everybody(target) || r->options->kernel)
		return sideband_all(&sideband, r->failure);
	for (size_t i = 0; !err && i < target->nr_pids; i++)
		err = sideband_process(&sideband, target->pids[i], r->failure);
	return err;
}

static bool is_over(const struct recording *r, uint64_t started_ns)
{
	const struct recording_options *o = r->options;

	if (stop_requested())
		return true;
	if (o->duration_ns && clock_ns() - started_ns >= o->duration_ns)
		return true;
	if (o->target->kind == TARGET_COMMAND)
		return target_ended(o->target);
	return o->target->kind == TARGET_PROCESSES && target_all_gone(o->target);
}

/* One pass over all rings. 1: it is no round, some records had to wait. */
static int drain(struct recording *r)
{
	const struct backend *backend = r->options->backend;
	int err, waiting = 0;

	r->pass_began_ns = clock_ns();
	err = rings_drain(r->capture.rings, consume, r);
	if (!err && backend->drain)
		waiting = backend->drain(r->backend, consume, r);
	if (!err && waiting < 0)
		err = waiting;
	if (!err && backend->lost)
		err = recording_tell_losses(r);
	if (err || waiting)
		return err ? err : 1;
	return write_round(r);
}

static int look_after_sink(struct recording *r)
{
	int err = r->sink->is_due ? r->sink->is_due(r->sink_state) : 0;
	struct blob untold = {0};

	r->hurry = err == -EAGAIN;
	if (err <= 0)
		return 0;
	err = recording_list_untold(r, &untold);
	if (!err)
		err = r->sink->act(r->sink_state, &untold, r->failure);
	blob_release(&untold);
	return err;
}

static int record_until_over(struct recording *r)
{
	const struct flight_options *flight = r->options->flight;
	int pass_ms = flight && flight->triggers->count ? WATCH_PASS_MS : PASS_MS;
	uint64_t started_ns = clock_ns();
	int err = 0;

	setpriority(PRIO_PROCESS, 0, HIGHEST_PRIORITY); /* who may not goes on without */
	for (bool first = true; err >= 0 && !is_over(r, started_ns); first = false) {
		err = rings_wait(r->capture.rings, r->hurry ? 0 : pass_ms);
		if (!err)
			err = drain(r);
		if (err >= 0)
			err = look_after_sink(r);
		if (first)
			semaphores_look(r->options->plan, r->options->target);
	}
	return err < 0 ? err : 0;
}

/* Detaches and writes what is still in the rings. */
static int finish(struct recording *r)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	uint64_t started_ns = clock_ns();
	int err = 1;

	semaphores_look(r->options->plan, r->options->target);
	tell_busy(r, "detaching from the probes");
	r->options->backend->detach(r->backend, &r->capture);
	kernel_events_disable(&r->capture);
	r->result->detach_ns = clock_ns() - started_ns;
	tell_busy(r, NULL);
	for (int i = 0; err == 1 && i < LAST_PASSES; i++) {
		if (i)
			nanosleep(&moment, NULL);
		err = drain(r);
	}
	if (err >= 0 && !r->options->backend->lost)
		err = recording_tell_last_losses(r);
	recording_count_events_lost(r);
	return err < 0 ? err : write_round(r);
}

static int watch_target(struct recording *r)
{
	const struct target *target = r->options->target;

	if (target->kind != TARGET_COMMAND || target->ended < 0)
		return 0;
	return rings_watch(r->capture.rings, target->ended);
}

static int open_backend(struct recording *r)
{
	uint64_t started_ns = clock_ns();
	int err = r->options->backend->open(&r->backend, &r->capture, r->failure);

	if (!err && r->options->kernel)
		err = kernel_events_open(r->options->kernel, &r->capture,
					 !r->options->backend->own_rings, r->failure);
	r->result->attach_ns = clock_ns() - started_ns;
	return err;
}

static int attach(struct recording *r)
{
	uint64_t started_ns = clock_ns();
	int err = r->options->backend->attach(r->backend, &r->capture, r->failure);

	if (!err)
		err = kernel_events_enable(&r->capture, r->failure);
	r->result->attach_ns += clock_ns() - started_ns;
	return err;
}

static int run(struct recording *r)
{
	const struct recording_options *o = r->options;
	int err = open_rings(r), ended;

	tell_busy(r, "attaching to the probes");
	if (!err)
		err = watch_target(r);
	if (!err)
		err = open_backend(r);
	if (!err)
		err = open_trace(r);
	r->is_open = !err;
	if (err) {
		tell_busy(r, NULL);
		return err;
	}
	/* First what is to come, then what is there: nobody falls between. */
	err = counters_enable_sideband(&r->capture.counters, r->failure);
	if (!err)
		err = write_sideband(r);
	if (!err)
		err = attach(r);
	tell_busy(r, NULL);
	r->is_attached = !err;
	if (!err && o->attached)
		o->attached(o->user);
	if (!err && o->target->kind == TARGET_COMMAND)
		err = target_go(o->target, o->command, r->failure);
	if (!err)
		err = record_until_over(r);
	ended = finish(r);
	return err ? err : ended;
}

static void release(struct recording *r)
{
	uint64_t started_ns = clock_ns();

	/* In this order: uprobe events can be removed when nothing uses them. */
	rings_free(r->capture.rings);
	counters_close(&r->capture.counters);
	tell_busy(r, "removing the probes");
	r->options->backend->close(r->backend);
	r->result->detach_ns += clock_ns() - started_ns;
	tell_busy(r, NULL);
	heading_release(&r->heading);
	free(r->event_of_type);
	site_hits_free(r->site_hits);
}

/* Why the recording ended, for a snapshot; NULL: it never began. */
static const char *why_over(const struct recording *r, int err, char *text, size_t room)
{
	const struct target *target = r->options->target;
	int signal = stop_signal();

	if (!r->is_attached)
		return NULL;
	if (err)
		snprintf(text, room, "the recording failed");
	else if (signal)
		snprintf(text, room, "SIG%s", sigabbrev_np(signal));
	else if (target->kind == TARGET_COMMAND && target_ended(target))
		target_how_ended(target, text, room);
	else if (target->kind == TARGET_PROCESSES && target_all_gone(target))
		snprintf(text, room, "the processes ended");
	else
		snprintf(text, room, "the time was over");
	return text;
}

int recording_run(const struct recording_options *options,
		  struct recording_result *result, struct failure *f)
{
	struct recording r = {
		.options = options,
		.result = result,
		.failure = f,
		.sink = options->flight ? &sink_flight : &sink_file,
	};
	char why[64];
	int err, closed;

	*result = (struct recording_result){0};
	err = run(&r);
	closed = r.sink->close(r.sink_state, why_over(&r, err, why, sizeof(why)), result,
			       err ? NULL : f);
	if (r.is_open)
		recording_add_up(&r);
	release(&r);
	return err ? err : closed;
}
