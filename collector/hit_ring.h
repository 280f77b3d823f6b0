/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rings that our BPF programs write into: one per CPU, in one BPF array map that is
 * mapped here. How they work and why they exist: hit_ring.c.
 */
#ifndef FATHOM_COLLECTOR_HIT_RING_H
#define FATHOM_COLLECTOR_HIT_RING_H

#include <stddef.h>
#include <stdint.h>

#include "collector/ring.h"

struct failure;
struct hit_rings;

/* One CPU's entry of the map: a control area, the ring, and slack behind it for the
 * record that begins before the ring's end. Offsets of the control area: */
enum {
	HIT_RING_RESERVED = 0,	   /* u64: where the next record begins; writers' */
	HIT_RING_TAIL = 64,	   /* u64: what was read, or HIT_RING_CLOSED; the reader's */
	HIT_RING_LOST = 128,	   /* u64: records that found no room */
	HIT_RING_LOST_TIME = 136,  /* u64: when the last of them came, CLOCK_MONOTONIC */
	HIT_RING_LOST_EVENT = 192, /* u64 per event: the same, by event */
};

/* TAIL of a closed ring: below 0 as a signed number, as no position ever is. */
#define HIT_RING_CLOSED (UINT64_C(1) << 63)

struct hit_ring_shape {
	unsigned cpus;
	unsigned nr_events;
	uint32_t size;	     /* of the ring, a power of two */
	uint32_t record_max; /* bytes of the largest record */
	uint32_t control;    /* bytes of the control area */
	uint32_t entry;	     /* bytes of a CPU's entry */
};

/* Fills @control and @entry from the rest. */
void hit_ring_shape(struct hit_ring_shape *shape);

int hit_rings_new(struct hit_rings **rings, const struct hit_ring_shape *shape,
		  struct failure *f);
void hit_rings_free(struct hit_rings *rings); /* NULL is fine */

/* New rings are closed: hits pass by, neither recorded nor counted as lost. All CPUs are
 * opened and closed within a moment; what a closed ring still holds can be drained. */
void hit_rings_open(struct hit_rings *rings);
void hit_rings_close(struct hit_rings *rings);

/* The array map, and the doorbell (a BPF_MAP_TYPE_RINGBUF): a writer puts eight bytes
 * into it when a quarter of its ring has been filled, which makes its fd readable. */
int hit_rings_map(const struct hit_rings *rings);
int hit_rings_doorbell(const struct hit_rings *rings);

/*
 * Hands out all complete records, as rings_drain() does. Returns 1 when a writer was
 * interrupted half-way and records behind its own must wait: this pass is no round.
 */
int hit_rings_drain(struct hit_rings *rings, ring_consume *consume, void *user);

/* Records that found no room so far: on a CPU, and the time of the last, never before the
 * last pass but one, so that it may stand in this round; by event. */
uint64_t hit_rings_lost(const struct hit_rings *rings, unsigned cpu, uint64_t *time_ns);
uint64_t hit_rings_lost_event(const struct hit_rings *rings, unsigned event);

#endif
