// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is there, after records were forgotten: threads, their number, their mappings. */
#include "unit.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collector/roster.h"
#include "collector/sideband.h"

enum { PID = 100, CHILD = 200, STRANGER = 5000000 /* no such process can be */ };

static struct roster *roster;

/* A record without the trailer that sample_id_all adds, which nobody looks at here. */
struct record {
	struct perf_event_header header;
	uint32_t words[32];
};

static void add(uint32_t type, uint16_t misc, const uint32_t *words, size_t count,
		uint64_t time_ns)
{
	struct record record = {{type, misc, (uint16_t)(8 + 4 * count)}, {0}};

	memcpy(record.words, words, 4 * count);
	assert_int_equal(roster_add(roster, &record, time_ns), 0);
}

static void fork_task(uint32_t parent, uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	add(PERF_RECORD_FORK, 0, (uint32_t[]){pid, parent, tid, parent, 0, 0}, 6,
	    time_ns);
}

static void exit_task(uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	add(PERF_RECORD_EXIT, 0, (uint32_t[]){pid, pid, tid, tid, 0, 0}, 6, time_ns);
}

static void name_task(uint32_t pid, bool exec, uint64_t time_ns)
{
	add(PERF_RECORD_COMM, exec ? PERF_RECORD_MISC_COMM_EXEC : 0,
	    (uint32_t[]){pid, pid, 'x', 0}, 4, time_ns);
}

/* Maps @size bytes at @start; the last word is its name. */
static void map(uint32_t pid, uint32_t start, uint32_t size, char name, uint64_t time_ns)
{
	uint32_t words[18] = {pid, pid, start, 0, size, 0, [16] = (uint32_t)name};

	add(PERF_RECORD_MMAP2, 0, words, 18, time_ns);
}

static int set_up(void **state)
{
	(void)state;
	roster = roster_new();
	return !roster;
}

static int tear_down(void **state)
{
	(void)state;
	roster_free(roster);
	return 0;
}

/* The names of the mappings that are written for a process. */
struct names {
	uint32_t pid;
	char text[32];
	size_t bytes; /* of all records */
};

static int collect(void *user, const void *records, size_t size, struct failure *f)
{
	const uint8_t *at = records, *end = at + size;
	struct names *names = user;
	struct record record;

	(void)f;
	names->bytes += size;
	for (; at < end; at += record.header.size) {
		memcpy(&record.header, at, sizeof(record.header));
		memcpy(&record, at, record.header.size);
		if (record.header.type == PERF_RECORD_MMAP2 &&
		    record.words[0] == names->pid)
			strcat(names->text, (char[]){(char)record.words[16], 0});
	}
	return 0;
}

static void expect_mappings(uint32_t pid, const char *wanted)
{
	struct names names = {.pid = pid};
	struct sideband to = {.write = collect, .user = &names};

	assert_int_equal(roster_write(roster, &to, NULL), 0);
	assert_string_equal(names.text, wanted);
}

static void test_threads(void **state)
{
	(void)state;
	name_task(PID, true, 1);
	for (uint32_t i = 1; i <= 5000; i++)
		fork_task(PID, PID, PID + i, 1 + i);
	for (uint32_t i = 1; i <= 5000; i += 2)
		exit_task(PID, PID + i, 6000 + i);
	assert_int_equal(roster_settle(roster, 5001), 0);
	assert_int_equal(roster_threads(roster), 5001);
	assert_int_equal(roster_settle(roster, 20000), 0);
	assert_int_equal(roster_threads(roster), 2501);
}

/* Threads whose EXIT was lost do not stay for ever, those that run do. */
static void test_lost_exits(void **state)
{
	struct timespec now;
	uint64_t time;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &now);
	time = (uint64_t)now.tv_sec * 1000000000;
	name_task((uint32_t)getpid(), true, time);
	for (uint32_t i = 0; i < 30000; i++) {
		time += 1000000000;
		fork_task(1, STRANGER + i, STRANGER + i, time);
		assert_int_equal(roster_settle(roster, time), 0);
		assert_true(roster_threads(roster) < 2500);
	}
	map((uint32_t)getpid(), 0, 4096, 'a', time);
	roster_settle(roster, time);
	expect_mappings((uint32_t)getpid(), "a");
}

static void test_mappings(void **state)
{
	(void)state;
	name_task(PID, true, 1);
	map(PID, 0x1000, 0x1000, 'a', 2);
	map(PID, 0x3000, 0x1000, 'b', 3);
	fork_task(PID, CHILD, CHILD, 4);
	map(PID, 0x5000, 0x1000, 'c', 5);
	roster_settle(roster, 5);
	expect_mappings(PID, "abc");
	expect_mappings(CHILD, "ab");
	map(PID, 0x2000, 0x3000, 'd', 6); /* where b was */
	roster_settle(roster, 6);
	expect_mappings(PID, "acd");
	name_task(CHILD, true, 7);
	map(CHILD, 0x1000, 0x1000, 'e', 8);
	expect_mappings(CHILD, "abe"); /* the exec has not taken effect as yet */
	roster_settle(roster, 8);
	expect_mappings(CHILD, "e");
	exit_task(CHILD, CHILD, 9);
	roster_settle(roster, 9);
	expect_mappings(CHILD, "");
	expect_mappings(PID, "acd");
}

/* A process that maps and unmaps for ever: the newest stay. */
static void test_many_mappings(void **state)
{
	struct names names = {.pid = 0};
	struct sideband to = {.write = collect, .user = &names};

	(void)state;
	name_task(PID, true, 1);
	for (uint32_t i = 0; i < 20000; i++)
		map(PID, 0x1000 * i, 0x1000, 'x', 2 + i);
	map(1, 0, 0x1000, 'y', 2); /* of no process that is known */
	roster_settle(roster, 30000);
	assert_int_equal(roster_write(roster, &to, NULL), 0);
	assert_true(names.bytes < 300 << 10 && names.bytes > 200 << 10);
	map(PID, 0, UINT32_MAX, 'z', 30001);
	roster_settle(roster, 30001);
	expect_mappings(PID, "z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost_exits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mappings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_mappings, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
