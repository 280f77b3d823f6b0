// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traces cut anywhere and with any byte changed: what is whole is read, the rest is
 * said, nothing crashes. Meant to run under the sanitizers; see tests/fuzz too.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "core/failure.h"
#include "maker.h"
#include "trace/perf_file.h"
#include "trace/reader.h"

/* libtraceevent forgets a few bytes when it gives up on a format. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libtraceevent.so";
}

enum { EVENTS = 400, CUT_STEP = 97, FLIPS = 4000, FORMS = 4 };

struct bytes_of_file {
	uint8_t *data;
	size_t size;
};

/* A file and a stream, each plain and compressed. */
static struct bytes_of_file forms[FORMS];

static void write_trace(const char *path, int level)
{
	struct maker maker = {.cpus = 2};
	uint8_t buffer[MAKER_RECORD_MAX];
	struct trace_writer *writer;
	struct failure f;
	size_t size;

	maker_add(&maker, "a", "u64 n;str text;u8(0=zero,1=one) word");
	maker_add(&maker, "b", "s32 x;f64 y");
	writer = maker_open(&maker, path, level, &f);
	assert_non_null(writer);
	size = maker_comm(&maker, buffer, 1000, "name", 1);
	assert_int_equal(writer_data(writer, buffer, size, &f), 0);
	for (unsigned i = 0; i < EVENTS; i++) {
		struct maker_hit hit = {.event = i % 2,
					.cpu = i / 10 % 2,
					.tid = 1000,
					.time_ns = 100 + i,
					.values = {i, (uintptr_t) "hello"}};

		size = maker_sample(&maker, buffer, &hit);
		if (i % 50 == 7)
			size += maker_lost(&maker, buffer + size, 0, 3, -1, 100 + i);
		assert_int_equal(writer_data(writer, buffer, size, &f), 0);
		if (i % 20 == 19)
			assert_int_equal(writer_round(writer, &f), 0);
	}
	assert_int_equal(writer_close(writer, &f), 0);
	maker_release(&maker);
}

static struct bytes_of_file load(int fd)
{
	struct bytes_of_file file = {.data = malloc(1 << 20)};
	ssize_t n;

	while ((n = read(fd, file.data + file.size, (1 << 20) - file.size)) > 0)
		file.size += (size_t)n;
	return file;
}

static struct bytes_of_file make_file(int level)
{
	char path[] = "/tmp/fathom-damage-XXXXXX", old[sizeof(path) + 4];
	struct bytes_of_file file;
	int fd = mkstemp(path);

	write_trace(path, level);
	file = load(fd);
	close(fd);
	unlink(path);
	snprintf(old, sizeof(old), "%s.old", path);
	unlink(old);
	return file;
}

static struct bytes_of_file make_stream(int level)
{
	struct bytes_of_file file;
	char path[32];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
	write_trace(path, level);
	close(ends[1]);
	file = load(ends[0]);
	close(ends[0]);
	return file;
}

static int make_forms(void **state)
{
	(void)state;
	forms[0] = make_file(0);
	forms[1] = make_file(1);
	forms[2] = make_stream(0);
	forms[3] = make_stream(1);
	return 0;
}

static int free_forms(void **state)
{
	(void)state;
	for (int i = 0; i < FORMS; i++)
		free(forms[i].data);
	return 0;
}

/* Touches every field of every item, as an analysis would. */
static uint64_t touch(const struct event *e)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < e->type->nr_fields; i++) {
		const struct event_field *field = &e->type->fields[i];
		size_t length = 0;
		const char *text = event_string(e, field, &length);

		if (field->text == TEXT_NONE)
			sum += (uint64_t)event_integer(e, field);
		for (size_t at = 0; at < length; at++)
			sum += (uint8_t)text[at];
	}
	return sum;
}

struct reading {
	int opened;
	unsigned events, bad;
	bool incomplete;
	char damage[256];
	volatile uint64_t sum;
};

