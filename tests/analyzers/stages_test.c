// SPDX-License-Identifier: GPL-2.0-or-later
/* Points between submit and complete: found by key, by a range, by an alias. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "model_bed.h"

static const char disk[] =
	"[request disk]\n"
	"submit = p:read key=id op=\"read\" offset=sector*512 length=count*512\n"
	"submit = p:write key=id op=\"write\" offset=sector*512 length=count*512\n"
	"stage batch = p:batch key=first count=count\n"
	"stage below = p:below offset=at length=bytes op=write{0:read,1:write} alias=cb\n"
	"leave below = p:above key=cb\n"
	"complete = p:done key=id length=bytes op=kind{1:hit,2:miss} fd=fd\n";

enum { HEARD_MAX = 64 };

/* "below 3 at 40": what was told, as text. */
struct heard {
	struct model_bed *bed;
	char lines[HEARD_MAX][40];
	unsigned count;
};

static void heard_stage(void *state, const struct request *r, unsigned stage, bool leaves,
			const struct event *event)
{
	struct heard *h = state;

	assert_true(h->count < HEARD_MAX);
	snprintf(h->lines[h->count++], sizeof(h->lines[0]), "%s%s %u at %u",
		 leaves ? "-" : "", h->bed->requests.model->stages[stage],
		 (unsigned)r->key, (unsigned)event->time_ns);
}

static void heard_end(void *state, const struct request *r)
{
	struct heard *h = state;

	assert_true(h->count < HEARD_MAX);
	snprintf(h->lines[h->count++], sizeof(h->lines[0]), "end %u %s %u %d",
		 (unsigned)r->key, requests_op_word(&h->bed->requests, r->op),
		 (unsigned)r->length, r->fd);
}

static const struct request_listener listener = {.stage = heard_stage, .end = heard_end};
static const struct request_listener deaf = {.end = heard_end};

enum { READ, WRITE, BATCH, BELOW, ABOVE, DONE };

struct disk {
	struct model_bed bed;
	struct heard heard;
};

static struct disk *open_disk(const struct request_listener *l)
{
	struct disk *d = calloc(1, sizeof(*d));

	d->heard.bed = &d->bed;
	model_bed_open(&d->bed, disk, 0, l, &d->heard);
	model_bed_type(&d->bed, "p:read", "u64 id;u64 sector;u32 count");
	model_bed_type(&d->bed, "p:write", "u64 id;u64 sector;u32 count");
	model_bed_type(&d->bed, "p:batch", "u64 first;u64 count");
	model_bed_type(&d->bed, "p:below", "u64 at;u64 bytes;u8 write;x64 cb");
	model_bed_type(&d->bed, "p:above", "x64 cb");
	model_bed_type(&d->bed, "p:done", "u64 id;u32 bytes;u8 kind;s32 fd");
	return d;
}

static void close_disk(struct disk *d)
{
	model_bed_close(&d->bed);
	free(d);
}

/* What was told since the last call, in any order; ends with NULL. */
static void expect(struct disk *d, ...)
{
	unsigned want = 0;
	const char *line;
	va_list lines;

	va_start(lines, d);
	while ((line = va_arg(lines, const char *))) {
		unsigned i = 0;

		while (i < d->heard.count && strcmp(d->heard.lines[i], line) != 0)
			i++;
		if (i == d->heard.count)
			fail_msg("'%s' is missing; first '%s'", line, d->heard.lines[0]);
		want++;
	}
	va_end(lines);
	assert_int_equal(d->heard.count, want);
	d->heard.count = 0;
	memset(d->heard.lines, 0, sizeof(d->heard.lines));
}

/* A batch of keys: more than there are requests, fewer, none of them in flight. */
static void test_keys(void **state)
{
	struct disk *d = open_disk(&listener);

	(void)state;
	for (int64_t id = 1; id <= 4; id++)
		EVENT(&d->bed, READ, 10, 7, id, id * 8, 8);
	EVENT(&d->bed, BATCH, 20, 7, 2, 2);
	expect(d, "batch 2 at 20", "batch 3 at 20", NULL);
	EVENT(&d->bed, BATCH, 30, 7, 3, INT64_MAX);
	expect(d, "batch 3 at 30", "batch 4 at 30", NULL);
	EVENT(&d->bed, BATCH, 40, 7, 100, 2);
	EVENT(&d->bed, BATCH, 50, 7, 1, 0);
	expect(d, NULL);
	assert_int_equal(d->bed.requests.stages[0].met, 4);
	assert_int_equal(d->bed.requests.stages[0].missed, 2);
	assert_int_equal(d->bed.requests.events, 4);
	assert_int_equal(d->bed.requests.last_ns, 10);
	close_disk(d);
}

