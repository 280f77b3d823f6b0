// SPDX-License-Identifier: GPL-2.0-or-later
/* Job files: sections in the order of the file, each on top of [global]. */
#include "probes/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"
#include "probes/engine.h"
#include "probes/job_keys.h"

enum { JOBS_MAX = 1024 };

static const uint64_t buffers_max = 4ULL << 30;

static void set_defaults(struct job *job)
{
	*job = (struct job){
		.engine = &engine_psync, /* all defaults are fio's */
		.poll_rule = &poll_context,
		.pattern = JOB_READ,
		.block_size = 4096,
		.depth = 1,
		.numjobs = 1,
		.loops = 1,
		.read_percent = 50,
		.seed = 0x89,
	};
}

static void job_release(struct job *job)
{
	for (size_t i = 0; i < job->options.count; i++) {
		free(job->options.items[i].key);
		free(job->options.items[i].value);
	}
	free(job->options.items);
	free(job->name);
	free(job->filename);
}

/* A new section starts from what [global] said so far. */
static int begin_section(struct job_file *file, const char *name)
{
	struct job *jobs = reallocarray(file->jobs, file->count + 1, sizeof(*jobs));
	struct job job = file->globals;

	if (!jobs)
		return -ENOMEM;
	file->jobs = jobs;
	job.options = (struct job_options){0};
	job.name = strdup(name);
	job.filename = job.filename ? strdup(job.filename) : NULL;
	file->jobs[file->count++] = job;
	if (!job.name || (file->globals.filename && !job.filename))
		return -ENOMEM;
	return 0;
}

/* The reader puts "file:line: " in front of what we complain of. */
static int take_entry(void *user, const struct ini_entry *entry, struct failure *f)
{
	struct job_file *file = user;
	bool global = strcmp(entry->section, "global") == 0;

	if (!entry->key && global)
		return 0;
	if (!entry->key && file->count == JOBS_MAX)
		return fail(f, -E2BIG, "more than %d sections", JOBS_MAX);
	if (!entry->key)
		return begin_section(file, entry->section);
	if (!global && !file->count)
		return fail(f, -EINVAL, "'%.60s' stands before the first section",
			    entry->key);
	return job_set(global ? &file->globals : &file->jobs[file->count - 1], entry->key,
		       entry->value, f);
}

static int check_not_empty(const struct job_file *file, const char *name,
			   struct failure *f)
{
	if (file->count)
		return 0;
	return fail(f, -EINVAL, "%s: no job: a section such as [read] is missing", name);
}

int job_file_read(struct job_file *file, const char *path, struct failure *f)
{
	int err;

	*file = (struct job_file){0};
	set_defaults(&file->globals);
	err = ini_read(path, take_entry, file, f);
	return err ? err : check_not_empty(file, path, f);
}

int job_file_read_text(struct job_file *file, const char *name, const char *text,
		       struct failure *f)
{
	int err;

	*file = (struct job_file){0};
	set_defaults(&file->globals);
	err = ini_read_text(name, text, take_entry, file, f);
	return err ? err : check_not_empty(file, name, f);
}

int job_file_override(struct job_file *file, const char *key, const char *value,
		      struct failure *f)
{
	for (size_t i = 0; i < file->count; i++) {
		int err = job_set_value(&file->jobs[i], key, value, f);

		if (err)
			return err;
	}
	return 0;
}

static bool fits(const struct job *job)
{
	uint64_t end;

	return !__builtin_mul_overflow(job->offset_increment, job->numjobs, &end) &&
	       !__builtin_add_overflow(end, job->offset, &end) &&
	       !__builtin_add_overflow(end, job->size, &end) && end <= INT64_MAX;
}

static int check_job(const struct job *job, struct failure *f)
{
	if (!job->filename && job->engine->needs_file)
		return fail(f, -EINVAL, "filename is missing (or give --filename)");
	if (job->time_based && !job->runtime_ns)
		return fail(f, -EINVAL, "time_based needs a runtime");
	if (job->latency.nr && job->engine != &engine_timer)
		return fail(f, -EINVAL, "job [%.60s]: timer_latency needs ioengine=timer",
			    job->name);
	if (!job->engine->needs_file && !job->size && !job->runtime_ns)
		return fail(f, -EINVAL, "without a file, size or runtime is needed");
	if (job->size && job->size < job->block_size)
		return fail(f, -EINVAL, "size is smaller than one block");
	if (job->engine->depth_max && job->depth > job->engine->depth_max)
		return fail(f, -ERANGE, "%s takes an iodepth of at most %u, not %llu",
			    job->engine->name, job->engine->depth_max,
			    (unsigned long long)job->depth);
	if (!fits(job))
		return fail(f, -ERANGE, "offset, offset_increment and size go past 2^63");
	return 0;
}

/* @group: bytes of the jobs before it that run at the same time. */
static int check_buffers(const struct job *job, uint64_t *group, struct failure *f)
{
	if (job->stonewall)
		*group = 0;
	*group += job->block_size * job->depth * job->numjobs;
	if (*group <= buffers_max)
		return 0;
	return fail(f, -E2BIG,
		    "blocksize * iodepth * numjobs, summed over the jobs that run side "
		    "by side, is more than 4 GiB");
}

int job_file_check(const struct job_file *file, struct failure *f)
{
	uint64_t group = 0;

	for (size_t i = 0; i < file->count; i++) {
		int err = check_job(&file->jobs[i], f);

		if (!err)
			err = check_buffers(&file->jobs[i], &group, f);
		if (err)
			return fail_in(f, err, "job [%.60s]", file->jobs[i].name);
	}
	return 0;
}

void job_file_free(struct job_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		job_release(&file->jobs[i]);
	job_release(&file->globals);
	free(file->jobs);
	*file = (struct job_file){0};
}
