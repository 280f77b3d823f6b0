// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same leaf function around a FATHOM_PROBE. Prints the number of wrong sums; run it
 * under any tracer. Built with a red zone and without one.
 */
#include <fathom/sdt.h>
#include <stdio.h>
#include <stdlib.h>

#include "leaf.h"

LEAF(leaf, FATHOM_PROBE(redzone, leaf, (u64, n, n)))

int main(int argc, char **argv)
{
	uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, wrong = 0;

	for (uint64_t n = 0; n < calls; n++)
		wrong += leaf(n) != leaf_sum(n);
	printf("%llu wrong\n", (unsigned long long)wrong);
	return wrong != 0;
}
