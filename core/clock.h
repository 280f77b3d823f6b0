/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of traces and of the engine: CLOCK_MONOTONIC in nanoseconds. */
#ifndef FATHOM_CORE_CLOCK_H
#define FATHOM_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

#endif
