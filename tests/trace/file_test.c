// SPDX-License-Identifier: GPL-2.0-or-later
/* The file of a trace: a full disk, a recorder that was killed, old files, refusals. */
#include "unit.h"
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failure.h"
#include "maker.h"
#include "trace/reader.h"

static char path[] = "/tmp/fathom-file-XXXXXX";

static void test_keeps_old(void **state)
{
	char old[sizeof(path) + 4];
	struct stat status;

	(void)state;
	end(begin(path, 0, false), 0);
	end(begin(path, 0, false), 0);
	snprintf(old, sizeof(old), "%s.old", path);
	assert_int_equal(stat(old, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	unlink(old);
}

static uint64_t count_events(const char *from, bool *incomplete)
{
	struct trace *trace = open_trace(from);
	struct trace_item item;
	uint64_t count = 0;

	while (trace_next(trace, &item, NULL) == 1)
		if (item.kind == TRACE_EVENT)
			assert_int_equal(value(&item.event, "n"), count++);
	*incomplete = trace_info(trace)->incomplete;
	trace_close(trace);
	return count;
}

/* A file that may not grow: the writer says so every time, and what is there is whole. */
static void full_disk(int level, rlim_t most)
{
	struct writing *w = begin(path, level, false);
	struct rlimit limit, old;
	struct failure f = {""};
	struct stat status;
	bool incomplete;
	uint64_t n = 0, count;
	int err = 0;

	end(w, 0);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){most, old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &limit);
	w = begin(path, level, false);
	while (!err && n < 1000000) {
		for (unsigned i = 0; i < 37; i++, n++)
			hit_a(w, 0, n, n, "some text");
		err = writer_data(w->writer, w->buffer, w->size, &f);
		w->size = 0;
		if (!err)
			err = writer_round(w->writer, &f);
	}
	assert_int_equal(err, -EFBIG);
	assert_non_null(strstr(f.text, path));
	assert_int_equal(writer_data(w->writer, w->buffer, 8, NULL), -EFBIG);
	assert_int_equal(writer_round(w->writer, NULL), -EFBIG);
	assert_int_equal(writer_close(w->writer, &f), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	maker_release(&w->maker);
	free(w);
	assert_int_equal(stat(path, &status), 0);
	assert_true((rlim_t)status.st_size <= most);
	count = count_events(path, &incomplete);
	assert_true(incomplete);
	if (!level)
		assert_in_range(count, ((size_t)most - 5000) / 96, n);
}

/* Wherever it ends: in a record, between two, before the table has room. */
static void test_full_disk(void **state)
{
	(void)state;
	for (rlim_t most = 12000; most < 16000; most += 56)
		full_disk(0, most);
	full_disk(1, 12345);
}

/* The file of a recorder that was killed: all is read, and it is said. */
static void test_killed(void **state)
{
	struct writing *w = begin(path, 0, false);
	bool incomplete;

	(void)state;
	for (uint64_t n = 0; n < 100; n++)
		hit_a(w, 0, n, n, "");
	drain(w);
	assert_int_equal(count_events(path, &incomplete), 100);
	assert_true(incomplete);
	end(w, 0);
	assert_int_equal(count_events(path, &incomplete), 100);
	assert_false(incomplete);
}

static void refuse(const void *bytes, size_t size, const char *reason)
{
	struct trace *trace;
	struct failure f = {""};
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	assert_int_equal(trace_open(&trace, path, &f), -EINVAL);
	assert_non_null(strstr(f.text, reason));
}

static void test_refusals(void **state)
{
	struct trace *trace;

	(void)state;
	refuse("", 0, "offset 0: expected the header");
	refuse("PERFILE2", 8, "offset 8: expected the header");
	refuse("2ELIFREP\0\0\0\0\0\0\0\x68", 16, "byte order");
	refuse("PERFFILE\x68\0\0\0\0\0\0\0", 16, "older than");
	refuse("something else..", 16, "expected PERFILE2");
	refuse("PERFILE2\x69\0\0\0\0\0\0\0", 16, "104 or 16");
	assert_int_equal(trace_open(&trace, "/", NULL), -EISDIR);
	assert_int_equal(trace_open(&trace, "/no/such/file", NULL), -ENOENT);
}

static int remove_file(void **state)
{
	(void)state;
	return remove_trace(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_old),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_refusals),
	};

	close(mkstemp(path));
	return cmocka_run_group_tests(tests, NULL, remove_file);
}
