// SPDX-License-Identifier: GPL-2.0-or-later
/* What lost records mean: which pairs are made, which requests are named, and how far the
 * percentiles can be trusted. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/latency.h"
#include "core/failure.h"
#include "model_bed.h"

static const char reused[] = "[request task]\n"
			     "submit = p:start key=id\n"
			     "complete = p:end key=id\n";
static const char unique[] = "[request task]\n"
			     "keys = unique\n"
			     "submit = p:start key=id\n"
			     "complete = p:end key=id\n";
static const char stack[] = "[request call]\n"
			    "scope = stack\n"
			    "submit = p:start key=id\n"
			    "complete = p:end key=id\n";

enum { START, END };

enum { REQUESTS = 4000, KEYS = 12, IN_FLIGHT = 8 };

/* What really happened: each request has its own two times. */
struct history {
	struct model_bed bed;
	struct latency latency;
	uint64_t
		ends[4 * REQUESTS]; /* by the time of the submit: when it ended, really */
	uint64_t latencies[REQUESTS];
	uint64_t pairs;
};

/* Is the pair one that there was? */
static void check_pair(void *state, const struct request *q)
{
	struct history *h = state;

	assert_int_equal(q->complete_ns, h->ends[q->submit_ns]);
	h->pairs++;
}

static const struct request_listener checks = {.end = check_pair};

static struct history *open_history(const char *model)
{
	struct history *h = calloc(1, sizeof(*h));

	model_bed_open(&h->bed, model, 0, &latency_listener, &h->latency);
	requests_listen(&h->bed.requests, &checks, h);
	h->latency.requests = &h->bed.requests;
	model_bed_type(&h->bed, "p:start", "u64 id");
	model_bed_type(&h->bed, "p:end", "u64 id");
	return h;
}

static void close_history(struct history *h)
{
	model_bed_close(&h->bed);
	latency_release(&h->latency);
	free(h);
}

/* A record of the history: in the trace, or lost. */
struct happening {
	unsigned type;
	uint64_t time_ns;
	int64_t key;
};

/* Requests at random; a key is used again as soon as it is free. Returns how many. */
static size_t make_history(struct history *h, struct happening *all, uint64_t seed)
{
	uint64_t open[KEYS] = {0}, now = 0;
	size_t nr = 0, begun = 0, ended = 0;

	while (ended < REQUESTS) {
		uint64_t key = next_random(&seed) % KEYS;

		if (!open[key] && (begun == REQUESTS || begun - ended == IN_FLIGHT))
			continue;
		now++;
		if (open[key]) {
			h->ends[open[key]] = now;
			h->latencies[ended++] = now - open[key];
		} else {
			begun++;
		}
		all[nr++] =
			(struct happening){open[key] ? END : START, now, (int64_t)key};
		open[key] = open[key] ? 0 : now;
	}
	return nr;
}

/* Feeds all but what lies in gaps of at most @longest records, about every hundredth. */
static void feed(struct history *h, const struct happening *all, size_t nr,
		 uint64_t longest, uint64_t seed)
{
	for (size_t i = 0; i < nr; i++) {
		uint64_t gap = 0;

		if (next_random(&seed) % 100 == 0)
			gap = 1 + next_random(&seed) % longest;
		if (gap > nr - 1 - i)
			gap = 0;
		i += gap;
		if (gap)
			model_bed_loss(&h->bed, gap);
		EVENT(&h->bed, all[i].type, all[i].time_ns, 1, all[i].key);
	}
	model_bed_end(&h->bed);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The percentiles of all requests that there were lie within the bounds. */
static void check_bounds(struct history *h)
{
	static const double percents[] = {1, 10, 50, 90, 99, 99.9};
	const struct histogram *known = &h->latency.groups[0]->histogram;
	uint64_t unknown = losses_unknown(&h->bed.requests);

	assert_int_equal(known->count, h->pairs);
	assert_true(known->count + unknown >= REQUESTS);
	qsort(h->latencies, REQUESTS, sizeof(*h->latencies), compare);
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		size_t rank = (size_t)ceil(percents[i] / 100 * REQUESTS);
		uint64_t real = h->latencies[rank - 1];
		struct percentile_bounds b =
			percentile_bounds(known, percents[i], unknown);

		assert_true(!b.has_low || b.low <= real);
		assert_true(!b.has_high || b.high >= real);
	}
}

