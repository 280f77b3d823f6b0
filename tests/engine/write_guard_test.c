// SPDX-License-Identifier: GPL-2.0-or-later
/* Who holds a device, and what it is made of, in a sysfs that this test makes: a disk
 * with a partition, and a device mapper's device. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/file_rules.h"
#include "probes/job_target.h"
#include "probes/write_guard.h"

/* Numbers that no device has. */
#define DISK	  makedev(4000, 0)
#define PARTITION makedev(4000, 1)
#define MAPPED	  makedev(4001, 0)

static char sysfs[] = "/tmp/fathom-guard-test.XXXXXX";

static void add_directory(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void add_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void add_link(const char *number, const char *device)
{
	char path[256], to[256];

	snprintf(path, sizeof(path), "%s/dev/block/%s", sysfs, number);
	snprintf(to, sizeof(to), "../../%s", device);
	assert_int_equal(symlink(to, path), 0);
}

static int make_sysfs(void **state)
{
	static const char *const directories[] = {
		"dev",		"dev/block", "disk",
		"disk/holders", "disk/part", "disk/part/holders",
		"dm-7",		"dm-7/dm",   "dm-7/holders"};

	(void)state;
	memcpy(sysfs + strlen(sysfs) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(sysfs));
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		add_directory(directories[i]);
	add_file("disk/dev", "4000:0\n");
	add_file("disk/part/dev", "4000:1\n");
	add_file("disk/part/partition", "1\n");
	add_file("dm-7/dev", "4001:0\n");
	add_link("4000:0", "disk");
	add_link("4000:1", "disk/part");
	add_link("4001:0", "dm-7");
	return 0;
}

static int remove_sysfs(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", sysfs);
	return system(command);
}

static int check(dev_t device, struct failure *f)
{
	struct file_rules rules = {0};
	int claim = -1, err;

	err = write_guard_check("/dev/x", device, sysfs, &rules, &claim, f);
	assert_int_equal(claim, -1);
	return err;
}

static void held(dev_t device, bool is)
{
	struct failure f = {{0}};

	if (!is) { /* the next question: has the user confirmed it? */
		assert_int_equal(check(device, &f), -EPERM);
		return;
	}
	assert_int_equal(check(device, &f), -EBUSY);
	assert_non_null(strstr(f.text, "/dev/x is held by dm-7"));
}

static void nobody_holds_it(void **state)
{
	(void)state;
	held(DISK, false);
	held(PARTITION, false);
	held(MAPPED, false);
}

static void a_holder_of_the_disk_holds_its_partition(void **state)
{
	(void)state;
	add_directory("disk/holders/dm-7");
	held(DISK, true);
	held(PARTITION, true);
	held(MAPPED, false);
}

static void a_holder_of_a_partition_holds_the_disk(void **state)
{
	(void)state;
	add_directory("disk/part/holders/dm-7");
	held(DISK, true);
	held(PARTITION, true);
	held(MAPPED, false);
}

static void a_mapped_device_is_known(void **state)
{
	struct job_target mapped = {.device = MAPPED}, disk = {.device = DISK};

	(void)state;
	job_target_look_at_device(&mapped, sysfs);
	job_target_look_at_device(&disk, sysfs);
	assert_true(mapped.device_mapper);
	assert_false(mapped.md || mapped.loop || disk.device_mapper);
	assert_string_equal(mapped.disk, "dm-7");
	assert_string_equal(disk.disk, "disk");
}

#define IN_SYSFS(test) cmocka_unit_test_setup_teardown(test, make_sysfs, remove_sysfs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SYSFS(nobody_holds_it),
		IN_SYSFS(a_holder_of_the_disk_holds_its_partition),
		IN_SYSFS(a_holder_of_a_partition_holds_the_disk),
		IN_SYSFS(a_mapped_device_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
