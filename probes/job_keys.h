/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of job files as rows. */
#ifndef FATHOM_PROBES_JOB_KEYS_H
#define FATHOM_PROBES_JOB_KEYS_H

struct failure;
struct job;

/* Sets @key of @job; @value NULL is a key that stands alone (fio's `time_based`).
 * 0, -EINVAL, -ERANGE or -ENOMEM with the reason and the nearest key in @f. */
int job_set(struct job *job, const char *key, const char *value, struct failure *f);

/* The same with a @value; what @f says of a bad one does not name the key. */
int job_set_value(struct job *job, const char *key, const char *value, struct failure *f);

#endif
