/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Job files: fio's format, the keys that fathom has. docs/jobs.md has the list. */
#ifndef FATHOM_PROBES_JOB_H
#define FATHOM_PROBES_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/poll_rule.h"
#include "probes/latency_mix.h"

struct engine;
struct failure;

enum job_pattern {
	JOB_READ,
	JOB_WRITE,
	JOB_RW,
	JOB_RANDREAD,
	JOB_RANDWRITE,
	JOB_RANDRW,
};

struct job_option {
	char *key;
	char *value; /* "1" for a key that stood alone, as fio prints it */
};

struct job_options {
	struct job_option *items;
	size_t count;
};

/* One section of a job file; numjobs workers run it. */
struct job {
	char *name;
	char *filename; /* NULL: none given */
	const struct engine *engine;
	enum job_pattern pattern;
	uint64_t block_size; /* bytes */
	uint64_t depth;
	uint64_t numjobs;
	uint64_t size;		   /* bytes; 0: to the end of the file or device */
	uint64_t offset;	   /* bytes */
	uint64_t offset_increment; /* bytes per worker of this job */
	uint64_t runtime_ns;	   /* 0: until size * loops is done */
	uint64_t ramp_ns;	   /* before measuring begins; not part of runtime */
	uint64_t loops;
	uint64_t read_percent; /* of a mixed pattern */
	uint64_t seed;
	uint64_t fsync_every; /* writes; 0 never */
	const struct poll_rule *poll_rule;
	struct poll_settings poll;
	struct latency_mix latency; /* of ioengine=timer */
	bool time_based;
	bool direct;
	bool thread; /* accepted: workers are threads always */
	bool group_reporting;
	bool end_fsync;
	bool stonewall;		    /* wait for the jobs before this one */
	struct job_options options; /* of its own section, for the JSON */
};

struct job_file {
	struct job *jobs;
	size_t count;
	struct job globals; /* [global]: the defaults of the sections that follow */
};

extern const char *const job_pattern_names[]; /* by enum job_pattern, then NULL */

static inline bool job_writes(const struct job *job)
{
	return job->pattern != JOB_READ && job->pattern != JOB_RANDREAD;
}

static inline bool job_reads(const struct job *job)
{
	return job->pattern != JOB_WRITE && job->pattern != JOB_RANDWRITE;
}

static inline bool job_is_random(const struct job *job)
{
	return job->pattern >= JOB_RANDREAD;
}

/* The last byte that any worker of @job touches, plus one; @job->size is set. */
static inline uint64_t job_wanted_size(const struct job *job)
{
	return job->offset + job->offset_increment * (job->numjobs - 1) + job->size;
}

/* Reads @path ("-" is stdin). 0, or a negative errno with "file:line: reason". In
 * both cases release with job_file_free. */
int job_file_read(struct job_file *file, const char *path, struct failure *f);

/* The same for text in memory; @name stands for the file in messages. */
int job_file_read_text(struct job_file *file, const char *name, const char *text,
		       struct failure *f);

/* Sets @key of every job, as the command line does. 0, or a negative errno with what is
 * wrong with @value: the caller says where it comes from. */
int job_file_override(struct job_file *file, const char *key, const char *value,
		      struct failure *f);

/* What no single key can say: a file name is there, sizes fit. Call once, last. */
int job_file_check(const struct job_file *file, struct failure *f);

void job_file_free(struct job_file *file);

#endif
