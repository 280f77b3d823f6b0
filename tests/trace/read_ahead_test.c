// SPDX-License-Identifier: GPL-2.0-or-later
/* A file read ahead, alone and below the reader of traces. */
#include "unit.h"
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maker.h"
#include "trace/read_ahead.h"
#include "trace/reader.h"

static char path[] = "/tmp/fathom-read-ahead-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	char old[sizeof(path) + 4];

	(void)state;
	snprintf(old, sizeof(old), "%s.old", path);
	unlink(old);
	return unlink(path);
}

enum { SIZE = 1000, FILE_SIZE = 25500 }; /* of a buffer */

static uint8_t byte_at(size_t offset)
{
	return (uint8_t)(offset * 31 + offset / 256);
}

static int open_bytes(void)
{
	uint8_t bytes[FILE_SIZE];
	int fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = byte_at(i);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	return fd;
}

/* Reads from @at to @end with @nr_buffers, and expects @last there. */
static void read_all(size_t at, uint64_t end, size_t last, unsigned nr_buffers)
{
	static uint8_t buffers[READ_AHEAD_PIECES][SIZE];
	int fd = open_bytes();
	struct read_ahead *a = read_ahead_start(fd, at, end, SIZE);
	unsigned taken = 0;
	ssize_t n;

	assert_non_null(a);
	for (unsigned i = 0; i < nr_buffers; i++)
		read_ahead_give(a, buffers[i]);
	while ((n = read_ahead_take(a)) > 0) {
		uint8_t *buffer = buffers[taken++ % nr_buffers];

		assert_int_equal(n, last - at < SIZE ? last - at : SIZE);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buffer[i], byte_at(at++));
		memset(buffer, 0, SIZE);
		read_ahead_give(a, buffer);
	}
	assert_int_equal(n, 0);
	assert_int_equal(at, last);
	read_ahead_stop(a);
	close(fd);
}

static void test_pieces(void **state)
{
	(void)state;
	for (unsigned nr = 1; nr <= READ_AHEAD_PIECES; nr++) {
		read_all(0, UINT64_MAX, FILE_SIZE, nr);
		read_all(17, 20017, 20017, nr);
		read_all(FILE_SIZE, UINT64_MAX, FILE_SIZE, nr);
	}
}

static void test_stop(void **state)
{
	static uint8_t buffers[READ_AHEAD_PIECES][SIZE];
	int fd = open_bytes();

	(void)state;
	for (unsigned given = 0; given <= READ_AHEAD_PIECES; given++) {
		struct read_ahead *a = read_ahead_start(fd, 0, UINT64_MAX, SIZE);

		for (unsigned i = 0; i < given; i++)
			read_ahead_give(a, buffers[i]);
		read_ahead_stop(a);
	}
	read_ahead_stop(NULL);
	close(fd);
}

static void test_error(void **state)
{
	static uint8_t buffer[SIZE];
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct read_ahead *a = read_ahead_start(fd, 0, UINT64_MAX, SIZE);

	(void)state;
	read_ahead_give(a, buffer);
	assert_int_equal(read_ahead_take(a), -EISDIR);
	read_ahead_stop(a);
	close(fd);
}

enum { HITS = 100000 }; /* more than 4 MiB */

/* Texts of many lengths: records end everywhere. */
static const char *text_of(uint64_t i)
{
	static const char texts[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

	return texts + i % 50;
}

static void write_large(int level)
{
	struct writing *w = begin(path, level, false);

	for (uint64_t i = 0; i < HITS; i++) {
		hit_a(w, i / 7 % 2, 100 + i, i * 0x9e3779b97f4a7c15, text_of(i));
		if (i % 100 == 99)
			round_over(w);
	}
	end(w, 0);
}

/* How many hits are read, each as it was written. */
static uint64_t count_hits(struct trace *trace)
{
	struct trace_item item;
	uint64_t count = 0;

	while (trace_next(trace, &item, NULL) == 1) {
		const struct event *e = &item.event;
		size_t length;
		const char *text =
			event_string(e, event_type_field(e->type, "text"), &length);

		assert_int_equal(e->time_ns, 100 + count);
		assert_int_equal(value(e, "n"), count * 0x9e3779b97f4a7c15);
		assert_int_equal(length, strlen(text_of(count)));
		assert_memory_equal(text, text_of(count), length);
		count++;
	}
	return count;
}

static void test_trace(void **state)
{
	(void)state;
	for (int level = 0; level < 2; level++) {
		struct trace *trace;

		write_large(level);
		trace = open_trace(path);
		if (!level)
			assert_true(trace_info(trace)->bytes_total > 4 << 20);
		assert_int_equal(count_hits(trace), HITS);
		assert_false(trace_info(trace)->incomplete);
		trace_close(trace);
	}
}

static void test_cut_trace(void **state)
{
	char said[64];
	struct trace *trace;
	off_t cut;

	(void)state;
	write_large(0);
	trace = open_trace(path);
	cut = (off_t)trace_info(trace)->bytes_total - 1000001;
	trace_close(trace);
	assert_true(cut > 4 << 20);
	assert_int_equal(truncate(path, cut), 0);
	trace = open_trace(path);
	assert_in_range(count_hits(trace), HITS / 2, HITS - 1);
	snprintf(said, sizeof(said), "cut at offset %lld,", (long long)cut);
	assert_non_null(strstr(trace_info(trace)->damage, said));
	trace_close(trace);
}

static void test_closed_early(void **state)
{
	struct trace_item item;
	struct trace *trace;

	(void)state;
	write_large(0);
	trace = open_trace(path);
	assert_int_equal(trace_next(trace, &item, NULL), 1);
	trace_close(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),	   cmocka_unit_test(test_stop),
		cmocka_unit_test(test_error),	   cmocka_unit_test(test_trace),
		cmocka_unit_test(test_cut_trace), cmocka_unit_test(test_closed_early),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
