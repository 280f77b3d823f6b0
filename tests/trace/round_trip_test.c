// SPDX-License-Identifier: GPL-2.0-or-later
/* What the writer wrote, the reader reads: events, order, losses, names, in each form. */
#include "unit.h"
#include "writing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "core/failure.h"
#include "maker.h"
#include "trace/compressor.h"
#include "trace/perf_file.h"
#include "trace/reader.h"

static char path[] = "/tmp/fathom-round-trip-XXXXXX";

/* The next item must be an event of this time; returns it. */
static const struct event *expect(struct trace *trace, struct trace_item *item,
				  uint64_t time_ns)
{
	assert_int_equal(trace_next(trace, item, NULL), 1);
	assert_int_equal(item->kind, TRACE_EVENT);
	assert_int_equal(item->event.time_ns, time_ns);
	return &item->event;
}

static void expect_end(struct trace *trace)
{
	struct trace_item item;

	assert_int_equal(trace_next(trace, &item, NULL), 0);
	assert_false(trace_info(trace)->incomplete);
	trace_close(trace);
}

/* Two CPUs whose rings were drained one after the other, twice. */
static void write_two_rounds(struct writing *w)
{
	hit_a(w, 0, 100, 1, "first");
	hit_a(w, 0, 300, 3, "third");
	drain(w);
	hit_b(w, 1, 200, 2);
	hit_a(w, 1, 450, 5, "");
	round_over(w);
	hit_b(w, 0, 400, 4);
	drain(w);
	hit_a(w, 1, 500, 6, "last");
	round_over(w);
}

static void check_two_rounds(struct trace *trace)
{
	static const uint64_t times[] = {100, 200, 300, 400, 450, 500};
	struct trace_item item;
	const struct event *e;
	const char *text;
	size_t length;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		e = expect(trace, &item, times[i]);
		assert_int_equal(e->pid, MAKER_PID);
		assert_int_equal(e->tid, 1000 + (int)e->cpu);
		if (e->type->index == EVENT_B) {
			assert_string_equal(e->type->probe, "b");
			assert_int_equal(value(e, "x"), i + 1);
			continue;
		}
		assert_string_equal(e->type->name, "fathom:a");
		assert_string_equal(e->type->provider, "fathom");
		assert_int_equal(value(e, "n"), i + 1);
		assert_int_equal(value(e, "word"), -1);
		text = event_string(e, event_type_field(e->type, "text"), &length);
		assert_non_null(text);
		if (!i)
			assert_memory_equal(text, "first", length);
		assert_int_equal(length, i == 0 || i == 2 ? 5 : i == 4 ? 0 : 4);
	}
	assert_int_equal(trace_type(trace, EVENT_A)->count, 4);
	assert_int_equal(trace_type(trace, EVENT_B)->count, 2);
	expect_end(trace);
}

static void test_file(void **state)
{
	const struct trace_info *info;
	struct trace *trace;
	struct writing *w = begin(path, 0, true);

	(void)state;
	write_two_rounds(w);
	end(w, 0);
	trace = open_trace(path);
	info = trace_info(trace);
	assert_int_equal(trace_nr_types(trace), 2);
	assert_string_equal(info->command, "fathom record made up");
	assert_true(info->cpus);
	assert_true(*info->hostname && *info->os_release && *info->arch);
	assert_true(info->has_wall_clock);
	assert_int_equal(info->clockid, 1);
	assert_int_equal(info->wall_ns, 1700000000000000000);
	assert_int_equal(info->clock_ns, 1000000000);
	check_two_rounds(trace);
}

static void test_compressed(void **state)
{
	struct writing *w = begin(path, 3, true);

	(void)state;
	write_two_rounds(w);
	end(w, 0);
	check_two_rounds(open_trace(path));
}

static void through_pipe(int level)
{
	char out[32], in[32];
	struct trace *trace;
	struct writing *w;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(in, sizeof(in), "/proc/self/fd/%d", ends[0]);
	snprintf(out, sizeof(out), "/proc/self/fd/%d", ends[1]);
	w = begin(out, level, true);
	write_two_rounds(w);
	end(w, 0);
	close(ends[1]);
	trace = open_trace(in);
	close(ends[0]);
	check_two_rounds(trace);
}

static void test_pipe(void **state)
{
	(void)state;
	through_pipe(0);
	through_pipe(1);
}

