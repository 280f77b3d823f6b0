// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flight recorder's memory against a list of all that was ever added: a snapshot is
 * the end of that list, as far back as it says and without a gap, with the names that the
 * threads had at each moment; also when it is written while records go on to come.
 */
#include "unit.h"
#include "writing.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/flight.h"

enum {
	SIZE = FLIGHT_SIZE_MIN,
	CPUS = 2,
	THREADS = 10, /* tids from MAKER_PID on; the first leads the process */
	RENAMED = 5,  /* the others are called like the leader when they came */
	NAMES = 500,
	ROUND = 400,  /* what happens in a round */
	LATE = 60,    /* … of which so much may come with the next one */
	ROUNDS = 240, /* several times as much as fits */
	EVENTS = ROUNDS * ROUND * 4,
};

/* An event that happened. */
struct happened {
	uint64_t time_ns;
	int tid, name;
};

struct ring {
	uint8_t bytes[ROUND * MAKER_RECORD_MAX];
	size_t size;
};

struct bed {
	struct maker maker;
	struct flight *flight;
	struct ring rings[CPUS];
	struct happened all[EVENTS];
	size_t count;
	uint64_t now;
	bool alive[THREADS];
	int names[THREADS], next_name;
};

static struct bed *bed;

static int random_below(int bound)
{
	return (int)(random() % bound);
}

static const char *name_text(int name, char text[16])
{
	snprintf(text, 16, "name%d", name);
	return text;
}

static uint8_t *record_at(unsigned cpu)
{
	return bed->rings[cpu].bytes + bed->rings[cpu].size;
}

static void rename_thread(unsigned cpu, int thread)
{
	char text[16];

	bed->names[thread] = bed->next_name++ % NAMES;
	bed->rings[cpu].size +=
		maker_comm(&bed->maker, record_at(cpu), MAKER_PID + thread,
			   name_text(bed->names[thread], text), bed->now);
}

/* A thread comes or goes; a new one is called like the leader. */
static void come_or_go(unsigned cpu, int thread)
{
	struct ring *ring = &bed->rings[cpu];

	if (!thread)
		return;
	if (bed->alive[thread]) {
		ring->size += maker_exit(&bed->maker, record_at(cpu), MAKER_PID + thread,
					 bed->now);
	} else {
		ring->size += maker_fork(&bed->maker, record_at(cpu), MAKER_PID,
					 MAKER_PID + thread, bed->now);
		bed->names[thread] = bed->names[0];
	}
	bed->alive[thread] ^= true;
}

static void hit(unsigned cpu, int thread)
{
	struct maker_hit hit = {.event = EVENT_A,
				.cpu = cpu,
				.tid = MAKER_PID + thread,
				.time_ns = bed->now,
				.values = {bed->count, (uintptr_t) "text", 0}};

	bed->rings[cpu].size += maker_sample(&bed->maker, record_at(cpu), &hit);
	bed->all[bed->count++] = (struct happened){bed->now, hit.tid, bed->names[thread]};
}

static void happen(void)
{
	unsigned cpu = (unsigned)random_below(CPUS);
	int thread = random_below(THREADS), what = random_below(200);

	bed->now += 1 + (uint64_t)random_below(1000);
	if (what < 3)
		come_or_go(cpu, thread);
	else if (what < 40 && bed->alive[thread] && thread < RENAMED)
		rename_thread(cpu, thread);
	else if (bed->alive[thread])
		hit(cpu, thread);
}

static void drain_ring(unsigned cpu)
{
	assert_int_equal(
		flight_add(bed->flight, bed->rings[cpu].bytes, bed->rings[cpu].size), 0);
	bed->rings[cpu].size = 0;
}

/* One CPU's ring is drained later than the other's. */
static void one_round(void)
{
	for (int i = 0; i < ROUND - LATE; i++)
		happen();
	drain_ring(0);
	for (int i = 0; i < LATE; i++)
		happen();
	drain_ring(1);
	assert_int_equal(flight_round(bed->flight), 0);
}

