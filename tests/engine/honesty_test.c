// SPDX-License-Identifier: GPL-2.0-or-later
/* The honesty checks at their thresholds, on results that are made up. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "probes/engine.h"
#include "probes/honesty.h"
#include "probes/job.h"
#include "probes/job_target.h"
#include "probes/statistics.h"

static struct job job_of_depth(uint64_t depth)
{
	return (struct job){
		.name = (char *)"x",
		.filename = (char *)"/a",
		.engine = &engine_io_uring,
		.depth = depth,
		.direct = true,
		.ramp_ns = 1,
	};
}

/* The text of the warning @id, or NULL. */
static const char *find(const struct warnings *w, const char *id)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->items[i].id, id) == 0)
			return w->items[i].text;
	return NULL;
}

/* Is there a warning @id whose text, with "$" at its end, holds @text after @s was
 * measured? */
static bool warned(const struct job *job, const struct statistics *s, const char *id,
		   const char *text)
{
	struct warnings w = {0};
	char found[1024] = "";

	honesty_after(&w, job, s);
	if (find(&w, id))
		snprintf(found, sizeof(found), "%s$", find(&w, id));
	warnings_free(&w);
	return *found && strstr(found, text);
}

static void a_percentile_needs_ten_values_above_it(void **state)
{
	static const struct {
		uint64_t ios;
		const char *text; /* NULL: no warning */
	} cases[] = {
		{19, "for any percentile$"},	     {20, "no further than the median$"},
		{99, "no further than the median$"}, {100, "no further than 90$"},
		{199, "no further than 90$"},	     {200, "no further than 95$"},
		{999, "no further than 95$"},	     {1000, "no further than 99$"},
		{9999, "no further than 99$"},	     {10000, "no further than 99.9$"},
		{99999, "no further than 99.9$"},    {100000, NULL},
	};
	static struct statistics s;
	struct job job = job_of_depth(1);

	(void)state;
	for (int d = 0; d < 2; d++)
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			statistics_reset(&s);
			s.direction[d].ios = cases[i].ios;
			assert_int_equal(warned(&job, &s, "short",
						cases[i].text ? cases[i].text : ""),
					 cases[i].text != NULL);
		}
}

static void time_is_told_rounded_up_where_it_was_short(void **state)
{
	static struct statistics s;
	struct job job = job_of_depth(1);

	(void)state;
	statistics_reset(&s);
	s.direction[0].ios = 60000;
	s.elapsed_ns = 1000000000;
	assert_false(warned(&job, &s, "short", "times as long"));
	job.runtime_ns = 1000000000;
	assert_true(warned(&job, &s, "short", "run 2 times as long, or read no further"));
	s.elapsed_ns--; /* size was done, or somebody stopped it */
	assert_false(warned(&job, &s, "short", "times as long"));
	s.elapsed_ns++;
	s.direction[0].ios = 99; /* more than 1000 times */
	assert_false(warned(&job, &s, "short", "times as long"));
	s.direction[1].ios = 19;
	assert_true(warned(&job, &s, "short", "too few writes (19) for any percentile$"));
}

/* 1000 requests of @clat_ns each in a second of one thread, each waited for. */
static void make_depth(struct statistics *s, uint64_t clat_ns)
{
	statistics_reset(s);
	for (int i = 0; i < 1000; i++)
		histogram_add(&s->direction[0].clat, clat_ns);
	s->direction[0].ios = 1000;
	s->completes[1] = s->polling.waits = 1000;
	s->thread_ns = 1000000000;
}

static void half_of_the_depth_must_be_reached(void **state)
{
	static struct statistics s;
	struct job job = job_of_depth(16);

	(void)state;
	make_depth(&s, 7900000);
	assert_true(warned(&job, &s, "depth", "7.9 requests were in the kernel"));
	make_depth(&s, 8100000);
	assert_false(warned(&job, &s, "depth", ""));
	s.polling.waits = 99; /* of 1000 looks that found something */
	assert_true(warned(&job, &s, "depth", "was not reached"));
	s.polling.waits = 100;
	assert_false(warned(&job, &s, "depth", ""));
}

static void what_a_device_is_made_of_is_told(void **state)
{
	struct job_target plain = {.path = "/dev/a", .is_device = true, .disk = "a"};
	struct job_target mapped = plain, raid = plain, looped = plain;
	const struct {
		const struct job_target *target;
		const char *id;
	} cases[] = {{&mapped, "device-mapper"}, {&raid, "md"}, {&looped, "loop"}};
	struct job job = job_of_depth(1);
	struct warnings w = {0};

	(void)state;
	mapped.device_mapper = raid.md = looped.loop = true;
	honesty_before(&w, &job, &plain);
	assert_int_equal(w.count, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		honesty_before(&w, &job, cases[i].target);
		assert_int_equal(w.count, 1);
		assert_non_null(find(&w, cases[i].id));
		assert_non_null(strstr(w.items[0].text, "/dev/a is a "));
		warnings_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_percentile_needs_ten_values_above_it),
		cmocka_unit_test(time_is_told_rounded_up_where_it_was_short),
		cmocka_unit_test(half_of_the_depth_must_be_reached),
		cmocka_unit_test(what_a_device_is_made_of_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
