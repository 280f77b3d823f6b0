// SPDX-License-Identifier: GPL-2.0-or-later
/* record --flight: its options, and what it says while it records. */
#include "collector/record_flight.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/record_summary.h"
#include "core/command.h"
#include "core/text.h"
#include "core/units.h"

static const uint64_t total_least = 1 << 30;

int record_flight_check(const struct usage *usage, const struct flight_choice *choice,
			const char *output)
{
	if (!choice->size && choice->triggers.count)
		return options_complain(usage, "--trigger needs --flight SIZE");
	if (choice->model && !choice->triggers.count)
		return options_complain(usage, "--model is for --trigger 'latency>...'");
	if (!choice->size && (choice->total || choice->count != SNAPSHOT_COUNT ||
			      choice->interval_ns != SNAPSHOT_INTERVAL_NS))
		return options_complain(usage, "--snapshot-... needs --flight SIZE");
	if (choice->size && !strcmp(output, "-"))
		return options_complain(usage, "--flight writes files, not to a pipe: "
					       "give -o a name");
	return 0;
}

/* Half of the machine's memory is what the traced programs should have at least; and
 * what one pass brings must not drive out all that was there. */
static int check_memory(uint64_t size, uint64_t ring_size, struct failure *f)
{
	uint64_t half =
		(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
	uint64_t rings = ring_size * (uint64_t)sysconf(_SC_NPROCESSORS_CONF);
	char asked[UNIT_TEXT], most[UNIT_TEXT];

	if (rings > size / 2)
		return fail(f, -EINVAL,
			    "rings (-m) of %s in all are more than half of --flight %s",
			    size_text(asked, (double)rings),
			    size_text(most, (double)size));
	if (size <= half)
		return 0;
	return fail(f, -ENOMEM,
		    "--flight %s is more than half of the memory of this machine (%s)",
		    size_text(asked, (double)size), size_text(most, (double)half));
}

/* What would go wrong days later is told now. */
static int check_output(const char *output, struct failure *f)
{
	char path[PATH_MAX], *folder;
	struct stat status;

	if (!stat(output, &status) && !S_ISREG(status.st_mode))
		return fail(f, -EINVAL, "%s is no file that snapshots could be", output);
	if (strlen(output) + sizeof(".YYYYmmddHHMMSScc") > sizeof(path))
		return fail(f, -ENAMETOOLONG, "%.100s...: the name is too long", output);
	strcpy(path, output);
	folder = dirname(path);
	if (access(folder, W_OK | X_OK))
		return fail(f, -errno, "cannot write snapshots to %s: %s", folder,
			    strerror(errno));
	return 0;
}

static void say_failed(const struct snapshot_report *report)
{
	command_warn("record", "%s (%s): %s; recording goes on", report->failure.text,
		     report->why,
		     report->bytes ? "the snapshot is incomplete"
				   : "there is no snapshot");
}

static void say_snapshot(void *user, const struct snapshot_report *report)
{
	const struct record_flight *flight = user;
	char reach[UNIT_TEXT], size[UNIT_TEXT];

	if (report->err)
		say_failed(report);
	else if (!flight->quiet)
		fprintf(stderr,
			"[ fathom record: %s: %s; the last %s%s, %s events, %s, %s lost "
			"]\n",
			report->path, report->why,
			time_text(reach, (double)report->reach_ns),
			report->from_start ? " (all)" : "",
			grouped(report->written.events),
			size_text(size, (double)report->bytes),
			grouped(report->written.lost));
}

static void say_exhausted(void *user, const char *why)
{
	(void)user;
	command_warn("record",
		     "no more snapshots but the last: %s (see --snapshot-count and "
		     "--snapshot-total)",
		     why);
}

static const struct flight_listener listener = {
	.snapshot = say_snapshot,
	.exhausted = say_exhausted,
};

int record_flight_open(struct record_flight *flight, const struct flight_choice *choice,
		       const struct plan *plan, const char *output, uint64_t ring_size,
		       struct failure *f)
{
	uint64_t total = choice->total;
	int err = check_memory(choice->size, ring_size, f);

	if (!total)
		total = 4 * choice->size > total_least ? 4 * choice->size : total_least;
	flight->options = (struct flight_options){
		.size = choice->size,
		.triggers = &flight->triggers,
		.snapshots_max = choice->count,
		.bytes_max = total,
		.interval_ns = choice->interval_ns,
		.listener = &listener,
		.user = flight,
	};
	if (!err)
		err = check_output(output, f);
	if (!err)
		err = triggers_open(&flight->triggers, &choice->triggers, plan,
				    choice->model, f);
	return err;
}

void record_flight_close(struct record_flight *flight)
{
	triggers_close(&flight->triggers);
}

/* Which model a latency trigger has; there may be several that fit. */
static void say_model(const struct trigger *t)
{
	const char *name = t->kind->model(t->state);
	char text[80];

	text_escape(text, sizeof(text), name, strlen(name), 0);
	fprintf(stderr, "[ fathom record: %s is about requests of model %s ]\n", t->text,
		text);
}

void record_flight_say_attached(const struct record_flight *flight)
{
	const struct triggers *triggers = &flight->triggers;
	char size[UNIT_TEXT];

	for (size_t i = 0; i < triggers->count; i++)
		if (triggers->items[i].kind->model)
			say_model(&triggers->items[i]);
	fprintf(stderr,
		"[ fathom record: the last %s are kept in memory; kill -USR2 %d writes a "
		"snapshot ]\n",
		size_text(size, (double)flight->options.size), getpid());
}
