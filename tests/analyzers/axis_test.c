// SPDX-License-Identifier: GPL-2.0-or-later
/* Clocks on one axis, and what control messages say of a capture. */
#include <errno.h>
#include <string.h>

#include "analyzers/timeline/axis.h"
#include "analyzers/timeline/bracket.h"
#include "core/failure.h"
#include "trace/control.h"
#include "trace/reader.h"
#include "unit.h"

/* A clock that shows @clock_ns when the wall shows @wall_ns; 0: it does not know. */
static void tell(struct axis_clock *c, const char *host, uint64_t wall_ns,
		 uint64_t clock_ns)
{
	struct trace_info info = {
		.hostname = host,
		.clockid = 1,
		.has_wall_clock = wall_ns != 0,
		.wall_ns = wall_ns,
		.clock_ns = clock_ns,
	};

	assert_int_equal(axis_clock_info(c, &info), 0);
}

static void compare(struct axis_clock *c, uint64_t time_ns, uint64_t session,
		    int64_t offset_ns, uint64_t error_ns)
{
	struct clock_sync sync = {time_ns, session, offset_ns, error_ns};

	assert_int_equal(axis_clock_sync(c, &sync), 0);
}

static void release(struct axis_clock *clocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		axis_clock_release(&clocks[i]);
}

static void test_drift(void **state)
{
	struct axis_clock c[2] = {0};
	struct failure f;
	size_t failed;

	(void)state;
	tell(&c[0], "host", 0, 0);
	tell(&c[1], "guest", 0, 0);
	compare(&c[0], 5000, 7, -4000, 10); /* the guest's clock is behind */
	compare(&c[1], 1000, 7, 4000, 10);
	compare(&c[1], 2000, 7, 4100, 30); /* and loses 100 ns in 1000 */
	compare(&c[1], 2500, 8, 9999, 1);  /* with somebody else */
	assert_int_equal(axis_align(c, 2, &failed, &f), 0);
	assert_int_equal(c[1].how, AXIS_SYNC);
	assert_int_equal(c[1].error_ns, 30);
	assert_int_equal(axis_time(&c[0], 123), 123);
	assert_int_equal(axis_time(&c[1], 0), 4000);
	assert_int_equal(axis_time(&c[1], 1000), 5000);
	assert_int_equal(axis_time(&c[1], 1500), 5550);
	assert_int_equal(axis_time(&c[1], 2000), 6100);
	assert_int_equal(axis_time(&c[1], 3000), 7100);
	for (uint64_t t = 1; t < 4000; t++)
		assert_true(axis_time(&c[1], t) >= axis_time(&c[1], t - 1));
	release(c, 2);
}

/* A trace may tell anything of its clock: time goes on all the same. */
static void test_comparisons_that_cannot_be(void **state)
{
	static const uint64_t times[] = {0, 999, 1001, 2001, 1ULL << 62, UINT64_MAX - 1};
	struct axis_clock c[3] = {0};
	struct failure f;
	size_t failed;

	(void)state;
	tell(&c[0], "host", 1, INT64_MAX);
	tell(&c[1], "guest", 0, 0);
	tell(&c[2], "host", UINT64_MAX, 2);
	compare(&c[0], 1, 7, 0, 0);
	compare(&c[1], 1000, 7, 5000, UINT64_MAX);
	compare(&c[1], 2000, 7, 1000, 0); /* the axis would run back */
	compare(&c[1], 3000, 7, INT64_MIN, 0);
	compare(&c[1], 4000, 7, INT64_MAX, 0);
	assert_int_equal(axis_align(c, 3, &failed, &f), 0);
	assert_int_equal(axis_time(&c[1], 1000), 6000);
	for (size_t i = 1; i < ARRAY_SIZE(times); i++)
		assert_true(axis_time(&c[1], times[i]) >= axis_time(&c[1], times[i - 1]));
	assert_int_equal(c[2].how, AXIS_WALL);
	release(c, 3);
}

/* A third host is compared with the second alone. */
static void test_chain(void **state)
{
	struct axis_clock c[3] = {0};
	struct failure f;
	size_t failed;

	(void)state;
	for (int i = 0; i < 3; i++)
		tell(&c[i], "", 0, 0);
	compare(&c[0], 100, 1, 1000, 5);
	compare(&c[1], 1100, 1, -1000, 5);
	compare(&c[1], 1200, 2, 500, 7);
	compare(&c[2], 1700, 2, -500, 7);
	assert_int_equal(axis_align(c, 3, &failed, &f), 0);
	assert_int_equal(c[2].by, 1);
	assert_int_equal(c[2].error_ns, 12);
	assert_int_equal(axis_time(&c[2], 1700), 200);
	release(c, 3);
}

