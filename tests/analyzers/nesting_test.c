// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that nest: calls, returns, frames left without a return, and losses. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "model_bed.h"

static const char keyed[] = "[request call]\n"
			    "scope = stack\n"
			    "submit = p:entry key=function op=function\n"
			    "complete = p:return key=function\n";

static const char keyless[] = "[request call]\n"
			      "scope = stack\n"
			      "submit = p:entry\n"
			      "complete = p:return\n";

static const char *const functions[] = {"main", "read", "parse", "fail", "walk"};

enum { FUNCTIONS = ARRAY_SIZE(functions), THREADS = 3, FRAMES = 64, EVENTS = 20000 };

/* What is told of each function, and how many frames are alive. */
struct heard {
	struct model_bed *bed;
	uint64_t count[FUNCTIONS], sum[FUNCTIONS], gone;
	int64_t depth;
};

static void heard_begin(void *state, const struct request *r)
{
	struct heard *h = state;

	(void)r;
	h->depth++;
}

static void heard_end(void *state, const struct request *r)
{
	struct heard *h = state;
	const char *word = requests_op_word(&h->bed->requests, r->op);

	h->depth--;
	for (int i = 0; i < (int)FUNCTIONS; i++)
		if (!strcmp(word, functions[i])) {
			h->count[i]++;
			h->sum[i] += r->complete_ns - r->submit_ns;
		}
}

static void heard_gone(void *state, const struct request *r, uint64_t time_ns)
{
	struct heard *h = state;

	(void)r;
	(void)time_ns;
	h->depth--;
	h->gone++;
}

static const struct request_listener listener = {
	.begin = heard_begin,
	.end = heard_end,
	.gone = heard_gone,
};

struct beds {
	struct model_bed bed;
	struct heard heard;
	unsigned entry, exit;
};

static struct beds *open_bed(const char *model, uint32_t in_flight_max)
{
	struct beds *b = calloc(1, sizeof(*b));

	model_bed_open(&b->bed, model, in_flight_max, &listener, &b->heard);
	b->heard.bed = &b->bed;
	b->entry = model_bed_type(&b->bed, "p:entry", "str function");
	b->exit = model_bed_type(&b->bed, "p:return", "str function");
	return b;
}

static void close_bed(struct beds *b)
{
	model_bed_close(&b->bed);
	free(b);
}

static void call(struct beds *b, uint64_t now, int32_t tid, int function)
{
	EVENT(&b->bed, b->entry, now, tid, (int64_t)functions[function]);
}

static void leave(struct beds *b, uint64_t now, int32_t tid, int function)
{
	EVENT(&b->bed, b->exit, now, tid, (int64_t)functions[function]);
}

/* The same calls on arrays. */
struct naive {
	struct {
		int function;
		uint64_t since;
	} frames[THREADS][FRAMES];
	int depth[THREADS];
	uint64_t count[FUNCTIONS], sum[FUNCTIONS], skipped, strangers;
};

static void naive_leave(struct naive *n, uint64_t now, int tid, int function)
{
	int at = n->depth[tid] - 1;

	while (at >= 0 && n->frames[tid][at].function != function)
		at--;
	if (at < 0) {
		n->strangers++;
		return;
	}
	n->skipped += (uint64_t)(n->depth[tid] - 1 - at);
	n->count[function]++;
	n->sum[function] += now - n->frames[tid][at].since;
	n->depth[tid] = at;
}

static void random_step(struct beds *b, struct naive *n, uint64_t now, uint64_t dice)
{
	int tid = (int)(dice % THREADS), function = (int)(dice / THREADS % FUNCTIONS);

	if (n->depth[tid] < FRAMES && dice >> 40 & 1) {
		n->frames[tid][n->depth[tid]].function = function;
		n->frames[tid][n->depth[tid]++].since = now;
		call(b, now, tid + 100, function);
		return;
	}
	/* mostly the frame on top, now and then one below it or none */
	if (n->depth[tid] && (dice >> 41) % 8)
		function = n->frames[tid][n->depth[tid] - 1].function;
	naive_leave(n, now, tid, function);
	leave(b, now, tid + 100, function);
}

static void test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct beds *b = open_bed(keyed, 0);
		struct naive n = {0};
		uint64_t dice = seed, now = 1000;
		const struct requests *r = &b->bed.requests;

		for (int i = 0; i < EVENTS; i++)
			random_step(b, &n, now += next_random(&dice) % 100,
				    next_random(&dice));
		assert_memory_equal(b->heard.count, n.count, sizeof(n.count));
		assert_memory_equal(b->heard.sum, n.sum, sizeof(n.sum));
		assert_int_equal(r->unmatched.skipped, n.skipped);
		assert_int_equal(r->unmatched.completes, n.strangers);
		assert_int_equal(r->unmatched.reused, 0);
		assert_int_equal(b->heard.gone, n.skipped);
		assert_int_equal(b->heard.depth, n.depth[0] + n.depth[1] + n.depth[2]);
		assert_true(n.skipped > 100 && n.strangers > 100);
		close_bed(b);
	}
}

