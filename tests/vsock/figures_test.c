// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of a conversation in bounded memory: its history, stalls and answers. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "analyzers/vsock/history.h"
#include "analyzers/vsock/stalls.h"
#include "analyzers/vsock/turnaround.h"
#include "core/histogram.h"

static uint64_t all_bytes(const struct history *h, unsigned side)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < h->used; i++)
		sum += h->buckets[i].bytes[side];
	return sum;
}

/* However long it gets, no byte is lost, and each stands in the bucket of its time. */
static void test_history_merges(void **state)
{
	struct history h;
	uint64_t ns = 1000, sent = 0;

	(void)state;
	history_begin(&h, ns);
	for (unsigned i = 0; i < 5000; i++) {
		history_at(&h, ns);
		history_bytes(&h, 0, i);
		sent += i;
		assert_in_range(h.used, 1, HISTORY_BUCKETS);
		assert_int_equal(h.used - 1, (ns - h.start_ns) / history_bucket_ns(&h));
		ns += i * i;
	}
	assert_int_equal(all_bytes(&h, 0), sent);
	assert_int_equal(all_bytes(&h, 1), 0);
}

static void test_history_holds_the_credit(void **state)
{
	struct history h;

	(void)state;
	history_begin(&h, 0);
	history_free(&h, 1, 500);
	history_at(&h, 10 * HISTORY_FIRST_NS);
	history_free(&h, 1, 20);
	history_free(&h, 1, 400);
	history_at(&h, 12 * HISTORY_FIRST_NS);
	history_at(&h, 11 * HISTORY_FIRST_NS); /* time does not run backwards */
	assert_int_equal(h.used, 13);
	for (unsigned i = 0; i < 13; i++) {
		assert_int_equal(h.buckets[i].free[0], UINT32_MAX);
		assert_int_equal(h.buckets[i].free[1], i < 10 ? 500 : i == 10 ? 20 : 400);
	}
	history_at(&h, UINT64_MAX); /* the longest there is */
	assert_int_equal(h.buckets[0].free[1], 20);
	assert_in_range(h.used, HISTORY_BUCKETS / 2, HISTORY_BUCKETS);
}

static struct vsock_stall stall_of(unsigned begin, unsigned ns)
{
	return (struct vsock_stall){
		.begin_ns = begin, .end_ns = begin + ns, .sender = begin & 1};
}

static void test_longest_stalls_are_kept(void **state)
{
	struct stalls s = {.nr = 0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct vsock_stall stall = stall_of(i, 1 + i * 7919 % 1000);

		stalls_add(&s, &stall);
	}
	assert_int_equal(s.nr, STALLS_KEPT);
	assert_int_equal(s.sum[0].count + s.sum[1].count, 1000);
	assert_int_equal(s.sum[0].ns + s.sum[1].ns, 1000 * 1001 / 2);
	stalls_sort(&s);
	for (unsigned i = 0; i < s.nr; i++) {
		assert_true(stall_ns(&s.kept[i]) > 1000 - STALLS_KEPT);
		assert_true(!i || s.kept[i - 1].begin_ns < s.kept[i].begin_ns);
	}
	stalls_release(&s);
}

static void check_answers(unsigned count, unsigned *histograms)
{
	struct turnaround t = {.count = 0};
	struct histogram *h = malloc(sizeof(*h));

	histogram_init(h);
	for (unsigned i = 0; i < count; i++) {
		uint64_t ns = i * 7919 % 200; /* exact in a histogram, too */

		turnaround_add(&t, ns, histograms);
		histogram_add(h, ns);
	}
	turnaround_settle(&t, histograms);
	turnaround_settle(&t, histograms);
	assert_int_equal(t.known, count > 0);
	for (unsigned i = 0; i < TURNAROUND_PERCENTILES && count; i++)
		assert_int_equal(t.percentiles[i],
				 histogram_percentile(h, turnaround_percentiles[i]));
	assert_int_equal(t.count, h->count);
	assert_int_equal(t.sum, h->sum);
	assert_int_equal(t.max, h->max);
	free(h);
}

static void test_answers_are_as_in_a_histogram(void **state)
{
	static const unsigned counts[] = {
		0,   1, 2, TURNAROUND_EXACT - 1, TURNAROUND_EXACT, TURNAROUND_EXACT + 1,
		1000};
	unsigned histograms = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
		check_answers(counts[i], &histograms);
	assert_int_equal(histograms, 0);
}

static void test_too_many_answers(void **state)
{
	unsigned histograms = TURNAROUND_HISTOGRAMS_MAX;
	struct turnaround t = {.count = 0};

	(void)state;
	for (unsigned i = 0; i < 2 * TURNAROUND_EXACT; i++)
		turnaround_add(&t, i, &histograms);
	turnaround_settle(&t, &histograms);
	assert_false(t.known);
	assert_int_equal(t.count, 2 * TURNAROUND_EXACT);
	assert_int_equal(histograms, TURNAROUND_HISTOGRAMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history_merges),
		cmocka_unit_test(test_history_holds_the_credit),
		cmocka_unit_test(test_longest_stalls_are_kept),
		cmocka_unit_test(test_answers_are_as_in_a_histogram),
		cmocka_unit_test(test_too_many_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
