// SPDX-License-Identifier: GPL-2.0-or-later
/* fio's classes of depths, batches and latencies; samples; merging. */
#include "unit.h"

#include <stdlib.h>

#include "probes/bench_report.h"
#include "probes/statistics.h"

static void depths_fall_into_fios_classes(void **state)
{
	static const struct {
		unsigned depth, class;
	} rows[] = {{0, 0}, {1, 0},  {2, 1},  {3, 1},  {4, 2},	{7, 2},
		    {8, 3}, {31, 4}, {32, 5}, {63, 5}, {64, 6}, {65536, 6}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(depth_class(rows[i].depth), rows[i].class);
}

static void batches_fall_into_fios_classes(void **state)
{
	static const struct {
		unsigned batch, class;
	} rows[] = {{0, 0},  {1, 1},  {4, 1},  {5, 2},	{8, 2},	 {9, 3},    {16, 3},
		    {17, 4}, {32, 4}, {33, 5}, {64, 5}, {65, 6}, {65536, 6}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(batch_class(rows[i].batch), rows[i].class);
}

static void latencies_fall_into_fios_classes(void **state)
{
	struct histogram *h = malloc(sizeof(*h));
	const struct histogram *list[] = {h};
	struct latency_classes c;

	(void)state;
	histogram_init(h);
	histogram_add(h, 100);	      /* ns: up to 100 */
	histogram_add(h, 1500);	      /* us: up to 2 */
	histogram_add(h, 30000000);   /* ms: up to 50 */
	histogram_add(h, 5000000000); /* ms: 2000 and more */
	latency_classify(&c, list, 1);
	assert_true(c.ns[5] > 24.9 && c.ns[5] < 25.1);
	assert_true(c.us[0] > 24.9 && c.us[0] < 25.1);
	assert_true(c.ms[4] > 24.9 && c.ms[4] < 25.1);
	assert_true(c.ms[11] > 24.9 && c.ms[11] < 25.1);
	free(h);
}

static void samples_have_a_mean_and_a_deviation(void **state)
{
	struct samples s = {0};

	(void)state;
	samples_add(&s, 10);
	samples_add(&s, 20);
	samples_add(&s, 30);
	assert_int_equal((int)s.mean, 20);
	assert_int_equal((int)samples_stddev(&s), 10);
	assert_int_equal((int)s.min, 10);
	assert_int_equal((int)s.max, 30);
}

/* Two jobs side by side, the second seen less often: rates and variances add up. */
static void samples_of_a_group_add_up(void **state)
{
	struct statistics *group = malloc(sizeof(*group));
	struct samples iops[2] = {{0}}, other[2] = {{0}}, none[2] = {{0}};

	(void)state;
	statistics_reset(group);
	for (int i = 0; i < 3; i++)
		samples_add(&iops[0], 100 + 40 * i);
	for (int i = 0; i < 2; i++)
		samples_add(&other[0], 500 + 20 * i);
	statistics_merge_samples(group, iops, none);
	statistics_merge_samples(group, other, none);
	statistics_merge_samples(group, none, none);
	assert_int_equal(group->iops[0].count, 3);
	assert_int_equal(group->iops[0].min, 600);
	assert_int_equal(group->iops[0].max, 700);
	assert_int_equal(group->iops[0].mean, 650);
	/* 40 * 40 * 2 and 10 * 10 * 2, over 2 */
	assert_int_equal(samples_stddev(&group->iops[0]) * 100, 4123);
	free(group);
}

static void merging_adds_up(void **state)
{
	struct statistics *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));

	(void)state;
	statistics_reset(a);
	statistics_reset(b);
	a->direction[0].ios = 3;
	b->direction[0].ios = 4;
	histogram_add(&b->direction[0].lat, 77);
	a->elapsed_ns = a->thread_ns = 10;
	b->elapsed_ns = b->thread_ns = 12;
	b->polling.windows = 5;
	statistics_merge(a, b);
	assert_int_equal(a->direction[0].ios, 7);
	assert_int_equal(a->direction[0].lat.count, 1);
	assert_int_equal(a->elapsed_ns, 12);
	assert_int_equal(a->thread_ns, 22);
	assert_int_equal(a->polling.windows, 5);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depths_fall_into_fios_classes),
		cmocka_unit_test(batches_fall_into_fios_classes),
		cmocka_unit_test(latencies_fall_into_fios_classes),
		cmocka_unit_test(samples_have_a_mean_and_a_deviation),
		cmocka_unit_test(samples_of_a_group_add_up),
		cmocka_unit_test(merging_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
