// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of polling, against sequences worked out by hand and made-up devices. */
#include "unit.h"

#include <string.h>

#include "core/poll_rule.h"

enum { READ = 1, WRITE = 2 };

static struct poll_tuner tuner_of(const struct poll_rule *rule, uint64_t max_ns)
{
	struct poll_settings settings = {.max_ns = max_ns};
	struct poll_tuner t;

	poll_tuner_init(&t, rule, &settings);
	return t;
}

static void observe(struct poll_tuner *t, uint64_t block_ns, unsigned sources)
{
	struct poll_wait wait = {.block_ns = block_ns, .sources = sources};

	poll_tuner_observe(t, &wait);
}

/* QEMU's */

static const struct {
	const char *what;
	struct poll_settings settings;
	uint64_t window, block, next;
} steps[] = {
	{"no window, the event came soon: start", {32768, 0, 0, 0}, 0, 10000, 4000},
	{"no window, nothing to wait for: keep", {32768, 0, 0, 0}, 0, 0, 0},
	{"no window, the event came late: none", {32768, 0, 0, 0}, 0, 40000, 0},
	{"caught: keep", {32768, 0, 0, 0}, 8000, 7999, 8000},
	{"caught at the last moment: keep", {32768, 0, 0, 0}, 8000, 8000, 8000},
	{"missed a little: double", {32768, 0, 0, 0}, 8000, 8001, 16000},
	{"missed, the limit is near: to the limit",
	 {32768, 0, 0, 0},
	 32000,
	 32700,
	 32768},
	{"missed exactly at the limit: keep", {32768, 0, 0, 0}, 4000, 32768, 4000},
	{"came too late: back to none", {32768, 0, 0, 0}, 32768, 32769, 0},
	{"came too late: divided", {32768, 0, 2, 0}, 32768, 100000, 16384},
	{"grows by its factor", {32768, 3, 0, 0}, 4000, 5000, 12000},
	{"factor 1 stays", {32768, 1, 0, 0}, 4000, 5000, 4000},
	{"the start is limited, too", {1000, 0, 0, 0}, 0, 500, 1000},
	{"a huge window does not wrap",
	 {UINT64_MAX, 4, 0, 0},
	 1ULL << 63,
	 (1ULL << 63) + 1,
	 UINT64_MAX},
};

static void context_takes_each_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct poll_tuner t;

		poll_tuner_init(&t, &poll_context, &steps[i].settings);
		t.plan.window_ns = steps[i].window;
		observe(&t, steps[i].block, READ);
		if (t.plan.window_ns != steps[i].next)
			fail_msg("%s: %llu, not %llu", steps[i].what,
				 (unsigned long long)t.plan.window_ns,
				 (unsigned long long)steps[i].next);
	}
}

struct heard {
	uint64_t block;
	unsigned sources;
	uint64_t window; /* after it */
};

static void follow(struct poll_tuner *t, const struct heard *heard, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		observe(t, heard[i].block, heard[i].sources);
		if (t->plan.window_ns != heard[i].window)
			fail_msg("%s, wait %zu: %llu, not %llu", t->rule->name, i,
				 (unsigned long long)t->plan.window_ns,
				 (unsigned long long)heard[i].window);
	}
}

static void context_settles_on_a_steady_device(void **state)
{
	static const struct heard heard[] = {
		{20000, READ, 4000},  {20000, READ, 8000},  {20000, READ, 16000},
		{20000, READ, 32000}, {20000, READ, 32000},
	};
	struct poll_tuner t = tuner_of(&poll_context, 32768);

	(void)state;
	follow(&t, heard, ARRAY_SIZE(heard));
}

/* A slow write leaves the window of the reads alone, and the longest counts. */
static void handler_keeps_a_window_for_each_source(void **state)
{
	static const struct heard heard[] = {
		{10000, READ, 4000},	    {10000, READ, 8000},    {10000, READ, 16000},
		{10000, READ, 16000},	    {100000, WRITE, 16000}, /* writes have none */
		{30000, WRITE, 16000},				    /* writes 4000 */
		{100000, READ, 4000},				    /* reads none */
		{7000, READ | WRITE, 8000}, /* reads 4000, writes 8000 */
		{100000, READ | WRITE, 0},
	};
	struct poll_tuner t = tuner_of(&poll_handler, 32768);

	(void)state;
	follow(&t, heard, ARRAY_SIZE(heard));
}

