// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * May a block device be written?
 *
 * The kernel's own answer is an exclusive open: everything that uses a device (a
 * mounted file system, swap, dm, md, bcache) holds it exclusively. It cannot say who,
 * so mounts, swaps and holders are looked up first, for the device, its partitions
 * and the disk it is a partition of. The claim is kept open during the run.
 */
#include "probes/write_guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/failure.h"
#include "core/options.h"
#include "probes/file_rules.h"

enum { RELATED_MAX = 256 };

/* The device and those that share bytes with it. */
struct related {
	dev_t devices[RELATED_MAX];
	size_t count;
};

static bool is_related(const struct related *r, dev_t device)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->devices[i] == device)
			return true;
	return false;
}

static void add_from_sysfs(struct related *r, const char *directory)
{
	char path[768];
	unsigned high, low;
	FILE *file;

	snprintf(path, sizeof(path), "%s/dev", directory);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fscanf(file, "%u:%u", &high, &low) == 2 && r->count < RELATED_MAX)
		r->devices[r->count++] = makedev(high, low);
	fclose(file);
}

static void find_related(struct related *r, dev_t device, const char *sysfs)
{
	char base[256], path[640];
	struct dirent *entry;
	DIR *directory;

	*r = (struct related){.devices = {device}, .count = 1};
	snprintf(base, sizeof(base), "%s/dev/block/%u:%u", sysfs, major(device),
		 minor(device));
	snprintf(path, sizeof(path), "%s/partition", base);
	if (access(path, F_OK) == 0) {
		snprintf(path, sizeof(path), "%s/..", base);
		add_from_sysfs(r, path);
	}
	directory = opendir(base);
	while (directory && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "%s/%s/partition", base, entry->d_name);
		if (access(path, F_OK))
			continue;
		snprintf(path, sizeof(path), "%s/%s", base, entry->d_name);
		add_from_sysfs(r, path);
	}
	if (directory)
		closedir(directory);
}

static bool path_is_related(const struct related *r, const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISBLK(st.st_mode) && is_related(r, st.st_rdev);
}

/* mountinfo: "36 35 98:0 /root /mount/point options… - type source options". The
 * numbers fail for btrfs, which has devices of its own; the source does not. */
static int check_mounts(const struct related *r, const char *path, struct failure *f)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!mounts)
		return fail(f, -errno, "/proc/self/mountinfo: %s", strerror(errno));
	while (!err && getline(&line, &room, mounts) > 0) {
		char point[256] = "", source[256] = "";
		const char *rest = strstr(line, " - ");
		unsigned high, low;

		if (sscanf(line, "%*d %*d %u:%u %*s %255s", &high, &low, point) != 3)
			continue;
		if (rest)
			sscanf(rest, " - %*s %255s", source);
		if (is_related(r, makedev(high, low)) || path_is_related(r, source))
			err = fail(
				f, -EBUSY,
				"%s is mounted on %s; writing to it would destroy that "
				"file system (unmount it first)",
				path, point);
	}
	free(line);
	fclose(mounts);
	return err;
}

static int check_swaps(const struct related *r, const char *path, struct failure *f)
{
	FILE *swaps = fopen("/proc/swaps", "re");
	char *line = NULL, name[256];
	size_t room = 0;
	int err = 0;

	while (swaps && !err && getline(&line, &room, swaps) > 0)
		if (sscanf(line, "%255s", name) == 1 && path_is_related(r, name))
			err = fail(f, -EBUSY, "%s is used as swap (swapoff %s first)",
				   path, name);
	free(line);
	if (swaps)
		fclose(swaps);
	return err;
}

static int check_holders_of(dev_t device, const char *path, const char *sysfs,
			    struct failure *f)
{
	char name[256];
	struct dirent *entry;
	DIR *holders;
	int err = 0;

	snprintf(name, sizeof(name), "%s/dev/block/%u:%u/holders", sysfs, major(device),
		 minor(device));
	holders = opendir(name);
	while (holders && !err && (entry = readdir(holders)))
		if (entry->d_name[0] != '.')
			err = fail(f, -EBUSY,
				   "%s is held by %s (device mapper, md or the like)",
				   path, entry->d_name);
	if (holders)
		closedir(holders);
	return err;
}

static int check_holders(const struct related *r, const char *path, const char *sysfs,
			 struct failure *f)
{
	int err = 0;

	for (size_t i = 0; i < r->count && !err; i++)
		err = check_holders_of(r->devices[i], path, sysfs, f);
	return err;
}

static int check_allowed(const char *path, dev_t device,
			 const struct string_list *allowed, struct failure *f)
{
	struct stat st;

	for (size_t i = 0; allowed && i < allowed->count; i++)
		if (!stat(allowed->items[i], &st) && S_ISBLK(st.st_mode) &&
		    st.st_rdev == device)
			return 0;
	return fail(f, -EPERM,
		    "%s is a block device and the job writes: all its data would be "
		    "lost; confirm with --allow-write=%s",
		    path, path);
}

static int claim_device(const char *path, dev_t device, const struct file_rules *rules,
			int *claim, struct failure *f)
{
	int fd = file_open(rules, path, O_RDONLY | O_EXCL, 0, f);
	struct stat st;

	if (fd == -EBUSY)
		return fail(f, -EBUSY, "%s is in use by the kernel", path);
	if (fd < 0)
		return fd;
	*claim = fd;
	if (fstat(fd, &st) || !S_ISBLK(st.st_mode) || st.st_rdev != device)
		return fail(f, -ESTALE, "%s is another device by now", path);
	return 0;
}

int write_guard_check(const char *path, dev_t device, const char *sysfs,
		      const struct file_rules *rules, int *claim, struct failure *f)
{
	struct related related;
	int err;

	find_related(&related, device, sysfs);
	err = check_mounts(&related, path, f);
	if (!err)
		err = check_swaps(&related, path, f);
	if (!err)
		err = check_holders(&related, path, sysfs, f);
	if (!err)
		err = check_allowed(path, device, rules->devices, f);
	return err ? err : claim_device(path, device, rules, claim, f);
}