static void test_walls(void **state)
{
	struct axis_clock c[4] = {0};
	struct failure f;
	size_t failed;

	(void)state;
	tell(&c[0], "a", 1000000000000, 5000);
	tell(&c[1], "a", 1000000000900, 5900); /* the same boot */
	tell(&c[2], "b", 1000000000000, 700);
	tell(&c[3], "c", 0, 0);
	assert_int_equal(axis_align(c, 4, &failed, &f), -EINVAL);
	assert_int_equal(failed, 3);
	assert_non_null(strstr(f.text, "clock_sync"));
	assert_int_equal(c[1].how, AXIS_OWN);
	assert_int_equal(axis_time(&c[1], 6000), 6000);
	assert_int_equal(c[2].how, AXIS_WALL);
	assert_int_equal(c[2].error_ns, UINT64_MAX);
	assert_int_equal(axis_time(&c[2], 700), 5000);
	assert_int_equal(axis_wall_time(&c[2], 1000000000011), 5011);
	assert_int_equal(axis_wall_time(&c[0], 1000000000011), 5011);
	release(c, 4);
}

static void test_bracket(void **state)
{
	struct bracket b;

	(void)state;
	bracket_init(&b);
	bracket_message(&b, BRACKET_SENT, CONTROL_RUN, 1, NULL, 100);
	bracket_message(&b, BRACKET_SEEN, CONTROL_RUN, 1, NULL, 130);
	bracket_message(&b, BRACKET_GOT, CONTROL_RUN, 1, NULL, 150);
	assert_int_equal(b.least_ns, -30);
	assert_int_equal(b.most_ns, 20);
	/* In any order, for clocks may be wrong. */
	bracket_message(&b, BRACKET_GOT, CONTROL_TIME, 2, NULL, 210);
	bracket_message(&b, BRACKET_SEEN, CONTROL_TIME, 2, NULL, 215);
	bracket_message(&b, BRACKET_SENT, CONTROL_TIME, 2, NULL, 205);
	assert_int_equal(b.least_ns, -10);
	assert_int_equal(b.most_ns, -5);
	/* Another message, and those that cannot be told apart. */
	bracket_message(&b, BRACKET_SENT, CONTROL_RUN, 3, NULL, 1000);
	bracket_message(&b, BRACKET_SEEN, CONTROL_JOB, 3, NULL, 1);
	bracket_message(&b, BRACKET_SENT, CONTROL_PROGRESS, 0, NULL, 1);
	bracket_message(&b, BRACKET_SEEN, CONTROL_PROGRESS, 0, NULL, 1000);
	bracket_message(&b, BRACKET_SENT, CONTROL_TRACE, 2, NULL, 1);
	bracket_message(&b, BRACKET_SEEN, CONTROL_TRACE, 2, NULL, 1000);
	bracket_message(&b, BRACKET_SEEN, CONTROL_PROGRESS, 2, NULL, 1);
	bracket_message(&b, BRACKET_SENT, CONTROL_PROGRESS, 2, NULL, 1000);
	assert_int_equal(b.least_ns, -10);
	assert_int_equal(b.after, 2);
	assert_int_equal(b.before, 2);
}

/* Clocks that were compared are apart by an unknown part of the error. */
static void test_bracket_of_other_clocks(void **state)
{
	struct axis_clock near = {.error_ns = 20}, unknown = {.error_ns = UINT64_MAX};
	struct bracket b;

	(void)state;
	bracket_init(&b);
	bracket_message(&b, BRACKET_SEEN, CONTROL_TIME, 1, NULL, 100);
	bracket_message(&b, BRACKET_SENT, CONTROL_TIME, 1, &near, 110);
	bracket_message(&b, BRACKET_SEEN, CONTROL_RUN, 2, NULL, 200);
	bracket_message(&b, BRACKET_GOT, CONTROL_RUN, 2, &near, 190);
	assert_int_equal(b.least_ns, -10);
	assert_int_equal(b.most_ns, 10);
	/* A capture beside the trace that tells has its clock. */
	bracket_message(&b, BRACKET_SENT, CONTROL_TIME, 3, &unknown, 300);
	bracket_message(&b, BRACKET_SEEN, CONTROL_TIME, 3, &unknown, 305);
	assert_int_equal(b.least_ns, -5);
	bracket_message(&b, BRACKET_SENT, CONTROL_TIME, 4, &unknown, 500);
	bracket_message(&b, BRACKET_SEEN, CONTROL_TIME, 4, NULL, 400);
	assert_int_equal(b.least_ns, -5);
	assert_int_equal(b.after, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_comparisons_that_cannot_be),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_walls),
		cmocka_unit_test(test_bracket),
		cmocka_unit_test(test_bracket_of_other_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
