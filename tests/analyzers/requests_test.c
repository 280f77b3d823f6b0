// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pairing, latency and depth against a naive model: random submits, completes, reused
 * keys, losses and strangers, fed to the analyzer and to twenty lines that search
 * through an array.
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/depth.h"
#include "analyzers/latency.h"
#include "capture.h"
#include "core/failure.h"
#include "events.h"

enum { EVENTS = 30000, KEYS = 60, PIDS = 3 };

struct naive_request {
	uint64_t key, submit_ns;
	int64_t op;
	int32_t pid;
};

/* What the tool must say, found the slow way. */
struct naive {
	struct naive_request open[EVENTS];
	size_t nr_open;
	uint64_t *latencies[3]; /* by op */
	size_t nr_latencies[3];
	uint64_t completes, reused, evicted, events, lost;
	uint64_t time_at[KEYS * PIDS + 2], max, last_ns;
};

static const struct model_options engine = {.which = "fathom"};

struct bed {
	struct requests requests;
	struct latency latency;
	struct depth depth;
	struct made_type submit, complete;
	struct naive naive;
};

static void bed_open(struct bed *b, uint32_t in_flight_max)
{
	struct failure f = {""};

	memset(b, 0, sizeof(*b));
	b->requests.options = &engine;
	b->requests.in_flight_max = in_flight_max;
	b->latency.requests = &b->requests;
	b->depth.requests = &b->requests;
	requests_listen(&b->requests, &latency_listener, &b->latency);
	requests_listen(&b->requests, &depth_listener, &b->depth);
	make_type(&b->submit, 0, "fathom:submit",
		  "u64 id;s32 fd;u8(0=read,1=write) op;u64 offset;u32 length;u32 depth");
	make_type(&b->complete, 1, "fathom:complete", "u64 id;s64 result;u32 depth");
	if (requests_analyzer.begin(&b->requests, NULL, &f) ||
	    requests_analyzer.type(&b->requests, &b->submit.type, &f) != 1 ||
	    requests_analyzer.type(&b->requests, &b->complete.type, &f) != 1)
		fail_msg("%s", f.text);
	for (int op = 0; op < 3; op++)
		b->naive.latencies[op] = calloc(EVENTS, sizeof(uint64_t));
}

static void bed_close(struct bed *b)
{
	for (int op = 0; op < 3; op++)
		free(b->naive.latencies[op]);
	made_type_release(&b->submit);
	made_type_release(&b->complete);
	latency_release(&b->latency);
	depth_release(&b->depth);
	requests_release(&b->requests);
	free(b);
}

static void naive_time(struct naive *n, uint64_t time_ns)
{
	if (n->events++)
		n->time_at[n->nr_open] += time_ns - n->last_ns;
	n->last_ns = time_ns;
}

static size_t naive_find(const struct naive *n, uint64_t key, int32_t pid)
{
	size_t i = 0;

	while (i < n->nr_open && (n->open[i].key != key || n->open[i].pid != pid))
		i++;
	return i;
}

static void naive_remove(struct naive *n, size_t i)
{
	n->nr_open--;
	memmove(&n->open[i], &n->open[i + 1], (n->nr_open - i) * sizeof(n->open[0]));
}

static void submit(struct bed *b, uint64_t time_ns, int32_t pid, uint64_t key, int64_t op)
{
	const int64_t values[] = {(int64_t)key, 3, op, 0, 4096, 0};
	struct event event = make_event(&b->submit, time_ns, pid, values);
	struct naive *n = &b->naive;
	struct failure f = {""};
	size_t i = naive_find(n, key, pid);

	naive_time(n, time_ns);
	if (i < n->nr_open) {
		n->reused++;
		naive_remove(n, i);
	}
	if (n->nr_open == b->requests.in_flight_max) {
		n->evicted++;
		naive_remove(n, 0);
	}
	n->open[n->nr_open++] = (struct naive_request){key, time_ns, op, pid};
	if (n->nr_open > n->max)
		n->max = n->nr_open;
	assert_int_equal(requests_analyzer.event(&b->requests, &event, &f), 0);
}

