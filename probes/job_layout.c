// SPDX-License-Identifier: GPL-2.0-or-later
/* Lays out the file of a job, as fio does, when there is none or it is empty. */
#include "probes/job_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failure.h"
#include "core/text.h"
#include "core/write_all.h"
#include "probes/engine.h"
#include "probes/file_rules.h"
#include "probes/job.h"
#include "probes/random.h"

enum { LAYOUT_CHUNK = 1 << 20 };

static int fill(int fd, uint64_t size, const char *path, const struct file_rules *rules,
		struct failure *f)
{
	uint64_t *chunk = malloc(LAYOUT_CHUNK), seed = 1, done = 0;
	int err = chunk ? 0 : -ENOMEM;

	for (size_t i = 0; chunk && i < LAYOUT_CHUNK / sizeof(*chunk); i++)
		chunk[i] = random_mix(&seed);
	while (!err && done < size) {
		uint64_t part = size - done < LAYOUT_CHUNK ? size - done : LAYOUT_CHUNK;

		progress("laying out %s: %llu of %llu MiB", path,
			 (unsigned long long)done >> 20, (unsigned long long)size >> 20);
		chunk[0] = done;
		err = file_work_stopped(rules) ? -EINTR : write_all(fd, chunk, part);
		done += part;
	}
	progress_end();
	free(chunk);
	if (!err && fsync(fd))
		err = -errno;
	return err ? fail(f, err, "%s: laying out %llu bytes: %s", path,
			  (unsigned long long)size, strerror(-err))
		   : 0;
}

/* What all jobs of a file want of the one that @path names. */
struct layout {
	uint64_t size;
	bool filled; /* it is read: holes will not do */
};

static struct layout layout_of(const struct job_file *file, const char *path)
{
	struct layout layout = {0};

	for (size_t i = 0; i < file->count; i++) {
		const struct job *job = &file->jobs[i];

		if (!job->engine->needs_file || strcmp(job->filename, path))
			continue;
		layout.filled |= job_reads(job);
		if (job->size && job_wanted_size(job) > layout.size)
			layout.size = job_wanted_size(job);
	}
	return layout;
}

static bool has_nothing_to_lose(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && !st.st_size;
}

static int lay_out(const struct layout *layout, const char *path, int create,
		   const struct file_rules *rules, struct failure *f)
{
	int fd, err;

	if (!layout->size)
		return fail(f, -ENOENT, "%s %s; give size= and it will be laid out", path,
			    create ? "does not exist" : "is empty");
	fd = file_open(rules, path, O_WRONLY | create, 0600, f);
	if (fd < 0)
		return fail_in(f, fd, "cannot lay out");
	if (!has_nothing_to_lose(fd)) { /* a link that was moved meanwhile */
		close(fd);
		return fail(f, -ESTALE, "%s is no longer an empty file", path);
	}
	err = file_take_room(rules, path, layout->size, f);
	if (!err && layout->filled)
		err = fill(fd, layout->size, path, rules, f);
	if (!err && !layout->filled && ftruncate(fd, (off_t)layout->size))
		err = fail(f, -errno, "%s: cannot set its size: %s", path,
			   strerror(errno));
	close(fd);
	if (err && create)
		file_unlink(rules, path);
	return err;
}

/* What cannot be looked at is no empty file: opening it for the job will say why. */
int lay_out_if_empty(const struct job *job, const struct job_file *file,
		     const struct file_rules *rules, struct failure *f)
{
	struct layout layout = layout_of(file, job->filename);
	int fd = file_open(rules, job->filename, O_PATH, 0, NULL);
	bool empty;

	if (fd == -ENOENT)
		return lay_out(&layout, job->filename, O_CREAT | O_EXCL, rules, f);
	if (fd < 0)
		return 0;
	empty = has_nothing_to_lose(fd);
	close(fd);
	return empty ? lay_out(&layout, job->filename, 0, rules, f) : 0;
}
