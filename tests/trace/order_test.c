// SPDX-License-Identifier: GPL-2.0-or-later
/* The merge of runs: what rounds let out, and when; what is held, and given back. */
#include "unit.h"

#include <stdlib.h>

#include "trace/order.h"

struct record {
	struct perf_event_header header;
	uint64_t time;
};

static uint64_t no_time(void *user, const uint8_t *record, uint64_t before)
{
	(void)user;
	(void)record;
	return before;
}

static struct order make_order(void)
{
	return (struct order){.time_of = no_time,
			      .sample_time = offsetof(struct record, time)};
}

/* Adds a run of these times in a block of its own. */
static void add(struct order *o, const uint64_t *times, size_t count)
{
	struct order_block *b = order_block(o);
	struct record *records = (struct record *)b->data;

	for (size_t i = 0; i < count; i++)
		records[i] = (struct record){
			{.type = PERF_RECORD_SAMPLE, .size = sizeof(*records)}, times[i]};
	assert_int_equal(order_add(o, b, b->data, (uint8_t *)&records[count], times[0],
				   times[count - 1]),
			 0);
	order_block_put(o, b);
}

static void expect(struct order *o, uint64_t time)
{
	uint64_t found;

	assert_non_null(order_next(o, &found));
	assert_int_equal(found, time);
}

static void expect_none(struct order *o)
{
	uint64_t found;

	assert_null(order_next(o, &found));
}

/* A ring that was emptied early in a round may hold older records in the next. */
static void test_rounds(void **state)
{
	struct order o = make_order();

	(void)state;
	add(&o, (uint64_t[]){10, 30}, 2);
	add(&o, (uint64_t[]){20, 50}, 2);
	expect_none(&o);
	order_round(&o);
	expect_none(&o);
	add(&o, (uint64_t[]){35, 60}, 2);
	add(&o, (uint64_t[]){55, 70}, 2);
	expect_none(&o);
	order_round(&o);
	for (uint64_t time = 10; time <= 30; time += 10)
		expect(&o, time);
	expect(&o, 35);
	expect(&o, 50);
	expect_none(&o);
	order_end(&o);
	for (uint64_t time = 55; time <= 70; time += 5)
		if (time != 65)
			expect(&o, time);
	expect_none(&o);
	assert_int_equal(o.bytes, 0);
	order_release(&o);
}

/* A time too far ahead lets nothing out too early, and is told when its turn comes. */
static void test_leap(void **state)
{
	struct order o = make_order();
	uint64_t time;

	(void)state;
	add(&o, (uint64_t[]){10, 1000}, 2);
	order_round(&o);
	for (time = 20; time < 20 + 2 * ORDER_WITNESSES; time += 2) {
		add(&o, (uint64_t[]){time + 1}, 1);
		order_round(&o);
		if (time == 20)
			expect_none(&o);
		else
			expect(&o, time == 22 ? 10 : time - 3);
	}
	expect(&o, time - 3);
	expect_none(&o);
	add(&o, (uint64_t[]){time}, 1);
	order_end(&o);
	expect(&o, time - 1);
	expect(&o, time);
	assert_false(o.misplaced);
	expect(&o, 1000);
	assert_true(o.misplaced);
	order_release(&o);
}

/* Blocks go round: what is used up is used again. */
static void test_blocks_return(void **state)
{
	struct order o = make_order();
	size_t blocks = 0;

	(void)state;
	for (uint64_t round = 1; round < 1000; round++) {
		add(&o, (uint64_t[]){round * 10, round * 10 + 5}, 2);
		order_round(&o);
		for (uint64_t time; order_next(&o, &time);)
			;
		assert_true(o.bytes <= 2 * (sizeof(struct order_block) + 128));
	}
	for (struct order_block *b = o.free_blocks; b; b = b->next_free)
		blocks++;
	assert_true(blocks <= 3);
	order_release(&o);
}

/* Many runs in no order at all, against a sort. */
static int by_value(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

static void test_many_runs(void **state)
{
	enum { RUNS = 500, EACH = 7 };
	struct order o = make_order();
	uint64_t all[RUNS * EACH], seed = 1;

	(void)state;
	for (size_t run = 0; run < RUNS; run++) {
		uint64_t *times = &all[run * EACH];

		for (size_t i = 0; i < EACH; i++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			times[i] = seed >> 54;
		}
		qsort(times, EACH, sizeof(*times), by_value);
		add(&o, times, EACH);
	}
	qsort(all, RUNS * EACH, sizeof(*all), by_value);
	order_end(&o);
	for (size_t i = 0; i < RUNS * EACH; i++)
		expect(&o, all[i]);
	expect_none(&o);
	order_release(&o);
}

/* Without rounds there is a limit to what is held. */
static void test_relief(void **state)
{
	struct order o = make_order();
	uint64_t time = 0, found, before = 0;

	(void)state;
	while (!order_relieve(&o)) {
		time++;
		add(&o, &time, 1);
		expect_none(&o);
		assert_true(o.bytes < ORDER_BYTES_MAX + 2 * sizeof(struct order_block));
	}
	while (order_next(&o, &found))
		assert_int_equal(found, ++before);
	assert_in_range(before, time / 2 - 1, time / 2 + 2);
	assert_false(order_relieve(&o));
	order_release(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),	      cmocka_unit_test(test_leap),
		cmocka_unit_test(test_blocks_return), cmocka_unit_test(test_many_runs),
		cmocka_unit_test(test_relief),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