static void handler_is_context_with_one_source(void **state)
{
	struct poll_tuner one = tuner_of(&poll_context, 32768);
	struct poll_tuner many = tuner_of(&poll_handler, 32768);
	uint64_t block = 1;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		block = block * 6364136223846793005ULL + 1442695040888963407ULL;
		observe(&one, block >> 48, READ);
		observe(&many, block >> 48, READ);
		assert_int_equal(one.plan.window_ns, many.plan.window_ns);
	}
}

static void weighted_averages(void **state)
{
	static const struct heard heard[] = {
		{8000, READ, 8000},    /* average 8000: the window grows to it */
		{16000, READ, 16000},  /* 8000 - 2000 + 4000: grows by the factor */
		{4000, READ, 16000},   /* 10000 - 2500 + 1000: not below the half */
		{1000, READ, 8000},    /* 8500 - 2125 + 250 */
		{20000, WRITE, 20000}, /* 20000; reads, idle, 6625 + 20000 */
		{20000, WRITE,
		 20000}, /* 20000 - 5000 + 5000; reads beyond the limit: 0 */
		{100000, WRITE, 10000}, /* 20000 - 5000 + 25000: hopeless, 0 */
		{100000, WRITE, 5000},
		{3000, READ | WRITE,
		 5000},		     /* both begin anew with 3000: not below 2500 */
		{4000, WRITE, 5000}, /* 3250; reads, idle, 7000 */
		{1000, READ, 10000}, /* 7000 - 1750 + 250: grows by the factor */
	};
	struct poll_tuner t = tuner_of(&poll_weighted, 32768);

	(void)state;
	follow(&t, heard, ARRAY_SIZE(heard));
}

static void weighted_takes_its_settings(void **state)
{
	static const struct heard heard[] = {
		{4000, READ, 4000},
		{8000, READ, 16000}, /* weight 1: 2000 + 4000 = 6000; times 4 */
		{8000, READ, 16000}, /* 7000: not below 16000 / 8 */
		{0, READ, 16000},    /* 3500 */
		{0, READ, 2000},     /* 1750: below */
	};
	struct poll_settings settings = {32768, 4, 8, 1};
	struct poll_tuner t;

	(void)state;
	poll_tuner_init(&t, &poll_weighted, &settings);
	follow(&t, heard, ARRAY_SIZE(heard));
}

/* Ours, in front of a device whose events come at known times */

struct ledger {
	unsigned waits, found;
	uint64_t polled_ns;
};

/* One wait by the plan: the event comes after @x ns, waking up takes @wake ns. */
static void wait_for(struct poll_tuner *t, uint64_t x, uint64_t wake, struct ledger *l)
{
	struct poll_wait wait = {.sources = READ};
	uint64_t windows[] = {t->plan.window_ns, t->plan.again_ns}, now = 0;

	l->waits++;
	for (int i = 0; i < 2; i++) {
		assert_true(windows[i] <= t->settings.max_ns);
		if (x <= now + windows[i]) {
			l->polled_ns += x > now ? x - now : 0;
			l->found++;
			wait.block_ns = x > now ? x : now;
			poll_tuner_observe(t, &wait);
			return;
		}
		l->polled_ns += windows[i];
		wait.quiet_ns = now += windows[i];
		if (i || !t->plan.nap_ns || x <= now + t->plan.nap_ns + wake)
			break;
		wait.quiet_ns = now += t->plan.nap_ns + wake;
		wait.late_ns = wake;
	}
	wait.slept = true;
	wait.block_ns = x + wake;
	poll_tuner_observe(t, &wait);
}

