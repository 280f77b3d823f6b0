// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bytes of a trace.
 *
 * Not mapped: a file that is cut while it is mapped, or a bad sector under it, kills
 * the reader with SIGBUS. What the copy costs, another thread pays (read_ahead.h).
 */
#include "trace/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failure.h"

int input_open(struct input *in, const char *path, struct failure *f)
{
	bool is_stdin = !strcmp(path, "-");
	struct stat status;
	int err;

	*in = (struct input){.end = UINT64_MAX};
	in->path = strdup(is_stdin ? "standard input" : path);
	in->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(path, O_RDONLY | O_CLOEXEC);
	if (!in->path || in->fd < 0 || fstat(in->fd, &status)) {
		err = in->path ? errno : ENOMEM;
		input_close(in);
		return fail(f, -err, "%s: %s", path, strerror(err));
	}
	if (S_ISDIR(status.st_mode)) {
		input_close(in);
		return fail(f, -EISDIR, "%s: a directory; a trace is one file here",
			    path);
	}
	in->is_file = S_ISREG(status.st_mode);
	in->size = in->is_file ? (uint64_t)status.st_size : 0;
	return 0;
}

int input_open_live(struct input *in, trace_source *source, void *user, struct failure *f)
{
	*in = (struct input){.fd = -1, .end = UINT64_MAX, .source = source, .user = user};
	in->path = strdup("live stream");
	return in->path ? 0 : fail(f, -ENOMEM, "no memory for a live stream");
}

void input_close(struct input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	free(in->path);
	*in = (struct input){.fd = -1};
}

static ssize_t read_descriptor(struct input *in, void *to, size_t size)
{
	ssize_t n;

	do {
		n = in->is_file ? pread(in->fd, to, size, (off_t)in->at)
				: read(in->fd, to, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t input_read(struct input *in, void *to, size_t size)
{
	ssize_t n;

	if (size > in->end - in->at)
		size = (size_t)(in->end - in->at);
	if (!size)
		return 0;
	n = in->source ? in->source(in->user, to, size) : read_descriptor(in, to, size);
	if (n > 0)
		in->at += (uint64_t)n;
	return n;
}

int input_read_at(const struct input *in, uint64_t offset, void *to, size_t size)
{
	struct input part = *in;
	uint8_t *at = to;

	if (offset > in->size || size > in->size - offset)
		return -ENODATA;
	part.at = offset;
	part.end = offset + size;
	while (size) {
		ssize_t n = input_read(&part, at, size);

		if (n <= 0)
			return n ? (int)n : -ENODATA;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int input_load(const struct input *in, uint64_t offset, uint64_t size, size_t most,
	       void **to)
{
	int err;

	if (offset > in->size || size > in->size - offset)
		return -ENODATA;
	if (size > most)
		return -E2BIG;
	*to = malloc((size_t)size + 1);
	if (!*to)
		return -ENOMEM;
	err = input_read_at(in, offset, *to, (size_t)size);
	if (err) {
		free(*to);
		*to = NULL;
	}
	return err;
}