static int set_up(void **state)
{
	struct perf_event_attr attr = {
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
			       PERF_SAMPLE_RAW | PERF_SAMPLE_IDENTIFIER,
		.sample_id_all = 1,
	};

	(void)state;
	srandom(1);
	bed = calloc(1, sizeof(*bed));
	bed->maker.cpus = CPUS;
	maker_add(&bed->maker, "a", "u64 n;str text;s32 word");
	maker_add(&bed->maker, "b", "u32 x");
	bed->now = 1000;
	bed->alive[0] = true;
	return flight_new(&bed->flight, SIZE, &attr, bed->maker.events[0].ids[0], NULL);
}

static int tear_down(void **state)
{
	(void)state;
	flight_free(bed->flight);
	maker_release(&bed->maker);
	free(bed);
	return 0;
}

/* A snapshot, and what was to be in it when it was begun. */
struct taken {
	struct flight_window window;
	struct flight_written written;
	struct trace_writer *writer;
	size_t count; /* events so far */
	int err;
};

static void take(struct taken *taken, const char *path)
{
	/* What waits in a ring is not there as yet. */
	drain_ring(0);
	taken->writer = maker_open(&bed->maker, path, 0, NULL);
	assert_non_null(taken->writer);
	taken->count = bed->count;
	flight_hold(bed->flight, &taken->window);
}

static void *write_out(void *opaque)
{
	struct taken *taken = opaque;

	taken->err = flight_write(bed->flight, &taken->window, taken->writer,
				  &taken->written, NULL);
	if (writer_close(taken->writer, NULL))
		taken->err = -1;
	return NULL;
}

static void check(struct trace *trace, const struct taken *taken)
{
	size_t at = 0, first;
	struct trace_item item;
	char name[16];

	while (at < taken->count && bed->all[at].time_ns <= taken->window.from_ns)
		at++;
	first = at;
	for (; at < taken->count; at++) {
		const struct happened *h = &bed->all[at];

		assert_int_equal(trace_next(trace, &item, NULL), 1);
		assert_int_equal(item.kind, TRACE_EVENT);
		assert_int_equal(item.event.time_ns, h->time_ns);
		assert_int_equal(item.event.tid, h->tid);
		assert_string_equal(trace_comm(trace, MAKER_PID, h->tid),
				    name_text(h->name, name));
	}
	assert_int_equal(trace_next(trace, &item, NULL), 0);
	assert_false(trace_info(trace)->incomplete);
	/* The memory is used: at most an eighth of it was lost to forgetting. */
	assert_true(!taken->window.from_ns || taken->window.bytes > SIZE / 8 * 7);
	assert_true(taken->count - first > 1000);
}

static void test_window(void **state)
{
	char path[] = "/tmp/fathom-flight-XXXXXX", old[64];
	struct taken taken;
	struct trace *trace;

	(void)state;
	close(mkstemp(path));
	rename_thread(0, 0);
	for (int round = 1; round <= ROUNDS; round++) {
		one_round();
		if (round % 9)
			continue;
		take(&taken, path);
		write_out(&taken);
		assert_int_equal(taken.err, 0);
		trace = open_trace(path);
		check(trace, &taken);
		assert_int_equal(trace_type(trace, EVENT_A)->count, taken.written.events);
		trace_close(trace);
	}
	assert_true(taken.window.from_ns > 0);
	unlink(path);
	snprintf(old, sizeof(old), "%s.old", path);
	unlink(old);
}

static void *add_more(void *unused)
{
	for (int round = 0; round < ROUNDS; round++)
		one_round();
	return unused;
}

/* More than fits comes while a snapshot is written to a slow reader. */
static void test_meanwhile(void **state)
{
	char in[32], out[32];
	struct taken taken;
	struct trace *trace;
	pthread_t writer, adder;
	int ends[2];

	(void)state;
	rename_thread(0, 0);
	for (int round = 0; round < ROUNDS / 2; round++)
		one_round();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(in, sizeof(in), "/proc/self/fd/%d", ends[0]);
	snprintf(out, sizeof(out), "/proc/self/fd/%d", ends[1]);
	take(&taken, out);
	close(ends[1]);
	assert_int_equal(pthread_create(&writer, NULL, write_out, &taken), 0);
	trace = open_trace(in);
	close(ends[0]);
	/* Adding waits for the writer, who waits for this thread to read. */
	assert_int_equal(pthread_create(&adder, NULL, add_more, NULL), 0);
	check(trace, &taken);
	pthread_join(writer, NULL);
	pthread_join(adder, NULL);
	assert_int_equal(taken.err, 0);
	trace_close(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_window, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_meanwhile, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
