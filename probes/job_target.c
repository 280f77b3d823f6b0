// SPDX-License-Identifier: GPL-2.0-or-later
/* The file or device that a job works on. */
#include "probes/job_target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/engine.h"
#include "probes/file_rules.h"
#include "probes/job.h"
#include "probes/job_layout.h"
#include "probes/write_guard.h"

static const struct {
	unsigned long magic;
	const char *name;
} file_systems[] = {
	{EXT4_SUPER_MAGIC, "ext4"},
	{XFS_SUPER_MAGIC, "xfs"},
	{BTRFS_SUPER_MAGIC, "btrfs"},
	{F2FS_SUPER_MAGIC, "f2fs"},
	{TMPFS_MAGIC, "tmpfs"},
	{RAMFS_MAGIC, "ramfs"},
	{OVERLAYFS_SUPER_MAGIC, "overlayfs"},
	{NFS_SUPER_MAGIC, "nfs"},
	{FUSE_SUPER_MAGIC, "fuse"},
	{SYSFS_MAGIC, "sysfs"},
	{PROC_SUPER_MAGIC, "proc"},
	{SQUASHFS_MAGIC, "squashfs"},
	{V9FS_MAGIC, "9p"},
	{0, NULL},
};

static void look_at_file_system(struct job_target *t, int fd)
{
	struct statfs fs;

	t->file_system = "unknown";
	if (fstatfs(fd, &fs))
		return;
	for (int i = 0; file_systems[i].name; i++)
		if (file_systems[i].magic == (unsigned long)fs.f_type)
			t->file_system = file_systems[i].name;
	t->in_memory = fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

static bool device_has(dev_t device, const char *sysfs, const char *what)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/dev/block/%u:%u/%s", sysfs, major(device),
		 minor(device), what);
	return access(path, F_OK) == 0;
}

void job_target_look_at_device(struct job_target *t, const char *sysfs)
{
	char path[256], link[256]; /* "../../devices/…/vda" */
	const char *slash;
	ssize_t size;

	t->device_mapper = device_has(t->device, sysfs, "dm");
	t->md = device_has(t->device, sysfs, "md");
	t->loop = device_has(t->device, sysfs, "loop");
	snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sysfs, major(t->device),
		 minor(t->device));
	size = readlink(path, link, sizeof(link) - 1);
	if (size <= 0)
		return;
	link[size] = 0;
	slash = strrchr(link, '/');
	snprintf(t->disk, sizeof(t->disk), "%.63s", slash ? slash + 1 : link);
}

/* A name can lead elsewhere by now: the write guard looked at what measure() saw, and
 * nothing else may be opened for it. */
static int check_same(const struct job_target *t, int fd, struct failure *f)
{
	struct stat st;
	bool same;

	if (fstat(fd, &st))
		return fail(f, -errno, "%s: %s", t->path, strerror(errno));
	if (t->is_device)
		same = S_ISBLK(st.st_mode) && st.st_rdev == t->device;
	else
		same = S_ISREG(st.st_mode) && st.st_dev == t->device &&
		       st.st_ino == t->inode;
	return same ? 0
		    : fail(f, -ESTALE,
			   "%s is no longer what it was when it was checked; nothing "
			   "was done to it",
			   t->path);
}

/* A file that is only read is never changed; one that is written may grow. */
static int grow(struct job_target *t, const struct job *job, struct failure *f)
{
	int fd, err;

	if (!job_writes(job) || !job->size || t->is_device ||
	    t->size >= job_wanted_size(job))
		return 0;
	fd = file_open(t->rules, job->filename, O_WRONLY | O_NONBLOCK, 0, f);
	if (fd < 0)
		return fd;
	err = check_same(t, fd, f);
	if (!err)
		err = file_take_room(t->rules, t->path, job_wanted_size(job) - t->size, f);
	if (!err && ftruncate(fd, (off_t)job_wanted_size(job)))
		err = fail(f, -errno, "%s: cannot grow to %llu bytes: %s", job->filename,
			   (unsigned long long)job_wanted_size(job), strerror(errno));
	close(fd);
	if (!err)
		t->size = job_wanted_size(job);
	return err;
}

/* Preparing */

static int measure(struct job_target *t, int fd, struct failure *f)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail(f, -errno, "%s: %s", t->path, strerror(errno));
	if (S_ISREG(st.st_mode)) {
		t->size = (uint64_t)st.st_size;
		t->sparse = (uint64_t)st.st_blocks * 512 < t->size;
		t->device = st.st_dev;
		t->inode = st.st_ino;
		look_at_file_system(t, fd);
	} else if (S_ISBLK(st.st_mode)) {
		t->is_device = true;
		t->device = st.st_rdev;
		if (ioctl(fd, BLKGETSIZE64, &t->size))
			return fail(f, -errno, "%s: cannot tell its size: %s", t->path,
				    strerror(errno));
	} else {
		return fail(f, -EINVAL, "%s is neither a file nor a block device",
			    t->path);
	}
	job_target_look_at_device(t, "/sys");
	return 0;
}

