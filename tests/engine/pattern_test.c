// SPDX-License-Identifier: GPL-2.0-or-later
/* Where requests go: covered, within bounds, aligned, mixed as asked, repeatable. */
#include "unit.h"

#include "probes/job.h"
#include "probes/pattern.h"

enum { BLOCKS = 1000, START = 8192, SIZE = 4096 };

static struct pattern made(enum job_pattern kind, uint64_t read_percent, unsigned worker)
{
	struct job job = {
		.pattern = kind,
		.block_size = SIZE,
		.read_percent = read_percent,
		.seed = 42,
	};
	struct pattern p;

	pattern_init(&p, &job, START, BLOCKS, worker);
	return p;
}

static void sequential_covers_all_and_begins_anew(void **state)
{
	struct pattern p = made(JOB_READ, 50, 0);

	(void)state;
	for (int pass = 0; pass < 2; pass++)
		for (uint64_t i = 0; i < BLOCKS; i++) {
			assert_int_equal(pattern_op(&p), IO_READ);
			assert_int_equal(pattern_offset(&p, IO_READ), START + i * SIZE);
		}
}

static void random_stays_within_and_reaches_everything(void **state)
{
	struct pattern p = made(JOB_RANDWRITE, 50, 0);
	unsigned char hit[BLOCKS] = {0};
	unsigned reached = 0;

	(void)state;
	for (int i = 0; i < 20 * BLOCKS; i++) {
		uint64_t offset;

		assert_int_equal(pattern_op(&p), IO_WRITE);
		offset = pattern_offset(&p, IO_WRITE);
		assert_true(offset >= START && offset < START + BLOCKS * SIZE);
		assert_int_equal((offset - START) % SIZE, 0);
		hit[(offset - START) / SIZE] = 1;
	}
	for (int i = 0; i < BLOCKS; i++)
		reached += hit[i];
	assert_int_equal(reached, BLOCKS); /* one missing: one in half a million seeds */
}

static void a_mix_has_the_share_that_was_asked(void **state)
{
	static const uint64_t shares[] = {0, 1, 30, 70, 100};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(shares); k++) {
		struct pattern p = made(JOB_RANDRW, shares[k], 0);
		uint64_t reads = 0, slack;

		for (int i = 0; i < 100000; i++)
			reads += pattern_op(&p) == IO_READ;
		slack = shares[k] % 100 ? 500 : 0; /* three deviations and more */
		assert_in_range(reads, shares[k] * 1000 - slack,
				shares[k] * 1000 + slack);
	}
}

static void a_seed_repeats_and_workers_differ(void **state)
{
	struct pattern a = made(JOB_RANDREAD, 50, 0), b = made(JOB_RANDREAD, 50, 0);
	struct pattern other = made(JOB_RANDREAD, 50, 1);
	unsigned same = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t offset = pattern_offset(&a, IO_READ);

		assert_int_equal(offset, pattern_offset(&b, IO_READ));
		same += offset == pattern_offset(&other, IO_READ);
	}
	assert_true(same < 20);
}

/* Both directions of a sequential mix go through the whole extent, as in fio. */
static void a_sequential_mix_keeps_two_places(void **state)
{
	struct pattern p = made(JOB_RW, 50, 0);

	(void)state;
	assert_int_equal(pattern_offset(&p, IO_READ), START);
	assert_int_equal(pattern_offset(&p, IO_WRITE), START);
	assert_int_equal(pattern_offset(&p, IO_READ), START + SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequential_covers_all_and_begins_anew),
		cmocka_unit_test(random_stays_within_and_reaches_everything),
		cmocka_unit_test(a_mix_has_the_share_that_was_asked),
		cmocka_unit_test(a_seed_repeats_and_workers_differ),
		cmocka_unit_test(a_sequential_mix_keeps_two_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
