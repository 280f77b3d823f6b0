// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hits COUNT: fires fathom:submit COUNT times as fast as one thread can and prints how
 * many nanoseconds that took. What scripts/bench records with fathom and with perf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "probes/probes.h"

#ifdef __clang__
#define NOT_INLINED __attribute__((noinline, optnone))
#else
#define NOT_INLINED __attribute__((noipa))
#endif

/* Not inlined, so that there is one site and no argument is a constant, which perf
 * would leave out. */
NOT_INLINED static void hit(uint64_t id, int fd, uint8_t op, uint64_t offset,
			    uint32_t length, uint32_t depth)
{
	probe_submit(id, fd, op, offset, length, depth);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint64_t id = 1; id <= count; id++)
		hit(id, 3, id & 1, id * 4096, 4096, (uint32_t)id & 31);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%lld\n", (long long)(to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec -
				 from.tv_nsec);
	return 0;
}