/* One event needs no id: 8 bytes less for each. */
static void test_single_event(void **state)
{
	struct writing *w = begin(path, 0, false);
	struct trace_item item;
	struct trace *trace;

	(void)state;
	hit_a(w, 1, 20, 7, "x");
	drain(w);
	hit_a(w, 0, 10, 8, "y");
	round_over(w);
	end(w, 0);
	trace = open_trace(path);
	assert_int_equal(value(expect(trace, &item, 10), "n"), 8);
	assert_int_equal(value(expect(trace, &item, 20), "n"), 7);
	expect_end(trace);
}

/* Without rounds nothing may be handed out before the end, and all is in order. */
static void test_no_rounds(void **state)
{
	struct writing *w = begin(path, 0, false);
	struct trace_item item;
	struct trace *trace;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		hit_a(w, 0, 1000 - i, i, "");
	end(w, 0);
	trace = open_trace(path);
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(value(expect(trace, &item, 901 + i), "n"), 99 - i);
	expect_end(trace);
}

/* Equal times come in the order of the file. */
static void test_ties(void **state)
{
	struct writing *w = begin(path, 0, false);
	struct trace_item item;
	struct trace *trace;

	(void)state;
	for (uint64_t i = 0; i < 50; i++) {
		hit_a(w, 0, 20, 2 * i, "");
		hit_a(w, 0, 10, 2 * i + 1, "");
	}
	end(w, 0);
	trace = open_trace(path);
	for (uint64_t i = 0; i < 50; i++)
		assert_int_equal(value(expect(trace, &item, 10), "n"), 2 * i + 1);
	for (uint64_t i = 0; i < 50; i++)
		assert_int_equal(value(expect(trace, &item, 20), "n"), 2 * i);
	expect_end(trace);
}

/* An event that comes later than the rounds allow is left out, and said. */
static void test_late(void **state)
{
	struct writing *w = begin(path, 0, false);
	struct trace_item item;
	struct trace *trace;

	(void)state;
	hit_a(w, 0, 100, 1, "");
	round_over(w);
	hit_a(w, 0, 150, 4, "");
	round_over(w);
	for (uint64_t i = 0; i < 300; i++) /* more than one block of the reader */
		for (unsigned j = 0; j < 20; j++) {
			hit_a(w, 0, 200, 2, "");
			if (j == 19)
				drain(w);
		}
	hit_a(w, 0, 50, 3, "");
	end(w, 0);
	trace = open_trace(path);
	assert_int_equal(value(expect(trace, &item, 100), "n"), 1);
	assert_int_equal(value(expect(trace, &item, 150), "n"), 4);
	for (uint64_t i = 0; i < 6000; i++)
		assert_int_equal(value(expect(trace, &item, 200), "n"), 2);
	assert_int_equal(trace_next(trace, &item, NULL), 0);
	assert_true(trace_info(trace)->incomplete);
	assert_int_equal(trace_info(trace)->left_out, 1);
	trace_close(trace);
}

/* Times that leap ahead are left out; all others come, in order and unchanged. */
static void leap(int level, uint64_t leaps, uint64_t to_ns, uint64_t last_ns)
{
	enum { HITS = 6000 }; /* several blocks of the reader */
	struct writing *w = begin(path, level, false);
	struct trace_item item;
	struct trace *trace;

	for (uint64_t i = 1; i <= HITS; i++) {
		hit_a(w, 0, i == leaps ? to_ns : i * 10, i, "");
		hit_a(w, 1, i * 10 + 5, i, "");
		if (i % 5 == 0)
			round_over(w);
	}
	hit_a(w, 0, last_ns, 0, "");
	end(w, 0);
	trace = open_trace(path);
	for (uint64_t i = 1; i <= HITS; i++) {
		if (i != leaps)
			expect(trace, &item, i * 10);
		expect(trace, &item, i * 10 + 5);
	}
	expect(trace, &item, last_ns);
	assert_int_equal(trace_next(trace, &item, NULL), 0);
	assert_int_equal(trace_info(trace)->left_out, 1);
	assert_non_null(strstr(trace_info(trace)->damage, "offset "));
	trace_close(trace);
}

static void test_leap(void **state)
{
	(void)state;
	for (int level = 0; level < 2; level++) {
		leap(level, 2000, 43000, 70000);  /* a little, and time comes to it */
		leap(level, 2000, 200000, 70000); /* behind the end */
		leap(level, 2000, 200000, 300000);
		leap(level, 2000, UINT64_MAX - 5, 70000);
		leap(level, 6000, UINT64_MAX, 70000);
	}
}

