// SPDX-License-Identifier: GPL-2.0-or-later
/* The file or device of a job: what is opened is what was looked at. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/engine.h"
#include "probes/file_rules.h"
#include "probes/job.h"
#include "probes/job_target.h"

enum { FILE_SIZE = 1 << 20, BLOCK = 4096 };

static char directory[] = "/var/tmp/fathom-target-test.XXXXXX";

static const struct file_rules rules; /* everything may be opened */

static const char *path_of(const char *name)
{
	static char paths[16][128];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void make_file(const char *name)
{
	static char data[FILE_SIZE];
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	memset(data, 'x', sizeof(data));
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

static void point(const char *link, const char *to)
{
	unlink(link);
	assert_int_equal(symlink(to, link), 0);
}

static struct job job_on(const char *path, enum job_pattern pattern)
{
	return (struct job){
		.name = (char *)"x",
		.filename = (char *)path,
		.engine = &engine_psync,
		.pattern = pattern,
		.block_size = BLOCK,
		.depth = 1,
		.numjobs = 1,
		.size = 16 * BLOCK,
	};
}

static int prepare(struct job_target *t, struct job *job, struct failure *f)
{
	struct job_file file = {.jobs = job, .count = 1};

	return job_target_prepare(t, job, &file, &rules, f);
}

/* @t was prepared; the path leads to @now when the worker opens it. */
static void opening_is_refused(const struct job_target *t, struct job *job,
			       const char *now)
{
	struct failure f = {{0}};
	struct extent extent;

	point(t->path, now);
	assert_int_equal(job_target_open(t, job, 0, &extent, &f), -ESTALE);
	assert_non_null(strstr(f.text, "no longer what it was"));
	if (extent.fd >= 0)
		close(extent.fd);
}

static void a_link_that_moves_is_not_followed(void **state)
{
	struct job job = job_on(path_of("link"), JOB_WRITE);
	struct failure f = {{0}};
	struct job_target t;
	struct extent extent;

	(void)state;
	make_file("a");
	make_file("b");
	point(job.filename, path_of("a"));
	assert_int_equal(prepare(&t, &job, &f), 0);
	assert_int_equal(job_target_open(&t, &job, 0, &extent, &f), 0);
	close(extent.fd);
	opening_is_refused(&t, &job, path_of("b"));
	opening_is_refused(&t, &job, "/dev/null");
	point(job.filename, path_of("a"));
	assert_int_equal(job_target_open(&t, &job, 0, &extent, &f), 0);
	close(extent.fd);
	job_target_release(&t);
}

/* Loop devices that nobody set up: opened, never written. */
static void a_link_from_one_device_to_another_is_not_followed(void **state)
{
	struct job job = job_on(path_of("link"), JOB_WRITE);
	struct job_target t = {
		.path = job.filename,
		.rules = &rules,
		.is_device = true,
		.size = FILE_SIZE,
		.device = makedev(7, 4000), /* no loop device has that number */
		.claim = -1,
	};
	int fd = open("/dev/loop0", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0) {
		print_message("SKIP: /dev/loop0: %s\n", strerror(errno));
		return;
	}
	close(fd);
	opening_is_refused(&t, &job, "/dev/loop0");
	t.is_device = false; /* a file when it was looked at */
	opening_is_refused(&t, &job, "/dev/loop0");
}

static size_t pages_in_cache(const char *path)
{
	unsigned char pages[FILE_SIZE / BLOCK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	size_t count = 0;

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mincore(map, FILE_SIZE, pages), 0);
	for (size_t i = 0; i < sizeof(pages); i++)
		count += pages[i] & 1;
	munmap(map, FILE_SIZE);
	close(fd);
	return count;
}

static void a_buffered_job_begins_with_a_cold_cache(void **state)
{
	struct job job = job_on(path_of("cold"), JOB_RANDREAD);
	struct failure f = {{0}};
	struct job_target t;
	struct extent extent;

	(void)state;
	make_file("cold");
	assert_int_equal(prepare(&t, &job, &f), 0);
	if (t.in_memory) {
		print_message("SKIP: %s is in memory, nothing can leave its cache\n",
			      directory);
		return;
	}
	assert_int_equal(pages_in_cache(t.path), FILE_SIZE / BLOCK);
	assert_int_equal(job_target_open(&t, &job, 0, &extent, &f), 0);
	assert_int_equal(pages_in_cache(t.path), 0);
	close(extent.fd);
	job_target_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_moves_is_not_followed),
		cmocka_unit_test(a_link_from_one_device_to_another_is_not_followed),
		cmocka_unit_test(a_buffered_job_begins_with_a_cold_cache),
	};
	static const char *const names[] = {"a", "b", "link", "cold"};
	int failed;

	if (!mkdtemp(directory))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(path_of(names[i]));
	rmdir(directory);
	return failed;
}