static uint64_t dice(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* @ns, up to a tenth more or less */
static uint64_t about(uint64_t ns, uint64_t *seed)
{
	return ns * 9 / 10 + dice(seed) % (ns / 5);
}

static void fathom_polls_for_short_waits(void **state)
{
	struct poll_tuner t = tuner_of(&poll_fathom, 32768);
	struct ledger l = {0};

	(void)state;
	assert_int_equal(t.plan.window_ns, 32768); /* to see what there is */
	for (int i = 0; i < 16; i++)
		wait_for(&t, 10000, 18000, &l);
	assert_int_equal(t.plan.window_ns, 10240); /* the end of 10000's bucket */
	assert_int_equal(t.plan.nap_ns, 0);
	assert_int_equal(t.plan.again_ns, 0);
}

/* Polling found nothing until 29 us, so the event came later, whatever a wake-up takes.
 */
static void fathom_trusts_what_it_saw(void **state)
{
	struct poll_wait wait = {.block_ns = 30000,
				 .quiet_ns = 29000,
				 .late_ns = 20000,
				 .slept = true,
				 .sources = READ};
	struct poll_tuner t = tuner_of(&poll_fathom, 32768);

	(void)state;
	for (int i = 0; i < 16; i++)
		poll_tuner_observe(&t, &wait);
	assert_true(t.plan.window_ns > 29000);
}

/* A wait that slept ended a wake-up later than its event came. */
static void fathom_takes_wakeups_off(void **state)
{
	struct poll_wait found = {.block_ns = 10000, .late_ns = 20000, .sources = READ};
	struct poll_wait slept = {.block_ns = 30000, .slept = true, .sources = READ};
	struct poll_tuner t = tuner_of(&poll_fathom, 32768);

	(void)state;
	poll_tuner_observe(&t, &found);
	for (int i = 0; i < 15; i++)
		poll_tuner_observe(&t, &slept);
	assert_int_equal(t.plan.window_ns, 10240); /* the end of 10000's bucket */
}

/* Naps through most of them and polls for what is left. */
static void fathom_naps_through_long_waits(void **state)
{
	struct poll_tuner t = tuner_of(&poll_fathom, 65536);
	struct ledger l = {0};
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 1000; i++)
		wait_for(&t, about(200000, &seed), about(18000, &seed), &l);
	l = (struct ledger){0};
	for (int i = 0; i < 1000; i++)
		wait_for(&t, about(200000, &seed), about(18000, &seed), &l);
	assert_int_equal(t.plan.window_ns, 0);
	assert_true(t.plan.nap_ns > 100000 && t.plan.nap_ns < 180000);
	assert_true(l.found > 900);
	assert_true(l.polled_ns / l.waits < 50000);
}

/* Hits of a cache and misses: polls for both, not in the stretch between. */
static void fathom_skips_the_hopeless_part(void **state)
{
	struct poll_tuner t = tuner_of(&poll_fathom, 100000);
	struct ledger l = {0};
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		if (i == 2000)
			l = (struct ledger){0};
		wait_for(&t, about(dice(&seed) % 5 ? 15000 : 400000, &seed), 18000, &l);
	}
	assert_true(t.plan.window_ns > 14000 && t.plan.window_ns < 30000);
	assert_true(t.plan.nap_ns > 100000);
	assert_true(t.plan.again_ns > 0);
	assert_true(l.found > 1850);
	assert_true(l.polled_ns / l.waits < 40000);
}

static void fathom_spends_nothing_where_nothing_can_be_gained(void **state)
{
	struct poll_tuner t = tuner_of(&poll_fathom, 32768);
	struct ledger l = {0};
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 16; i++)
		wait_for(&t, 1000000 + dice(&seed) % 8000000, 18000, &l);
	assert_int_equal(l.polled_ns, 16 * 32768);
	for (int i = 0; i < 2000; i++)
		wait_for(&t, 1000000 + dice(&seed) % 8000000, 18000, &l);
	assert_int_equal(l.polled_ns, 16 * 32768);
}

/* Waking up takes longer than the limit: what is seen of a fast device while nothing
 * polls looks slow. */
static void fathom_takes_no_wakeup_for_a_slow_device(void **state)
{
	struct poll_tuner t = tuner_of(&poll_fathom, 32768);
	struct ledger l = {0};
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 1000; i++)
		wait_for(&t, 1000000 + dice(&seed) % 8000000, about(60000, &seed), &l);
	for (int i = 0; i < 1000; i++)
		wait_for(&t, 10000, about(60000, &seed), &l);
	l = (struct ledger){0};
	for (int i = 0; i < 100; i++)
		wait_for(&t, 10000, about(60000, &seed), &l);
	assert_true(l.found > 95);
}

static void fathom_follows_a_device_that_changes(void **state)
{
	struct poll_tuner t = tuner_of(&poll_fathom, 32768);
	struct ledger l = {0};
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 1000; i++)
		wait_for(&t, about(12000, &seed), 18000, &l);
	assert_true(t.plan.window_ns > 12000);
	for (int i = 0; i < 300; i++)
		wait_for(&t, 1000000 + dice(&seed) % 8000000, 18000, &l);
	assert_int_equal(poll_plan_longest(&t.plan), 0);
	for (int i = 0; i < 300; i++)
		wait_for(&t, about(12000, &seed), 18000, &l);
	assert_true(t.plan.window_ns > 12000);
}

