// SPDX-License-Identifier: GPL-2.0-or-later
/* The layout of records and their format text, read back through libtraceevent. */
#include "unit.h"

#include <event-parse.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "trace/event_format.h"
#include "trace/event_fields.h"
#include "trace/sample_layout.h"

struct shape {
	struct argument arguments[ARGUMENTS_MAX];
	struct format_field fields[ARGUMENTS_MAX];
	size_t count;
	uint32_t site, size;
};

static void shape_of(struct shape *s, const char *declaration)
{
	struct failure f;
	int count = arguments_parse(declaration, s->arguments, &f);

	assert_true(count >= 0);
	s->count = (size_t)count;
	format_layout(s->arguments, s->count, s->fields, &s->site, &s->size);
}

static void check_layout(const char *declaration, uint32_t site, uint32_t size,
			 const uint32_t *offsets)
{
	struct shape s;

	shape_of(&s, declaration);
	assert_int_equal(s.site, site);
	assert_int_equal(s.size, size);
	for (size_t i = 0; i < s.count; i++)
		assert_int_equal(s.fields[i].offset, offsets[i]);
	arguments_release(s.arguments, s.count);
}

static void test_layout(void **state)
{
	(void)state;
	check_layout("", 8, 12, NULL);
	check_layout("u64 id;s32 fd;u8 op;u64 offset;u32 length;u32 depth", 40, 44,
		     (uint32_t[]){8, 16, 20, 24, 32, 36});
	check_layout("u32 a;u64 b", 12, 24, (uint32_t[]){8, 16});
	check_layout("u8 a;u64 b", 12, 24, (uint32_t[]){8, 16});
	check_layout("u8 a;u16 b;u64 c", 12, 24, (uint32_t[]){8, 10, 16});
	check_layout("u8 a;u8 b", 12, 16, (uint32_t[]){8, 9});
	check_layout("str text;u64 n", 12, 24, (uint32_t[]){8, 16});
	check_layout("f64 x;f32 y;s8 z", 24, 28, (uint32_t[]){8, 16, 20});
}

/* What libtraceevent prints for @raw of an event with these arguments. */
static void check_print(const char *declaration, enum format_site site, const void *raw,
			int raw_size, const char *expected)
{
	struct tep_handle *tep = tep_alloc();
	struct tep_record record = {.data = (void *)raw, .size = raw_size};
	struct tep_event *event;
	struct trace_seq seq;
	struct shape s;
	char *text;

	shape_of(&s, declaration);
	assert_int_equal(
		format_text(&text, "hit", 60000, site, s.site, s.fields, s.count), 0);
	tep_set_long_size(tep, 8);
	assert_int_equal(tep_parse_event(tep, text, strlen(text), "fathom"), 0);
	event = tep_find_event(tep, 60000);
	assert_non_null(event);
	assert_string_equal(event->name, "hit");
	trace_seq_init(&seq);
	tep_print_event(tep, &seq, &record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&seq);
	assert_string_equal(seq.buffer, expected);
	trace_seq_destroy(&seq);
	tep_free(tep);
	free(text);
	arguments_release(s.arguments, s.count);
}

static void test_print_submit(void **state)
{
	struct {
		uint16_t type;
		uint8_t flags, preempt;
		int32_t pid;
		uint64_t id;
		int32_t fd;
		uint8_t op;
		uint64_t offset;
		uint32_t length, depth, site;
	} raw = {60000, 0, 0, 1, 7, 3, 0, 4096, 4096, 1, 0x1139};

	(void)state;
	check_print("u64 id;s32 fd;u8(0=read,1=write) op;u64 offset;u32 length;u32 depth",
		    FORMAT_SITE_U32, &raw, sizeof(raw),
		    "(1139) id=7 fd=3 op=read offset=4096 length=4096 depth=1");
	raw.op = 9;
	raw.fd = -1;
	check_print("u64 id;s32 fd;u8(0=read,1=write) op;u64 offset;u32 length;u32 depth",
		    FORMAT_SITE_U32, &raw, sizeof(raw),
		    "(1139) id=7 fd=-1 op=0x9 offset=4096 length=4096 depth=1");
}

static void test_print_kinds(void **state)
{
	struct {
		uint16_t type;
		uint8_t flags, preempt;
		int32_t pid;
		uint32_t text;
		int16_t small;
		int8_t tiny;
		uint8_t hex;
		uint64_t number;
		uint32_t word, site;
		char bytes[6];
	} raw = {60000,	     0, 0,	1, 32 | 6 << 16, -2, -3, 0xab, 0x3ff8000000000000,
		 UINT32_MAX, 5, "hello"};

	(void)state;
	check_print(
		"str text;s16 small;s8 tiny;x8 hex;f64 number;s32(-1=none,2=two) word",
		FORMAT_SITE_U32, &raw, sizeof(raw),
		"(5) text=\"hello\" small=-2 tiny=-3 hex=0xab "
		"number=0x3ff8000000000000 word=none");
}

