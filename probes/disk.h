/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counts for a disk (Documentation/block/stat.rst). */
#ifndef FATHOM_PROBES_DISK_H
#define FATHOM_PROBES_DISK_H

#include <stdint.h>
#include <sys/types.h>

struct disk_counts {
	uint64_t ios[2], merges[2], ticks_ms[2]; /* reads, writes */
	uint64_t busy_ms, queue_ms;
};

/* 0, or a negative errno for what has no counts (tmpfs, an unknown device). */
int disk_read(struct disk_counts *counts, dev_t device);

/* @after minus @before. */
struct disk_counts disk_between(const struct disk_counts *before,
				const struct disk_counts *after);

#endif
