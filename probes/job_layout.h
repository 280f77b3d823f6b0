/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lays out the file of a job, as fio does, when there is none or it is empty. */
#ifndef FATHOM_PROBES_JOB_LAYOUT_H
#define FATHOM_PROBES_JOB_LAYOUT_H

struct failure;
struct file_rules;
struct job;
struct job_file;

/*
 * A file that is missing or empty has nothing to lose: it is made as large as any job
 * of @file wants it that names the same as @job, of random bytes if one of them reads.
 * Any other is left alone. 0, or a negative errno with the reason in @f; a file that
 * it made is gone then.
 */
int lay_out_if_empty(const struct job *job, const struct job_file *file,
		     const struct file_rules *rules, struct failure *f);

#endif
