// SPDX-License-Identifier: GPL-2.0-or-later
/* core/: units, histogram, escaping, ini, options. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/failure.h"
#include "core/histogram.h"
#include "core/ini.h"
#include "core/options.h"
#include "core/text.h"
#include "core/units.h"

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0", 0},		{"4096", 4096},	     {"4k", 4096},
		    {"4K", 4096},	{"4kb", 4096},	     {"4KiB", 4096},
		    {"4ki", 4096},	{"128m", 128 << 20}, {"1g", 1 << 30},
		    {"2t", 2ULL << 40}, {"0x10", 16},	     {"7b", 7},
		    {"010", 10}};
	static const char *const bad[] = {"", "k", "-1", "4q", "4kk", "99999999p", "1e3"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(size_parse(good[i].text, &bytes, NULL), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(size_parse(bad[i], &bytes, NULL) < 0);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {{"10", 10000000000},  {"10s", 10000000000}, {"500ms", 500000000},
		    {"0.5s", 500000000},  {"20us", 20000},	{"100ns", 100},
		    {"2m", 120000000000}, {"1H", 3600000000000}};
	static const char *const bad[] = {"", "s", "-1s", "5x", "1e300", "inf", "nan"};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(time_parse(good[i].text, 1000000000, &ns, NULL), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(time_parse(bad[i], 1000000000, &ns, NULL) < 0);
}

static void test_unit_text(void **state)
{
	char text[UNIT_TEXT];

	(void)state;
	assert_string_equal(time_text(text, 850), "850 ns");
	assert_string_equal(time_text(text, 12345), "12.3 us");
	assert_string_equal(time_text(text, 999600), "1.00 ms");
	assert_string_equal(time_text(text, 1.5e9), "1.50 s");
	assert_string_equal(size_text(text, 65536), "64.0 KiB");
	assert_string_equal(size_text(text, 100), "100 B");
	assert_string_equal(count_text(text, 4560000), "4.56M");
}

static int order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Against exact sorting, over values of every magnitude. */
static void test_histogram(void **state)
{
	enum { N = 20000 };
	static const double percents[] = {1, 50, 90, 99, 99.9, 99.99, 100};
	struct histogram *h = malloc(sizeof(*h));
	uint64_t *values = malloc(N * sizeof(*values)), seed = 42;

	(void)state;
	histogram_init(h);
	assert_int_equal(histogram_percentile(h, 50), 0);
	for (size_t i = 0; i < N; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		values[i] = (seed >> 20) >> (seed % 44);
		histogram_add(h, values[i]);
	}
	qsort(values, N, sizeof(*values), order);
	assert_int_equal(h->count, N);
	assert_int_equal(h->min, values[0]);
	assert_int_equal(h->max, values[N - 1]);
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		uint64_t exact = values[(size_t)ceil(percents[i] / 100 * N) - 1];
		double got = (double)histogram_percentile(h, percents[i]);

		assert_true(fabs(got - (double)exact) <= (double)exact * 0.005);
	}
	for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		assert_int_equal(histogram_bucket(histogram_low(i)), i);
		assert_int_equal(histogram_low(i) + histogram_width(i),
				 histogram_low(i + 1));
	}
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	free(values);
	free(h);
}

static void test_escape(void **state)
{
	char out[64];

	(void)state;
	text_escape(out, sizeof(out), "a\n\t\\\033[1m\x7f", 9, 0);
	assert_string_equal(out, "a\\n\\t\\\\\\x1b[1m\\x7f");
	text_escape(out, sizeof(out), "\xc3\xa9\xc3", 3, 0);
	assert_string_equal(out, "\xc3\xa9\\xc3");
	text_escape(out, sizeof(out),
		    "\xc2\x9b"
		    "x",
		    3, 0); /* a C1 control: CSI */
	assert_string_equal(out, "\\xc2\\x9bx");
	text_escape(out, sizeof(out), "say \"x\"", 7, '"');
	assert_string_equal(out, "say \\\"x\\\"");
	assert_int_equal(text_escape(out, 5, "\n\n\n", 3, 0), 4);
	assert_string_equal(out, "\\n\\n");
}

/* 99.9 % of 1000 values is 999 of them, not 1000. */
static void test_percentile_rank(void **state)
{
	struct histogram *h = malloc(sizeof(*h));

	(void)state;
	histogram_init(h);
	for (int i = 0; i < 999; i++)
		histogram_add(h, 100);
	histogram_add(h, 1000000);
	assert_int_equal(histogram_percentile(h, 99.9), 100);
	assert_int_equal(histogram_percentile(h, 99.99), 1000000);
	free(h);
}

