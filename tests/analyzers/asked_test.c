// SPDX-License-Identifier: GPL-2.0-or-later
/* Loops that were asked to keep a depth: which of them are said to have fallen short. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "analyzers/asked.h"
#include "core/failure.h"
#include "model_bed.h"

static const char model[] = "[request task]\n"
			    "submit = p:start key=id\n"
			    "complete = p:end key=id\n"
			    "[poll]\n"
			    "loop_begin = p:loop loop=loop depth=depth\n"
			    "wait_end = p:wake loop=loop\n";

enum { START, END, LOOP };

struct run {
	struct model_bed bed;
	struct asked asked;
	uint64_t now;
	int64_t id;
};

static struct run *open_run(void)
{
	struct run *r = calloc(1, sizeof(*r));
	struct failure f = {""};

	model_bed_open(&r->bed, model, 0, NULL, NULL);
	r->asked.requests = &r->bed.requests;
	model_bed_type(&r->bed, "p:start", "u64 id");
	model_bed_type(&r->bed, "p:end", "u64 id");
	model_bed_type(&r->bed, "p:loop", "u32 loop;u32 depth;u64 max");
	assert_int_equal(asked_analyzer.begin(&r->asked, NULL, &f), 0);
	for (unsigned i = 0; i <= LOOP; i++)
		assert_int_equal(
			asked_analyzer.type(&r->asked, &r->bed.types[i].type, &f),
			i == LOOP);
	return r;
}

static void close_run(struct run *r)
{
	model_bed_close(&r->bed);
	asked_release(&r->asked);
	free(r);
}

static void begin_loop(struct run *r, int32_t tid, int64_t loop, int64_t depth)
{
	const int64_t values[] = {loop, depth, 0};
	struct event event = make_event(&r->bed.types[LOOP], r->now += 10, 1, values);
	struct failure f = {""};

	event.tid = tid;
	assert_int_equal(asked_analyzer.event(&r->asked, &event, &f), 0);
}

/* So many requests, @depth of them at a time. */
static void work(struct run *r, int32_t tid, int64_t depth, int64_t requests)
{
	int64_t first = r->id;

	for (int64_t i = 0; i < requests + depth; i++) {
		if (i >= depth)
			EVENT(&r->bed, END, r->now += 10, tid, first + i - depth);
		if (i < requests)
			EVENT(&r->bed, START, r->now += 10, tid, r->id++);
	}
}

static void expect(const struct run *r, const char *expected)
{
	char text[ASKED_TEXT] = "";

	assert_int_equal(asked_sentence(&r->asked, text), *expected != 0);
	assert_string_equal(text, expected);
}

static void test_reached(void **state)
{
	struct run *r = open_run();

	(void)state;
	expect(r, "");
	work(r, 7, 1, 100); /* of a loop that said nothing */
	begin_loop(r, 7, 0, 4);
	expect(r, "");
	work(r, 7, 4, 100);
	expect(r, "");
	begin_loop(r, 8, 1, 9);
	work(r, 7, 6, 100); /* more than it was asked for */
	work(r, 8, 9, 100);
	expect(r, "");
	assert_int_equal(r->asked.loops[0].reached, 4);
	assert_int_equal(r->asked.loops[1].reached, 9);
	assert_int_equal(r->asked.nr_short, 0);
	close_run(r);
}

static void test_fell_short(void **state)
{
	struct run *r = open_run();

	(void)state;
	begin_loop(r, 7, 3, 32);
	begin_loop(r, 8, 4, 32);
	work(r, 7, 8, ASKED_REQUESTS_MIN - 1);
	expect(r, "");
	work(r, 7, 8, 1);
	expect(r,
	       "the depth never reached what was asked: loop 3 (thread 7) was to keep 32 "
	       "requests in flight and had at most 8");
	work(r, 8, 31, 1000);
	expect(r,
	       "the depth never reached what was asked: loop 3 (thread 7) was to keep 32 "
	       "requests in flight and had at most 8; 1 other fell short, too");
	begin_loop(r, 7, 5, 2); /* the thread's next */
	work(r, 7, 2, 1000);
	expect(r,
	       "the depth never reached what was asked: loop 4 (thread 8) was to keep 32 "
	       "requests in flight and had at most 31");
	model_bed_loss(&r->bed, 1);
	expect(r, "");
	close_run(r);
}

static void test_many_loops(void **state)
{
	struct run *r = open_run();

	(void)state;
	for (int32_t i = 0; i < ASKED_LOOPS_MAX + 10; i++)
		begin_loop(r, 100 + i, i, 2);
	assert_int_equal(r->asked.nr_loops, ASKED_LOOPS_MAX);
	work(r, 100 + ASKED_LOOPS_MAX, 1, 100);
	expect(r, "");
	work(r, 100, 1, 100);
	assert_int_equal(r->asked.loops[0].reached, 1);
	close_run(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reached),
		cmocka_unit_test(test_fell_short),
		cmocka_unit_test(test_many_loops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
