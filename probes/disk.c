// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel counts for a disk. */
#include "probes/disk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/sysmacros.h>

int disk_read(struct disk_counts *counts, dev_t device)
{
	char path[64];
	FILE *file;
	int got;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/stat", major(device),
		 minor(device));
	file = fopen(path, "re");
	if (!file)
		return -errno;
	got = fscanf(file,
		     "%" SCNu64 "%" SCNu64 "%*u%" SCNu64 "%" SCNu64 "%" SCNu64
		     "%*u%" SCNu64 "%*u%" SCNu64 "%" SCNu64,
		     &counts->ios[0], &counts->merges[0], &counts->ticks_ms[0],
		     &counts->ios[1], &counts->merges[1], &counts->ticks_ms[1],
		     &counts->busy_ms, &counts->queue_ms);
	fclose(file);
	return got == 8 ? 0 : -ENODATA;
}

struct disk_counts disk_between(const struct disk_counts *before,
				const struct disk_counts *after)
{
	struct disk_counts d;

	for (int i = 0; i < 2; i++) {
		d.ios[i] = after->ios[i] - before->ios[i];
		d.merges[i] = after->merges[i] - before->merges[i];
		d.ticks_ms[i] = after->ticks_ms[i] - before->ticks_ms[i];
	}
	d.busy_ms = after->busy_ms - before->busy_ms;
	d.queue_ms = after->queue_ms - before->queue_ms;
	return d;
}
