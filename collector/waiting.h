/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that wait, in the order of time, until no older one can come. */
#ifndef FATHOM_COLLECTOR_WAITING_H
#define FATHOM_COLLECTOR_WAITING_H

#include <stddef.h>
#include <stdint.h>

struct waiting_record {
	uint64_t time_ns;
	uint8_t *record; /* a copy */
	size_t size;
};

struct waiting {
	struct waiting_record *items; /* by time; equal times as they came */
	size_t count, room;
};

/* 0 or -ENOMEM. */
int waiting_add(struct waiting *w, const void *record, uint64_t time_ns);

/* Hands those to @apply that are not newer than @time_ns, and forgets them. Returns its
 * first failure. */
int waiting_end(struct waiting *w, uint64_t time_ns,
		int (*apply)(void *user, const uint8_t *record), void *user);

void waiting_release(struct waiting *w);

#endif
