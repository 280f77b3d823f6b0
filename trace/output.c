// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a trace goes. */
#include "trace/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failure.h"

enum { MODE = 0600 };

static int keep_old(const char *path, struct failure *f)
{
	char old[PATH_MAX];
	struct stat status;

	if (stat(path, &status) || !S_ISREG(status.st_mode) || !status.st_size)
		return 0;
	if ((size_t)snprintf(old, sizeof(old), "%s.old", path) >= sizeof(old))
		return fail(f, -ENAMETOOLONG, "%s: the name is too long", path);
	if (rename(path, old))
		return fail(f, -errno, "%s: cannot become %s.old: %s", path, path,
			    strerror(errno));
	return 0;
}

int output_open(struct output *out, const char *path, struct failure *f)
{
	bool is_stdout = !strcmp(path, "-");
	struct rlimit limit;
	struct stat status;
	int err = 0;

	*out = (struct output){.fd = -1, .limit = UINT64_MAX};
	out->path = strdup(is_stdout ? "standard output" : path);
	if (!out->path)
		return fail(f, -ENOMEM, "no memory for a trace");
	if (!is_stdout)
		err = keep_old(path, f);
	if (err)
		return err;
	out->fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
			    : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
	if (out->fd < 0 || fstat(out->fd, &status))
		return fail(f, -errno, "%s: %s", out->path, strerror(errno));
	out->is_stream = is_stdout || !S_ISREG(status.st_mode);
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY)
		out->limit = limit.rlim_cur;
	return 0;
}

int output_close(struct output *out)
{
	int err = 0;

	if (out->fd >= 0 && close(out->fd))
		err = -errno;
	free(out->path);
	*out = (struct output){.fd = -1};
	return err;
}

void output_discard(struct output *out)
{
	if (out->fd >= 0 && !out->is_stream)
		unlink(out->path);
}

/* Going beyond RLIMIT_FSIZE would raise SIGXFSZ. */
int output_write(struct output *out, const void *data, size_t size)
{
	uint64_t room = out->is_stream ? UINT64_MAX : out->limit - out->at;
	size_t left = size < room ? size : (size_t)room;
	const uint8_t *from = data;

	while (left) {
		ssize_t n = write(out->fd, from, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		from += n;
		left -= (size_t)n;
		out->at += (uint64_t)n;
	}
	return size > room ? -EFBIG : 0;
}

int output_write_at(struct output *out, const void *data, size_t size, uint64_t at)
{
	ssize_t n = pwrite(out->fd, data, size, (off_t)at);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -ENOSPC;
}

int output_cut(struct output *out, uint64_t size)
{
	if (ftruncate(out->fd, (off_t)size))
		return -errno;
	out->at = size;
	return 0;
}
