// SPDX-License-Identifier: GPL-2.0-or-later
/* Does a job keep to what the operator of an agent allows? */
#include "probes/agent_rules.h"

#include <errno.h>
#include <stddef.h>

#include "core/failure.h"
#include "core/units.h"
#include "probes/job.h"
#include "probes/request.h"
#include "probes/worker.h"

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Of one worker while it runs: a buffer per request in flight, and its places. */
static uint64_t buffers_of(const struct job *job)
{
	return (sizeof(struct request) + 3 * sizeof(void *) + job->block_size) * job->depth;
}

/* All workers together, and the buffers of each group in turn. */
struct need {
	uint64_t workers, counts; /* bytes that stay until the results are sent */
	uint64_t buffers, most;	  /* of this group, of the largest one */
	uint64_t time_ns, before; /* of this group, of those before it */
};

static void begin_group(struct need *need)
{
	need->before = add(need->before, need->time_ns);
	need->time_ns = need->buffers = 0;
}

static void add_job(struct need *need, const struct job *job)
{
	uint64_t time_ns = add(job->ramp_ns, job->runtime_ns);

	need->workers += job->numjobs;
	need->counts += sizeof(struct worker) * job->numjobs;
	need->buffers += buffers_of(job) * job->numjobs;
	if (need->buffers > need->most)
		need->most = need->buffers;
	if (time_ns > need->time_ns)
		need->time_ns = time_ns;
}

int agent_limits_check(const struct agent_limits *limits, const struct job_file *file,
		       struct failure *f)
{
	char wants[UNIT_TEXT], may[UNIT_TEXT];
	struct need need = {0};

	for (size_t i = 0; i < file->count; i++) {
		if (file->jobs[i].stonewall)
			begin_group(&need);
		add_job(&need, &file->jobs[i]);
	}
	begin_group(&need);
	if (need.workers > limits->workers)
		return fail(f, -E2BIG,
			    "the job has %llu workers, and the agent's --max-workers "
			    "allows %llu",
			    (unsigned long long)need.workers,
			    (unsigned long long)limits->workers);
	if (need.counts + need.most > limits->memory)
		return fail(f, -E2BIG,
			    "the job needs %s of memory, and the agent's --max-memory "
			    "allows %s",
			    size_text(wants, (double)(need.counts + need.most)),
			    size_text(may, (double)limits->memory));
	if (need.before > limits->time_ns)
		return fail(f, -E2BIG,
			    "the job takes %s, and the agent's --max-time allows %s",
			    time_text(wants, (double)need.before),
			    time_text(may, (double)limits->time_ns));
	return 0;
}
