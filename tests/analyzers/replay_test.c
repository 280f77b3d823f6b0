// SPDX-License-Identifier: GPL-2.0-or-later
/* Replays of made-up waits against answers worked out by hand. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "analyzers/what_if/rounds.h"
#include "analyzers/what_if/wakeup.h"
#include "core/failure.h"
#include "events.h"

enum { WAKE = 10000, N = 100 };

static void open_replay(struct replay *r, const char *limits)
{
	struct replay_setup setup = {.wake_ns = WAKE};
	struct failure f = {""};

	if (replay_limits(&setup, limits, &f))
		fail_msg("%s", f.text);
	assert_int_equal(replay_init(r, &setup), 0);
}

static void feed(struct replay *r, const struct traced_wait *wait, unsigned sources,
		 const struct replay_request *requests, size_t nr)
{
	struct replay_round round = {.wait = *wait,
				     .sources = sources,
				     .work_ns = 5000,
				     .requests = requests,
				     .nr_requests = nr};

	assert_int_equal(replay_round(r, 0, 1, &round), 0);
}

/* A wait that slept; its event came after @x. */
static void slept(struct replay *r, uint64_t x, unsigned sources)
{
	struct traced_wait wait = {.block_ns = x + WAKE};

	feed(r, &wait, sources, NULL, 0);
}

struct answer {
	uint64_t found, polled, naps, delay;
};

static void check(const char *what, const struct replay_cell *cell, struct answer want)
{
	if (cell->found != want.found || cell->polled_ns != want.polled ||
	    cell->naps != want.naps || cell->delay_ns != want.delay)
		fail_msg("%s: found %llu polled %llu naps %llu delay %llu", what,
			 (unsigned long long)cell->found,
			 (unsigned long long)cell->polled_ns,
			 (unsigned long long)cell->naps,
			 (unsigned long long)cell->delay_ns);
}

static const struct replay_cell *cell_of(const struct replay *r,
					 const struct poll_rule *rule)
{
	return replay_cells_of(r, rule);
}

/* Every event comes after 20 us. */
static void a_steady_device(void **state)
{
	struct replay r;

	(void)state;
	open_replay(&r, "32768");
	for (int i = 0; i < N; i++)
		slept(&r, 20000, 1);
	check("recorded", &r.cells[REPLAY_RECORDED], (struct answer){0, 0, 0, N * WAKE});
	check("blocking", &r.cells[REPLAY_BLOCKING], (struct answer){0, 0, 0, N * WAKE});
	/* 0, 4000, 8000 and 16000 miss */
	check("context", cell_of(&r, &poll_context),
	      (struct answer){N - 4, 28000 + (N - 4) * 20000, 0, 4 * WAKE});
	check("handler", cell_of(&r, &poll_handler),
	      (struct answer){N - 4, 28000 + (N - 4) * 20000, 0, 4 * WAKE});
	/* The first wait, seen as 30 us, is its window. */
	check("weighted", cell_of(&r, &poll_weighted),
	      (struct answer){N - 1, (N - 1) * 20000, 0, WAKE});
	check("fathom", cell_of(&r, &poll_fathom), (struct answer){N, N * 20000, 0, 0});
	check("oracle", cell_of(&r, NULL), (struct answer){N, N * 20000, 0, 0});
	assert_int_equal(cell_of(&r, NULL)->time_ns, N * 25000);
	assert_int_equal(r.cells[REPLAY_RECORDED].time_ns, N * 35000);
	assert_true(replay_burnt_share(&r, cell_of(&r, NULL)) == 0.8);
	assert_true(replay_saved(&r, cell_of(&r, NULL)) == 1);
	assert_true(replay_saved(&r, cell_of(&r, &poll_context)) == 0.96);
	replay_release(&r);
}

/* Every event comes after 100 us: only a nap helps. */
static void a_slow_device(void **state)
{
	const struct replay_cell *fathom;
	struct replay r;

	(void)state;
	open_replay(&r, "32768");
	for (int i = 0; i < 1000; i++)
		slept(&r, 100000, 1);
	check("context", cell_of(&r, &poll_context),
	      (struct answer){0, 0, 0, 1000 * WAKE});
	check("weighted", cell_of(&r, &poll_weighted),
	      (struct answer){0, 0, 0, 1000 * WAKE});
	check("oracle", cell_of(&r, NULL), (struct answer){0, 0, 0, 1000 * WAKE});
	fathom = cell_of(&r, &poll_fathom);
	assert_true(fathom->found > 900);
	assert_true(fathom->naps >= fathom->found);
	assert_true(fathom->polled_ns < 1000 * 20000ULL);
	replay_release(&r);
}

