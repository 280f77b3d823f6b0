// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups of requests: which values they are of, when they are taken, and their limit. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/depth.h"
#include "analyzers/latency.h"
#include "core/failure.h"
#include "model_bed.h"

static const char model[] = "[request task]\n"
			    "submit = p:start key=id op=kind{0:read,1:write}\n"
			    "submit = p:begin key=id\n"
			    "complete = p:end key=id\n";

enum { START, BEGIN, END };

/* A bed with both listeners, grouped by @by. */
struct grouped {
	struct model_bed bed;
	struct latency latency;
	struct depth depth;
	uint64_t now;
};

static struct grouped *open_grouped(const char *text, const char *by, bool is_early)
{
	struct grouped *g = calloc(1, sizeof(*g));
	struct requests *r = &g->bed.requests;

	model_bed_open(&g->bed, text, 0, &latency_listener, &g->latency);
	requests_listen(r, &depth_listener, &g->depth);
	r->grouping.by = by;
	r->grouping.is_early = is_early;
	assert_int_equal(grouping_begin(&r->grouping, r->model, NULL), 0);
	g->latency.requests = g->depth.requests = r;
	model_bed_type(&g->bed, "p:start",
		       "u64 id;u8 kind;str name;s32 level;u8(1=low,2=high) prio;x64 at");
	model_bed_type(&g->bed, "p:begin", "u64 id;str label");
	model_bed_type(&g->bed, "p:end", "u64 id;s32 status");
	return g;
}

static void close_grouped(struct grouped *g)
{
	model_bed_close(&g->bed);
	depth_release(&g->depth);
	latency_release(&g->latency);
	free(g);
}

/* A request of 10 ns from p:start to p:end. */
static void one(struct grouped *g, int64_t id, const char *name, int64_t level,
		int64_t prio, int64_t status)
{
	EVENT(&g->bed, START, g->now += 100, 1, id, 0, (int64_t)name, level, prio,
	      level * 16);
	EVENT(&g->bed, END, g->now += 10, 1, id, status);
}

/* "a 2, b 1": the groups as they are shown, and how many requests ended in each. */
static void expect_groups(const struct grouped *g, const char *expected)
{
	const struct grouping *grouping = &g->bed.requests.grouping;
	uint16_t order[GROUPS_MAX + 1];
	unsigned nr = grouping_sorted(grouping, order);
	char is[512] = "", name[64];

	for (unsigned i = 0; i < nr; i++) {
		const struct latency_group *group = g->latency.groups[order[i]];
		size_t used = strlen(is);

		used += (size_t)sprintf(is + used, "%s", i ? ", " : "");
		for (unsigned key = 0; key < grouping->nr_levels; key++)
			used += (size_t)sprintf(
				is + used, "%s%s", key ? "+" : "",
				group_name(grouping_value(grouping, order[i], key), name,
					   sizeof(name)));
		sprintf(is + used, " %d", group ? (int)group->histogram.count : 0);
	}
	assert_string_equal(is, expected);
}

static void by(const char *by, const char *expected)
{
	struct grouped *g = open_grouped(model, by, false);

	one(g, 1, "stat", -5, 2, 0);
	one(g, 2, "open", 40, 1, -2);
	one(g, 3, "stat", 7, 3, -2);
	EVENT(&g->bed, BEGIN, g->now += 100, 1, 4, (int64_t) "open");
	EVENT(&g->bed, END, g->now += 10, 1, 4, 0);
	expect_groups(g, expected);
	close_grouped(g);
}

static void test_kinds_of_values(void **state)
{
	(void)state;
	by("level", "-5 1, 7 1, 40 1, - 1");
	by("prio", "low 1, high 1, 3 1, - 1");
	by("name", "open 1, stat 2, - 1");
	by("at", "0x70 1, 0x280 1, 0xffffffffffffffb0 1, - 1");
	by("arg4", "-5 1, 7 1, 40 1, - 1"); /* as models call it */
	by("op", "all 1, read 3");
	by("status", "-2 2, 0 2");	/* only the complete has it */
	by("id", "1 1, 2 1, 3 1, 4 1"); /* both have it */
	by(NULL, "all 1, read 3");
}

