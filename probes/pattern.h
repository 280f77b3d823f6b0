/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the next request goes, and whether it reads or writes. No division, no lock. */
#ifndef FATHOM_PROBES_PATTERN_H
#define FATHOM_PROBES_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/probes.h"
#include "probes/random.h"

struct job;

struct pattern {
	uint64_t start;	     /* of the extent, bytes */
	uint64_t blocks;     /* in the extent, at least 1 */
	uint64_t block_size; /* bytes */
	uint64_t next[2];    /* sequential: the next block of each direction */
	uint64_t read_below; /* of 2^32 draws: reads; 0 writes only, 2^32 reads only */
	bool random;
	bool mixed;
	struct random offsets, mix;
};

/* The extent is @blocks blocks from @start; @worker is told apart by its seed. */
void pattern_init(struct pattern *p, const struct job *job, uint64_t start,
		  uint64_t blocks, unsigned worker);

static inline enum io_op pattern_op(struct pattern *p)
{
	if (!p->mixed)
		return p->read_below ? IO_READ : IO_WRITE;
	return (random_next(&p->mix) >> 32) < p->read_below ? IO_READ : IO_WRITE;
}

static inline uint64_t pattern_offset(struct pattern *p, enum io_op op)
{
	uint64_t block;

	if (p->random)
		return p->start + random_below(&p->offsets, p->blocks) * p->block_size;
	block = p->next[op];
	p->next[op] = block + 1 == p->blocks ? 0 : block + 1;
	return p->start + block * p->block_size;
}

#endif