/* Reads are fast, writes slow: a window for each source is not ruined by the others. */
static void two_sources(void **state)
{
	struct replay r;

	(void)state;
	open_replay(&r, "32768");
	for (int i = 0; i < N; i++) {
		slept(&r, 6000, 1);
		slept(&r, 200000, 2);
	}
	/* Each write empties the window: 4 us are never enough. */
	assert_int_equal(cell_of(&r, &poll_context)->found, 0);
	/* 0 and 4000 miss, then 8000 holds; writes are polled for as long. */
	check("handler", cell_of(&r, &poll_handler),
	      (struct answer){N - 2, 4000 + (N - 2) * 6000 + 4000 + (N - 1) * 8000, 0,
			      (N + 2) * WAKE});
	replay_release(&r);
}

/* What was recorded stays, and latencies move with the waits behind which they ended. */
static void requests_move_with_their_waits(void **state)
{
	struct traced_wait polled = {
		.block_ns = 8100, .found_ns = 8000, .window_ns = 9000, .polled_ns = 8000};
	struct traced_wait late = {
		.block_ns = 60000, .quiet_ns = 55000, .polled_ns = 9000};
	struct traced_wait plain = {.block_ns = 50000};
	struct replay_request first = {.latency_ns = 10000, .waited = true};
	struct replay_request second = {.latency_ns = 60000, .waited = true};
	struct replay_request third[] = {{.latency_ns = 70000, .waited = true},
					 {.latency_ns = 1234}}; /* nobody waited for it */
	struct replay r;

	(void)state;
	open_replay(&r, "100000");
	feed(&r, &polled, 1, &first, 1);
	feed(&r, &plain, 1, &second, 1);
	feed(&r, &late, 1, third, 2);
	assert_int_equal(r.requests, 4);
	assert_int_equal(r.cells[REPLAY_RECORDED].found, 1);
	assert_int_equal(r.cells[REPLAY_RECORDED].polled_ns, 17000);
	assert_int_equal(r.cells[REPLAY_RECORDED].delay_ns, WAKE + 4999);
	assert_int_equal(r.cells[REPLAY_RECORDED].latency.max, 70000);
	assert_int_equal(r.cells[REPLAY_BLOCKING].latency.max, 70000 + 5001);
	assert_int_equal(r.cells[REPLAY_BLOCKING].latency.sum,
			 20000 + 60000 + 75001 + 1234);
	assert_int_equal(cell_of(&r, NULL)->latency.sum, 10000 + 50000 + 65001 + 1234);
	assert_int_equal(cell_of(&r, NULL)->polled_ns, 8000 + 40000 + 55001);
	replay_release(&r);
}

static void arrivals(void **state)
{
	struct traced_wait found = {.block_ns = 900, .found_ns = 800};
	struct traced_wait woken = {.block_ns = 50000, .woken_ns = 45000};
	struct traced_wait slept_at_once = {.block_ns = 50000};
	struct traced_wait quiet = {.block_ns = 50000, .quiet_ns = 48000};
	struct traced_wait shorter = {.block_ns = 5000};

	(void)state;
	assert_int_equal(replay_arrival(&found, WAKE), 800);
	assert_int_equal(replay_arrival(&woken, WAKE), 45000);
	assert_int_equal(replay_arrival(&slept_at_once, WAKE), 40000);
	assert_int_equal(replay_arrival(&quiet, WAKE), 48001);
	assert_int_equal(replay_arrival(&shorter, WAKE), 1);
}

/* Closed loops */

static uint64_t service(uint64_t *dice)
{
	uint64_t ns = next_random(dice) % 5 ? 20000 : 200000;

	return ns * 9 / 10 + next_random(dice) % (ns / 5);
}

/* One loop at work, the slow way: keeps DEPTH requests in flight, and waits as long as
 * @wake_ns beyond the first event. What it does is told to @rounds, if any. Returns the
 * time that it took for MANY. */
