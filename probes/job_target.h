/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file or device that a job works on: found out about, laid out, opened. */
#ifndef FATHOM_PROBES_JOB_TARGET_H
#define FATHOM_PROBES_JOB_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct failure;
struct file_rules;
struct job;
struct job_file;

struct job_target {
	const char *path; /* the job's filename */
	const struct file_rules *rules;
	bool is_device;	  /* a block device; else a regular file */
	uint64_t size;	  /* bytes */
	dev_t device;	  /* itself, or the one its file system is on */
	ino_t inode;	  /* a file's; with @device tells it from every other */
	char disk[64];	  /* the kernel's name of @device, "" unknown */
	const char
		*file_system; /* name of a file's, NULL for a device or an unknown one */
	bool in_memory;	      /* tmpfs or ramfs */
	bool sparse;	      /* a file with holes */
	bool device_mapper, md, loop; /* what @device is */
	int claim;		      /* fd that keeps a device that is written from being
				       * mounted meanwhile; -1 none */
};

/*
 * Looks at the file of @job; if it is missing or empty lays it out, as fio does, as
 * large as any job of @file wants it that names the same. @rules are for all that is
 * opened later, too. 0 or a negative errno with reason and cure in @f. Release with
 * job_target_release in both cases.
 */
int job_target_prepare(struct job_target *t, const struct job *job,
		       const struct job_file *file, const struct file_rules *rules,
		       struct failure *f);

/* Its disk's name, and whether it is a device mapper's, an md or a loop device, from
 * @t->device and what is mounted on @sysfs: "/sys". Part of the above. */
void job_target_look_at_device(struct job_target *t, const char *sysfs);

/*
 * If @job writes to a device: may it (write_guard.h)? @others are the @count targets
 * before this one, of which one may have the claim already.
 */
int job_target_guard(struct job_target *t, const struct job *job,
		     const struct job_target *others, size_t count, struct failure *f);

void job_target_release(struct job_target *t);

/* What one worker gets: @blocks blocks from byte @start on of @fd. */
struct extent {
	int fd; /* -1: the engine needs no file */
	uint64_t start, blocks;
};

/* Opens the file for worker @nth of @job, and begins with a cold cache unless I/O is
 * direct. 0, or a negative errno with the reason: -ESTALE if the name leads to another
 * file or device than when it was prepared. The caller closes @extent->fd in any case. */
int job_target_open(const struct job_target *t, const struct job *job, unsigned nth,
		    struct extent *extent, struct failure *f);

#endif
