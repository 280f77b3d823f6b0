// SPDX-License-Identifier: GPL-2.0-or-later
/* The poll window adapts as QEMU's adjust_polling_time() does. */
#include "unit.h"

#include "probes/poll_window.h"

static const struct {
	const char *what;
	struct poll_rules rules;
	uint64_t window, block, next;
} steps[] = {
	{"no window, the event came soon: start", {32768, 0, 0}, 0, 10000, 4000},
	{"no window, nothing to wait for: keep", {32768, 0, 0}, 0, 0, 0},
	{"no window, the event came late: none", {32768, 0, 0}, 0, 40000, 0},
	{"caught: keep", {32768, 0, 0}, 8000, 7999, 8000},
	{"caught at the last moment: keep", {32768, 0, 0}, 8000, 8000, 8000},
	{"missed a little: double", {32768, 0, 0}, 8000, 8001, 16000},
	{"missed, the limit is near: to the limit", {32768, 0, 0}, 32000, 32700, 32768},
	{"missed exactly at the limit: grow", {32768, 0, 0}, 4000, 32768, 8000},
	{"came too late: back to none", {32768, 0, 0}, 32768, 32769, 0},
	{"came too late: divided", {32768, 0, 2}, 32768, 100000, 16384},
	{"grows by its factor", {32768, 3, 0}, 4000, 5000, 12000},
	{"factor 1 stays", {32768, 1, 0}, 4000, 5000, 4000},
	{"the start is limited, too", {1000, 0, 0}, 0, 500, 1000},
	{"a huge window does not wrap",
	 {UINT64_MAX, 4, 0},
	 1ULL << 63,
	 (1ULL << 63) + 1,
	 UINT64_MAX},
};

static void each_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		uint64_t next = poll_window_next(&steps[i].rules, steps[i].window,
						 steps[i].block);

		if (next != steps[i].next)
			fail_msg("%s: %llu, not %llu", steps[i].what,
				 (unsigned long long)next,
				 (unsigned long long)steps[i].next);
	}
}

/* Events 20 us apart: the window grows until it catches them, then stays. */
static void settles_on_a_steady_device(void **state)
{
	struct poll_rules rules = {32768, 0, 0};
	uint64_t window = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		window = poll_window_next(&rules, window, 20000);
	assert_int_equal(window, 32000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step),
		cmocka_unit_test(settles_on_a_steady_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
