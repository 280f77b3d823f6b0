// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flight recorder's memory.
 *
 * One buffer for all CPUs, cut into segments that are used in turn. Records lie in it as
 * they came out of the rings, pass after pass, rounds among them: whatever the backend,
 * and whichever CPU, adding is one copy of many records. When all segments are full the
 * oldest is emptied. What is left then goes back to one moment on every CPU: the newest
 * time of an event that was forgotten. Events that are not newer may still be there, from
 * other CPUs' rings; a snapshot leaves them out, so that it is either complete or says
 * nothing.
 *
 * A snapshot holds what the segments have at a moment; records go on to be added behind.
 * Whoever writes it lets the segments go one by one, oldest first; the one who adds
 * records wants them back in the same order. So there is one number to agree upon, and no
 * copy of the buffer.
 *
 * Rejected: one buffer per CPU, as perf has it: a busy one would reach back a second and
 * an idle one an hour, and a request that crosses them would be half there. Overwriting
 * rings in the kernel without a reader: the hit costs the same, but whoever watches for a
 * slow request must read them all the same, and names of threads would be overwritten,
 * too. fork() for a snapshot: twice the memory in the worst case.
 */
#include "collector/flight.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "collector/roster.h"
#include "core/failure.h"
#include "trace/perf_file.h"
#include "trace/sample_layout.h"
#include "trace/writer.h"

enum {
	SEGMENTS = 256,		/* if they are neither too small nor too large: */
	SEGMENT_MIN = 64 << 10, /* no record is larger */
	SEGMENT_MAX = 1 << 20,
	LOST_SIZE = sizeof(struct perf_event_header) + 16,
};

static const uint64_t held_none = UINT64_MAX;

struct flight {
	struct sample_layout layout;
	uint64_t id;
	size_t segment; /* bytes of each */
	uint64_t count; /* of segments */
	uint8_t *memory;
	size_t *filled; /* bytes of each */
	uint64_t oldest,
		newest;	       /* numbers, which only grow; the newest is being filled */
	bool in_round;	       /* there are records behind the last round */
	uint64_t forgotten_ns; /* the newest time of an event that is gone */
	uint64_t of_round, of_round_before; /* the newest times of rounds that are gone */
	struct roster *roster;
	pthread_mutex_t lock;
	pthread_cond_t let_go;
	uint64_t held; /* from this segment on they belong to a snapshot */
};

static size_t segment_size(size_t size)
{
	size_t segment = SEGMENT_MIN;

	while (segment < SEGMENT_MAX && segment * SEGMENTS < size)
		segment *= 2;
	return segment;
}

/* Touched at once: the memory is what the recorder costs, from its start on. */
static int get_memory(struct flight *f)
{
	size_t size = f->segment * f->count;

	f->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (f->memory == MAP_FAILED)
		return -ENOMEM;
	madvise(f->memory, size, MADV_HUGEPAGE);
	memset(f->memory, 0, size);
	return 0;
}

int flight_new(struct flight **flight, size_t size, const struct perf_event_attr *attr,
	       uint64_t id, struct failure *failure)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (!f)
		return fail(failure, -ENOMEM, "out of memory");
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->let_go, NULL);
	sample_layout_init(&f->layout, attr);
	f->id = id;
	f->held = held_none;
	f->segment = segment_size(size);
	f->count = size / f->segment;
	f->memory = MAP_FAILED;
	f->filled = calloc(f->count, sizeof(*f->filled));
	f->roster = roster_new();
	if (!f->filled || !f->roster || get_memory(f)) {
		flight_free(f);
		return fail(failure, -ENOMEM,
			    "no memory for a flight recorder of %zu MiB", size >> 20);
	}
	*flight = f;
	return 0;
}

void flight_free(struct flight *f)
{
	if (!f)
		return;
	if (f->memory != MAP_FAILED)
		munmap(f->memory, f->segment * f->count);
	free(f->filled);
	roster_free(f->roster);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->let_go);
	free(f);
}

static uint8_t *segment_at(const struct flight *f, uint64_t number)
{
	return f->memory + (number % f->count) * f->segment;
}

static size_t *filled_of(const struct flight *f, uint64_t number)
{
	return &f->filled[number % f->count];
}

static struct perf_event_header header_of(const uint8_t *record)
{
	struct perf_event_header header;

	memcpy(&header, record, sizeof(header));
	return header;
}