static void test_failure(void **state)
{
	struct failure f;

	(void)state;
	assert_int_equal(fail(&f, -EINVAL, "%s", "a\n\xc2\x9b[1m\xff\xc3\xa9"), -EINVAL);
	assert_string_equal(f.text, "a???[1m?\xc3\xa9");
	fail_in(&f, 0, "%s", "in\033");
	assert_string_equal(f.text, "in?: a???[1m?\xc3\xa9");
}

static int collect(void *user, const struct ini_entry *entry, struct failure *f)
{
	char *out = user;

	if (entry->key && !strcmp(entry->key, "bad"))
		return fail(f, -EINVAL, "no such key");
	sprintf(out + strlen(out), "%u:%s:%s:%s\n", entry->line, entry->section,
		entry->key ? entry->key : "BEGIN", entry->value ? entry->value : "NONE");
	return 0;
}

static void test_ini(void **state)
{
	char out[1024] = "";
	struct failure f;

	(void)state;
	assert_int_equal(ini_read_text("job",
				       "; comment\n[global]\nramp_time=10   # warm-up\n"
				       "time_based\n[a]\n[a]\nname = x;y\n",
				       collect, out, &f),
			 0);
	assert_string_equal(out,
			    "2:global:BEGIN:NONE\n3:global:ramp_time:10\n"
			    "4:global:time_based:NONE\n5:a:BEGIN:NONE\n6:a:BEGIN:NONE\n"
			    "7:a:name:x;y\n");
	assert_int_equal(ini_read_text("job", "[a]\nbad=1\n", collect, out, &f), -EINVAL);
	assert_string_equal(f.text, "job:2: no such key");
	assert_int_equal(ini_read_text("job", "[a\n", collect, out, &f), -EINVAL);
	assert_int_equal(ini_read("/nowhere", collect, out, &f), -ENOENT);
	*out = 0;
	assert_int_equal(ini_read_text("job", "\xef\xbb\xbf[a]\nx=1\n", collect, out, &f),
			 0);
	assert_string_equal(out, "1:a:BEGIN:NONE\n2:a:x:1\n");
	assert_int_equal(ini_read_text("job", "[a]\nx=1\n[b\ny=1\n", collect, out, &f),
			 -EINVAL);
	assert_string_equal(f.text, "job:3: expected ']' after '['");
}

static int count_entry(void *count, const struct ini_entry *entry, struct failure *f)
{
	(void)entry;
	(void)f;
	++*(unsigned *)count;
	return 0;
}

/* 4096 bytes, as ini.h says; a key that stands alone takes the most room. */
static void test_longest_line(void **state)
{
	char text[4104];
	unsigned entries = 0;
	struct failure f;

	(void)state;
	memset(text, 'k', sizeof(text));
	strcpy(text + 4096, "\n");
	assert_int_equal(ini_read_text("job", text, count_entry, &entries, &f), 0);
	assert_int_equal(entries, 1);
	strcpy(text + 4096, "k\n");
	assert_int_equal(ini_read_text("job", text, count_entry, &entries, &f), -E2BIG);
	assert_string_equal(f.text, "job:1: line longer than 4096 bytes");
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"iodepth", "numjobs", "runtime", NULL};

	(void)state;
	assert_string_equal(nearest_word("iodpeth", words), "iodepth");
	assert_string_equal(nearest_word("run_time", words), "runtime");
	assert_null(nearest_word("zonemode", words));
	assert_string_equal(closest_word("zonemode", words), "iodepth");
}

static void test_bytes(void **state)
{
	static const uint8_t data[] = {1, 2, 0, 0, 'h', 'i', 0, 9};
	struct bytes b = bytes_of(data, sizeof(data));

	(void)state;
	assert_int_equal(bytes_u32_le(&b), 0x201);
	assert_string_equal(bytes_string(&b), "hi");
	assert_int_equal(bytes_u16(&b), 0);
	assert_true(bytes_bad(&b));
	b = bytes_of(data + 7, 1);
	assert_null(bytes_string(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),		cmocka_unit_test(test_times),
		cmocka_unit_test(test_unit_text),	cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_percentile_rank), cmocka_unit_test(test_failure),
		cmocka_unit_test(test_escape),		cmocka_unit_test(test_ini),
		cmocka_unit_test(test_longest_line),	cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