static uint64_t keep_busy(uint64_t wake_ns, struct rounds *rounds)
{
	enum { DEPTH = 4, MANY = 20000, WORK = 3000 };
	uint64_t submit[DEPTH], arrive[DEPTH], now = 1000, dice = 7;
	bool there[DEPTH] = {0};

	for (int i = 0; i < DEPTH; i++) {
		submit[i] = now;
		arrive[i] = now + WORK + service(&dice);
	}
	now += WORK;
	for (unsigned done = 0; done < MANY;) {
		struct traced_wait wait = {.begin_ns = now};
		uint64_t first = UINT64_MAX;
		unsigned found = 0;

		for (int i = 0; i < DEPTH; i++)
			first = arrive[i] < first ? arrive[i] : first;
		if (first > now) {
			now = first + wake_ns;
			wait.block_ns = now - wait.begin_ns;
			wait.found_ns = wake_ns ? 0 : wait.block_ns;
			wait.polled_ns = wait.found_ns;
			if (rounds)
				rounds_wait(rounds, 0, DEPTH, &wait);
		}
		for (int i = 0; i < DEPTH; i++) {
			there[i] = arrive[i] <= now;
			if (there[i] && rounds)
				rounds_request(rounds, 0,
					       &(struct round_request){submit[i], now,
								       wait.block_ns, 0});
			found += there[i];
		}
		for (int i = 0; i < DEPTH; i++)
			submit[i] = there[i] ? now : submit[i];
		now += WORK * found;
		done += found;
		for (int i = 0; i < DEPTH; i++)
			if (there[i])
				arrive[i] = now + service(&dice);
	}
	if (rounds)
		rounds_finish(rounds);
	return now;
}

static void assert_near(uint64_t a, uint64_t b, double off)
{
	double ratio = (double)a / (double)b;

	if (ratio < 1 - off || ratio > 1 + off)
		fail_msg("%llu is not near %llu", (unsigned long long)a,
			 (unsigned long long)b);
}

/* A loop that polled, replayed as one that sleeps, is as slow as one that slept, and a
 * loop that slept, replayed as one that polls, as fast as one that polled. */
static void closed_loops_foretell_each_other(void **state)
{
	struct rounds *rounds = calloc(1, sizeof(*rounds));
	uint64_t polled, slept_ns;
	struct replay r;

	(void)state;
	rounds->replay = &r;
	open_replay(&r, "1s");
	polled = keep_busy(0, rounds);
	slept_ns = keep_busy(WAKE, NULL);
	assert_near(polled, slept_ns, 0.3);
	assert_true(slept_ns > polled * 106 / 100);
	assert_near(r.cells[REPLAY_RECORDED].time_ns, polled, 0.01);
	assert_near(cell_of(&r, NULL)->time_ns, polled, 0.01);
	assert_near(cell_of(&r, NULL)->waits, r.cells[REPLAY_RECORDED].waits, 0.02);
	assert_near(cell_of(&r, NULL)->polled_ns, r.cells[REPLAY_RECORDED].polled_ns,
		    0.02);
	assert_near(r.cells[REPLAY_BLOCKING].time_ns, slept_ns, 0.03);
	assert_near(histogram_percentile(&cell_of(&r, NULL)->latency, 50),
		    histogram_percentile(&r.cells[REPLAY_RECORDED].latency, 50), 0.02);
	rounds_release(rounds);
	replay_release(&r);

	*rounds = (struct rounds){.replay = &r};
	open_replay(&r, "1s");
	keep_busy(WAKE, rounds);
	assert_near(r.cells[REPLAY_BLOCKING].time_ns, slept_ns, 0.04);
	assert_near(cell_of(&r, NULL)->time_ns, polled, 0.05);
	assert_true(cell_of(&r, NULL)->time_ns < slept_ns * 98 / 100);
	rounds_release(rounds);
	replay_release(&r);
	free(rounds);
}

/* Who knows the future polls only for what comes in time. No rule that polls spares more
 * wake-ups for as much CPU time, or gains more at the price of its limit. */
static void nobody_beats_the_oracle(void **state)
{
	static const struct poll_rule *const pollers[] = {&poll_context, &poll_handler,
							  &poll_weighted};

	(void)state;
	for (uint64_t seed = 1; seed < 20; seed++) {
		uint64_t dice = seed * 77777;
		struct replay r;

		open_replay(&r, NULL);
		for (int i = 0; i < 3000; i++) {
			uint64_t kind = next_random(&dice) % seed;
			uint64_t mean = 1ULL << (10 + kind);

			slept(&r, 1 + next_random(&dice) % mean, 1U << kind % 3);
		}
		for (size_t l = 0; l < r.setup.nr_limits; l++) {
			const struct replay_cell *oracle = &replay_cells_of(&r, NULL)[l];

			for (size_t i = 0; i < ARRAY_SIZE(pollers); i++) {
				const struct replay_cell *rule =
					replay_cells_of(&r, pollers[i]);

				assert_true(rule[l].found * rule[l].limit_ns +
						    oracle->polled_ns <=
					    oracle->found * rule[l].limit_ns +
						    rule[l].polled_ns);
				for (size_t m = 0; m < r.setup.nr_limits; m++)
					assert_true(rule[m].polled_ns >
							    oracle->polled_ns ||
						    rule[m].found <= oracle->found);
			}
		}
		replay_release(&r);
	}
}