/* A function that calls itself: the innermost call ends first. */
static void test_recursion(void **state)
{
	enum { DEEP = 100000 };
	struct beds *b = open_bed(keyed, 0);

	(void)state;
	for (uint64_t i = 0; i < DEEP; i++)
		call(b, i, 7, 4);
	assert_int_equal(b->heard.depth, DEEP);
	for (uint64_t i = 0; i < DEEP; i++)
		leave(b, DEEP + i, 7, 4);
	assert_int_equal(b->heard.count[4], DEEP);
	assert_int_equal(b->heard.sum[4], (uint64_t)DEEP * DEEP);
	assert_int_equal(b->heard.depth, 0);
	close_bed(b);
}

/* An exception passes two functions by; their caller catches it. */
static void test_skipped(void **state)
{
	struct beds *b = open_bed(keyed, 0);

	(void)state;
	call(b, 10, 7, 0);
	call(b, 20, 7, 1);
	call(b, 30, 7, 2);
	call(b, 35, 8, 2); /* another thread's is not touched */
	leave(b, 40, 7, 0);
	assert_int_equal(b->heard.sum[0], 30);
	assert_int_equal(b->bed.requests.unmatched.skipped, 2);
	leave(b, 50, 7, 1);
	assert_int_equal(b->bed.requests.unmatched.completes, 1);
	leave(b, 60, 8, 2);
	assert_int_equal(b->heard.sum[2], 25);
	close_bed(b);
}

/* What lies too deep is not looked for, so that strangers cost little. */
static void test_search_ends(void **state)
{
	struct beds *b = open_bed(keyed, 0);

	(void)state;
	call(b, 0, 7, 0);
	for (uint64_t i = 1; i <= REQUESTS_FRAMES_MAX; i++)
		call(b, i, 7, 1);
	leave(b, 5000, 7, 0);
	assert_int_equal(b->bed.requests.unmatched.completes, 1);
	leave(b, 5001, 7, 1);
	leave(b, 5002, 7, 0);
	assert_int_equal(b->heard.count[0], 1);
	close_bed(b);
}

/* With a bound on memory the callers go first, and the callees still have a stack. */
static void test_bound(void **state)
{
	struct beds *b = open_bed(keyed, 3);

	(void)state;
	for (int i = 0; i < 5; i++)
		call(b, (uint64_t)i, 7, i);
	assert_int_equal(b->bed.requests.unmatched.submits, 2);
	for (int i = 4; i >= 0; i--)
		leave(b, (uint64_t)(10 - i), 7, i);
	assert_int_equal(b->heard.count[4] + b->heard.count[3] + b->heard.count[2], 3);
	assert_int_equal(b->bed.requests.unmatched.completes, 2);
	close_bed(b);
}

static void test_keyless(void **state)
{
	struct beds *b = open_bed(keyless, 0);
	const struct requests *r = &b->bed.requests;

	(void)state;
	call(b, 10, 7, 0);
	call(b, 20, 7, 1);
	call(b, 25, 8, 1);
	leave(b, 30, 7, 0); /* whatever it says */
	leave(b, 40, 7, 0);
	assert_int_equal(r->requests, 2);
	assert_int_equal(r->latency_sum, 10 + 30);
	/* a loss: nobody knows what the next return belongs to */
	call(b, 50, 7, 0);
	model_bed_loss(&b->bed, 1);
	assert_int_equal(b->heard.depth, 0);
	assert_int_equal(r->cut.submits, 2);
	leave(b, 60, 7, 0);
	call(b, 70, 7, 0);
	leave(b, 75, 7, 0);
	assert_int_equal(r->requests, 3);
	assert_int_equal(r->latency_sum, 10 + 30 + 5);
	assert_int_equal(r->cut.completes, 1);
	close_bed(b);
}

/* With keys, a lost return is found out by the caller's. */
static void test_loss(void **state)
{
	struct beds *b = open_bed(keyed, 0);
	const struct requests *r = &b->bed.requests;

	(void)state;
	call(b, 10, 7, 0);
	call(b, 20, 7, 1);
	model_bed_loss(&b->bed, 1);
	call(b, 30, 7, 2);
	leave(b, 40, 7, 2);
	leave(b, 50, 7, 0);
	assert_int_equal(r->requests, 2);
	assert_int_equal(r->unmatched.skipped, 1);
	assert_int_equal(r->cut.skipped, 1);
	assert_int_equal(r->across_loss, 1);
	close_bed(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),	cmocka_unit_test(test_recursion),
		cmocka_unit_test(test_skipped), cmocka_unit_test(test_search_ends),
		cmocka_unit_test(test_bound),	cmocka_unit_test(test_keyless),
		cmocka_unit_test(test_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