static void test_print_ip(void **state)
{
	struct {
		uint16_t type;
		uint8_t flags, preempt;
		int32_t pid;
		uint64_t ip;
		int64_t n;
	} raw = {60000, 0, 0, 1, 0x401136, -5};
	struct format_field field;
	struct argument n = {.name = "n", .size = 8, .is_signed = true};
	struct tep_handle *tep = tep_alloc();
	struct tep_record record = {.data = &raw, .size = sizeof(raw)};
	struct trace_seq seq;
	char *text;

	(void)state;
	field = (struct format_field){&n, 16};
	assert_int_equal(format_text(&text, "hit", 60000, FORMAT_SITE_IP, 0, &field, 1),
			 0);
	tep_set_long_size(tep, 8);
	assert_int_equal(tep_parse_event(tep, text, strlen(text), "fathom"), 0);
	trace_seq_init(&seq);
	tep_print_event(tep, &seq, &record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&seq);
	assert_string_equal(seq.buffer, "(401136) n=-5");
	trace_seq_destroy(&seq);
	tep_free(tep);
	free(text);
}

/* What the reader makes of our own format text is what went in. */
static void test_fields(void **state)
{
	static const char declaration[] = "u64 id;s32 fd;u8(0=read,1=write) op;x64 "
					  "flags;f64 ratio;f32 part;str path;"
					  "s8(-1=none) tiny";
	struct tep_handle *tep = tep_alloc();
	struct event_type type = {0};
	struct shape s;
	char *text;

	(void)state;
	shape_of(&s, declaration);
	assert_int_equal(format_text(&text, "hit", 60000, FORMAT_SITE_U32, s.site,
				     s.fields, s.count),
			 0);
	assert_int_equal(tep_parse_event(tep, text, strlen(text), "fathom"), 0);
	assert_int_equal(event_fields_fill(&type, tep_find_event(tep, 60000)), 0);
	assert_int_equal(type.fixed_size, s.size);
	for (size_t i = 0; i < s.count; i++) {
		const struct argument *a = &s.arguments[i];
		const struct event_field *field = event_type_field(&type, a->name);

		assert_non_null(field);
		assert_int_equal(field->offset, s.fields[i].offset);
		assert_int_equal(field->type.kind, a->kind);
		assert_int_equal(field->type.size, a->size);
		assert_int_equal(field->type.nr_words, a->nr_words);
		for (size_t w = 0; w < a->nr_words; w++)
			assert_string_equal(
				argument_word(&field->type, a->words[w].value),
				a->words[w].word);
		assert_false(field->common);
	}
	assert_int_equal(event_type_field(&type, "__probe_site")->type.kind,
			 ARGUMENT_HEX);
	assert_true(event_type_field(&type, "common_pid")->common);
	event_fields_release(&type);
	tep_free(tep);
	free(text);
	arguments_release(s.arguments, s.count);
}

/* Names and words are somebody else's text and must not break the format. */
static void test_hostile_names(void **state)
{
	struct argument_word word = {1, "a\"b\\c%s"};
	struct argument a = {.name = "1 x\";}", .size = 4, .words = &word, .nr_words = 1};
	struct format_field field;
	struct tep_handle *tep = tep_alloc();
	struct event_type type = {0};
	uint32_t site, size;
	char *text;

	(void)state;
	format_layout(&a, 1, &field, &site, &size);
	assert_int_equal(
		format_text(&text, "hit\nID: 1", 60000, FORMAT_SITE_U32, site, &field, 1),
		0);
	assert_int_equal(tep_parse_event(tep, text, strlen(text), "fathom"), 0);
	assert_int_equal(event_fields_fill(&type, tep_find_event(tep, 60000)), 0);
	assert_string_equal(argument_word(&event_type_field(&type, "_1_x___")->type, 1),
			    "a?b?c?s");
	event_fields_release(&type);
	tep_free(tep);
	free(text);
}

/* The raw data behind what varies in length. */
static void test_layouts(void **state)
{
	struct perf_event_attr attr = {
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_READ |
			       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW |
			       PERF_SAMPLE_STACK_USER,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST |
			       PERF_FORMAT_TOTAL_TIME_ENABLED,
		.sample_id_all = 1,
	};
	const uint64_t record[] = {
		0,
		1,
		2,
		3,
		4,
		5, /* header, id, ip, tid, time, cpu */
		2,
		9,
		9,
		9,
		9,
		9,
		9,
		9, /* two counters: enabled, value, id, lost each */
		3,
		9,
		9,
		9, /* call chain */
		12 | (uint64_t)0xabcd << 32,
		0x1234,
		0,
		0,
	};
	struct sample_layout l;
	const uint8_t *raw;
	uint32_t size;

	(void)state;
	sample_layout_init(&l, &attr);
	assert_int_equal(l.id, 8);
	assert_int_equal(l.tid, 24);
	assert_int_equal(l.time, 32);
	assert_int_equal(l.cpu, 40);
	assert_int_equal(l.last_id, 8);
	assert_int_equal(l.last_cpu, 16);
	assert_int_equal(l.last_time, 24);
	assert_int_equal(l.last_tid, 32);
	raw = sample_raw(&l, (const uint8_t *)record, sizeof(record), &size);
	assert_int_equal(size, 12);
	assert_ptr_equal(raw, (const uint8_t *)&record[18] + 4);
	for (uint32_t cut = 0; cut < 18 * 8 + 4 + 12; cut++)
		assert_null(sample_raw(&l, (const uint8_t *)record, cut, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),	    cmocka_unit_test(test_print_submit),
		cmocka_unit_test(test_print_kinds), cmocka_unit_test(test_print_ip),
		cmocka_unit_test(test_fields),	    cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
