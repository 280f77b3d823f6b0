// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a run may do with files.
 *
 * A check of a name proves nothing about the file that is opened later by that name, so
 * there is no check: a root is a descriptor, and openat2(2) resolves what follows below it
 * and refuses to leave. A root that is a single file is opened through its descriptor.
 */
#include "probes/file_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/failure.h"
#include "core/stop.h"

/* Roots */

/* Absolute, as the operator wrote it: jobs name files the same way. */
static char *absolute(const char *path)
{
	size_t length = strlen(path);

	if (*path != '/')
		return realpath(path, NULL);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return strndup(path, length);
}

int file_roots_add(struct file_roots *roots, const char *path, struct failure *f)
{
	struct file_root *items =
		reallocarray(roots->items, roots->count + 1, sizeof(*items));
	struct file_root *root;
	struct stat st;

	if (!items)
		return fail(f, -ENOMEM, "out of memory");
	roots->items = items;
	root = &items[roots->count++];
	*root = (struct file_root){.fd = open(path, O_PATH | O_CLOEXEC)};
	root->path = absolute(path);
	if (root->fd < 0 || fstat(root->fd, &st) || !root->path)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	root->is_directory = S_ISDIR(st.st_mode);
	if (!root->is_directory && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return fail(f, -EINVAL, "%s is no directory, file or block device", path);
	return 0;
}

void file_roots_free(struct file_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++) {
		if (roots->items[i].fd >= 0)
			close(roots->items[i].fd);
		free(roots->items[i].path);
	}
	free(roots->items);
	*roots = (struct file_roots){0};
}

/* What of @path lies below the directory @root; NULL if it is elsewhere. */
static const char *below(const struct file_root *root, const char *path)
{
	size_t length = strlen(root->path);

	if (*path != '/')
		return path;
	length -= length == 1; /* "/" ends with a slash, and is the only one */
	if (strncmp(path, root->path, length) || path[length] != '/')
		return NULL;
	path += length;
	return path + strspn(path, "/");
}

/* The root of @path, and what lies below it: "" if it is a single file. */
static const struct file_root *find_root(const struct file_roots *roots, const char *path,
					 const char **rest)
{
	for (size_t i = 0; i < roots->count; i++) {
		const struct file_root *root = &roots->items[i];

		if (root->is_directory)
			*rest = below(root, path);
		else
			*rest = strcmp(path, root->path) == 0 ? "" : NULL;
		if (*rest && root->is_directory == (**rest != 0))
			return root;
	}
	return NULL;
}

/* Opening */

static int open_below(const struct file_root *root, const char *rest, int flags,
		      mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags,
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do /* another CPU renames something at the same time */
		fd = syscall(SYS_openat2, root->fd, rest, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	return fd < 0 ? -errno : (int)fd;
}

static int open_root(const struct file_root *root, int flags)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", root->fd);
	fd = open(path, flags);
	return fd < 0 ? -errno : fd;
}

static int explain(const char *path, int err, struct failure *f)
{
	if (err == -EXDEV)
		return fail(f, err, "%s leads out of what --allow-path allows", path);
	if (err == -ENOSYS)
		return fail(f, err, "%s: --allow-path needs Linux 5.6", path);
	return fail(f, err, "%s: %s", path, strerror(-err));
}

static bool would_write(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
}

int file_open(const struct file_rules *rules, const char *path, int flags, mode_t mode,
	      struct failure *f)
{
	const struct file_root *root = NULL;
	const char *rest;
	int fd;

	flags |= O_CLOEXEC;
	if (rules->read_only && would_write(flags))
		return fail(f, -EROFS, "%s: writing needs the agent's --allow-write", path);
	if (rules->roots && !(root = find_root(rules->roots, path, &rest)))
		return fail(f, -EACCES, "%s is not what --allow-path allows", path);
	if (root)
		fd = root->is_directory ? open_below(root, rest, flags, mode)
					: open_root(root, flags);
	else if ((fd = open(path, flags, mode)) < 0)
		fd = -errno;
	return fd < 0 ? explain(path, fd, f) : fd;
}

static void unlink_below(const struct file_root *root, const char *rest)
{
	const char *slash = strrchr(rest, '/');
	char *parent = slash ? strndup(rest, (size_t)(slash - rest)) : strdup(".");
	int fd = parent ? open_below(root, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
			: -ENOMEM;

	if (fd >= 0) {
		unlinkat(fd, slash ? slash + 1 : rest, 0);
		close(fd);
	}
	free(parent);
}

void file_unlink(const struct file_rules *rules, const char *path)
{
	const struct file_root *root;
	const char *rest;

	if (!rules->roots)
		unlink(path);
	else if ((root = find_root(rules->roots, path, &rest)) && root->is_directory)
		unlink_below(root, rest);
}

/* The rest */

int file_take_room(const struct file_rules *rules, const char *path, uint64_t bytes,
		   struct failure *f)
{
	if (!rules->room)
		return 0;
	if (bytes > *rules->room)
		return fail(f, -EFBIG,
			    "%s would grow by %llu bytes, and the agent's --max-size "
			    "leaves %llu",
			    path, (unsigned long long)bytes,
			    (unsigned long long)*rules->room);
	*rules->room -= bytes;
	return 0;
}

bool file_work_stopped(const struct file_rules *rules)
{
	return stop_requested() ||
	       (rules->stop && __atomic_load_n(rules->stop, __ATOMIC_RELAXED));
}
