// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hits COUNT: fires fathom:submit COUNT times as fast as one thread can and prints how
 * many nanoseconds that took. What scripts/bench records with fathom and with perf.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "probes/probes.h"

/* Not inlined, so that there is one site. */
__attribute__((noinline)) static void hit(uint64_t id)
{
	probe_submit(id, 3, id & 1, id * 4096, 4096, (uint32_t)id & 31);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint64_t id = 1; id <= count; id++)
		hit(id);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%lld\n", (long long)(to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec -
				 from.tv_nsec);
	return 0;
}
