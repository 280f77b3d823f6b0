// SPDX-License-Identifier: GPL-2.0-or-later
/* What `fathom record` says at its end: hits by probe and site, losses, totals. */
#include "collector/record_summary.h"

#include <stdio.h>
#include <string.h>

#include "collector/kernel_events.h"
#include "collector/recording.h"
#include "collector/site.h"
#include "core/units.h"

enum { PROBES_SHOWN = 20 };

/* In one of a few turns, so that a line can have several. */
const char *grouped(uint64_t value)
{
	static char turns[4][32];
	static unsigned turn;
	char *out = turns[turn++ % 4], digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value),
	    at = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
	return out;
}

static size_t sites_never_hit(const struct plan_event *event)
{
	size_t never = 0;

	for (size_t i = 0; i < event->nr_sites; i++)
		never += event->sites[i].hits == 0;
	return never;
}

static void say_event(const struct plan_event *event, int width)
{
	const char *unhit = event->filter ? "   (attached, no hit passed the filter)"
					  : "   (attached, never hit)";
	size_t never = sites_never_hit(event);

	fprintf(stderr, "  %-*s %14s hit%s%s", width, event->name, grouped(event->hits),
		event->hits == 1 ? "" : "s", event->hits ? "" : unhit);
	if (event->not_raised_in)
		fprintf(stderr, "   (the semaphore was not raised in process %d)",
			event->not_raised_in);
	if (event->hits && never && !event->sites_mixed)
		fprintf(stderr, "   (%zu of %zu sites never hit)", never,
			event->nr_sites);
	if (event->lost)
		fprintf(stderr, ", %s lost", grouped(event->lost));
	fputc('\n', stderr);
}

static void say_sites(const struct plan *plan, const struct plan_event *event)
{
	if (event->sites_mixed) {
		fprintf(stderr, "      %zu sites, which this backend cannot tell apart\n",
			event->nr_sites);
		return;
	}
	for (size_t i = 0; i < event->nr_sites; i++) {
		const struct plan_site *site = &event->sites[i];

		fprintf(stderr, "      %14s at 0x%llx of %s, %s%s\n", grouped(site->hits),
			(unsigned long long)site->site->address,
			plan->files[site->file].path, site_kind_name(site->kind),
			site->site->semaphore ? ", semaphore" : "");
	}
}

/* Of the column of names. */
static int name_width(const struct plan *plan)
{
	size_t width = 32;

	for (size_t i = 0; i < plan->nr_events; i++)
		if (strlen(plan->events[i].name) > width)
			width = strlen(plan->events[i].name);
	return (int)width;
}

static void say_events(const struct plan *plan, bool verbose)
{
	bool all = verbose || plan->nr_events <= PROBES_SHOWN;
	size_t shown = 0, more = 0, never = 0;
	int width = name_width(plan);

	for (size_t i = 0; i < plan->nr_events; i++) {
		const struct plan_event *event = &plan->events[i];

		if (all || (event->hits && shown < PROBES_SHOWN)) {
			say_event(event, width);
			if (verbose)
				say_sites(plan, event);
			shown++;
		} else {
			more += event->hits != 0;
			never += event->hits == 0;
		}
	}
	if (more)
		fprintf(stderr, "  and %zu more that %s hit (-v lists all)\n", more,
			more == 1 ? "was" : "were");
	if (never)
		fprintf(stderr, "  and %zu attached and never hit (-v lists all)\n",
			never);
}

static void say_losses(const struct plan *plan, const struct recording_result *result,
		       bool quiet)
{
	const char *separator = "";

	if (result->unwritten)
		fprintf(stderr, "[ fathom record: %s hits could not be written ]\n",
			grouped(result->unwritten));
	if (result->lost == result->unwritten)
		return;
	fprintf(stderr, "[ fathom record: lost ");
	for (unsigned cpu = 0; cpu < result->cpus; cpu++) {
		if (!result->lost_on_cpu[cpu])
			continue;
		fprintf(stderr, "%s%s on CPU %u", separator,
			grouped(result->lost_on_cpu[cpu]), cpu);
		separator = ", ";
	}
	fprintf(stderr, "; a larger ring (-m) or fewer probes help ]\n");
	for (size_t i = 0; quiet && i < plan->nr_events; i++)
		if (plan->events[i].lost)
			say_event(&plan->events[i], name_width(plan));
}

static void say_times(const struct plan *plan, const struct recording_result *result)
{
	char attach[UNIT_TEXT], detach[UNIT_TEXT];

	fprintf(stderr, "[ fathom record: %s site%s attached in %s, detached in %s ]\n",
		grouped(plan->nr_sites), plan->nr_sites == 1 ? "" : "s",
		time_text(attach, (double)result->attach_ns),
		time_text(detach, (double)result->detach_ns));
}

static void say_kernel_events(const struct kernel_events *kernel)
{
	for (size_t i = 0; i < kernel->count; i++) {
		const struct kernel_event *event = &kernel->items[i];

		fprintf(stderr, "  %-32s %14s event%s", event->name, grouped(event->hits),
			event->hits == 1 ? "" : "s");
		if (event->lost)
			fprintf(stderr, ", %s lost", grouped(event->lost));
		fputc('\n', stderr);
	}
}

static void say_flight(const struct recording_result *result,
		       const struct summary_style *style)
{
	fprintf(stderr, "[ fathom record: %s%s events, ",
		style->complete ? "" : "incomplete: ", grouped(result->events));
	if (result->triggers)
		fprintf(stderr, "%s trigger%s, ", grouped(result->triggers),
			result->triggers == 1 ? "" : "s");
	fprintf(stderr, "%s snapshot%s and the last in %s, %s lost ]\n",
		grouped(result->snapshots), result->snapshots == 1 ? "" : "s",
		style->output, grouped(result->lost));
}

void record_summary_print(const struct plan *plan, const struct kernel_events *kernel,
			  const struct recording_result *result,
			  const struct summary_style *style)
{
	char size[UNIT_TEXT];

	if (!style->quiet) {
		say_events(plan, style->verbose);
		say_kernel_events(kernel);
	}
	say_losses(plan, result, style->quiet);
	if (style->quiet)
		return;
	if (style->verbose)
		say_times(plan, result);
	if (style->flight) {
		say_flight(result, style);
		return;
	}
	fprintf(stderr, "[ fathom record: %s%s events, %s in %s, %s lost ]\n",
		style->complete ? "" : "incomplete: ", grouped(result->events),
		size_text(size, (double)result->bytes),
		strcmp(style->output, "-") ? style->output : "the pipe",
		grouped(result->lost));
}
