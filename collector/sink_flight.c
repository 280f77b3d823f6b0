// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flight recorder: memory that forgets, and snapshots of it.
 *
 * A snapshot has the time in its name, the last one, at the end of the recording, the
 * name of the trace itself. SIGUSR2 comes from somebody who wants one: it is not subject
 * to the interval that keeps triggers from writing one snapshot after the other, and it
 * waits while one is being written. The limits of number and bytes hold for it, too:
 * they are there for the disk.
 */
#include "collector/sink_flight.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/plan.h"
#include "collector/recording.h"
#include "core/clock.h"
#include "core/failure.h"
#include "core/units.h"

/* Of a PERF_RECORD_MMAP2: pid, tid, addr, len, pgoff, maj, min, ino. */
enum { INODE_AT = sizeof(struct perf_event_header) + 4 * 2 + 8 * 3 + 4 * 2 };

struct flight_sink {
	const struct sink_setup *setup;
	const struct flight_options *options;
	struct flight *flight;
	uint64_t *inodes; /* of the traced files */
	size_t nr_inodes;
	struct watch *watch; /* NULL without triggers */
	uint64_t started_ns;
	struct snapshot *current; /* being written; NULL: none */
	uint64_t last_ns;	  /* when a trigger made one last; 0: none did */
	uint64_t begun, bytes;	  /* how many, and what they took on disk */
	bool is_exhausted;
	bool asked;		   /* by SIGUSR2 */
	uint64_t triggers, failed; /* how many */
};

static int open_watch(struct flight_sink *s, struct failure *f)
{
	struct writer_options head;
	int err;

	if (!s->options->triggers->count)
		return 0;
	err = sink_head(&head, s->setup, f);
	head.compress = 0;
	if (!err)
		err = watch_new(&s->watch, s->options->triggers, &head, f);
	sink_head_release(&head);
	return err;
}

/* The inodes of the files whose probes are recorded. */
static int list_inodes(struct flight_sink *s, struct failure *f)
{
	const struct plan *plan = s->setup->plan;
	struct stat status;

	s->inodes = calloc(plan->nr_files + 1, sizeof(*s->inodes));
	if (!s->inodes)
		return fail(f, -ENOMEM, "out of memory");
	for (size_t i = 0; i < plan->nr_files; i++)
		if (!stat(plan->files[i].path, &status))
			s->inodes[s->nr_inodes++] = status.st_ino;
	return 0;
}

static int flight_sink_open(void **state, const struct sink_setup *setup,
			    struct failure *f)
{
	struct flight_sink *s = calloc(1, sizeof(*s));
	int err;

	*state = s;
	if (!s)
		return fail(f, -ENOMEM, "out of memory");
	s->setup = setup;
	s->options = setup->flight;
	s->started_ns = clock_ns();
	err = flight_new(&s->flight, s->options->size, &setup->events[0].attr,
			 setup->sideband_id, f);
	if (!err)
		err = list_inodes(s, f);
	return err ? err : open_watch(s, f);
}

/*
 * Of what processes map only the traced files are kept. Else every program that runs
 * somewhere on the machine would take two kilobytes of the memory for libraries that
 * nobody asks about, and where hits are rare, most of it.
 */
static bool is_idle_talk(const struct flight_sink *s, const uint8_t *record,
			 const struct perf_event_header *header)
{
	uint64_t inode;

	if (header->type != PERF_RECORD_MMAP2 || header->size < INODE_AT + sizeof(inode))
		return false;
	memcpy(&inode, record + INODE_AT, sizeof(inode));
	for (size_t i = 0; i < s->nr_inodes; i++)
		if (s->inodes[i] == inode)
			return false;
	return true;
}

/* Keeps records that stand together at once. */
static int keep(struct flight_sink *s, const uint8_t *records, size_t size)
{
	const uint8_t *at = records, *from = at, *end = at + size;
	struct perf_event_header header;
	int err = 0;

	for (; at < end && !err; at += header.size) {
		memcpy(&header, at, sizeof(header));
		if (!is_idle_talk(s, at, &header))
			continue;
		err = flight_add(s->flight, from, (size_t)(at - from));
		from = at + header.size;
	}
	return err ? err : flight_add(s->flight, from, (size_t)(end - from));
}

static int flight_sink_records(void *state, const void *records, size_t size,
			       struct failure *f)
{
	struct flight_sink *s = state;

	if (keep(s, records, size))
		return fail(f, -ENOMEM, "out of memory");
	return s->watch ? watch_add(s->watch, records, size, f) : 0;
}