/* Whatever is lost, each pair that is told is one that there was. */
static void test_only_real_pairs(void **state)
{
	struct happening *all = calloc(2 * REQUESTS, sizeof(*all));

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct history *h = open_history(reused);
		size_t nr = make_history(h, all, seed);

		feed(h, all, nr, seed % 2 ? 3 : 60, seed);
		assert_true(h->bed.requests.doubtful > 50);
		assert_true(h->pairs > REQUESTS / 4);
		check_bounds(h);
		close_history(h);
	}
	free(all);
}

/* Submit, lose so many records in so many gaps, complete with the same key. */
static const struct requests *across(struct history *h, unsigned gaps, uint64_t each)
{
	EVENT(&h->bed, START, 10, 1, 7);
	for (unsigned i = 0; i < gaps; i++)
		model_bed_loss(&h->bed, each);
	h->ends[10] = 30;
	EVENT(&h->bed, END, 30, 1, 7);
	return &h->bed.requests;
}

static void test_what_hides_a_reuse(void **state)
{
	static const struct {
		const char *model;
		unsigned gaps;
		uint64_t each;
		bool is_pair;
	} cases[] = {
		{reused, 1, 1, true},	{reused, 1, 2, false}, {reused, 2, 1, false},
		{unique, 1, 100, true}, {stack, 1, 1, true},   {stack, 1, 2, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct history *h = open_history(cases[i].model);
		const struct requests *r = across(h, cases[i].gaps, cases[i].each);

		assert_int_equal(r->requests, cases[i].is_pair);
		assert_int_equal(r->across_loss, cases[i].is_pair);
		assert_int_equal(r->doubtful, !cases[i].is_pair);
		assert_int_equal(r->cut.completes, !cases[i].is_pair);
		assert_int_equal(r->cut.submits, !cases[i].is_pair);
		assert_int_equal(r->in_flight.count, 0);
		assert_int_equal(requests_in_gaps(r), 1);
		close_history(h);
	}
}

/* A gap before the submit hides nothing. */
static void test_a_gap_before(void **state)
{
	struct history *h = open_history(reused);

	(void)state;
	model_bed_loss(&h->bed, 100);
	across(h, 0, 0);
	assert_int_equal(h->pairs, 1);
	close_history(h);
}

static void lose_between(struct history *h, uint64_t count, uint64_t from_ns,
			 uint64_t to_ns)
{
	struct loss loss = {.count = count, .from_ns = from_ns, .to_ns = to_ns};
	struct failure f;

	assert_int_equal(requests_analyzer.loss(&h->bed.requests, &loss, &f), 0);
}

/* A gap is told of when it has ended: pairs that were made meanwhile are counted. */
static void test_meanwhile(void **state)
{
	static const struct {
		const char *model;
		uint64_t lost, from_ns, made, in_all;
	} cases[] = {
		{reused, 2, 15, 1, 1}, {reused, 2, 30, 0, 1}, {reused, 1, 15, 0, 1},
		{reused, 2, 0, 0, 1},  {unique, 9, 15, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct history *h = open_history(cases[i].model);

		across(h, 0, 0);
		lose_between(h, cases[i].lost, cases[i].from_ns, 40);
		assert_int_equal(h->bed.requests.meanwhile, cases[i].made);
		lose_between(h, 5, 15, 50); /* of another CPU: a pair is counted once */
		assert_int_equal(h->bed.requests.meanwhile, cases[i].in_all);
		close_history(h);
	}
}

/* Of more than are kept, as many are counted as are. */
static void test_many_meanwhile(void **state)
{
	struct history *h = open_history(reused);

	(void)state;
	for (uint64_t i = 0; i < 2 * RECENT_PAIRS; i++) {
		h->ends[1000 + 2 * i] = 1001 + 2 * i;
		EVENT(&h->bed, START, 1000 + 2 * i, 1, 7);
		EVENT(&h->bed, END, 1001 + 2 * i, 1, 7);
	}
	lose_between(h, 2, 1, 9000);
	assert_int_equal(h->bed.requests.meanwhile, RECENT_PAIRS);
	close_history(h);
}

static void expect_named(const struct requests *r, unsigned i, enum cut_half half,
			 uint64_t key, uint64_t submit_ns, uint64_t complete_ns)
{
	assert_int_equal(r->named[i].half, half);
	assert_int_equal(r->named[i].request.key, key);
	assert_int_equal(r->named[i].request.submit_ns, submit_ns);
	assert_int_equal(r->named[i].request.complete_ns, complete_ns);
}

static void test_names(void **state)
{
	struct history *h = open_history(reused);
	const struct requests *r = &h->bed.requests;

	(void)state;
	EVENT(&h->bed, END, 5, 1, 6); /* before any gap: not cut */
	EVENT(&h->bed, START, 8, 1, 3);
	across(h, 1, 4);
	EVENT(&h->bed, END, 40, 1, 8);
	EVENT(&h->bed, START, 50, 1, 3);
	model_bed_loss(&h->bed, 2);
	EVENT(&h->bed, START, 60, 1, 4);
	model_bed_end(&h->bed);
	assert_int_equal(r->nr_named, 4);
	expect_named(r, 0, CUT_DOUBTFUL, 7, 10, 30);
	expect_named(r, 1, CUT_NO_SUBMIT, 8, 0, 40);
	expect_named(r, 2, CUT_NO_COMPLETE, 3, 8, 0); /* its key was used again */
	expect_named(r, 3, CUT_NO_COMPLETE, 3, 50, 0);
	assert_int_equal(requests_in_gaps(r), 4);
	close_history(h);
}

/* No more are named than there is room for; all are counted. */
static void test_many_names(void **state)
{
	struct history *h = open_history(reused);
	const struct requests *r = &h->bed.requests;

	(void)state;
	model_bed_loss(&h->bed, 3 * CUT_NAMED_MAX);
	for (uint64_t i = 0; i < 2 * CUT_NAMED_MAX; i++)
		EVENT(&h->bed, END, 10 + i, 1, (int64_t)i);
	assert_int_equal(r->nr_named, CUT_NAMED_MAX);
	assert_int_equal(r->cut.completes, 2 * CUT_NAMED_MAX);
	close_history(h);
}

static void test_bounds(void **state)
{
	struct histogram *h = malloc(sizeof(*h));
	struct percentile_bounds b;

	(void)state;
	histogram_init(h);
	for (uint64_t i = 1; i <= 90; i++)
		histogram_add(h, i);
	b = percentile_bounds(h, 50, 0);
	assert_true(b.has_low && b.has_high && b.low == 45 && b.high == 45);
	b = percentile_bounds(h, 50, 10); /* rank 50 of 100 */
	assert_true(b.has_low && b.has_high && b.low == 40 && b.high == 50);
	b = percentile_bounds(h, 90, 10);
	assert_true(b.has_low && b.has_high && b.low == 80 && b.high == 90);
	b = percentile_bounds(h, 91, 10);
	assert_true(b.has_low && !b.has_high && b.low == 81);
	b = percentile_bounds(h, 10, 10);
	assert_true(!b.has_low && b.has_high && b.high == 10);
	b = percentile_bounds(h, 50, 1000);
	assert_true(!b.has_low && !b.has_high);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_real_pairs),
		cmocka_unit_test(test_what_hides_a_reuse),
		cmocka_unit_test(test_a_gap_before),
		cmocka_unit_test(test_meanwhile),
		cmocka_unit_test(test_many_meanwhile),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
