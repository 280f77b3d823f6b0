// SPDX-License-Identifier: GPL-2.0-or-later
/* Two clocks compared: the truth is always within the bound. */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "probes/clock_sync.h"

/* A round that begins at @asked_ns of the master, with an agent that is @truth ahead. */
static struct clock_round made(uint64_t asked_ns, int64_t truth, uint64_t there,
			       uint64_t held, uint64_t back)
{
	uint64_t received = asked_ns + there + (uint64_t)truth;

	return (struct clock_round){
		.asked_ns = asked_ns,
		.received_ns = received,
		.sent_ns = received + held,
		.answered_ns = asked_ns + there + held + back,
	};
}

static void agent_minus_master(void **state)
{
	struct clock_round ahead = made(1000000, 5000, 300, 50, 300);
	struct clock_round behind = made(1000000, -5000, 300, 50, 300);
	struct clock_offset offset = {0};

	(void)state;
	assert_int_equal(clock_offset_add(&offset, &ahead), 0);
	assert_int_equal(offset.offset_ns, 5000);
	assert_int_equal(offset.error_ns, 300);
	offset = (struct clock_offset){0};
	assert_int_equal(clock_offset_add(&offset, &behind), 0);
	assert_int_equal(offset.offset_ns, -5000);
}

/* However unequal the ways are. */
static void the_truth_is_within_the_bound(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int64_t truth = (int64_t)(rand_r(&seed) - RAND_MAX / 2) * 1000;
		uint64_t there = (uint64_t)rand_r(&seed) % 100000;
		uint64_t back = (uint64_t)rand_r(&seed) % (i % 2 ? 100000 : 2);
		struct clock_round round =
			made(1ULL << 60, truth, there, (uint64_t)rand_r(&seed), back);
		struct clock_offset offset = {0};

		assert_int_equal(clock_offset_add(&offset, &round), 0);
		assert_true(llabs(offset.offset_ns - truth) <= (int64_t)offset.error_ns);
		assert_int_equal(offset.error_ns, (there + back + 1) / 2);
	}
}

static void the_fastest_round_counts(void **state)
{
	struct clock_round slow = made(1000, 70, 900, 0, 10);
	struct clock_round fast = made(3000, 70, 10, 500, 12);
	struct clock_offset offset = {0};

	(void)state;
	assert_int_equal(clock_offset_add(&offset, &slow), 0);
	assert_int_equal(clock_offset_add(&offset, &fast), 0);
	assert_int_equal(clock_offset_add(&offset, &slow), 0);
	assert_int_equal(offset.rounds, 3);
	assert_int_equal(offset.error_ns, 11);
	assert_int_equal(offset.offset_ns, 69);
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct clock_round bad[] = {
		{.asked_ns = 2, .received_ns = 5, .sent_ns = 5, .answered_ns = 1},
		{.asked_ns = 1, .received_ns = 5, .sent_ns = 4, .answered_ns = 9},
		{.asked_ns = 1, .received_ns = 5, .sent_ns = 50, .answered_ns = 9},
		{.asked_ns = 1, .received_ns = UINT64_MAX, .sent_ns = UINT64_MAX,
		 .answered_ns = 2},
		{.asked_ns = UINT64_MAX, .answered_ns = UINT64_MAX},
	};
	struct clock_offset offset = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(clock_offset_add(&offset, &bad[i]), -EINVAL);
	assert_int_equal(offset.rounds, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agent_minus_master),
		cmocka_unit_test(the_truth_is_within_the_bound),
		cmocka_unit_test(the_fastest_round_counts),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