/* Whatever is known first, the groups are shown in the order that was asked for. */
static void test_several(void **state)
{
	(void)state;
	by("op,name", "all+- 1, read+open 1, read+stat 2");
	by("name,op", "open+read 1, stat+read 2, -+all 1");
	by("status,name", "-2+open 1, -2+stat 1, 0+stat 1, 0+- 1");
	by("op,status,level", "all+0+- 1, read+-2+7 1, read+-2+40 1, read+0+-5 1");
}

/* What the model does not tell is an argument, if there is one of that name. */
static void test_words_that_are_arguments(void **state)
{
	static const char bare[] = "[request task]\n"
				   "submit = p:start(id,op,size,fd) key=id\n"
				   "complete = p:end key=id\n";
	static const char *const words[] = {"op", "size", "fd"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct model_bed b;

		model_bed_open(&b, bare, 0, NULL, NULL);
		b.requests.grouping.by = words[i];
		assert_int_equal(
			grouping_begin(&b.requests.grouping, b.requests.model, NULL), 0);
		model_bed_type(&b, "p:start", "u64 arg1;u32 arg2;u32 arg3;u32 arg4");
		model_bed_type(&b, "p:end", "u64 id");
		EVENT(&b, 0, 100, 1, 1, 20, 30, 40);
		assert_int_equal(grouping_value(&b.requests.grouping, 0, 0)->value,
				 20 + 10 * i);
		model_bed_close(&b);
	}
}

/* The sentence about the first event if requests cannot be grouped by @by. */
static void expect_failure(const char *by, bool is_early, int err, const char *sentence)
{
	struct grouped *g = open_grouped(model, by, is_early);
	const int64_t values[] = {1, 0, (int64_t) "", 0, 0, 0};
	struct event event = make_event(&g->bed.types[START], 100, 1, values);
	struct failure f = {""};

	assert_int_equal(requests_analyzer.event(&g->bed.requests, &event, &f), err);
	assert_string_equal(f.text, sentence);
	close_grouped(g);
}

static void test_no_such_argument(void **state)
{
	(void)state;
	expect_failure("levle", false, -ENOENT,
		       "no 'levle' to group by (did you mean 'level'?): there are op, "
		       "thread; p:start has id, kind, name, level, prio, at; p:begin has "
		       "id, label; p:end has id, status");
	expect_failure(
		"size", false, -ENOENT,
		"no 'size' to group by: there are op, thread; p:start has id, "
		"kind, name, level, prio, at; p:begin has id, label; p:end has id, "
		"status");
	expect_failure("op,levle", false, -ENOENT,
		       "no 'levle' to group by (did you mean 'level'?): there are op, "
		       "thread; p:start has id, kind, name, level, prio, at; p:begin has "
		       "id, label; p:end has id, status");
	expect_failure("level,status", true, -EINVAL,
		       "'status' is told only when requests end, too late to group by it "
		       "those in flight");
	expect_failure("status", true, -EINVAL,
		       "'status' is told only when requests end, too late to group by it "
		       "those in flight");
}

static void test_bad_words(void **state)
{
	static const struct {
		const char *by, *sentence;
	} bad[] = {
		{"", "a word is missing in --by ''"},
		{"op,", "a word is missing in --by 'op,'"},
		{",op", "a word is missing in --by ',op'"},
		{"op,fd,op", "'op' stands twice in --by"},
		{"a,b,c,d,e", "at most 4 words are grouped by at once"},
	};
	struct model_bed b;

	(void)state;
	model_bed_open(&b, model, 0, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct failure f = {""};

		b.requests.grouping.by = bad[i].by;
		assert_int_equal(
			grouping_begin(&b.requests.grouping, b.requests.model, &f),
			-EINVAL);
		assert_string_equal(f.text, bad[i].sentence);
	}
	model_bed_close(&b);
}

static void test_told_late(void **state)
{
	static const char late[] = "[request task]\n"
				   "submit = p:start key=id\n"
				   "complete = p:end key=id op=status length=status\n";
	struct grouped *g = open_grouped(late, "op", false);

	(void)state;
	one(g, 1, "", 0, 0, 5);
	expect_groups(g, "5 1");
	close_grouped(g);
	g = open_grouped(late, "size", true);
	assert_int_equal(grouping_settle(&g->bed.requests.grouping,
					 &g->bed.requests.binding, NULL),
			 -EINVAL);
	close_grouped(g);
}