/* Rounds that hold mappings alone, as while a program is loaded on a busy machine. */
static void test_mappings(void **state)
{
	struct writing *w = begin(path, 0, true);
	struct trace_item item;
	struct trace *trace;

	(void)state;
	hit_a(w, 0, 100, 1, "");
	round_over(w);
	hit_a(w, 0, 200, 2, "");
	hit_a(w, 0, 230, 4, "");
	hit_a(w, 1, 210, 3, "");
	round_over(w);
	for (uint64_t i = 0; i < 30; i++) {
		w->size += maker_map(&w->maker, w->buffer + w->size, 1000, 300 + i);
		if (i % 10 == 9)
			round_over(w);
	}
	hit_a(w, 0, 400, 5, "");
	end(w, 0);
	trace = open_trace(path);
	expect(trace, &item, 100);
	expect(trace, &item, 200);
	expect(trace, &item, 210);
	expect(trace, &item, 230);
	expect(trace, &item, 400);
	expect_end(trace);
}

static void test_losses(void **state)
{
	struct writing *w = begin(path, 0, true);
	struct trace_item item;
	struct trace *trace;

	(void)state;
	hit_a(w, 1, 100, 1, "");
	w->size += maker_lost(&w->maker, w->buffer + w->size, 1, 5, -1, 300);
	hit_a(w, 1, 310, 2, "");
	w->size += maker_lost(&w->maker, w->buffer + w->size, 0, 7, EVENT_B, 400);
	end(w, 0);
	trace = open_trace(path);
	expect(trace, &item, 100);
	assert_int_equal(trace_next(trace, &item, NULL), 1);
	assert_int_equal(item.kind, TRACE_LOSS);
	assert_int_equal(item.loss.count, 5);
	assert_int_equal(item.loss.from_ns, 100);
	assert_int_equal(item.loss.to_ns, 300);
	assert_int_equal(item.loss.cpu, 1);
	assert_null(item.loss.type);
	expect(trace, &item, 310);
	assert_int_equal(trace_next(trace, &item, NULL), 1);
	assert_int_equal(item.loss.count, 7);
	assert_int_equal(item.loss.from_ns, 0);
	assert_ptr_equal(item.loss.type, trace_type(trace, EVENT_B));
	assert_int_equal(trace_type(trace, EVENT_B)->lost, 7);
	assert_int_equal(trace_info(trace)->lost, 12);
	expect_end(trace);
}

static void expect_name(struct trace *trace, uint64_t time_ns, int tid, const char *name)
{
	struct trace_item item;

	expect(trace, &item, time_ns);
	assert_string_equal(trace_comm(trace, MAKER_PID, tid), name);
}

static void test_names(void **state)
{
	struct writing *w = begin(path, 0, false);
	struct trace *trace;

	(void)state;
	w->size += maker_comm(&w->maker, w->buffer + w->size, 1000, "parent", 1);
	hit_a(w, 0, 10, 0, "");
	w->size += maker_fork(&w->maker, w->buffer + w->size, 1000, 1001, 15);
	hit_a(w, 0, 20, 0, "");
	w->size += maker_comm(&w->maker, w->buffer + w->size, 1001,
			      "a name that is too long", 25);
	hit_a(w, 0, 30, 0, "");
	w->size += maker_exit(&w->maker, w->buffer + w->size, 1001, 35);
	hit_a(w, 0, 40, 0, "");
	end(w, 0);
	trace = open_trace(path);
	expect_name(trace, 10, 1000, "parent");
	expect_name(trace, 20, 1001, "parent");
	expect_name(trace, 30, 1001, "a name that is ");
	expect_name(trace, 40, 1000, "parent");
	assert_string_equal(trace_comm(trace, 7, 1001), "");
	assert_string_equal(trace_comm(trace, 0, 0), "swapper");
	expect_end(trace);
}

/* Many threads come and go: none is forgotten, none is kept. */
static void test_many_threads(void **state)
{
	struct writing *w = begin(path, 0, false);
	struct trace *trace;
	char name[16];

	(void)state;
	for (int i = 1; i <= 5000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		w->size += maker_comm(&w->maker, w->buffer + w->size, i, name, 1);
		if (i % 3 == 0)
			w->size += maker_exit(&w->maker, w->buffer + w->size, i, 1);
		drain(w);
	}
	hit_a(w, 0, 10, 0, "");
	end(w, 0);
	trace = open_trace(path);
	expect_name(trace, 10, 1, "t1");
	for (int i = 1; i <= 5000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_string_equal(trace_comm(trace, -1, i), i % 3 ? name : "");
	}
	expect_end(trace);
}

struct unpacked {
	ZSTD_DStream *stream;
	uint8_t *room;
	size_t total, records;
};

