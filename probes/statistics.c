// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker counts: resetting and merging. */
#include "probes/statistics.h"

#include <math.h>
#include <sys/resource.h>

static void direction_reset(struct direction *d)
{
	d->ios = d->bytes = d->short_ios = 0;
	histogram_init(&d->slat);
	histogram_init(&d->clat);
	histogram_init(&d->lat);
}

void statistics_reset(struct statistics *s)
{
	memset(s, 0, sizeof(*s));
	direction_reset(&s->direction[0]);
	direction_reset(&s->direction[1]);
	histogram_init(&s->sync);
}

static void direction_merge(struct direction *into, const struct direction *from)
{
	into->ios += from->ios;
	into->bytes += from->bytes;
	into->short_ios += from->short_ios;
	histogram_merge(&into->slat, &from->slat);
	histogram_merge(&into->clat, &from->clat);
	histogram_merge(&into->lat, &from->lat);
}

void samples_add(struct samples *s, double value)
{
	double off = value - s->mean;

	s->min = !s->count || value < s->min ? value : s->min;
	s->max = value > s->max ? value : s->max;
	s->count++;
	s->mean += off / (double)s->count;
	s->squares += off * (value - s->mean);
}

double samples_stddev(const struct samples *s)
{
	return s->count > 1 ? sqrt(s->squares / (double)(s->count - 1)) : 0;
}

/* Of rates that add up; what moves them is taken to be their own. */
static void samples_merge(struct samples *into, const struct samples *from)
{
	if (from->count > into->count)
		into->count = from->count;
	into->min += from->min;
	into->max += from->max;
	into->mean += from->mean;
	into->squares += from->squares;
}

static void polling_merge(struct polling *into, const struct polling *from)
{
	into->windows += from->windows;
	into->hits += from->hits;
	into->hit_ns += from->hit_ns;
	into->empty_ns += from->empty_ns;
	into->grown += from->grown;
	into->shrunk += from->shrunk;
	into->waits += from->waits;
	into->naps += from->naps;
}

static void cpu_merge(struct cpu_use *into, const struct cpu_use *from)
{
	into->user_ns += from->user_ns;
	into->system_ns += from->system_ns;
	into->switches += from->switches;
	into->major_faults += from->major_faults;
	into->minor_faults += from->minor_faults;
}

static uint64_t timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_usec * 1000;
}

struct cpu_use cpu_use_now(void)
{
	struct rusage use;

	getrusage(RUSAGE_THREAD, &use);
	return (struct cpu_use){
		.user_ns = timeval_ns(use.ru_utime),
		.system_ns = timeval_ns(use.ru_stime),
		.switches = (uint64_t)(use.ru_nvcsw + use.ru_nivcsw),
		.major_faults = (uint64_t)use.ru_majflt,
		.minor_faults = (uint64_t)use.ru_minflt,
	};
}

struct cpu_use cpu_use_since(const struct cpu_use *before)
{
	struct cpu_use use = cpu_use_now();

	use.user_ns -= before->user_ns;
	use.system_ns -= before->system_ns;
	use.switches -= before->switches;
	use.major_faults -= before->major_faults;
	use.minor_faults -= before->minor_faults;
	return use;
}

void statistics_merge(struct statistics *into, const struct statistics *from)
{
	for (int i = 0; i < 2; i++)
		direction_merge(&into->direction[i], &from->direction[i]);
	histogram_merge(&into->sync, &from->sync);
	for (int i = 0; i < DEPTH_CLASSES; i++) {
		into->depths[i] += from->depths[i];
		into->submits[i] += from->submits[i];
		into->completes[i] += from->completes[i];
	}
	polling_merge(&into->polling, &from->polling);
	cpu_merge(&into->cpu, &from->cpu);
	if (from->elapsed_ns > into->elapsed_ns)
		into->elapsed_ns = from->elapsed_ns;
	into->thread_ns += from->thread_ns;
}

void statistics_merge_samples(struct statistics *into, const struct samples iops[2],
			      const struct samples bandwidth[2])
{
	for (int i = 0; i < 2; i++) {
		samples_merge(&into->iops[i], &iops[i]);
		samples_merge(&into->bandwidth[i], &bandwidth[i]);
	}
}
