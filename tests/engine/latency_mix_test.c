// SPDX-License-Identifier: GPL-2.0-or-later
/* The latencies of a made-up device are read, and drawn in their shares. */
#include "unit.h"

#include <string.h>

#include "core/failure.h"
#include "probes/latency_mix.h"

static void good_ones_are_read(void **state)
{
	struct latency_mix mix = {0};
	struct failure f = {""};

	(void)state;
	assert_int_equal(latency_mix_parse(&mix, "5us", &f), 0);
	assert_int_equal(mix.nr, 1);
	assert_int_equal(mix.parts[0].ns, 5000);
	assert_int_equal(mix.parts[0].percent, 100);
	assert_int_equal(latency_mix_parse(&mix, "1500/1:0.5ms/49:1s/50", &f), 0);
	assert_int_equal(mix.nr, 3);
	assert_int_equal(mix.parts[0].ns, 1500);
	assert_int_equal(mix.parts[1].ns, 500000);
	assert_int_equal(mix.parts[2].percent, 50);
}

static void bad_ones_are_explained(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"5us/",
		"5us/x",
		"5us/99",
		"5us:5us",
		"0",
		"2s",
		"5us/101",
		"5us/50:",
		"1/10:1/10:1/10:1/10:1/10:1/10:1/10:1/10:1/20",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct latency_mix mix = {0};
		struct failure f = {""};

		if (latency_mix_parse(&mix, bad[i], &f) >= 0 || !*f.text)
			fail_msg("'%s' is taken", bad[i]);
	}
}

static void shares_and_times_are_kept(void **state)
{
	enum { N = 100000 };
	struct latency_mix mix, none = {0};
	struct failure f = {""};
	struct random random;
	unsigned fast = 0;

	(void)state;
	random_seed(&random, 1);
	assert_int_equal(latency_mix_parse(&mix, "12us/80:400us/20", &f), 0);
	for (int i = 0; i < N; i++) {
		uint64_t ns = latency_mix_draw(&mix, &random);

		fast += ns < 100000;
		assert_true((ns >= 10800 && ns <= 13200) ||
			    (ns >= 360000 && ns <= 440000));
	}
	assert_true(fast > N * 79 / 100 && fast < N * 81 / 100);
	for (int i = 0; i < N; i++) {
		uint64_t ns = latency_mix_draw(&none, &random);

		assert_true(ns >= 9000 && ns <= 11000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_read),
		cmocka_unit_test(bad_ones_are_explained),
		cmocka_unit_test(shares_and_times_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
