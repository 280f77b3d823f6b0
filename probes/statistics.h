/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker counts while it runs; merged for a group. Times in ns. */
#ifndef FATHOM_PROBES_STATISTICS_H
#define FATHOM_PROBES_STATISTICS_H

#include <stdint.h>

#include "core/histogram.h"

/* fio's classes of depths and batch sizes; their labels are in latency_classes.c. */
enum { DEPTH_CLASSES = 7 };

struct direction {
	uint64_t ios, bytes, short_ios;
	struct histogram slat; /* accepted until the kernel has it */
	struct histogram clat; /* from then on until reaped */
	struct histogram lat;  /* both */
};

/* fio samples bandwidth and IOPS over time. */
struct samples {
	uint64_t count;
	double min, max, mean;
	double squares; /* of what is off the mean, summed */
};

struct polling {
	uint64_t windows, hits;	   /* windows; those in which a completion came */
	uint64_t hit_ns, empty_ns; /* time in each kind */
	uint64_t grown, shrunk;
	uint64_t waits; /* sleeps that a completion ended */
	uint64_t naps;	/* those that ended without one */
};

struct cpu_use {
	uint64_t user_ns, system_ns;
	uint64_t switches, major_faults, minor_faults;
};

struct statistics {
	struct direction direction[2]; /* by IO_READ, IO_WRITE */
	struct histogram sync;
	uint64_t depths[DEPTH_CLASSES];	      /* requests, by what their round reached */
	uint64_t submits[DEPTH_CLASSES];      /* requests per dispatch; [0] is 0 */
	uint64_t completes[DEPTH_CLASSES];    /* … per reap */
	struct samples iops[2], bandwidth[2]; /* KiB/s; filled when merged */
	struct polling polling;
	struct cpu_use cpu;
	uint64_t elapsed_ns; /* measured time; the longest when merged */
	uint64_t thread_ns;  /* the same, summed when merged */
};

void statistics_reset(struct statistics *s);
void statistics_merge(struct statistics *into, const struct statistics *from);

/* Workers run side by side, so the rates of a group add up, as in fio. */
void statistics_merge_samples(struct statistics *into, const struct samples iops[2],
			      const struct samples bandwidth[2]);

void samples_add(struct samples *s, double value);
double samples_stddev(const struct samples *s);

/* What the calling thread has used so far, and since then. */
struct cpu_use cpu_use_now(void);
struct cpu_use cpu_use_since(const struct cpu_use *before);

/* fio's class of a depth: 0-1, 2-3, 4-7, … 64 and more. */
static inline unsigned depth_class(unsigned depth)
{
	unsigned log = depth > 1 ? 31U - (unsigned)__builtin_clz(depth) : 0;

	return log < DEPTH_CLASSES ? log : DEPTH_CLASSES - 1;
}

/* fio's class of a batch: 0, 1-4, 5-8, 9-16, … more than 64. */
static inline unsigned batch_class(unsigned batch)
{
	unsigned log = batch > 4 ? 32U - (unsigned)__builtin_clz(batch - 1) : 2;

	if (!batch)
		return 0;
	return log - 1 < DEPTH_CLASSES ? log - 1 : DEPTH_CLASSES - 1;
}

#endif
