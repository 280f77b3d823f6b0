// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader's side of the rings that BPF programs write, with this test as the writer:
 * laps, records across the end, a writer that is interrupted half-way, losses.
 */
#include "unit.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "collector/hit_ring.h"
#include "core/clock.h"
#include "core/failure.h"

enum { RING = 4096, CPUS = 2, EVENTS = 3, RECORD_MAX = 256 };

static struct hit_ring_shape shape = {
	.cpus = CPUS, .nr_events = EVENTS, .size = RING, .record_max = RECORD_MAX};
static struct hit_rings *rings;
static uint8_t *memory; /* the map, as a writer sees it */

/* What the reader handed out. */
static struct {
	uint64_t expected; /* number of the next record, in its first eight bytes of data
			    */
	uint64_t records;
	int answer; /* what to return */
} seen;

static uint64_t *word(unsigned cpu, size_t offset)
{
	return (uint64_t *)(void *)(memory + cpu * shape.entry + offset);
}

/* Reserves and fills a record but for its header; -1 if there is no room. */
static int64_t write_body(unsigned cpu, uint16_t size, uint64_t number)
{
	uint64_t at = *word(cpu, HIT_RING_RESERVED);
	uint8_t *record = memory + cpu * shape.entry + shape.control + (at & (RING - 1));

	if (at - *word(cpu, HIT_RING_TAIL) + size > RING)
		return -1;
	*word(cpu, HIT_RING_RESERVED) = at + size;
	/* A writer counts on zeroes where it writes nothing. */
	for (int i = 0; i < size; i++)
		assert_int_equal(record[i], 0);
	memset(record + 8, 0xff, size - 8U);
	memcpy(record + 8, &number, sizeof(number));
	return (int64_t)at;
}

static void commit(unsigned cpu, int64_t at, uint16_t size)
{
	struct perf_event_header header = {PERF_RECORD_SAMPLE, 0, size};

	memcpy(memory + cpu * shape.entry + shape.control + ((uint64_t)at & (RING - 1)),
	       &header, sizeof(header));
}

static int consume(void *user, unsigned cpu, const void *records, size_t size)
{
	const uint8_t *at = records, *end = at + size;

	(void)user;
	(void)cpu;
	while (at < end && !seen.answer) {
		struct perf_event_header header;
		uint64_t number;

		memcpy(&header, at, sizeof(header));
		memcpy(&number, at + 8, sizeof(number));
		assert_int_equal(header.type, PERF_RECORD_SAMPLE);
		assert_true(header.size >= 16 && header.size <= end - at);
		assert_int_equal(number, seen.expected);
		for (int i = 16; i < header.size; i++)
			assert_int_equal(at[i], 0xff);
		seen.expected++;
		seen.records++;
		at += header.size;
	}
	return seen.answer;
}

static void test_laps(void **state)
{
	uint64_t number = 0;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	for (unsigned i = 0; i < 20000; i++) {
		uint16_t size = (uint16_t)(16 + 8 * (i * 7 % 30));
		int64_t at = write_body(0, size, number);

		if (at < 0) {
			assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
			assert_int_equal(seen.records, number);
			continue;
		}
		commit(0, at, size);
		number++;
	}
	assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
	assert_int_equal(seen.records, number);
	assert_true(number > 15000);
}

/* What lies behind an interrupted writer waits for it, also when the ring has stale laps.
 */
static void test_interrupted(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	for (int lap = 0; lap < 200; lap++) {
		uint64_t number = seen.expected;
		int64_t first = write_body(1, 80, number),
			second = write_body(1, 96, number + 1);

		commit(1, second, 96);
		assert_int_equal(hit_rings_drain(rings, consume, NULL), 1);
		assert_int_equal(seen.expected, number);
		commit(1, first, 80);
		assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
		assert_int_equal(seen.expected, number + 2);
	}
}

/* A consumer that fails keeps its records for the next pass. */
static void test_failure(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.answer = -ENOSPC;
	commit(0, write_body(0, 64, 0), 64);
	assert_int_equal(hit_rings_drain(rings, consume, NULL), -ENOSPC);
	seen.answer = 0;
	assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
	assert_int_equal(seen.records, 1);
}

static void test_losses(void **state)
{
	uint64_t time;

	(void)state;
	*word(1, HIT_RING_LOST) = 7;
	*word(1, HIT_RING_LOST_TIME) = INT64_MAX;
	*word(0, HIT_RING_LOST_EVENT + 8 * 2) = 3;
	*word(1, HIT_RING_LOST_EVENT + 8 * 2) = 4;
	assert_int_equal(hit_rings_lost(rings, 0, &time), 0);
	assert_int_equal(hit_rings_lost(rings, 1, &time), 7);
	assert_int_equal(time, INT64_MAX);
	assert_int_equal(hit_rings_lost_event(rings, 2), 7);
	assert_int_equal(hit_rings_lost_event(rings, 1), 0);
}

/* What a writer that was preempted tells late fits into the round that is written. */
static void test_old_loss(void **state)
{
	uint64_t before = clock_ns(), after, time;

	(void)state;
	assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
	after = clock_ns();
	assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
	*word(1, HIT_RING_LOST) = 8;
	*word(1, HIT_RING_LOST_TIME) = 99;
	assert_int_equal(hit_rings_lost(rings, 1, &time), 8);
	assert_true(time >= before && time <= after);
}

/* A closed ring takes nothing, gives what it has, and goes on where it was. */
static void test_closed(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	commit(0, write_body(0, 64, 0), 64);
	hit_rings_close(rings);
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(write_body(cpu, 16, 0), -1);
		assert_true((int64_t)*word(cpu, HIT_RING_TAIL) < 0); /* what writers ask */
	}
	assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
	assert_int_equal(seen.records, 1);
	assert_int_equal(write_body(0, 16, 1), -1);
	hit_rings_open(rings);
	for (int i = 0; i < RING / 64; i++)
		commit(0, write_body(0, 64, seen.records + (uint64_t)i), 64);
	assert_int_equal(write_body(0, 64, 0), -1);
	assert_int_equal(hit_rings_drain(rings, consume, NULL), 0);
	assert_int_equal(seen.records, 1 + RING / 64);
}

static int open_rings(void **state)
{
	bool were_closed = write_body(0, 16, 0) < 0; /* as all new ones */

	(void)state;
	hit_rings_open(rings);
	return were_closed ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_laps),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_old_loss),
		cmocka_unit_test(test_closed),
	};
	struct failure f = {""};

	hit_ring_shape(&shape);
	if (hit_rings_new(&rings, &shape, &f)) {
		printf("SKIP: %s\n", f.text);
		return 77;
	}
	memory = mmap(NULL, (size_t)shape.entry * CPUS, PROT_READ | PROT_WRITE,
		      MAP_SHARED, hit_rings_map(rings), 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	return cmocka_run_group_tests(tests, open_rings, NULL);
}
