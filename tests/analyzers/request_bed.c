// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests against a naive model. */
#include "request_bed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "unit.h"

static const struct model_options engine = {.which = "fathom"};

void bed_open(struct bed *b, uint32_t in_flight_max)
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

void bed_close(struct bed *b)
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

void submit(struct bed *b, uint64_t time_ns, int32_t pid, uint64_t key, int64_t op)
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

void complete(struct bed *b, uint64_t time_ns, int32_t pid, uint64_t key)
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

void lose(struct bed *b, uint64_t count)
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

void check(struct bed *b)
{
	const struct requests *r = &b->requests;
	struct naive *n = &b->naive;
	uint64_t pairs = 0;

	requests_analyzer.end(&b->requests);
	for (size_t g = 0; g < grouping_count(&r->grouping); g++) {
		const struct latency_group *group = b->latency.groups[g];
		const char *word = grouping_value(&r->grouping, (unsigned)g, 0)->text;
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
					    r->unmatched.reused + r->unmatched.submits +
					    r->unmatched.skipped);
}

void check_depth(struct bed *b)
{
	const struct naive *n = &b->naive;
	uint64_t total = 0;
	double area = 0;

	assert_int_equal(b->depth.all.max, n->max);
	for (size_t i = 0; i <= n->max; i++) {
		uint64_t is = i < b->depth.all.nr_times ? b->depth.all.time_at[i] : 0;

		assert_int_equal(is, n->time_at[i]);
		total += n->time_at[i];
		area += (double)i * (double)n->time_at[i];
	}
	assert_int_equal(level_total_ns(&b->depth.all), total);
	assert_true(fabs(level_mean(&b->depth.all) - area / (double)total) < 1e-9);
}

struct bed *run_random(uint64_t seed, uint32_t in_flight_max, unsigned loss)
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