int job_target_prepare(struct job_target *t, const struct job *job,
		       const struct job_file *file, const struct file_rules *rules,
		       struct failure *f)
{
	int fd, err;

	*t = (struct job_target){.path = job->filename, .rules = rules, .claim = -1};
	if (!job->engine->needs_file)
		return 0;
	err = lay_out_if_empty(job, file, rules, f);
	if (err)
		return err;
	fd = file_open(rules, job->filename, O_RDONLY | O_NONBLOCK, 0, f);
	if (fd < 0)
		return fd;
	err = measure(t, fd, f);
	close(fd);
	return err ? err : grow(t, job, f);
}

int job_target_guard(struct job_target *t, const struct job *job,
		     const struct job_target *others, size_t count, struct failure *f)
{
	if (!t->is_device || !job_writes(job))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (others[i].claim >= 0 && others[i].device == t->device)
			return 0;
	return write_guard_check(t->path, t->device, "/sys", t->rules, &t->claim, f);
}

void job_target_release(struct job_target *t)
{
	if (t->claim >= 0)
		close(t->claim);
	t->claim = -1;
}

/* Opening */

static int open_flags(const struct job *job)
{
	int flags = job->direct ? O_DIRECT : 0;

	if (job_reads(job) && job_writes(job))
		return flags | O_RDWR;
	return flags | (job_writes(job) ? O_WRONLY : O_RDONLY);
}

/* What offsets and lengths of direct I/O must be multiples of; 1 if nobody tells. */
static unsigned direct_step(const struct job_target *t, int fd)
{
	struct statx st;
	int sector = 1;

	if (t->is_device)
		return ioctl(fd, BLKSSZGET, &sector) ? 1 : (unsigned)sector;
#ifdef STATX_DIOALIGN
	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) &&
	    (st.stx_mask & STATX_DIOALIGN) && st.stx_dio_offset_align)
		return st.stx_dio_offset_align;
#endif
	return 1;
}

static int check_direct(const struct job_target *t, const struct job *job, int fd,
			uint64_t start, struct failure *f)
{
	unsigned step = direct_step(t, fd);

	if (job->block_size % step)
		return fail(f, -EINVAL,
			    "%s: direct I/O wants blocksize in multiples of %u bytes, "
			    "not %llu",
			    t->path, step, (unsigned long long)job->block_size);
	if (start % step)
		return fail(f, -EINVAL,
			    "%s: direct I/O wants offsets in multiples of %u bytes, "
			    "not %llu",
			    t->path, step, (unsigned long long)start);
	return 0;
}

/* @f has what the kernel said; this is what it means. */
static int explain_open(const struct job_target *t, const struct job *job, int err,
			struct failure *f)
{
	if (err == -EINVAL && job->direct)
		return fail(f, err,
			    "%s: its file system (%s) refuses direct I/O; choose a file "
			    "on another one, or a device, or set direct=0 and measure "
			    "the page cache",
			    t->path, t->file_system ? t->file_system : "none");
	return err;
}

static int find_extent(const struct job_target *t, const struct job *job, unsigned nth,
		       struct extent *e, struct failure *f)
{
	uint64_t size;

	e->start = job->offset + job->offset_increment * nth;
	if (e->start >= t->size)
		return fail(f, -EINVAL,
			    "%s ends at %llu bytes, before offset %llu where worker %u of "
			    "job [%s] begins; lower offset or offset_increment",
			    t->path, (unsigned long long)t->size,
			    (unsigned long long)e->start, nth + 1, job->name);
	if (job->size > t->size - e->start)
		return fail(f, -EINVAL,
			    "%s has %llu bytes, too few for worker %u of job [%s]: %llu "
			    "from offset %llu; lower size, offset or offset_increment",
			    t->path, (unsigned long long)t->size, nth + 1, job->name,
			    (unsigned long long)job->size, (unsigned long long)e->start);
	size = job->size ? job->size : t->size - e->start;
	e->blocks = size / job->block_size;
	if (!e->blocks)
		return fail(f, -EINVAL, "%s: no room for one block of %llu bytes",
			    t->path, (unsigned long long)job->block_size);
	return 0;
}

int job_target_open(const struct job_target *t, const struct job *job, unsigned nth,
		    struct extent *extent, struct failure *f)
{
	int err;

	*extent = (struct extent){.fd = -1, .start = job->offset};
	if (!job->engine->needs_file) {
		extent->blocks = (job->size ? job->size : 1ULL << 40) / job->block_size;
		return 0;
	}
	err = find_extent(t, job, nth, extent, f);
	if (err)
		return err;
	extent->fd = file_open(t->rules, t->path, open_flags(job), 0, f);
	if (extent->fd < 0)
		return explain_open(t, job, extent->fd, f);
	err = check_same(t, extent->fd, f);
	if (err)
		return err;
	if (job->direct)
		return check_direct(t, job, extent->fd, extent->start, f);
	/* As fio's invalidate=1: begin with a cold cache. */
	posix_fadvise(extent->fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}