/* What the limit promises: no window is longer (wait_for), and a wake-up that was spared
 * costs no more than it, and what it would have cost itself. */
static void fathom_keeps_the_price(void **state)
{
	(void)state;
	for (uint64_t max = 2000; max < 1000000; max *= 2) {
		for (uint64_t mean = 4000; mean < 2000000; mean *= 3) {
			struct poll_tuner t = tuner_of(&poll_fathom, max);
			struct ledger l = {0};
			uint64_t seed = max ^ mean;

			for (int i = 0; i < 4000; i++) {
				if (i == 100)
					l = (struct ledger){0};
				wait_for(&t, dice(&seed) % (2 * mean), 10000, &l);
			}
			if (l.found > 100 && l.polled_ns / l.found > max + 11000)
				fail_msg("limit %llu, mean %llu: %llu",
					 (unsigned long long)max,
					 (unsigned long long)mean,
					 (unsigned long long)(l.polled_ns / l.found));
		}
	}
}

/* All */

static void no_rule_leaves_its_limit(void **state)
{
	static const uint64_t limits[] = {1, 1000, 32768, 1000000000, UINT64_MAX / 4};
	uint64_t seed = 3;

	(void)state;
	for (size_t r = 0; poll_rules[r]; r++) {
		for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
			struct poll_tuner t = tuner_of(poll_rules[r], limits[i]);

			for (int n = 0; n < 5000; n++) {
				struct poll_wait wait = {
					.block_ns = dice(&seed) << dice(&seed) % 33,
					.quiet_ns = dice(&seed) << dice(&seed) % 33,
					.late_ns = dice(&seed) % 3 ? 0 : dice(&seed),
					.slept = dice(&seed) & 1,
					.sources = 1U << dice(&seed) % POLL_SOURCES,
				};

				poll_tuner_observe(&t, &wait);
				assert_true(poll_plan_longest(&t.plan) <= limits[i]);
			}
		}
	}
}

static void without_a_limit_nobody_polls(void **state)
{
	(void)state;
	for (size_t r = 0; poll_rules[r]; r++) {
		struct poll_tuner t = tuner_of(poll_rules[r], 0);

		for (int i = 0; i < 100; i++)
			observe(&t, 1000, READ);
		assert_int_equal(poll_plan_longest(&t.plan), 0);
		assert_int_equal(t.plan.nap_ns, 0);
	}
}

static void names_and_rules_agree(void **state)
{
	(void)state;
	for (size_t i = 0; poll_rule_names[i] || poll_rules[i]; i++) {
		assert_string_equal(poll_rules[i]->name, poll_rule_names[i]);
		assert_ptr_equal(poll_rule_find(poll_rule_names[i]), poll_rules[i]);
		assert_true(*poll_rules[i]->summary && poll_rules[i]->observe);
	}
	assert_null(poll_rule_find("qemu"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_takes_each_step),
		cmocka_unit_test(context_settles_on_a_steady_device),
		cmocka_unit_test(handler_keeps_a_window_for_each_source),
		cmocka_unit_test(handler_is_context_with_one_source),
		cmocka_unit_test(weighted_averages),
		cmocka_unit_test(weighted_takes_its_settings),
		cmocka_unit_test(fathom_polls_for_short_waits),
		cmocka_unit_test(fathom_trusts_what_it_saw),
		cmocka_unit_test(fathom_takes_wakeups_off),
		cmocka_unit_test(fathom_naps_through_long_waits),
		cmocka_unit_test(fathom_skips_the_hopeless_part),
		cmocka_unit_test(fathom_spends_nothing_where_nothing_can_be_gained),
		cmocka_unit_test(fathom_takes_no_wakeup_for_a_slow_device),
		cmocka_unit_test(fathom_follows_a_device_that_changes),
		cmocka_unit_test(fathom_keeps_the_price),
		cmocka_unit_test(no_rule_leaves_its_limit),
		cmocka_unit_test(without_a_limit_nobody_polls),
		cmocka_unit_test(names_and_rules_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
