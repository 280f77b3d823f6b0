// SPDX-License-Identifier: GPL-2.0-or-later
/* Poll windows and the series against counting by hand. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/poll.h"
#include "capture.h"
#include "core/failure.h"
#include "events.h"

enum { BEGIN, END, GROW, SHRINK, WAIT_BEGIN, WAIT_END, TYPES };

static const char *const names[TYPES][2] = {
	[BEGIN] = {"fathom:poll_begin", "u32 loop;u64 budget_ns"},
	[END] = {"fathom:poll_end", "u32 loop;u8 progress;u64 elapsed_ns"},
	[GROW] = {"fathom:poll_grow", "u32 loop;u64 old_ns;u64 new_ns"},
	[SHRINK] = {"fathom:poll_shrink", "u32 loop;u64 old_ns;u64 new_ns"},
	[WAIT_BEGIN] = {"fathom:wait_begin", "u32 loop;u32 depth"},
	[WAIT_END] = {"fathom:wait_end", "u32 loop;u32 events"},
};

static const struct model_options engine = {.which = "fathom"};

struct bed {
	struct poll poll;
	struct made_type types[TYPES];
};

static struct bed *bed_open(void)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct failure f = {""};

	b->poll.options = &engine;
	if (poll_analyzer.begin(&b->poll, NULL, &f))
		fail_msg("%s", f.text);
	for (unsigned i = 0; i < TYPES; i++) {
		make_type(&b->types[i], i, names[i][0], names[i][1]);
		if (poll_analyzer.type(&b->poll, &b->types[i].type, &f) != 1)
			fail_msg("%s", f.text);
	}
	return b;
}

static void bed_close(struct bed *b)
{
	for (unsigned i = 0; i < TYPES; i++)
		made_type_release(&b->types[i]);
	poll_release(&b->poll);
	free(b);
}

static void feed(struct bed *b, unsigned type, uint64_t time_ns, int64_t loop, int64_t x,
		 int64_t y)
{
	const int64_t values[] = {loop, x, y};
	struct event event = make_event(&b->types[type], time_ns, 1, values);
	struct failure f = {""};

	assert_int_equal(poll_analyzer.event(&b->poll, &event, &f), 0);
}

static void test_windows(void **state)
{
	struct bed *b = bed_open();
	struct poll_loop *l;

	(void)state;
	feed(b, WAIT_BEGIN, 1000, 7, 1, 0);
	feed(b, WAIT_END, 5000, 7, 1, 0);
	feed(b, GROW, 5000, 7, 0, 4000);
	feed(b, BEGIN, 6000, 7, 4000, 0);
	feed(b, END, 8000, 7, 1, 1999);
	feed(b, BEGIN, 10000, 7, 4000, 0);
	feed(b, END, 14000, 7, 0, 4000);
	feed(b, SHRINK, 14000, 7, 4000, 0);
	feed(b, WAIT_BEGIN, 15000, 7, 1, 0);
	poll_analyzer.end(&b->poll);

	assert_int_equal(b->poll.nr_loops, 1);
	l = b->poll.loops[0];
	assert_int_equal(l->loop, 7);
	assert_int_equal(l->windows, 2);
	assert_int_equal(l->progress, 1);
	assert_int_equal(l->empty, 1);
	assert_int_equal(l->progress_ns, 1999); /* the engine's own figure */
	assert_int_equal(l->empty_ns, 4000);
	assert_int_equal(l->grow, 1);
	assert_int_equal(l->shrink, 1);
	assert_int_equal(l->waits, 1);
	assert_int_equal(l->wait_ns, 4000);
	assert_int_equal(l->unmatched, 1); /* the wait that never ended */
	assert_int_equal(l->window_max_ns, 4000);
	bed_close(b);
}

/* What does not pair up is counted, and no window is made of it. */
static void test_unmatched(void **state)
{
	struct bed *b = bed_open();
	struct poll_loop *l;

	(void)state;
	feed(b, WAIT_END, 500, 1, 1, 0);
	feed(b, BEGIN, 1000, 1, 4000, 0);
	feed(b, BEGIN, 2000, 1, 4000, 0);
	feed(b, END, 3000, 1, 0, 1000);
	feed(b, WAIT_BEGIN, 4000, 1, 1, 0);
	feed(b, WAIT_BEGIN, 5000, 1, 1, 0);
	feed(b, WAIT_END, 6000, 1, 1, 0);
	feed(b, BEGIN, 7000, 1, 4000, 0);
	poll_analyzer.end(&b->poll);
	l = b->poll.loops[0];
	assert_int_equal(l->windows, 1);
	assert_int_equal(l->waits, 1);
	assert_int_equal(l->wait_ns, 1000);
	assert_int_equal(l->unmatched, 4);
	bed_close(b);
}