static void limits_are_parsed(void **state)
{
	static const char *const bad[] = {
		"",  "1,", "abc",     "1,,2",
		"0", "2s", "5us 6us", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
	struct replay_setup setup = {.wake_ns = WAKE};
	struct failure f = {""};

	(void)state;
	assert_int_equal(replay_limits(&setup, NULL, &f), 0);
	assert_int_equal(setup.nr_limits, 9);
	assert_int_equal(setup.limits_ns[8], 1 << 20);
	assert_int_equal(replay_limits(&setup, "500,20us,0.5ms", &f), 0);
	assert_int_equal(setup.nr_limits, 3);
	assert_int_equal(setup.limits_ns[0], 500);
	assert_int_equal(setup.limits_ns[1], 20000);
	assert_int_equal(setup.limits_ns[2], 500000);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		f.text[0] = 0;
		if (replay_limits(&setup, bad[i], &f) >= 0)
			fail_msg("'%s' is taken", bad[i]);
		assert_true(f.text[0]);
	}
}

/* What a wake-up takes */

/* Events after 20 to 40 us, every fourth wait slept at once, the others polled. */
static void wakeup_by_the_difference(void **state)
{
	static struct traced_wait waits[4000];
	struct wakeup wakeup;
	uint64_t seed = 5;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		uint64_t x = 20000 + next_random(&seed) % 20000;
		uint64_t window = i % 4 ? 32000 : 0;

		waits[i] =
			(struct traced_wait){.block_ns = x + 17000, .window_ns = window};
		if (x <= window)
			waits[i].block_ns = waits[i].found_ns = x;
		else
			waits[i].quiet_ns = window;
		waits[i].woken_ns = 3000; /* not asked */
	}
	assert_int_equal(wakeup_estimate(&wakeup, waits, ARRAY_SIZE(waits)), 0);
	assert_int_equal(wakeup.source, WAKEUP_DIFFERENCE);
	assert_int_equal(wakeup.waits, 1000);
	assert_true(wakeup.ns > 16500 && wakeup.ns < 17500);
}

/* A loop that naps sleeps at once where events come early: no comparison. */
static void wakeup_by_the_kernel(void **state)
{
	static struct traced_wait waits[1000];
	struct wakeup wakeup;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		waits[i] = (struct traced_wait){.block_ns = 50000 + i,
						.woken_ns = i % 2 ? 45000 : 0};
		if (i % 3 == 0)
			waits[i] = (struct traced_wait){
				.block_ns = 20000, .found_ns = 20000, .window_ns = 32000};
		waits[i].naps = i == 500;
	}
	assert_int_equal(wakeup_estimate(&wakeup, waits, ARRAY_SIZE(waits)), 0);
	assert_int_equal(wakeup.source, WAKEUP_KERNEL);
	assert_true(wakeup.ns > 5400 && wakeup.ns < 5600);
}

static void wakeup_without_a_hint(void **state)
{
	static struct traced_wait waits[1000];
	struct wakeup wakeup;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		waits[i].block_ns = 50000;
	assert_int_equal(wakeup_estimate(&wakeup, waits, ARRAY_SIZE(waits)), 0);
	assert_int_equal(wakeup.source, WAKEUP_ASSUMED);
	assert_int_equal(wakeup.ns, WAKEUP_ASSUMED_NS);
	assert_int_equal(wakeup_estimate(&wakeup, NULL, 0), 0);
	assert_int_equal(wakeup.source, WAKEUP_ASSUMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_device),
		cmocka_unit_test(a_slow_device),
		cmocka_unit_test(two_sources),
		cmocka_unit_test(requests_move_with_their_waits),
		cmocka_unit_test(arrivals),
		cmocka_unit_test(closed_loops_foretell_each_other),
		cmocka_unit_test(nobody_beats_the_oracle),
		cmocka_unit_test(limits_are_parsed),
		cmocka_unit_test(wakeup_by_the_difference),
		cmocka_unit_test(wakeup_by_the_kernel),
		cmocka_unit_test(wakeup_without_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