static struct reading read_bytes(const uint8_t *data, size_t size)
{
	struct reading r = {0};
	struct trace_item item;
	struct trace *trace;
	struct failure f = {""};
	uint64_t last = 0;
	char path[32];
	int fd = memfd_create("trace", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, size), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r.opened = trace_open(&trace, path, &f);
	if (r.opened) {
		assert_true(*f.text);
		close(fd);
		return r;
	}
	while (trace_next(trace, &item, &f) == 1) {
		if (item.kind == TRACE_LOSS)
			continue;
		assert_true(!item.event.time_ns || item.event.time_ns >= last);
		last = item.event.time_ns;
		r.bad += item.event.time_ns != 100 + r.events;
		r.sum += touch(&item.event) +
			 strlen(trace_comm(trace, item.event.pid, item.event.tid));
		r.events++;
	}
	r.incomplete = trace_info(trace)->incomplete;
	snprintf(r.damage, sizeof(r.damage), "%s", trace_info(trace)->damage);
	assert_true(r.incomplete == !!*trace_info(trace)->damage);
	trace_close(trace);
	close(fd);
	return r;
}

/* Of a trace that was cut, a longer piece never gives less, and what it gives is right.
 */
static void test_cut(void **state)
{
	(void)state;
	for (int form = 0; form < FORMS; form++) {
		struct bytes_of_file *file = &forms[form];
		struct reading whole = read_bytes(file->data, file->size);
		unsigned before = 0;

		assert_int_equal(whole.opened, 0);
		assert_int_equal(whole.events, EVENTS);
		assert_int_equal(whole.bad, 0);
		assert_false(whole.incomplete);
		for (size_t size = 0; size < file->size; size += CUT_STEP) {
			struct reading r = read_bytes(file->data, size);

			if (r.opened)
				continue;
			assert_true(r.events >= before);
			assert_int_equal(r.bad, 0);
			assert_true(r.incomplete || form >= 2 || r.events == EVENTS);
			before = r.events;
		}
		if (form == 0)
			assert_true(before > EVENTS * 9 / 10);
	}
}

static void test_every_byte_once(void **state)
{
	(void)state;
	for (int form = 0; form < FORMS; form++) {
		struct bytes_of_file *file = &forms[form];
		size_t step = file->size / FLIPS + 1;

		for (size_t at = 0; at < file->size; at += step) {
			file->data[at] ^= 0xff;
			read_bytes(file->data, file->size);
			file->data[at] ^= 0xff;
		}
	}
}

/* A stream without its rounds, behind it a compressed record with @inner in it. */
static struct reading read_packed(const void *inner, size_t size)
{
	const struct bytes_of_file *stream = &forms[2];
	struct perf_event_header header = {.type = PERF_RECORD_USER_COMPRESSED};
	uint8_t *data = malloc(stream->size + sizeof(header) + ZSTD_COMPRESSBOUND(1000));
	uint8_t *packed = data + stream->size + sizeof(header);
	struct reading r;

	memcpy(data, stream->data, stream->size);
	header.size = (uint16_t)(sizeof(header) + ZSTD_compress(packed,
								ZSTD_COMPRESSBOUND(1000),
								inner, size, 1));
	memcpy(data + stream->size, &header, sizeof(header));
	r = read_bytes(data, stream->size + header.size);
	free(data);
	return r;
}

/* Compressed records hold no compressed ones: no memory would do for such a nest. */
static void test_compressed_in_compressed(void **state)
{
	struct perf_event_header round = {.type = PERF_RECORD_USER_FINISHED_ROUND,
					  .size = 8};
	struct {
		struct perf_event_header header;
		uint8_t packed[100];
	} nest = {.header.type = PERF_RECORD_USER_COMPRESSED};
	struct reading r;

	(void)state;
	nest.header.size = (uint16_t)(sizeof(nest.header) +
				      ZSTD_compress(nest.packed, sizeof(nest.packed),
						    &round, sizeof(round), 1));
	r = read_packed(&round, sizeof(round));
	assert_int_equal(r.events, EVENTS);
	assert_false(r.incomplete);
	r = read_packed(&nest, nest.header.size);
	assert_int_equal(r.events, EVENTS);
	assert_true(r.incomplete);
	assert_non_null(strstr(r.damage, "compressed records inside compressed ones"));
}

static void test_random_bytes(void **state)
{
	uint64_t seed = 88172645463325252;

	(void)state;
	for (int i = 0; i < FLIPS; i++) {
		struct bytes_of_file *file = &forms[i % FORMS];
		uint8_t *copy = malloc(file->size);

		memcpy(copy, file->data, file->size);
		for (int j = 0; j < 1 + i % 5; j++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			copy[seed % file->size] = (uint8_t)(seed >> 40);
		}
		read_bytes(copy, file->size);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_every_byte_once),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_compressed_in_compressed),
	};

	return cmocka_run_group_tests(tests, make_forms, free_forms);
}