/* Random loops: sums equal those kept on the side. */
static void test_random(void **state)
{
	struct bed *b = bed_open();
	struct {
		uint64_t progress, empty, progress_ns, empty_ns;
	} want[5] = {0};
	uint64_t seed = 3, now = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t dice = next_random(&seed), loop = dice % 5;
		uint64_t elapsed = dice >> 50;
		bool progress = dice >> 20 & 1;

		feed(b, BEGIN, now += 10, (int64_t)loop, 32768, 0);
		feed(b, END, now += elapsed, (int64_t)loop, progress, (int64_t)elapsed);
		want[loop].progress += progress;
		want[loop].empty += !progress;
		*(progress ? &want[loop].progress_ns : &want[loop].empty_ns) += elapsed;
	}
	poll_analyzer.end(&b->poll);
	assert_int_equal(b->poll.nr_loops, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct poll_loop *l = b->poll.loops[i];

		assert_int_equal(l->progress, want[l->loop].progress);
		assert_int_equal(l->empty, want[l->loop].empty);
		assert_int_equal(l->progress_ns, want[l->loop].progress_ns);
		assert_int_equal(l->empty_ns, want[l->loop].empty_ns);
		assert_int_equal(l->windows, l->progress + l->empty);
		assert_int_equal(l->unmatched, 0);
	}
	bed_close(b);
}

/* By loop, then by process, in whatever order they came. */
static void test_order(void **state)
{
	static const int64_t came[] = {9, 1, 10, 0};
	struct bed *b = bed_open();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(came); i++)
		feed(b, BEGIN, i + 1, came[i], 1, 0);
	poll_analyzer.end(&b->poll);
	assert_int_equal(b->poll.loops[0]->loop, 0);
	assert_int_equal(b->poll.loops[1]->loop, 1);
	assert_int_equal(b->poll.loops[2]->loop, 9);
	assert_int_equal(b->poll.loops[3]->loop, 10);
	bed_close(b);
}

static void print_text(const void *poll)
{
	poll_print_text(poll);
}

static void assert_prints(const struct bed *b, const char *const *wanted, size_t nr)
{
	char *text = capture(120, print_text, &b->poll);

	for (size_t i = 0; i < nr; i++)
		if (!strstr(text, wanted[i]))
			fail_msg("no '%s' in:\n%s", wanted[i], text);
	free(text);
}

/* 100 ms, of which 60 were polled: what that cost is not called a gain. */
static void test_verdict(void **state)
{
	static const char *const wanted[] = {
		"polled 60.0 ms, 60.0% of one CPU",
		"  50.0 ms (50.0%) in 2 windows that found something",
		"  10.0 ms (10.0%) in 1 empty window",
		"spared: 2 sleeps and wake-ups (66.7% of 3 waits)",
		"verdict: each wake-up spared cost 30.0 ms of CPU",
	};
	struct bed *b = bed_open();

	(void)state;
	feed(b, BEGIN, 1000000, 0, 1, 0);
	feed(b, END, 26000000, 0, 1, 25000000);
	feed(b, BEGIN, 30000000, 0, 1, 0);
	feed(b, END, 55000000, 0, 1, 25000000);
	feed(b, BEGIN, 60000000, 0, 1, 0);
	feed(b, END, 70000000, 0, 0, 10000000);
	feed(b, WAIT_BEGIN, 71000000, 0, 1, 0);
	feed(b, WAIT_END, 101000000, 0, 1, 0);
	poll_analyzer.end(&b->poll);
	assert_prints(b, wanted, ARRAY_SIZE(wanted));
	bed_close(b);
}

/* A wait that brought nothing was a nap: the loop polled behind it. */
static void test_naps(void **state)
{
	static const char *const wanted[] = {
		"spared: 1 wake-ups (50.0% of 2 waits)",
		"napped: 2 times, 110 us, before polling",
	};
	struct bed *b = bed_open();

	(void)state;
	feed(b, WAIT_BEGIN, 1000, 7, 1, 0);
	feed(b, WAIT_END, 61000, 7, 0, 0);
	feed(b, BEGIN, 61000, 7, 4000, 0);
	feed(b, END, 63000, 7, 1, 2000);
	feed(b, WAIT_BEGIN, 70000, 7, 1, 0);
	feed(b, WAIT_END, 120000, 7, 0, 0);
	feed(b, WAIT_BEGIN, 120000, 7, 1, 0);
	feed(b, WAIT_END, 130000, 7, 2, 0);
	poll_analyzer.end(&b->poll);
	assert_int_equal(b->poll.loops[0]->naps, 2);
	assert_int_equal(b->poll.loops[0]->nap_ns, 110000);
	assert_int_equal(b->poll.loops[0]->waits, 1);
	assert_int_equal(b->poll.loops[0]->wait_ns, 10000);
	assert_prints(b, wanted, ARRAY_SIZE(wanted));
	bed_close(b);
}