/* One record must not unfold to more than perf was told to have room for. */
static int unpack(void *user, const void *record, size_t size, struct failure *f)
{
	struct unpacked *u = user;
	struct perf_event_header header;
	ZSTD_inBuffer in = {(const uint8_t *)record + sizeof(header),
			    size - sizeof(header), 0};
	ZSTD_outBuffer out = {u->room, DECOMPRESSED_MAX, 0};

	(void)f;
	memcpy(&header, record, sizeof(header));
	assert_int_equal(header.size, size);
	assert_false(ZSTD_isError(ZSTD_decompressStream(u->stream, &out, &in)));
	assert_int_equal(in.pos, in.size);
	assert_true(out.pos < DECOMPRESSED_MAX);
	u->total += out.pos;
	u->records++;
	return 0;
}

static void test_unfolding(void **state)
{
	enum { SIZE = 16 << 20, PART = 100000 };
	struct unpacked u = {ZSTD_createDStream(), malloc(DECOMPRESSED_MAX), 0, 0};
	uint8_t *zeros = calloc(1, SIZE);
	struct compressor *c;

	(void)state;
	for (int level = 1; level < 20; level += 6) {
		u.total = 0;
		ZSTD_initDStream(u.stream);
		assert_int_equal(compressor_new(&c, level, NULL), 0);
		for (size_t at = 0; at + PART < SIZE; at += PART)
			assert_int_equal(
				compressor_add(c, zeros + at, PART, unpack, &u, NULL), 0);
		assert_int_equal(compressor_flush(c, unpack, &u, NULL), 0);
		assert_int_equal(u.total, SIZE / PART * PART);
		compressor_free(c);
	}
	ZSTD_freeDStream(u.stream);
	free(u.room);
	free(zeros);
}

static void put_record(struct writing *w, uint32_t type, const void *body, size_t size)
{
	struct perf_event_header header = {type, 0, (uint16_t)(sizeof(header) + size)};

	memcpy(w->buffer + w->size, &header, sizeof(header));
	memcpy(w->buffer + w->size + sizeof(header), body, size);
	w->size += header.size;
}

/* The last hit as newer perf would compress it: u64 size in front, zeros behind. */
static void compress_last(struct writing *w, size_t from)
{
	uint8_t body[4096] = {0};
	uint64_t size = ZSTD_compress(body + sizeof(size), sizeof(body) - sizeof(size),
				      w->buffer + from, w->size - from, 1);

	assert_false(ZSTD_isError(size));
	memcpy(body, &size, sizeof(size));
	w->size = from;
	put_record(w, PERF_RECORD_USER_COMPRESSED2, body,
		   sizeof(size) + (size + 7) / 8 * 8);
}

/* Records that are not ours: AUX data behind its record, newer compression, losses that
 * are told twice, and types that nobody knows yet. */
static void test_foreign_records(void **state)
{
	struct writing *w = begin(path, 0, false);
	const uint64_t aux[4] = {24}, lost_samples[] = {7, 0, 0, 0}, unknown[3] = {1};
	struct trace_item item;
	struct trace *trace;
	size_t from;

	(void)state;
	hit_a(w, 0, 10, 1, "");
	put_record(w, PERF_RECORD_USER_AUXTRACE, aux, sizeof(aux));
	memset(w->buffer + w->size, 0xff, 24);
	w->size += 24;
	hit_a(w, 0, 20, 2, "");
	from = w->size;
	hit_a(w, 0, 30, 3, "");
	compress_last(w, from);
	put_record(w, 1000, unknown, sizeof(unknown));
	put_record(w, 40, unknown, sizeof(unknown));
	w->size += maker_lost(&w->maker, w->buffer + w->size, 0, 5, -1, 40);
	put_record(w, PERF_RECORD_LOST_SAMPLES, lost_samples, sizeof(lost_samples));
	end(w, 0);
	trace = open_trace(path);
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(value(expect(trace, &item, 10 * i), "n"), i);
	assert_int_equal(trace_next(trace, &item, NULL), 1);
	assert_int_equal(item.loss.count, 5);
	assert_int_equal(trace_next(trace, &item, NULL), 1);
	assert_int_equal(item.loss.count, 2);
	assert_int_equal(trace_info(trace)->lost, 7);
	expect_end(trace);
}

static int remove_file(void **state)
{
	(void)state;
	return remove_trace(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_single_event),
		cmocka_unit_test(test_no_rounds),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_leap),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_unfolding),
		cmocka_unit_test(test_foreign_records),
	};

	close(mkstemp(path));
	return cmocka_run_group_tests(tests, NULL, remove_file);
}
