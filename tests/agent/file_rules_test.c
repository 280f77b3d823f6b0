// SPDX-License-Identifier: GPL-2.0-or-later
/* What an agent's jobs may open: nothing leads out of the roots, and no write slips by. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/file_rules.h"

static char scratch[] = "/var/tmp/fathom-rules-test.XXXXXX";
static struct file_roots roots;
static struct file_rules rules = {.roots = &roots};

static const char *path_of(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
	return path;
}

static void make(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/*
 *	inside/file  inside/deep/file  inside/within -> deep/file
 *	inside/out -> ../secret  inside/absolute -> SCRATCH/secret  inside/up -> ..
 *	secret  insider/file (its name begins like the root's)  single
 */
static int set_up(void **state)
{
	struct failure f;

	(void)state;
	memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(scratch));
	assert_int_equal(mkdir(path_of("inside"), 0700), 0);
	assert_int_equal(mkdir(path_of("inside/deep"), 0700), 0);
	assert_int_equal(mkdir(path_of("insider"), 0700), 0);
	make("inside/file", "file");
	make("inside/deep/file", "deep");
	make("insider/file", "secret");
	make("secret", "secret");
	make("single", "single");
	assert_int_equal(symlink("deep/file", path_of("inside/within")), 0);
	assert_int_equal(symlink("../secret", path_of("inside/out")), 0);
	assert_int_equal(symlink(path_of("secret"), path_of("inside/absolute")), 0);
	assert_int_equal(symlink("..", path_of("inside/up")), 0);
	assert_int_equal(file_roots_add(&roots, path_of("inside/"), &f), 0);
	assert_int_equal(file_roots_add(&roots, path_of("single"), &f), 0);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	file_roots_free(&roots);
	rules = (struct file_rules){.roots = &roots};
	snprintf(command, sizeof(command), "rm -r %s", scratch);
	return system(command);
}

/* What is read through the rules at @path; a negative errno as text if nothing is. */
static const char *read_at(const char *path)
{
	static char text[64];
	struct failure f = {{0}};
	int fd = file_open(&rules, path, O_RDONLY, 0, &f);
	ssize_t size;

	if (fd < 0) {
		assert_non_null(strstr(f.text, path));
		snprintf(text, sizeof(text), "%d", fd);
		return text;
	}
	size = read(fd, text, sizeof(text) - 1);
	assert_true(size >= 0);
	text[size] = 0;
	close(fd);
	return text;
}

static void refused(const char *path)
{
	assert_true(*read_at(path) == '-');
}

static void what_lies_below_is_opened(void **state)
{
	(void)state;
	assert_string_equal(read_at(path_of("inside/file")), "file");
	assert_string_equal(read_at(path_of("inside//deep/../file")), "file");
	assert_string_equal(read_at(path_of("inside/within")), "deep");
	assert_string_equal(read_at("deep/file"), "deep");
	assert_string_equal(read_at(path_of("single")), "single");
}

static void nothing_leads_out(void **state)
{
	(void)state;
	refused(path_of("secret"));
	refused(path_of("insider/file"));
	refused(path_of("inside/../secret"));
	refused(path_of("inside/deep/../../secret"));
	refused(path_of("inside/out"));
	refused(path_of("inside/absolute"));
	refused(path_of("inside/up/secret"));
	refused(path_of("inside"));
	refused(path_of("single/"));
	refused("../secret");
	refused("/etc/passwd");
	refused("");
}

/* A magic link leads to whatever a descriptor is open for. */
static void magic_links_are_not_followed(void **state)
{
	struct failure f;
	char path[64];
	int fd = open(path_of("secret"), O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(file_roots_add(&roots, "/proc", &f), 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	refused(path);
	close(fd);
}

static void the_root_stays_what_it_was(void **state)
{
	(void)state;
	assert_int_equal(rename(path_of("inside"), path_of("moved")), 0);
	assert_int_equal(rename(path_of("insider"), path_of("inside")), 0);
	assert_string_equal(read_at(path_of("inside/file")), "file");
	assert_int_equal(unlink(path_of("single")), 0);
	assert_int_equal(symlink(path_of("secret"), path_of("single")), 0);
	assert_string_equal(read_at(path_of("single")), "single");
}

static volatile bool swapping;

/* What an attacker with a shell beside the agent would do. */
static void *swap(void *unused)
{
	(void)unused;
	while (swapping) {
		unlink(path_of("inside/deep/file"));
		if (symlink(path_of("secret"), path_of("inside/deep/file")))
			break;
		unlink(path_of("inside/deep/file"));
		make("inside/deep/file", "deep");
	}
	return NULL;
}

static void nobody_is_quick_enough(void **state)
{
	static char path[256];
	pthread_t thread;
	unsigned opened = 0;

	(void)state;
	strcpy(path, path_of("inside/deep/file"));
	swapping = true;
	assert_int_equal(pthread_create(&thread, NULL, swap, NULL), 0);
	for (unsigned i = 0; i < 20000; i++) {
		int fd = file_open(&rules, path, O_RDONLY, 0, NULL);
		char text[8] = "";

		if (fd < 0)
			continue;
		opened++;
		assert_true(read(fd, text, sizeof(text)) >= 0);
		assert_true(!*text || strcmp(text, "deep") == 0);
		close(fd);
	}
	swapping = false;
	pthread_join(thread, NULL);
	assert_true(opened > 0);
}

static void read_only_means_read_only(void **state)
{
	static const int flags[] = {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC,
				    O_WRONLY | O_CREAT | O_EXCL, O_RDONLY | O_CREAT};
	struct failure f = {{0}};

	(void)state;
	rules.read_only = true;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		assert_int_equal(file_open(&rules, path_of("inside/file"), flags[i], 0600,
					   &f),
				 -EROFS);
		assert_non_null(strstr(f.text, "--allow-write"));
	}
	assert_string_equal(read_at(path_of("inside/file")), "file");
}

static void files_are_made_and_removed_below(void **state)
{
	int fd = file_open(&rules, path_of("inside/deep/new"),
			   O_WRONLY | O_CREAT | O_EXCL, 0600, NULL);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(access(path_of("inside/deep/new"), F_OK), 0);
	file_unlink(&rules, path_of("inside/up/secret"));
	file_unlink(&rules, path_of("secret"));
	assert_int_equal(access(path_of("secret"), F_OK), 0);
	file_unlink(&rules, path_of("inside/deep/new"));
	assert_int_equal(access(path_of("inside/deep/new"), F_OK), -1);
}

static void room_is_used_up(void **state)
{
	uint64_t room = 100;
	struct failure f = {{0}};

	(void)state;
	rules.room = &room;
	assert_int_equal(file_take_room(&rules, "a", 60, &f), 0);
	assert_int_equal(file_take_room(&rules, "b", 41, &f), -EFBIG);
	assert_non_null(strstr(f.text, "b would grow by 41 bytes"));
	assert_int_equal(file_take_room(&rules, "b", 40, &f), 0);
	assert_int_equal(file_take_room(&rules, "c", 1, &f), -EFBIG);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(what_lies_below_is_opened),
		IN_SCRATCH(nothing_leads_out),
		IN_SCRATCH(magic_links_are_not_followed),
		IN_SCRATCH(the_root_stays_what_it_was),
		IN_SCRATCH(nobody_is_quick_enough),
		IN_SCRATCH(read_only_means_read_only),
		IN_SCRATCH(files_are_made_and_removed_below),
		IN_SCRATCH(room_is_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