/* The records that we made ourselves, of time 0, are of all times. */
static uint64_t time_of(const struct flight *f, const uint8_t *record,
			const struct perf_event_header *header)
{
	bool is_sample = header->type == PERF_RECORD_SAMPLE;
	size_t at =
		is_sample ? f->layout.time : (size_t)header->size - f->layout.last_time;
	uint64_t time;

	if (at + sizeof(time) > header->size)
		return 0;
	memcpy(&time, record + at, sizeof(time));
	return time;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What a record that goes leaves behind. */
static int forget(struct flight *f, const uint8_t *record,
		  const struct perf_event_header *header)
{
	uint64_t time, settled;

	if (header->type == PERF_RECORD_USER_FINISHED_ROUND) {
		settled = f->of_round_before;
		f->of_round_before = f->of_round;
		return roster_settle(f->roster, settled);
	}
	time = time_of(f, record, header);
	f->of_round = later(f->of_round, time);
	if (header->type != PERF_RECORD_SAMPLE)
		return roster_add(f->roster, record, time);
	f->forgotten_ns = later(f->forgotten_ns, time);
	return 0;
}

static int forget_oldest(struct flight *f)
{
	const uint8_t *at = segment_at(f, f->oldest);
	const uint8_t *end = at + *filled_of(f, f->oldest);
	struct perf_event_header header;
	int err = 0;

	for (; at < end && !err; at += header.size) {
		header = header_of(at);
		err = forget(f, at, &header);
	}
	f->oldest++;
	return err;
}

static void wait_for_segment(struct flight *f, uint64_t number)
{
	pthread_mutex_lock(&f->lock);
	while (f->held <= number)
		pthread_cond_wait(&f->let_go, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static void hold_from(struct flight *f, uint64_t number)
{
	pthread_mutex_lock(&f->lock);
	f->held = number;
	pthread_cond_signal(&f->let_go);
	pthread_mutex_unlock(&f->lock);
}

static int next_segment(struct flight *f)
{
	int err = 0;

	if (f->newest + 1 - f->oldest == f->count) {
		wait_for_segment(f, f->oldest);
		err = forget_oldest(f);
	}
	f->newest++;
	*filled_of(f, f->newest) = 0;
	return err;
}

/* How many of @size bytes at @records are whole records that fit into @room. */
static size_t that_fit(const uint8_t *records, size_t size, size_t room)
{
	size_t fit = 0, next;

	if (size <= room)
		return size;
	while ((next = fit + header_of(records + fit).size) <= room)
		fit = next;
	return fit;
}

int flight_add(struct flight *f, const void *records, size_t size)
{
	const uint8_t *from = records;
	int err = 0;

	f->in_round |= size != 0;
	while (size && !err) {
		size_t *filled = filled_of(f, f->newest);
		size_t part = that_fit(from, size, f->segment - *filled);

		memcpy(segment_at(f, f->newest) + *filled, from, part);
		*filled += part;
		from += part;
		size -= part;
		if (size)
			err = next_segment(f);
	}
	return err;
}

int flight_round(struct flight *f)
{
	struct perf_event_header round = {
		.type = PERF_RECORD_USER_FINISHED_ROUND,
		.size = sizeof(round),
	};
	int err;

	if (!f->in_round)
		return 0;
	err = flight_add(f, &round, sizeof(round));
	f->in_round = false;
	return err;
}

void flight_hold(struct flight *f, struct flight_window *window)
{
	*window = (struct flight_window){
		.first = f->oldest,
		.last = f->newest,
		.last_filled = *filled_of(f, f->newest),
		.from_ns = f->forgotten_ns,
	};
	for (uint64_t i = f->oldest; i <= f->newest; i++)
		window->bytes += *filled_of(f, i);
	hold_from(f, f->oldest);
}

/* A snapshot under way. */
struct snapshot {
	const struct flight *flight;
	const struct flight_window *window;
	struct trace_writer *to;
	struct flight_written *written;
	struct failure *failure;
};

static int write_bytes(void *user, const void *records, size_t size,
		       struct failure *failure)
{
	return writer_data(user, records, size, failure);
}

/* Does it belong to the window? Counts it if so. */
static bool belongs(struct snapshot *s, const uint8_t *record,
		    const struct perf_event_header *header)
{
	bool is_sample = header->type == PERF_RECORD_SAMPLE;
	uint64_t time, lost;

	if (!is_sample && header->type != PERF_RECORD_LOST)
		return true;
	time = time_of(s->flight, record, header);
	if (time <= s->window->from_ns)
		return false;
	if (!is_sample && header->size >= LOST_SIZE) {
		memcpy(&lost, record + sizeof(*header) + sizeof(uint64_t), sizeof(lost));
		s->written->lost += lost;
	}
	if (!is_sample)
		return true;
	s->written->events++;
	if (!s->written->first_ns || time < s->written->first_ns)
		s->written->first_ns = time;
	return true;
}

/* Writes records that stand together at once, and rounds as the writer has them. */
static int write_segment(struct snapshot *s, uint64_t number)
{
	const uint8_t *at = segment_at(s->flight, number), *from = at;
	const uint8_t *end =
		at + (number == s->window->last ? s->window->last_filled
						: *filled_of(s->flight, number));
	int err = 0;

	while (at < end && !err) {
		struct perf_event_header header = header_of(at);
		bool round = header.type == PERF_RECORD_USER_FINISHED_ROUND;

		if (round || !belongs(s, at, &header)) {
			err = writer_data(s->to, from, (size_t)(at - from), s->failure);
			from = at + header.size;
		}
		if (round && !err)
			err = writer_round(s->to, s->failure);
		at += header.size;
	}
	return err ? err : writer_data(s->to, from, (size_t)(at - from), s->failure);
}

void flight_let_go(struct flight *f)
{
	hold_from(f, held_none);
}

/* The roster first, while nothing can be forgotten: it changes only when something is. */
int flight_write(struct flight *f, const struct flight_window *window,
		 struct trace_writer *to, struct flight_written *written,
		 struct failure *failure)
{
	struct snapshot s = {f, window, to, written, failure};
	struct sideband sideband = {
		.write = write_bytes,
		.user = to,
		.id = f->id,
		.with_id = f->layout.id != 0,
	};
	int err = roster_write(f->roster, &sideband, failure);

	*written = (struct flight_written){0};
	for (uint64_t i = window->first; i <= window->last && !err; i++) {
		err = write_segment(&s, i);
		hold_from(f, i + 1);
	}
	flight_let_go(f);
	return err;
}
