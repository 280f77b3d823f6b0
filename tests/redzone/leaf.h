/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A leaf function that keeps eight values in the red zone across a probe site and sums
 * them. The caller checks the sum: a tracer that writes below the stack pointer shows
 * as a wrong one. LEAF(site) makes it around the assembly or probe given.
 */
#ifndef FATHOM_TESTS_LEAF_H
#define FATHOM_TESTS_LEAF_H

#include <stdint.h>

/* Volatile locals must live in memory; a leaf function has them below %rsp. */
#define LEAF(name, site)                                                          \
	__attribute__((noinline)) static uint64_t name(uint64_t n)                \
	{                                                                         \
		volatile uint64_t a = n, b = n + 1, c = n + 2, d = n + 3;         \
		volatile uint64_t e = n + 4, f = n + 5, g = n + 6, h = n + 7;     \
                                                                                  \
		site;                                                             \
		return a + b + c + d + e + f + g + h;                             \
	}

static inline uint64_t leaf_sum(uint64_t n)
{
	return 8 * n + 28;
}

#endif