static void complete(struct bed *b, uint64_t time_ns, int32_t pid, uint64_t key)
{
	const int64_t values[] = {(int64_t)key, 4096, 0};
	struct event event = make_event(&b->complete, time_ns, pid, values);
	struct naive *n = &b->naive;
	struct failure f = {""};
	size_t i = naive_find(n, key, pid);

	naive_time(n, time_ns);
	if (i == n->nr_open) {
		n->completes++;
	} else {
		int64_t op = n->open[i].op;

		n->latencies[op][n->nr_latencies[op]++] = time_ns - n->open[i].submit_ns;
		naive_remove(n, i);
	}
	assert_int_equal(requests_analyzer.event(&b->requests, &event, &f), 0);
}

static void lose(struct bed *b, uint64_t count)
{
	struct loss loss = {.count = count, .cpu = UINT32_MAX};
	struct failure f = {""};

	b->naive.lost += count;
	assert_int_equal(requests_analyzer.loss(&b->requests, &loss, &f), 0);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t exact_percentile(const uint64_t *sorted, size_t n, double percent)
{
	size_t rank = (size_t)ceil(percent / 100 * (double)n);

	return sorted[rank ? rank - 1 : 0];
}

static void check_group(const struct latency_group *g, uint64_t *exact, size_t n)
{
	static const double percents[] = {50, 90, 99, 99.9, 99.99};
	const struct histogram *h = &g->histogram;
	uint64_t sum = 0;

	assert_int_equal(h->count, n);
	qsort(exact, n, sizeof(*exact), compare);
	for (size_t i = 0; i < n; i++)
		sum += exact[i];
	assert_int_equal(h->min, exact[0]);
	assert_int_equal(h->max, exact[n - 1]);
	assert_int_equal(h->sum, sum);
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		double is = (double)histogram_percentile(h, percents[i]);
		double want = (double)exact_percentile(exact, n, percents[i]);

		if (fabs(is - want) > 0.01 * want)
			fail_msg("p%g: %g, exactly %g", percents[i], is, want);
	}
}

static void check(struct bed *b)
{
	const struct requests *r = &b->requests;
	struct naive *n = &b->naive;
	uint64_t pairs = 0;

	requests_analyzer.end(&b->requests);
	for (size_t g = 0; g < b->latency.nr_groups; g++) {
		const struct latency_group *group = b->latency.groups[g];
		const char *word = requests_op_word(r, (unsigned)group->value);
		size_t op = !strcmp(word, "read") ? 0 : !strcmp(word, "write") ? 1 : 2;

		check_group(group, n->latencies[op], n->nr_latencies[op]);
		pairs += group->histogram.count;
	}
	assert_int_equal(r->requests, pairs);
	assert_int_equal(r->events, n->events);
	assert_int_equal(r->lost, n->lost);
	assert_int_equal(r->unmatched.completes, n->completes);
	assert_int_equal(r->unmatched.reused, n->reused);
	assert_int_equal(r->unmatched.submits, n->nr_open + n->evicted);
	assert_int_equal(r->events, 2 * r->requests + r->unmatched.completes +
					    r->unmatched.reused + r->unmatched.submits);
}

static void check_depth(struct bed *b)
{
	const struct naive *n = &b->naive;
	uint64_t total = 0;
	double area = 0;

	assert_int_equal(b->depth.max, n->max);
	for (size_t i = 0; i <= n->max; i++) {
		uint64_t is = i < b->depth.nr_times ? b->depth.time_at[i] : 0;

		assert_int_equal(is, n->time_at[i]);
		total += n->time_at[i];
		area += (double)i * (double)n->time_at[i];
	}
	assert_int_equal(depth_total_ns(&b->depth), total);
	assert_true(fabs(depth_mean(&b->depth) - area / (double)total) < 1e-9);
}

/* Random life; @loss in a thousand records are lost on the way. */
static struct bed *run_random(uint64_t seed, uint32_t in_flight_max, unsigned loss)
{
	struct bed *b = malloc(sizeof(*b));
	uint64_t now = 1000000;

