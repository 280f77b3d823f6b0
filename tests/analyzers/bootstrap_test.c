// SPDX-License-Identifier: GPL-2.0-or-later
/* Ratios by bootstrap: how often they hold the truth, of latencies that are alike for a
 * while as real ones are; and the blocks that are drawn from. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/diff/bootstrap.h"
#include "analyzers/diff/diff.h"
#include "events.h"

enum { SEEDS = 50, REQUESTS = 6400 };

static const double percents[] = {BOOTSTRAP_MEAN, 50, 90, 99};

enum { FIGURES = ARRAY_SIZE(percents) };

static void add(struct blocks *b, uint64_t latency_ns)
{
	assert_int_equal(blocks_add(b, latency_ns), 0);
}

/* Of a normal distribution, as nearly as a sum of twelve gets. */
static double next_normal(uint64_t *seed)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)(next_random(seed) % 1000000) / 1e6;
	return sum;
}

/* Latencies about 100 us, each much like the one before: only after a dozen of requests
 * the device has forgotten how it was. */
static void add_alike(struct blocks *s, uint64_t seed, double factor)
{
	const double alike = 0.92, news = sqrt(1 - alike * alike);
	double state = next_normal(&seed);

	for (int i = 0; i < REQUESTS; i++) {
		state = alike * state + news * next_normal(&seed);
		add(s, (uint64_t)(100000 * factor * exp(0.3 * state)));
	}
}

static int compare(const struct blocks *a, const struct blocks *b, uint64_t seed,
		   struct ratio ratios[FIGURES])
{
	return bootstrap_ratios(a, b, percents, FIGURES, seed, ratios);
}

/* How many of SEEDS pairs of traces have an interval that holds @real, and how many one
 * that does not hold 1; of each figure. */
static void count(double real, unsigned holds[FIGURES], unsigned differs[FIGURES])
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct blocks a = {0}, b = {0};
		struct ratio ratios[FIGURES];

		add_alike(&a, 2 * seed, 1);
		add_alike(&b, 2 * seed + 1, real);
		assert_int_equal(compare(&a, &b, seed, ratios), 0);
		for (unsigned i = 0; i < FIGURES; i++) {
			holds[i] += ratios[i].low <= real && ratios[i].high >= real;
			differs[i] += ratios[i].low > 1 || ratios[i].high < 1;
		}
		blocks_release(&a);
		blocks_release(&b);
	}
}

/* Two traces of the same: nearly never a difference. */
static void test_no_difference(void **state)
{
	unsigned holds[FIGURES] = {0}, differs[FIGURES] = {0};

	(void)state;
	count(1, holds, differs);
	for (unsigned i = 0; i < FIGURES; i++) {
		assert_in_range(differs[i], 0, 3);
		assert_in_range(holds[i], 47, SEEDS);
	}
}

/* A third more, of the mean, the median and the p90, is found, and told right. */
static void test_a_shift(void **state)
{
	unsigned holds[FIGURES] = {0}, differs[FIGURES] = {0};

	(void)state;
	count(1.33, holds, differs);
	for (unsigned i = 0; i < FIGURES; i++)
		assert_in_range(holds[i], 47, SEEDS);
	for (unsigned i = 0; i < FIGURES - 1; i++)
		assert_in_range(differs[i], 45, SEEDS);
}

/* The same trace twice is the same; the same seed says the same. */
static void test_itself(void **state)
{
	struct ratio first[FIGURES], again[FIGURES], other[FIGURES];
	struct blocks a = {0};

	(void)state;
	add_alike(&a, 7, 1);
	assert_int_equal(compare(&a, &a, 1, first), 0);
	assert_int_equal(compare(&a, &a, 1, again), 0);
	assert_int_equal(compare(&a, &a, 2, other), 0);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
	for (unsigned i = 0; i < FIGURES; i++)
		assert_true(first[i].low < 1 && first[i].high > 1);
	blocks_release(&a);
}

/* Always the same latency, 2 % more, and nothing to divide by. */
static void test_constants(void **state)
{
	struct blocks a = {0}, b = {0}, zero = {0};
	struct ratio ratios[FIGURES];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		add(&a, 500);
		add(&b, 1000);
		add(&zero, 0);
	}
	assert_int_equal(compare(&a, &b, 1, ratios), 0);
	for (unsigned i = 0; i < FIGURES; i++) {
		assert_true(fabs(ratios[i].low - 2) < 0.01);
		assert_true(fabs(ratios[i].high - 2) < 0.01);
	}
	assert_int_equal(compare(&zero, &b, 1, ratios), 0);
	assert_true(ratios[0].high > 1000);
	blocks_release(&a);
	blocks_release(&b);
	blocks_release(&zero);
}

static void test_too_few(void **state)
{
	struct blocks a = {0}, b = {0};
	struct ratio ratios[FIGURES];

	(void)state;
	for (int i = 0; i < BOOTSTRAP_BLOCKS_MIN - 1; i++)
		add(&a, 500);
	add_alike(&b, 1, 1);
	assert_int_equal(compare(&a, &b, 1, ratios), -ENODATA);
	assert_int_equal(compare(&b, &a, 1, ratios), -ENODATA);
	add(&a, 500);
	assert_int_equal(compare(&a, &b, 1, ratios), 0);
	blocks_release(&a);
	blocks_release(&b);
}

/* However many requests: all are in the blocks, in order, half of them at least used. */
static void test_blocks(void **state)
{
	struct blocks b = {0};

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t counted = 0;

		add(&b, i);
		assert_true(i + 1 < BLOCKS_MAX || b.used > BLOCKS_MAX / 2);
		for (unsigned at = 0; at < BLOCKS_MAX; at++) {
			assert_int_equal(at < b.used, b.items[at] != NULL);
			if (b.items[at] && at + 1 < b.used)
				assert_int_equal(b.items[at]->count, b.length);
			counted += b.items[at] ? b.items[at]->count : 0;
		}
		assert_int_equal(counted, i + 1);
	}
	assert_int_equal(b.length, 512);
	assert_int_equal(b.items[1]->sum, 512 * (512 + 1023) / 2);
	blocks_release(&b);
}

static void expect(const struct diff_group *g, const char *expected)
{
	char text[DIFF_SENTENCE];

	assert_string_equal(diff_sentence(g, text), expected);
}

static void test_sentences(void **state)
{
	struct diff_group g = {
		.ratios = {{1.8, 2.31}, {0.452, 0.454}, {0.9, 1.2}, {12, 31.4}, {0, 0}}};

	(void)state;
	expect(&g, "too few requests to tell");
	g.verdicts[DIFF_P90] = DIFF_CHANCE;
	expect(&g, "no difference that could not be chance; too few requests to tell of "
		   "mean, "
		   "p50, p99 and p99.9");
	g.verdicts[DIFF_MEAN] = DIFF_LONGER;
	g.verdicts[DIFF_P99] = DIFF_LONGER;
	g.verdicts[DIFF_P50] = DIFF_SHORTER;
	expect(&g,
	       "in B mean is 1.80 to 2.31 times, p50 0.45 times, p99 12 to 31 times as "
	       "long; this is not chance; too few requests to tell of p99.9");
	for (unsigned i = 0; i < DIFF_FIGURES; i++)
		g.verdicts[i] = DIFF_SAME;
	expect(&g, "the same within 2%");
	g.number[0] = DIFF_NOWHERE;
	expect(&g, "only in B");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_difference), cmocka_unit_test(test_a_shift),
		cmocka_unit_test(test_itself),	      cmocka_unit_test(test_constants),
		cmocka_unit_test(test_too_few),	      cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