static void test_verdict_of_nothing(void **state)
{
	static const char *const wanted[] = {
		"verdict: polling found nothing: all of it was for nothing"};
	struct bed *b = bed_open();

	(void)state;
	feed(b, BEGIN, 1000, 0, 1, 0);
	feed(b, END, 2000, 0, 0, 1000);
	poll_analyzer.end(&b->poll);
	assert_prints(b, wanted, ARRAY_SIZE(wanted));
	bed_close(b);
}

/* Everything but sentences keeps within the terminal, and no column is dropped. */
static void test_narrow(void **state)
{
	static const char *const heads[] = {"windows", "found",	 "largest",
					    "grown",   "shrunk", "asleep"};
	struct bed *b = bed_open();
	char *text, *end;

	(void)state;
	for (uint64_t i = 1; i < 100; i++) {
		feed(b, BEGIN, i * 1000000, 123456, (int64_t)i, 0);
		feed(b, END, i * 1000000 + 1000, 123456, 1, 1000);
	}
	poll_analyzer.end(&b->poll);
	text = capture(40, print_text, &b->poll);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		assert_non_null(strstr(text, heads[i]));
	end = strstr(text, "\npolled");
	assert_non_null(end);
	*end = 0;
	assert_true(widest_line(strstr(text, "\n\n")) <= 40);
	free(text);
	bed_close(b);
}

static void test_too_many_loops(void **state)
{
	struct bed *b = bed_open();

	(void)state;
	for (int64_t i = 0; i < POLL_LOOPS_MAX + 10; i++)
		feed(b, BEGIN, (uint64_t)i + 1, i, 1, 0);
	assert_int_equal(b->poll.nr_loops, POLL_LOOPS_MAX);
	assert_int_equal(b->poll.ignored, 10);
	bed_close(b);
}

/* Area, maximum and length survive all merging; each bucket equals brute force. */
static void test_series(void **state)
{
	enum { STEPS = 5000 };
	struct series *t = calloc(1, sizeof(*t));
	static uint64_t times[STEPS + 1], values[STEPS + 1];
	uint64_t seed = 9, now = 12345;
	unsigned used;

	(void)state;
	for (int i = 0; i <= STEPS; i++) {
		times[i] = now;
		values[i] = next_random(&seed) % 100;
		series_set(t, now, values[i]);
		now += next_random(&seed) % 10000;
	}
	used = series_used(t);
	assert_true(used > SERIES_BUCKETS / 2 && used <= SERIES_BUCKETS);
	for (unsigned i = 0; i < used; i++) {
		uint64_t from = t->start_ns + i * t->bucket_ns, max = 0;
		uint64_t to = from + t->bucket_ns;
		double area = 0;

		for (int s = 0; s < STEPS; s++) {
			uint64_t a = times[s] > from ? times[s] : from;
			uint64_t z = times[s + 1] < to ? times[s + 1] : to;

			if (a >= z)
				continue;
			area += (double)(z - a) * (double)values[s];
			max = values[s] > max ? values[s] : max;
		}
		assert_true(fabs(t->buckets[i].area - area) < 1e-3);
		assert_int_equal(t->buckets[i].max, max);
	}
	free(t);
}

static void test_series_leap(void **state)
{
	struct series *t = calloc(1, sizeof(*t));

	(void)state;
	series_set(t, 5, 3);
	series_set(t, 5, 4);
	assert_int_equal(series_used(t), 0);
	series_set(t, UINT64_MAX / 2, 0); /* centuries later */
	assert_true(series_used(t) <= SERIES_BUCKETS);
	assert_int_equal(t->buckets[0].max, 4);
	free(t);
}

/* The last bucket may end behind the last number there is. */
static void test_series_at_the_end_of_time(void **state)
{
	struct series *t = calloc(1, sizeof(*t));

	(void)state;
	series_set(t, 3000000000000, 2);
	series_set(t, 3000000005000, 1);
	series_set(t, UINT64_MAX - 5, 7);
	assert_true(t->now_ns == UINT64_MAX - 5);
	assert_true(series_used(t) > 0 && series_used(t) <= SERIES_BUCKETS);
	series_set(t, UINT64_MAX, 0);
	assert_true(t->now_ns == UINT64_MAX);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_unmatched),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_too_many_loops),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_series_leap),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_naps),
		cmocka_unit_test(test_verdict_of_nothing),
		cmocka_unit_test(test_series_at_the_end_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