/* More values than groups: what comes later is other, and stays in its group. */
static void test_many(void **state)
{
	struct grouped *g = open_grouped(model, "level", true);
	const struct grouping *grouping = &g->bed.requests.grouping;
	uint64_t counted = 0, other;

	(void)state;
	for (int64_t i = 0; i < 1000; i++)
		one(g, i, "", i % 500, 0, 0);
	assert_int_equal(grouping_count(grouping), GROUPS_MAX + 1);
	assert_true(grouping_value(grouping, GROUPS_MAX, 0)->is_other);
	for (unsigned i = 0; i <= GROUPS_MAX; i++) {
		uint64_t count = g->latency.groups[i]->histogram.count;

		counted += count;
		assert_int_equal(count, i < GROUPS_MAX ? 2 : 1000 - 2 * GROUPS_MAX);
		assert_int_equal(g->depth.groups[i]->max, 1);
		assert_int_equal(level_time(g->depth.groups[i], 1, 1), 10 * count);
	}
	assert_int_equal(counted, 1000);
	other = g->depth.groups[GROUPS_MAX]->since_ns;
	model_bed_end(&g->bed);
	assert_true(g->depth.groups[GROUPS_MAX]->since_ns >= other);
	close_grouped(g);
}

/* On the first of two levels there is an other, too, of which the second tells more. */
static void test_many_pairs(void **state)
{
	struct grouped *g = open_grouped(model, "level,prio", false);
	const struct grouping *grouping = &g->bed.requests.grouping;
	uint64_t others[2] = {0};

	(void)state;
	for (int64_t i = 0; i < 900; i++)
		one(g, i, "", i % 300, i < 600 ? 1 : 2, 0);
	assert_int_equal(grouping_count(grouping), GROUPS_MAX + 1);
	for (unsigned i = 0; i <= GROUPS_MAX; i++) {
		uint64_t count =
			g->latency.groups[i] ? g->latency.groups[i]->histogram.count : 0;

		for (unsigned key = 0; key < 2; key++)
			others[key] +=
				grouping_value(grouping, i, key)->is_other ? count : 0;
	}
	assert_int_equal(others[1], 900 - 2 * GROUPS_MAX);
	assert_int_equal(others[0], 900 - 2 * GROUPS_MAX);
	close_grouped(g);
}

/* Of each level its own depth; together they make the depth of all. */
static void test_depths(void **state)
{
	struct grouped *g = open_grouped(model, "level", true);
	uint64_t seed = 7, now = 1000, area = 0, levels[3] = {0};
	int64_t open[3][50];
	size_t nr[3] = {0};
	double mean;

	(void)state;
	for (int64_t i = 0; i < 20000; i++) {
		uint64_t step = next_random(&seed) % 100, which = next_random(&seed) % 3;

		for (int l = 0; l < 3; l++)
			levels[l] += i ? nr[l] * step : 0;
		now += step;
		if (nr[which] && (nr[which] == 50 || next_random(&seed) % 2)) {
			EVENT(&g->bed, END, now, 1, open[which][--nr[which]], 0);
			continue;
		}
		EVENT(&g->bed, START, now, 1, i, 0, (int64_t) "", (int64_t)which, 0, 0);
		open[which][nr[which]++] = i;
	}
	model_bed_end(&g->bed);
	for (unsigned i = 0; i < 3; i++) {
		const struct group *group =
			grouping_value(&g->bed.requests.grouping, i, 0);
		const struct level *l = g->depth.groups[i];
		uint64_t is = 0;

		for (size_t at = 0; at < l->nr_times; at++)
			is += at * l->time_at[at];
		assert_int_equal(is, levels[group->value]);
		assert_int_equal(level_total_ns(l), level_total_ns(&g->depth.all));
		area += is;
	}
	mean = (double)area / (double)level_total_ns(&g->depth.all);
	assert_true(fabs(level_mean(&g->depth.all) - mean) < 1e-9);
	close_grouped(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_values),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_many_pairs),
		cmocka_unit_test(test_words_that_are_arguments),
		cmocka_unit_test(test_no_such_argument),
		cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_told_late),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_depths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