/* A lower layer knows bytes only, and its own key from there on. */
static void test_bytes_and_aliases(void **state)
{
	struct disk *d = open_disk(&listener);

	(void)state;
	EVENT(&d->bed, WRITE, 10, 7, 1, 8, 8);
	EVENT(&d->bed, WRITE, 11, 7, 2, 16, 8);
	EVENT(&d->bed, READ, 12, 7, 3, 16, 8);
	EVENT(&d->bed, WRITE, 13, 7, 4, 24, 8);
	EVENT(&d->bed, BELOW, 20, 7, 8 * 512, 16 * 512, 1, 0xabc); /* merged */
	expect(d, "below 1 at 20", "below 2 at 20", NULL);
	EVENT(&d->bed, BELOW, 21, 7, 16 * 512, 8 * 512, 0, 0xdef);
	expect(d, "below 3 at 21", NULL);
	EVENT(&d->bed, ABOVE, 30, 7, 0xabc);
	expect(d, "-below 1 at 30", "-below 2 at 30", NULL);
	EVENT(&d->bed, DONE, 31, 7, 1, 4096, 0, 3);
	expect(d, "end 1 0 4096 3", NULL);
	EVENT(&d->bed, ABOVE, 32, 7, 0xabc); /* of the other one still */
	expect(d, "-below 2 at 32", NULL);
	EVENT(&d->bed, BELOW, 33, 7, 16 * 512, 1, 1, 0xdef); /* joins request 3 */
	expect(d, "below 2 at 33", NULL);
	EVENT(&d->bed, ABOVE, 34, 7, 0xabc);
	expect(d, NULL);
	EVENT(&d->bed, ABOVE, 35, 7, 0xdef);
	expect(d, "-below 2 at 35", "-below 3 at 35", NULL);
	EVENT(&d->bed, DONE, 36, 7, 2, 1, 0, 3);
	EVENT(&d->bed, DONE, 36, 7, 3, 1, 0, 3);
	expect(d, "end 2 0 1 3", "end 3 0 1 3", NULL);
	EVENT(&d->bed, ABOVE, 37, 7, 0xdef);
	expect(d, NULL);
	close_disk(d);
}

/* Second keys against an array of them. */
static void test_random_aliases(void **state)
{
	enum { ITEMS = 200, ALIASES = 40 };
	struct aliases a = {0};
	int64_t alias_of[ITEMS + 1];
	uint64_t seed = 5;

	(void)state;
	memset(alias_of, 0xff, sizeof(alias_of));
	for (int i = 0; i < 20000; i++) {
		uint64_t dice = next_random(&seed);
		uint32_t item = (uint32_t)(dice % ITEMS) + 1;
		int64_t key = (int64_t)(dice >> 32) % ALIASES, found = 0, there = 0;

		if (dice >> 20 & 3) {
			assert_int_equal(aliases_set(&a, item, (uint64_t)key, 1), 0);
			alias_of[item] = key;
		} else {
			aliases_drop(&a, item);
			alias_of[item] = -1;
		}
		for (uint32_t at = aliases_find(&a, (uint64_t)key, 1); at;
		     at = aliases_next(&a, at), found++)
			assert_int_equal(alias_of[at], key);
		for (int n = 1; n <= ITEMS; n++)
			there += alias_of[n] == key;
		assert_int_equal(found, there);
		assert_int_equal(aliases_find(&a, (uint64_t)key, 2), 0);
	}
	aliases_release(&a);
}

/* What the complete tells replaces what the submit told. */
static void test_late_values(void **state)
{
	struct disk *d = open_disk(&listener);

	(void)state;
	EVENT(&d->bed, READ, 10, 7, 1, 8, 8);
	EVENT(&d->bed, READ, 10, 7, 2, 8, 8);
	EVENT(&d->bed, DONE, 20, 7, 1, 100, 1, 5);
	EVENT(&d->bed, DONE, 20, 7, 2, 200, 2, 6);
	expect(d, "end 1 hit 100 5", "end 2 miss 200 6", NULL);
	close_disk(d);
}

/* Where nobody listens to stages, their events are not even asked for. */
static void test_nobody_listens(void **state)
{
	struct disk *d = open_disk(&deaf);

	(void)state;
	assert_true(d->bed.wanted[READ]);
	assert_false(d->bed.wanted[BATCH]);
	assert_false(d->bed.wanted[BELOW]);
	assert_false(d->bed.wanted[ABOVE]);
	close_disk(d);
}

/* On a stack a stage is that of the call on top, or of the topmost with its key. */
static void test_on_a_stack(void **state)
{
	static const char text[] = "[request call]\nscope = stack\n"
				   "submit = p:entry key=f\n"
				   "stage wait = p:wait\n"
				   "stage named = p:named key=f\n"
				   "complete = p:return key=f\n";
	struct disk *d = calloc(1, sizeof(*d));

	(void)state;
	d->heard.bed = &d->bed;
	model_bed_open(&d->bed, text, 0, &listener, &d->heard);
	model_bed_type(&d->bed, "p:entry", "u64 f");
	model_bed_type(&d->bed, "p:wait", "u64 x");
	model_bed_type(&d->bed, "p:named", "u64 f");
	EVENT(&d->bed, 0, 10, 7, 1);
	EVENT(&d->bed, 0, 11, 7, 2);
	EVENT(&d->bed, 0, 12, 8, 3);
	EVENT(&d->bed, 1, 13, 7, 99);
	expect(d, "wait 2 at 13", NULL);
	EVENT(&d->bed, 2, 14, 7, 1);
	expect(d, "named 1 at 14", NULL);
	EVENT(&d->bed, 1, 15, 9, 99);
	EVENT(&d->bed, 2, 16, 7, 3);
	expect(d, NULL);
	close_disk(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_bytes_and_aliases),
		cmocka_unit_test(test_random_aliases),
		cmocka_unit_test(test_late_values),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_on_a_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
