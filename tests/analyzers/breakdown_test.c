// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of breakdown: lives, bios, the slowest; each against counting by hand. */
#include <stdlib.h>
#include <string.h>

#include "analyzers/breakdown/bios.h"
#include "analyzers/breakdown/breakdown.h"
#include "analyzers/breakdown/life.h"
#include "analyzers/breakdown/slowest.h"
#include "analyzers/breakdown/threads.h"
#include "unit.h"

static uint64_t sum(const struct stage_times *t)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < STAGES_MAX; i++)
		all += t->met & 1U << i ? t->ns[i] : 0;
	return all;
}

static void test_stages_add_up(void **state)
{
	struct lives lives = {0};
	struct life *l = lives_begin(&lives, 3, 8, 100);
	struct stage_times t;

	(void)state;
	life_mark(l, 110, STAGE_MODEL);
	life_mark(l, 130, STAGE_DEVICE);
	life_mark(l, 125, STAGE_FINISH); /* clocks of CPUs differ */
	life_mark(l, 170, STAGE_FINISH);
	life_mark(l, 180, STAGE_REAP);
	life_times(l, 100, 200, &t);
	assert_int_equal(t.ns[STAGE_SUBMIT], 10);
	assert_int_equal(t.ns[STAGE_MODEL], 20);
	assert_int_equal(t.ns[STAGE_DEVICE], 0);
	assert_int_equal(t.ns[STAGE_FINISH], 50);
	assert_int_equal(t.ns[STAGE_REAP], 20);
	assert_int_equal(sum(&t), 100);
	assert_int_equal(t.begin_ns[STAGE_FINISH], 30);
	assert_int_equal(t.met, 1 << STAGE_SUBMIT | 1 << STAGE_MODEL | 1 << STAGE_DEVICE |
					1 << STAGE_FINISH | 1 << STAGE_REAP);
	life_times(l, 100, 160, &t); /* it ended before its last marks */
	assert_int_equal(sum(&t), 60);
	lives_release(&lives);
}

static void test_many_stages_are_folded(void **state)
{
	struct lives lives = {0};
	struct life *l = lives_begin(&lives, 0, 1, 1000);
	struct stage_times t;

	(void)state;
	for (unsigned i = 1; i <= 1000; i++)
		life_mark(l, 1000 + i, i % 2 ? STAGE_BLOCK : STAGE_DEVICE);
	life_times(l, 1000, 2001, &t);
	assert_int_equal(t.ns[STAGE_SUBMIT], 1);
	assert_int_equal(t.ns[STAGE_BLOCK], 500);
	assert_int_equal(t.ns[STAGE_DEVICE], 500);
	assert_int_equal(sum(&t), 1001);
	assert_true(l->nr_marks <= LIFE_MARKS_MAX);
	lives_release(&lives);
}

static void test_overlay(void **state)
{
	struct lives lives = {0};
	struct life *l = lives_begin(&lives, 0, 1, 0);
	struct stage_times t;

	(void)state;
	life_mark(l, 10, STAGE_DEVICE);
	life_mark(l, 50, STAGE_FINISH);
	life_mark(l, 60, STAGE_REAP);
	life_overlay(l, 52, 70, STAGE_OFF_CPU);
	life_times(l, 0, 100, &t);
	assert_int_equal(t.ns[STAGE_DEVICE], 40);
	assert_int_equal(t.ns[STAGE_FINISH], 2);
	assert_int_equal(t.ns[STAGE_OFF_CPU], 18);
	assert_int_equal(t.ns[STAGE_REAP], 30);
	assert_int_equal(sum(&t), 100);
	life_overlay(l, 80, 80, STAGE_BLOCK); /* nothing */
	life_times(l, 0, 100, &t);
	assert_int_equal(t.met & 1 << STAGE_BLOCK, 0);
	lives_release(&lives);
}

