// SPDX-License-Identifier: GPL-2.0-or-later
/* A file read ahead, alone and below the reader of traces. */
#include "unit.h"
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maker.h"
#include "trace/input.h"
#include "trace/perf_file.h"
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
	(void)state;
	return remove_trace(path);
}

enum { SIZE = 1000, FILE_SIZE = 25500 }; /* of a buffer */

static uint8_t byte_at(size_t offset)
{
	return (uint8_t)(offset * 31 + offset / 256);
}

static struct input open_bytes(uint64_t at, uint64_t end)
{
	uint8_t bytes[FILE_SIZE];
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	struct input in;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = byte_at(i);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	assert_int_equal(input_open(&in, path, NULL), 0);
	in.at = at;
	in.end = end;
	return in;
}

/* Reads from @at to @end with @nr_buffers, and expects @last there. */
static void read_all(size_t at, uint64_t end, size_t last, unsigned nr_buffers)
{
	static uint8_t buffers[READ_AHEAD_PIECES][SIZE];
	struct input in = open_bytes(at, end);
	struct read_ahead *a = read_ahead_start(&in, SIZE);
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
	input_close(&in);
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
	struct input in = open_bytes(0, UINT64_MAX);

	(void)state;
	for (unsigned given = 0; given <= READ_AHEAD_PIECES; given++) {
		struct read_ahead *a = read_ahead_start(&in, SIZE);

		for (unsigned i = 0; i < given; i++)
			read_ahead_give(a, buffers[i]);
		read_ahead_stop(a);
	}
	read_ahead_stop(NULL);
	input_close(&in);
}

static void test_error(void **state)
{
	static uint8_t buffer[SIZE];
	struct input in = {.fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			   .is_file = true,
			   .end = UINT64_MAX};
	struct read_ahead *a = read_ahead_start(&in, SIZE);

	(void)state;
	read_ahead_give(a, buffer);
	assert_int_equal(read_ahead_take(a), -EISDIR);
	read_ahead_stop(a);
	close(in.fd);
}

/* Traces of more than this are read ahead. */
enum { HITS = 100000, LARGE = 4 << 20 };

/* Of many lengths, so that records end everywhere, and hard to compress. */
static const char *text_of(uint64_t i)
{
	static char text[128];
	uint64_t random = i + 1;
	size_t length = 60 + i % 50;

	for (size_t at = 0; at < length; at++) {
		random = random * 6364136223846793005 + 1442695040888963407;
		text[at] = (char)('!' + (random >> 57) % 90);
	}
	text[length] = 0;
	return text;
}

/* A record that says nothing, as long as records can be. */
static void add_longest(struct writing *w)
{
	static uint8_t record[UINT16_MAX / 8 * 8];
	struct perf_event_header header = {.type = 63, .size = sizeof(record)};

	drain(w);
	memcpy(record, &header, sizeof(header));
	assert_int_equal(writer_data(w->writer, record, sizeof(record), NULL), 0);
}

static void write_large_to(const char *to, int level)
{
	struct writing *w = begin(to, level, false);

	for (uint64_t i = 0; i < HITS; i++) {
		hit_a(w, i / 7 % 2, 100 + i, i * 0x9e3779b97f4a7c15, text_of(i));
		if (i % 5000 == 77)
			add_longest(w);
		if (i % 100 == 99)
			round_over(w);
	}
	end(w, 0);
}

/* As a file, or as the stream that a pipe would get. */
static void write_large(int level, bool is_stream)
{
	char command[64], to[32];
	FILE *cat;

	if (!is_stream) {
		write_large_to(path, level);
		return;
	}
	snprintf(command, sizeof(command), "cat >%s", path);
	cat = popen(command, "w");
	assert_non_null(cat);
	snprintf(to, sizeof(to), "/proc/self/fd/%d", fileno(cat));
	write_large_to(to, level);
	assert_int_equal(pclose(cat), 0);
}

static uint64_t file_size(void)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return (uint64_t)status.st_size;
}