	bed_open(b, in_flight_max);
	for (int i = 0; i < EVENTS; i++) {
		uint64_t dice = next_random(&seed);
		uint64_t key = dice % KEYS;
		int32_t pid = (int32_t)(dice / KEYS % PIDS) + 1;
		size_t open = naive_find(&b->naive, key, pid) < b->naive.nr_open;

		now += next_random(&seed) % (i % 100 ? 2000 : 300000);
		if (next_random(&seed) % 1000 < loss)
			lose(b, 1);
		else if (open && next_random(&seed) % 20)
			complete(b, now, pid, key);
		else if (next_random(&seed) % 20)
			submit(b, now, pid, key, (int64_t)(dice >> 40) % 3);
		else
			complete(b, now, pid, key);
	}
	return b;
}

static void test_random(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct bed *b = run_random(seed, 0, 0);

		assert_true(b->naive.reused > 100 && b->naive.completes > 100);
		check(b);
		check_depth(b);
		bed_close(b);
	}
}

/* Pairing does not change with losses; what was in flight then is counted. */
static void test_losses(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct bed *b = run_random(seed, 0, 20);

		assert_true(b->naive.lost > 100);
		assert_true(b->requests.across_loss > 0);
		check(b);
		bed_close(b);
	}
}

/* With a small bound the oldest goes first. */
static void test_bound(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct bed *b = run_random(seed, 20, 0);

		assert_true(b->naive.evicted > 100);
		assert_int_equal(b->naive.max, 20);
		check(b);
		check_depth(b);
		bed_close(b);
	}
}

static void print_notes(const void *requests)
{
	requests_notes(requests, stdout);
}

/* Four requests in flight at any time; of every hundred the records of some are lost,
 * so that in each gap two lose their complete, two their submit, and some both. */
static void test_gaps(void **state)
{
	enum { REQUESTS = 1000, EVERY = 100, GAP_FROM = 50, GAP_TO = 56 };
	struct bed *b = malloc(sizeof(*b));
	uint64_t now = 1000, no_submit = 0, no_complete = 0;
	json_t *json, *gaps;
	char *text;

	(void)state;
	bed_open(b, 0);
	for (uint64_t i = 0; i < REQUESTS + 4; i++) {
		uint64_t at = i % EVERY, done = (i - 4) % EVERY;
		bool lost = at >= GAP_FROM && at < GAP_TO;

		if (at == GAP_TO)
			lose(b, 2 * (GAP_TO - GAP_FROM));
		if (i >= 4 && !lost)
			complete(b, now += 10, 1, i - 4);
		if (i < REQUESTS && !lost)
			submit(b, now += 10, 1, i, 0);
		no_complete += lost && i >= 4 && !(done >= GAP_FROM && done < GAP_TO);
		no_submit += !lost && i >= 4 && done >= GAP_FROM && done < GAP_TO;
	}
	check(b);
	assert_int_equal(b->requests.cut.completes, no_submit);
	assert_int_equal(b->requests.cut.submits + b->requests.cut.reused, no_complete);
	assert_int_equal(requests_in_gaps(&b->requests), no_submit + no_complete);
	json = requests_json(&b->requests);
	gaps = json_object_get(json, "gaps");
	assert_int_equal(json_integer_value(json_object_get(gaps, "count")), 10);
	assert_int_equal(json_integer_value(json_object_get(gaps, "no_submit")), 40);
	assert_int_equal(json_integer_value(json_object_get(gaps, "no_complete")), 40);
	json_decref(json);
	text = capture(200, print_notes, &b->requests);
	assert_string_equal(
		text, "note: 120 records were lost in 10 gaps: counts, rates and "
		      "depths are too low; of at least 80 requests in flight during "
		      "a gap, 40 have no submit and 40 no complete; latencies are "
		      "right as far as can be told\n");
	free(text);
	bed_close(b);
}

/* Completes that were lost do not raise the depth for ever, and one that was given up
 * too early still gets its latency. */
static void test_depth_after_loss(void **state)
{
	struct bed *b = malloc(sizeof(*b));
	uint64_t now = 1000;

	(void)state;
	bed_open(b, 0);
	submit(b, now, 1, 0, 0);
	complete(b, now += 1000, 1, 0);
	for (uint64_t key = 1; key <= 50; key++)
		submit(b, now += 10, 1, key, 0);
	lose(b, 49); /* of 1 to 49; 50 is slow */
	now += 100000000;
	submit(b, now, 1, 100, 0);
	assert_int_equal(b->depth.depth, 1);
	assert_int_equal(b->requests.given_up, 50);
	complete(b, now += 1000, 1, 100);
	assert_int_equal(b->depth.depth, 0);
	complete(b, now += 1000, 1, 50);
	assert_int_equal(b->depth.depth, 0);
	submit(b, now += 10, 1, 1, 0); /* a key of one given up, again */
	assert_int_equal(b->depth.depth, 1);
	check(b);
	bed_close(b);
}