static void test_bios(void **state)
{
	struct bios b;
	uint32_t mine = 0, other = 0, found;

	(void)state;
	assert_int_equal(bios_init(&b), 0);
	assert_int_equal(bios_add(&b, &mine, 1, 254, 100, 8), 0);
	assert_int_equal(bios_add(&b, &mine, 1, 254, 108, 8), 0);
	assert_int_equal(bios_add(&b, &other, 2, 7, 100, 16), 0);
	found = bios_at(&b, 7, 100, false);
	assert_int_equal(b.items[found].owner, 2);
	assert_int_equal(b.items[bios_at(&b, 254, 100, false)].owner, 1);
	/* A partition's bio, issued at the disk; a part of a bio that was split. */
	assert_int_not_equal(bios_at(&b, 8, 108, false), 0);
	assert_int_equal(bios_at(&b, 7, 104, false), found);
	assert_int_equal(bios_at(&b, 8, 104, false), 0);
	assert_int_equal(bios_at(&b, 254, 200, false), 0);
	/* The same sectors a second time: the first that was not issued, then the other.
	 */
	assert_int_equal(bios_add(&b, &other, 3, 7, 100, 16), 0);
	assert_int_equal(bios_at(&b, 7, 100, false), found);
	assert_int_equal(bios_at(&b, 7, 100, true), 0);
	b.items[found].is_issued = true;
	assert_int_equal(b.items[bios_at(&b, 7, 100, false)].owner, 3);
	assert_int_equal(bios_at(&b, 7, 100, true), found);
	bios_remove(&b, &other, bios_at(&b, 7, 100, false));
	b.items[found].is_issued = false;
	bios_drop(&b, &mine);
	assert_int_equal(bios_at(&b, 254, 108, false), 0);
	assert_int_equal(bios_at(&b, 7, 100, false), found);
	bios_remove(&b, &other, found);
	assert_int_equal(other, 0);
	assert_int_equal(b.count, 0);
	bios_release(&b);
}

/* Many at a time, so that the table grows and slots move. */
static void test_many_bios(void **state)
{
	enum { OWNERS = 2000 };
	static uint32_t lists[OWNERS];
	struct bios b;

	(void)state;
	assert_int_equal(bios_init(&b), 0);
	for (uint32_t i = 0; i < OWNERS; i++)
		for (uint32_t j = 0; j < 2; j++)
			assert_int_equal(bios_add(&b, &lists[i], i, 254,
						  (uint64_t)(i * 2 + j) * 8, 8),
					 0);
	for (uint32_t i = 0; i < OWNERS; i += 2)
		bios_drop(&b, &lists[i]);
	for (uint32_t i = 0; i < OWNERS; i++) {
		uint32_t found = bios_at(&b, 254, (uint64_t)(i * 2 + 1) * 8, false);

		if (i % 2)
			assert_int_equal(b.items[found].owner, i);
		else
			assert_int_equal(found, 0);
	}
	bios_release(&b);
}

static void test_threads_line(void **state)
{
	struct threads t;
	struct lives lives = {0};
	uint32_t thread;

	(void)state;
	assert_int_equal(threads_init(&t), 0);
	thread = threads_find(&t, 7, 70);
	for (uint32_t i = 1; i <= 3; i++) {
		lives_begin(&lives, i, 8, i);
		lives.items[i].thread = thread;
		thread_enqueue(&t, &lives, i);
	}
	assert_int_equal(t.items[thread].first, 1);
	thread_dequeue(&t, &lives, 2);
	thread_dequeue(&t, &lives, 2); /* again is nothing */
	thread_dequeue(&t, &lives, 1);
	assert_int_equal(t.items[thread].first, 3);
	assert_int_equal(t.items[thread].last, 3);
	thread_work(&t, &lives, thread, 3);
	thread_work(&t, &lives, threads_find(&t, 7, 71), 3);
	assert_int_equal(t.items[thread].at_work, 0);
	thread_dequeue(&t, &lives, 3);
	assert_int_equal(t.items[thread].first, 0);
	for (int32_t tid = 100; tid < 1100; tid++)
		threads_find(&t, -1, tid);
	assert_int_equal(threads_find(&t, -1, 70), thread);
	assert_int_equal(t.items[thread].pid, 7);
	lives_release(&lives);
	threads_release(&t);
}

