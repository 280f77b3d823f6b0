/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records about processes that ran before the recording began: names of threads and
 * mapped files, made from /proc in the shape the kernel gives those that come later.
 */
#ifndef FATHOM_COLLECTOR_SIDEBAND_H
#define FATHOM_COLLECTOR_SIDEBAND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct failure;

typedef int sideband_write(void *user, const void *record, size_t size,
			   struct failure *f);

struct sideband {
	sideband_write *write;
	void *user;
	uint64_t id; /* of the event that carries the side-band */
	int with_id; /* do samples carry PERF_SAMPLE_IDENTIFIER? */
};

/* COMM and FORK of every thread of @pid, MMAP2 of its executable mappings. A process
 * that is gone meanwhile is no error. */
int sideband_process(const struct sideband *sideband, pid_t pid, struct failure *f);

/* The same for every process of the system. */
int sideband_all(const struct sideband *sideband, struct failure *f);

/* COMM and, unless it leads its process, FORK of one thread. */
int sideband_thread(const struct sideband *sideband, uint32_t pid, uint32_t tid,
		    const char *name, struct failure *f);

/* A LOST record for @count records of counter @id on @cpu, at @time_ns. */
int sideband_lost(const struct sideband *sideband, uint64_t id, uint64_t count,
		  unsigned cpu, uint64_t time_ns, struct failure *f);

#endif
