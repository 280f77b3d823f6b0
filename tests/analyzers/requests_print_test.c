// SPDX-License-Identifier: GPL-2.0-or-later
/* What latency and depth print on terminals: widths, marks, what is left out. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "request_bed.h"

static void print_latency(const void *latency)
{
	latency_print_text(latency);
}

static void print_depth(const void *depth)
{
	depth_print_text(depth);
}

/* What lies under the heading @from, up to @until, keeps within the terminal and uses
 * most of it. */
static void check_width(const struct bed *b, unsigned short columns)
{
	char *latency = capture(columns, print_latency, &b->latency);
	char *depth = capture(columns, print_depth, &b->depth);
	char *end = strstr(depth, "\nLittle"), *notes = strstr(latency, "\nnote:");

	assert_non_null(end);
	assert_non_null(notes);
	assert_non_null(strstr(latency, "p99.99"));
	assert_non_null(strstr(latency, "max"));
	*end = *notes = 0;
	assert_in_range(widest_line(strstr(latency, "\n\n")), columns - 5, columns);
	assert_in_range(widest_line(strstr(depth, "\n\n")), columns - 5, columns);
	free(latency);
	free(depth);
}

static void test_widths(void **state)
{
	struct bed *b = run_random(1, 0, 0);

	(void)state;
	check(b);
	check_width(b, 40);
	check_width(b, 60);
	check_width(b, 80);
	check_width(b, 200);
	bed_close(b);
}

/* One request at a time for a millisecond, with a pause of @pause_ns in the middle. */
static bool has_plot(uint64_t pause_ns)
{
	struct bed *b = malloc(sizeof(*b));
	uint64_t now = 1000;
	bool plot, steady;
	char *text;

	bed_open(b, 0);
	for (uint64_t i = 0; i < 1000; i++) {
		submit(b, now, 1, i, 0);
		complete(b, now += 950, 1, i);
		now += i == 500 ? pause_ns : 50;
	}
	requests_analyzer.end(&b->requests);
	text = capture(80, print_depth, &b->depth);
	plot = strstr(text, "over time:\n") != NULL;
	steady = strstr(text, "over time: steady, 0.95 to 0.95\n") != NULL;
	assert_int_not_equal(plot, steady);
	free(text);
	bed_close(b);
	return plot;
}

/* A depth that does not change needs no plot; a pause of a fiftieth shows. */
static void test_steady_depth(void **state)
{
	(void)state;
	assert_false(has_plot(50));
	assert_true(has_plot(20000));
}

/* Which percentiles of @count requests are marked, as a line's number of marks. */
static size_t count_marks(uint64_t count)
{
	struct bed *b = malloc(sizeof(*b));
	size_t marks = 0;
	char *text;

	bed_open(b, 0);
	for (uint64_t i = 0; i < count; i++) {
		submit(b, 1000 + i * 100, 1, i, 0);
		complete(b, 1050 + i * 100, 1, i);
	}
	requests_analyzer.end(&b->requests);
	text = capture(120, print_latency, &b->latency);
	for (const char *at = strstr(text, "read"); *at && *at != '\n'; at++)
		marks += *at == '~';
	assert_int_equal(marks != 0, strstr(text, "\n~ fewer than 10") != NULL);
	free(text);
	bed_close(b);
	return marks;
}

/* A percentile is marked unless 10 values lie above it. */
static void test_few_requests(void **state)
{
	(void)state;
	assert_int_equal(count_marks(10), 5);
	assert_int_equal(count_marks(20), 4); /* p50 has 10 above */
	assert_int_equal(count_marks(999), 3);
	assert_int_equal(count_marks(1000), 2);
	assert_int_equal(count_marks(9999), 2);
	assert_int_equal(count_marks(10000), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_steady_depth),
		cmocka_unit_test(test_few_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