static int flight_sink_round(void *state, uint64_t began_ns, struct failure *f)
{
	struct flight_sink *s = state;

	if (flight_round(s->flight))
		return fail(f, -ENOMEM, "out of memory");
	return s->watch ? watch_round(s->watch, began_ns, f) : 0;
}

/* The snapshot that is being written has come to its end, or is waited for. */
static void end_current(struct flight_sink *s)
{
	struct snapshot_report report;

	snapshot_end(s->current, &report);
	s->current = NULL;
	s->bytes += report.bytes;
	s->failed += report.err != 0;
	s->options->listener->snapshot(s->options->user, &report);
}

static void exhaust(struct flight_sink *s, const char *why)
{
	if (!s->is_exhausted)
		s->options->listener->exhausted(s->options->user, why);
	s->is_exhausted = true;
}

/* May another one be written, as far as number and bytes go? */
static bool has_room(struct flight_sink *s)
{
	const struct flight_options *o = s->options;
	char text[96], bytes[UNIT_TEXT];

	if (s->begun >= o->snapshots_max) {
		snprintf(text, sizeof(text), "there have been %llu snapshots",
			 (unsigned long long)s->begun);
		exhaust(s, text);
	} else if (s->bytes + o->size > o->bytes_max) {
		snprintf(text, sizeof(text), "another one may exceed %s in all",
			 size_text(bytes, (double)o->bytes_max));
		exhaust(s, text);
	}
	return !s->is_exhausted;
}

/* Is it too soon after the last one for what a trigger says? */
static bool is_too_soon(const struct flight_sink *s)
{
	return s->last_ns && clock_ns() - s->last_ns < s->options->interval_ns;
}

static int flight_sink_is_due(void *state)
{
	struct flight_sink *s = state;
	struct alarm *alarm = &s->options->triggers->alarm;

	if (s->current && snapshot_is_over(s->current))
		end_current(s);
	if (alarm->count && (s->is_exhausted || is_too_soon(s))) {
		s->triggers += alarm->count;
		alarm->count = 0;
	}
	/* Hits before the signal may still lie in the rings. */
	if (snapshot_asked()) {
		s->asked = true;
		return -EAGAIN;
	}
	return (s->asked || alarm->count) && !s->current && has_room(s);
}

/* @why: besides what a trigger may have seen; "" is nothing. */
static int begin(struct flight_sink *s, const char *name, const char *why,
		 const struct blob *untold, struct failure *f)
{
	struct alarm *alarm = &s->options->triggers->alarm;
	char text[2 * ALARM_TEXT];

	snprintf(text, sizeof(text), "%s%s%s", why, *why && alarm->count ? "; " : "",
		 alarm->count ? alarm->why : "");
	s->triggers += alarm->count;
	alarm->count = 0;
	s->current =
		snapshot_begin(s->flight, s->setup, name, text, s->started_ns, untold);
	return s->current ? 0 : fail(f, -ENOMEM, "out of memory");
}

static int flight_sink_act(void *state, const struct blob *untold, struct failure *f)
{
	struct flight_sink *s = state;
	const char *why = s->asked ? "SIGUSR2" : "";

	if (s->options->triggers->alarm.count)
		s->last_ns = clock_ns();
	s->begun++;
	s->asked = false;
	return begin(s, NULL, why, untold, f);
}

/* The last snapshot. A trigger that was too late for one of its own is named in it. */
static int write_last(struct flight_sink *s, const char *why, struct failure *f)
{
	const struct blob nothing = {0};
	int err;

	if (s->current)
		end_current(s);
	err = begin(s, s->setup->path, why, &nothing, f);
	if (s->current)
		end_current(s);
	return err;
}

static int flight_sink_close(void *state, const char *why,
			     struct recording_result *result, struct failure *f)
{
	struct flight_sink *s = state;
	int err;

	if (!s)
		return 0;
	err = s->flight && why ? write_last(s, why, f) : 0;
	result->triggers = s->triggers;
	result->snapshots = s->begun;
	result->failed_snapshots = s->failed;
	watch_free(s->watch);
	flight_free(s->flight);
	free(s->inodes);
	free(s);
	return err;
}

const struct sink sink_flight = {
	.open = flight_sink_open,
	.records = flight_sink_records,
	.round = flight_sink_round,
	.is_due = flight_sink_is_due,
	.act = flight_sink_act,
	.close = flight_sink_close,
};