static void did(struct breakdown *b, int32_t tid, uint64_t requests, uint64_t latency_ns)
{
	struct thread *t = &b->threads.items[threads_find(&b->threads, 7, tid)];

	t->requests = requests;
	t->latency_ns = requests * latency_ns;
}

static bool is_starved(const struct breakdown *b)
{
	struct finding found[FINDINGS_MAX];
	unsigned nr = findings_make(b, found);

	assert_in_range(nr, 0, 1);
	return nr && strcmp(found[0].name, "starved_thread") == 0;
}

/* Few requests are starvation where as many were in flight, and not with a lower depth.
 */
static void test_starved_thread(void **state)
{
	struct requests *r = calloc(1, sizeof(*r));
	struct breakdown *b = calloc(1, sizeof(*b));

	(void)state;
	breakdown_init(b, r);
	assert_int_equal(threads_init(&b->threads), 0);
	assert_false(is_starved(b));
	did(b, 70, 1000, 40000);
	assert_false(is_starved(b));
	did(b, 71, 1000, 40000);
	assert_false(is_starved(b));
	did(b, 71, 200, 200000);
	assert_true(is_starved(b));
	did(b, 71, 200, 40000);
	assert_false(is_starved(b));
	did(b, 72, 900, 41000);
	did(b, 71, 200, 200000);
	assert_true(is_starved(b));
	did(b, 71, 600, 60000);
	assert_false(is_starved(b));
	breakdown_release(b);
	free(b);
	free(r);
}

static void test_spells(void **state)
{
	struct thread_time spent;
	struct thread t = {0};

	(void)state;
	spell_end(&t.polling, 5); /* its begin was before the trace */
	spell_begin(&t.polling, 10);
	thread_time(&t, 14, &spent);
	assert_int_equal(spent.polling, 4);
	spell_end(&t.polling, 20);
	spell_begin(&t.polling, 30);
	spell_end(&t.polling, 31);
	thread_time(&t, 100, &spent);
	assert_int_equal(spent.polling, 11);
}

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

static void test_slowest(void **state)
{
	enum { REQUESTS = 5000, WANTED = 20 };
	static uint64_t latencies[REQUESTS];
	struct slowest *s = calloc(1, sizeof(*s));
	struct thread_time now = {0};
	struct lives lives = {0};
	struct inflight in;

	(void)state;
	s->wanted = WANTED;
	assert_int_equal(inflight_init(&in, false), 0);
	lives_begin(&lives, 0, 1, 0);
	srand(1);
	for (uint64_t i = 0; i < REQUESTS; i++) {
		struct request q = {.key = i, .submit_ns = i * 1000};

		latencies[i] = (uint64_t)rand() % 100000;
		q.complete_ns = q.submit_ns + latencies[i];
		if (slowest_wants(s, &q))
			assert_int_equal(slowest_add(s, &in, &q, &lives.items[0], &now),
					 0);
		slowest_remember(s, &q);
	}
	slowest_finish(s);
	qsort(latencies, REQUESTS, sizeof(*latencies), descending);
	assert_int_equal(s->count, WANTED);
	for (unsigned i = 0; i < WANTED; i++) {
		const struct slow_request *slow = &s->items[i];

		assert_int_equal(slow->request.complete_ns - slow->request.submit_ns,
				 latencies[i]);
		if (slow->request.key < NEIGHBOURS_NEAR)
			continue;
		/* As they ended one after the other, those before it are the nearest. */
		assert_int_equal(slow->nr_neighbours, NEIGHBOURS_NEAR);
		for (unsigned n = 0; n < NEIGHBOURS_NEAR; n++)
			assert_int_equal(slow->neighbours[n].key,
					 slow->request.key - NEIGHBOURS_NEAR + n);
	}
	slowest_release(s);
	free(s);
	inflight_release(&in);
	lives_release(&lives);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stages_add_up),
		cmocka_unit_test(test_many_stages_are_folded),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_bios),
		cmocka_unit_test(test_many_bios),
		cmocka_unit_test(test_threads_line),
		cmocka_unit_test(test_starved_thread),
		cmocka_unit_test(test_spells),
		cmocka_unit_test(test_slowest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
