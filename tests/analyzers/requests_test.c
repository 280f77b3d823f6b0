// SPDX-License-Identifier: GPL-2.0-or-later
/* Pairing, latency and depth against a naive model, at random and in known cases. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "core/failure.h"
#include "request_bed.h"

static void test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct bed *b = run_random(seed, 0, 0);

		assert_true(b->naive.reused > 100 && b->naive.completes > 100);
		check(b);
		check_depth(b);
		bed_close(b);
	}
}

/* Keys of the engine are unique: pairing does not change with losses; what was in flight
 * then is counted. */
static void test_losses(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct bed *b = run_random(seed, 0, 20);

		assert_true(b->naive.lost > 100);
		assert_true(b->requests.across_loss > 0);
		check(b);
		bed_close(b);
	}
}

/* With a small bound the oldest goes first. */
static void test_bound(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct bed *b = run_random(seed, 20, 0);

		assert_true(b->naive.evicted > 100);
		assert_int_equal(b->naive.max, 20);
		check(b);
		check_depth(b);
		bed_close(b);
	}
}

static void print_notes(const void *requests)
{
	requests_notes(requests, stdout);
}

/* Four requests in flight at any time; of every hundred the records of some are lost,
 * so that in each gap two lose their complete, two their submit, and some both. */
static void test_gaps(void **state)
{
	enum { REQUESTS = 1000, EVERY = 100, GAP_FROM = 50, GAP_TO = 56 };
	struct bed *b = malloc(sizeof(*b));
	uint64_t now = 1000, no_submit = 0, no_complete = 0;
	json_t *json, *gaps;
	char *text;

	(void)state;
	bed_open(b, 0);
	for (uint64_t i = 0; i < REQUESTS + 4; i++) {
		uint64_t at = i % EVERY, done = (i - 4) % EVERY;
		bool lost = at >= GAP_FROM && at < GAP_TO;

		if (at == GAP_TO)
			lose(b, 2 * (GAP_TO - GAP_FROM));
		if (i >= 4 && !lost)
			complete(b, now += 10, 1, i - 4);
		if (i < REQUESTS && !lost)
			submit(b, now += 10, 1, i, 0);
		no_complete += lost && i >= 4 && !(done >= GAP_FROM && done < GAP_TO);
		no_submit += !lost && i >= 4 && done >= GAP_FROM && done < GAP_TO;
	}
	check(b);
	assert_int_equal(b->requests.cut.completes, no_submit);
	assert_int_equal(b->requests.cut.submits + b->requests.cut.reused, no_complete);
	assert_int_equal(requests_in_gaps(&b->requests), no_submit + no_complete);
	json = requests_json(&b->requests);
	gaps = json_object_get(json, "gaps");
	assert_int_equal(json_integer_value(json_object_get(gaps, "count")), 10);
	assert_int_equal(json_integer_value(json_object_get(gaps, "no_submit")), 40);
	assert_int_equal(json_integer_value(json_object_get(gaps, "no_complete")), 40);
	json_decref(json);
	text = capture(200, print_notes, &b->requests);
	assert_string_equal(text,
			    "note: 120 records were lost in 10 gaps: counts and rates "
			    "are too low, depths in a gap unknown; of at least 80 "
			    "requests in flight during a gap, 40 have no submit and 40 "
			    "no complete; the latencies of the others are right\n");
	free(text);
	bed_close(b);
}

/* Completes that were lost do not raise the depth for ever, and one that was given up
 * too early still gets its latency. */
static void test_depth_after_loss(void **state)
{
	struct bed *b = malloc(sizeof(*b));
	uint64_t now = 1000;

	(void)state;
	bed_open(b, 0);
	submit(b, now, 1, 0, 0);
	complete(b, now += 1000, 1, 0);
	for (uint64_t key = 1; key <= 50; key++)
		submit(b, now += 10, 1, key, 0);
	lose(b, 49); /* of 1 to 49; 50 is slow */
	now += 100000000;
	submit(b, now, 1, 100, 0);
	assert_int_equal(b->depth.all.value, 1);
	assert_int_equal(b->requests.given_up, 50);
	complete(b, now += 1000, 1, 100);
	assert_int_equal(b->depth.all.value, 0);
	complete(b, now += 1000, 1, 50);
	assert_int_equal(b->depth.all.value, 0);
	submit(b, now += 10, 1, 1, 0); /* a key of one given up, again */
	assert_int_equal(b->depth.all.value, 1);
	check(b);
	bed_close(b);
}

/* After a loss, only those are given up that were in flight then and for long. */
static void test_not_given_up(void **state)
{
	struct bed *b = malloc(sizeof(*b));

	(void)state;
	bed_open(b, 0);
	submit(b, 1000, 1, 0, 0);
	complete(b, 2000, 1, 0);
	submit(b, 3000, 1, 1, 0);
	lose(b, 1);
	submit(b, 10000, 1, 2, 0); /* request 1 is 7 times the mean old */
	assert_int_equal(b->depth.all.value, 2);
	submit(b, 11001, 1, 3, 0); /* more than 8 times */
	assert_int_equal(b->depth.all.value, 2);
	submit(b, 900000000000, 1, 4, 0); /* 2 and 3 came after the loss */
	assert_int_equal(b->depth.all.value, 3);
	assert_int_equal(b->requests.given_up, 1);
	bed_close(b);
}

/* Without a loss, nobody is given up, however slow. */
static void test_slow_is_not_lost(void **state)
{
	struct bed *b = malloc(sizeof(*b));

	(void)state;
	bed_open(b, 0);
	submit(b, 1000, 1, 0, 0);
	complete(b, 2000, 1, 0);
	submit(b, 3000, 1, 1, 0);
	submit(b, 900000000000, 1, 2, 0);
	assert_int_equal(b->depth.all.value, 2);
	complete(b, 900000001000, 1, 1);
	check(b);
	check_depth(b);
	bed_close(b);
}

/* Depth 4 for one second, 1000 requests: Little's law holds. */
static void test_little(void **state)
{
	struct bed *b = malloc(sizeof(*b));
	struct little little;

	(void)state;
	bed_open(b, 0);
	for (uint64_t i = 0; i < 1004; i++) {
		if (i >= 4)
			complete(b, 1000000 + i * 1000000, 1, i - 4);
		if (i < 1000)
			submit(b, 1000000 + i * 1000000, 1, i, 0);
	}
	check(b);
	check_depth(b);
	little = depth_little(&b->depth);
	assert_true(fabs(little.mean_latency_ns - 4e6) < 1);
	assert_true(fabs(little.depth - level_mean(&b->depth.all)) < 1e-6);
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_depth_after_loss),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_not_given_up),
		cmocka_unit_test(test_slow_is_not_lost),
		cmocka_unit_test(test_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
