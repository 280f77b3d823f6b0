// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the next request goes: setting up. */
#include "probes/pattern.h"

#include "probes/job.h"

static uint64_t read_share(const struct job *job)
{
	if (!job_writes(job))
		return 1ULL << 32;
	if (!job_reads(job))
		return 0;
	return (job->read_percent << 32) / 100;
}

void pattern_init(struct pattern *p, const struct job *job, uint64_t start,
		  uint64_t blocks, unsigned worker)
{
	uint64_t seed = job->seed + worker * 0x9e3779b97f4a7c15ULL;

	*p = (struct pattern){
		.start = start,
		.blocks = blocks,
		.block_size = job->block_size,
		.read_below = read_share(job),
		.random = job_is_random(job),
		.mixed = job_reads(job) && job_writes(job),
	};
	random_seed(&p->offsets, seed);
	random_seed(&p->mix, ~seed);
}
