// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a recording counts: hits by event and site, losses.
 *
 * Losses: our own rings count them, and each pass writes what is new as a LOST record.
 * Into perf's rings the kernel puts a LOST record when there is room again; what was lost
 * after the last record that fitted is never told there, the counters know it, and the
 * difference becomes a LOST record of ours at the end.
 *
 * When the trace cannot be written (a full disk, a reader of the pipe that went away),
 * the rings are still emptied, to count what is lost with them.
 */
#include "collector/recording_state.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "collector/kernel_events.h"
#include "core/clock.h"
#include "core/failure.h"

void recording_count_sample(struct recording *r, const uint8_t *record, size_t size)
{
	struct plan *plan = r->options->plan;
	uint16_t type, event;

	if (size < r->raw_offset + sizeof(type))
		return;
	memcpy(&type, record + r->raw_offset, sizeof(type));
	event = r->event_of_type[type];
	if (event == RECORDING_NO_EVENT)
		return;
	if (event >= plan->nr_events) {
		struct kernel_event *kernel =
			&r->options->kernel->items[event - plan->nr_events];

		kernel->hits += !r->unwritten;
		kernel->lost += r->unwritten != 0;
		return;
	}
	if (r->unwritten) {
		plan->events[event].unwritten++;
		return;
	}
	plan->events[event].hits++;
	site_hits_count(r->site_hits, event, record + r->raw_offset,
			size - r->raw_offset);
}

/* The lost records that the stream itself tells of. */
void recording_count_lost(struct recording *r, unsigned cpu, const uint8_t *record,
			  size_t size)
{
	uint64_t lost;

	if (size < sizeof(struct perf_event_header) + 16)
		return;
	memcpy(&lost, record + sizeof(struct perf_event_header) + 8, sizeof(lost));
	r->result->lost += lost;
	r->result->lost_on_cpu[cpu] += lost;
}

/* A LOST record for what a CPU lost and no record told of. */
static int tell_loss(struct recording *r, unsigned cpu, uint64_t lost, uint64_t time_ns)
{
	uint64_t *told = &r->result->lost_on_cpu[cpu];
	struct sideband sideband = recording_sideband(r);
	uint64_t more = lost > *told ? lost - *told : 0;

	if (!more)
		return 0;
	*told = lost;
	r->result->lost += more;
	return sideband_lost(&sideband, sideband.id, more, cpu, time_ns, r->failure);
}

int recording_tell_losses(struct recording *r)
{
	int err = 0;

	for (unsigned cpu = 0; !err && cpu < r->capture.cpus; cpu++) {
		uint64_t time_ns,
			lost = r->options->backend->lost(r->backend, cpu, &time_ns);

		err = tell_loss(r, cpu, lost, time_ns);
	}
	return err;
}

/* What perf's rings lost so far on each CPU, to be freed; NULL without memory. */
static uint64_t *read_lost(struct recording *r)
{
	const struct counters *counters = &r->capture.counters;
	uint64_t *lost = calloc(r->capture.cpus, sizeof(*lost));

	if (!lost)
		fail(r->failure, -ENOMEM, "out of memory");
	else
		counters_read_lost(&r->capture.counters);
	for (size_t i = 0; lost && i < counters->count; i++)
		lost[counters->items[i].cpu] += counters->items[i].lost;
	return lost;
}

static int put_record(void *user, const void *record, size_t size, struct failure *f)
{
	(void)f;
	blob_put(user, record, size);
	return 0;
}

int recording_list_untold(struct recording *r, struct blob *records)
{
	struct sideband to = recording_sideband(r);
	const uint64_t *told = r->result->lost_on_cpu;
	uint64_t *lost;

	if (r->options->backend->lost)
		return 0;
	lost = read_lost(r);
	if (!lost)
		return -ENOMEM;
	to.write = put_record;
	to.user = records;
	for (unsigned cpu = 0; cpu < r->capture.cpus; cpu++)
		if (lost[cpu] > told[cpu])
			sideband_lost(&to, to.id, lost[cpu] - told[cpu], cpu,
				      clock_ns(), r->failure);
	free(lost);
	return 0;
}

/* What perf's rings lost behind the last record that told of losses. */
int recording_tell_last_losses(struct recording *r)
{
	uint64_t *lost = read_lost(r);
	int err = lost ? 0 : -ENOMEM;

	for (unsigned cpu = 0; !err && cpu < r->capture.cpus; cpu++)
		err = tell_loss(r, cpu, lost[cpu], clock_ns());
	free(lost);
	return err;
}

/* The stream's LOST records also count what the side-band lost; hits are counted here. */
void recording_count_events_lost(struct recording *r)
{
	struct plan *plan = r->options->plan;
	uint64_t lost = 0;

	if (r->options->kernel) {
		counters_read_lost(&r->capture.counters);
		lost = kernel_events_count_lost(
			r->options->kernel, &r->capture,
			r->options->backend->own_rings ? r->result->lost_on_cpu : NULL);
	}
	for (unsigned i = 0; i < plan->nr_events; i++) {
		plan->events[i].lost =
			r->options->backend->lost_of_event(r->backend, &r->capture, i);
		lost += plan->events[i].lost;
	}
	if (r->capture.counters.exact_losses || r->options->backend->own_rings)
		r->result->lost = lost;
}

void recording_add_up(struct recording *r)
{
	struct recording_result *result = r->result;

	for (size_t i = 0; i < r->options->plan->nr_events; i++) {
		struct plan_event *event = &r->options->plan->events[i];

		event->lost += event->unwritten;
		result->events += event->hits;
		result->unwritten += event->unwritten;
	}
	for (size_t i = 0; r->options->kernel && i < r->options->kernel->count; i++)
		result->events += r->options->kernel->items[i].hits;
	result->lost += result->unwritten;
}