/* How many hits are read, each as it was written. */
static uint64_t count_hits(struct trace *trace)
{
	struct trace_item item;
	uint64_t count = 0;

	while (trace_next(trace, &item, NULL) == 1) {
		const struct event *e = &item.event;
		const char *expected = text_of(count), *text;
		size_t length;

		text = event_string(e, event_type_field(e->type, "text"), &length);
		assert_int_equal(e->time_ns, 100 + count);
		assert_int_equal(value(e, "n"), count * 0x9e3779b97f4a7c15);
		assert_int_equal(length, strlen(expected));
		assert_memory_equal(text, expected, length);
		count++;
	}
	return count;
}

static void test_traces(void **state)
{
	(void)state;
	for (int form = 0; form < 4; form++) {
		struct trace *trace;

		write_large(form / 2, form % 2);
		assert_true(file_size() > LARGE);
		trace = open_trace(path);
		assert_int_equal(count_hits(trace), HITS);
		assert_false(trace_info(trace)->incomplete);
		trace_close(trace);
	}
}

/* Reads what is left of the hits; the damage must be said in these words. */
static void expect_damage(uint64_t at_least, const char *said)
{
	struct trace *trace = open_trace(path);

	assert_in_range(count_hits(trace), at_least, HITS - 1);
	if (!strstr(trace_info(trace)->damage, said))
		print_error("'%s' is not in '%s'\n", said, trace_info(trace)->damage);
	assert_non_null(strstr(trace_info(trace)->damage, said));
	trace_close(trace);
}

static void test_cut(void **state)
{
	(void)state;
	for (int is_stream = 0; is_stream < 2; is_stream++) {
		char said[64];
		off_t cut;

		write_large(0, is_stream);
		cut = (off_t)(file_size() - 1000000) | 1;
		assert_int_equal(truncate(path, cut), 0);
		snprintf(said, sizeof(said), "cut at offset %lld,%s", (long long)cut,
			 is_stream ? " in the middle" : " expected");
		expect_damage(HITS / 2, said);
	}
}

/* The offset of the first record behind @from, in a file that fathom wrote. */
static off_t find_record(int fd, off_t from)
{
	struct perf_file_header head;
	struct perf_event_header header;
	off_t at;

	assert_int_equal(pread(fd, &head, sizeof(head), 0), sizeof(head));
	for (at = (off_t)head.data.offset; at <= from; at += header.size)
		assert_int_equal(pread(fd, &header, sizeof(header), at), sizeof(header));
	return at;
}

static void test_damage(void **state)
{
	const uint16_t size = 3;
	char said[64];
	off_t at;
	int fd;

	(void)state;
	write_large(0, false);
	fd = open(path, O_RDWR | O_CLOEXEC);
	at = find_record(fd, (off_t)(file_size() - 2000000));
	assert_int_equal(pwrite(fd, &size, sizeof(size), at + 6), sizeof(size));
	close(fd);
	snprintf(said, sizeof(said), "offset %lld: a record of 3 bytes", (long long)at);
	expect_damage(HITS / 2, said);
}

/* The file gets shorter while it is read. */
static void test_shrinks(void **state)
{
	struct trace_item item;
	struct trace *trace;
	char said[64];
	off_t at;
	int fd;

	(void)state;
	write_large(0, false);
	trace = open_trace(path);
	assert_int_equal(trace_next(trace, &item, NULL), 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	at = find_record(fd, (off_t)(file_size() - 1000000));
	assert_int_equal(ftruncate(fd, at), 0);
	close(fd);
	while (trace_next(trace, &item, NULL) == 1)
		;
	snprintf(said, sizeof(said), "cut at offset %lld, expected to end",
		 (long long)at);
	assert_non_null(strstr(trace_info(trace)->damage, said));
	trace_close(trace);
}

static void test_closed_early(void **state)
{
	struct trace_item item;
	struct trace *trace;

	(void)state;
	write_large(0, false);
	trace = open_trace(path);
	assert_int_equal(trace_next(trace, &item, NULL), 1);
	trace_close(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),	cmocka_unit_test(test_stop),
		cmocka_unit_test(test_error),	cmocka_unit_test(test_traces),
		cmocka_unit_test(test_cut),	cmocka_unit_test(test_damage),
		cmocka_unit_test(test_shrinks), cmocka_unit_test(test_closed_early),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