/* After a loss, only those are given up that were in flight then and for long. */
static void test_not_given_up(void **state)
{
	struct bed *b = malloc(sizeof(*b));

	(void)state;
	bed_open(b, 0);
	submit(b, 1000, 1, 0, 0);
	complete(b, 2000, 1, 0);
	submit(b, 3000, 1, 1, 0);
	lose(b, 1);
	submit(b, 10000, 1, 2, 0); /* request 1 is 7 times the mean old */
	assert_int_equal(b->depth.depth, 2);
	submit(b, 11001, 1, 3, 0); /* more than 8 times */
	assert_int_equal(b->depth.depth, 2);
	submit(b, 900000000000, 1, 4, 0); /* 2 and 3 came after the loss */
	assert_int_equal(b->depth.depth, 3);
	assert_int_equal(b->requests.given_up, 1);
	bed_close(b);
}

/* Without a loss, nobody is given up, however slow. */
static void test_slow_is_not_lost(void **state)
{
	struct bed *b = malloc(sizeof(*b));

	(void)state;
	bed_open(b, 0);
	submit(b, 1000, 1, 0, 0);
	complete(b, 2000, 1, 0);
	submit(b, 3000, 1, 1, 0);
	submit(b, 900000000000, 1, 2, 0);
	assert_int_equal(b->depth.depth, 2);
	complete(b, 900000001000, 1, 1);
	check(b);
	check_depth(b);
	bed_close(b);
}

/* Depth 4 for one second, 1000 requests: Little's law holds. */
static void test_little(void **state)
{
	struct bed *b = malloc(sizeof(*b));
	struct little little;

	(void)state;
	bed_open(b, 0);
	for (uint64_t i = 0; i < 1004; i++) {
		if (i >= 4)
			complete(b, 1000000 + i * 1000000, 1, i - 4);
		if (i < 1000)
			submit(b, 1000000 + i * 1000000, 1, i, 0);
	}
	check(b);
	check_depth(b);
	little = depth_little(&b->depth);
	assert_true(fabs(little.mean_latency_ns - 4e6) < 1);
	assert_true(fabs(little.depth - depth_mean(&b->depth)) < 1e-6);
	bed_close(b);
}

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

/* More groups than LATENCY_GROUPS_MAX go into one called other. */
static void test_many_groups(void **state)
{
	struct bed *b = malloc(sizeof(*b));
	const struct latency *l = &b->latency;
	uint64_t counted = 0;
	char name[64];

	(void)state;
	bed_open(b, 0);
	b->latency.by = BY_FD;
	for (int64_t i = 0; i < 1000; i++) {
		const int64_t values[] = {i, i % 500, 0, 0, 4096, 0};
		struct event event = make_event(&b->submit, (uint64_t)i * 10, 1, values);
		struct failure f = {""};

		requests_analyzer.event(&b->requests, &event, &f);
		event = make_event(&b->complete, (uint64_t)i * 10 + 5, 1, values);
		requests_analyzer.event(&b->requests, &event, &f);
	}
	assert_int_equal(l->nr_groups, LATENCY_GROUPS_MAX + 1);
	for (size_t g = 0; g < l->nr_groups; g++)
		counted += l->groups[g]->histogram.count;
	assert_int_equal(counted, 1000);
	latency_group_name(name, sizeof(name), l, l->groups[LATENCY_GROUPS_MAX]);
	assert_string_equal(name, "other");
	assert_int_equal(l->groups[0]->histogram.count, 2);
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_depth_after_loss),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_steady_depth),
		cmocka_unit_test(test_few_requests),
		cmocka_unit_test(test_not_given_up),
		cmocka_unit_test(test_slow_is_not_lost),
		cmocka_unit_test(test_little),
		cmocka_unit_test(test_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
