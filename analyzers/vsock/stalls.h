/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stalls of a conversation: all are counted, the longest are kept. */
#ifndef FATHOM_ANALYZERS_VSOCK_STALLS_H
#define FATHOM_ANALYZERS_VSOCK_STALLS_H

#include <stddef.h>

#include "analyzers/vsock/credit.h"

enum { STALLS_KEPT = 64 };

/* Of one sender. */
struct stall_sum {
	uint64_t count, ns, longest_ns;
	uint64_t fault_ns[VSOCK_FAULTS];
};

struct stalls {
	struct stall_sum sum[2]; /* by sender */
	struct vsock_stall last[2];
	struct vsock_stall *kept;
	size_t nr, room;
	size_t shortest; /* of those kept, once they are as many as can be */
};

static inline uint64_t stall_ns(const struct vsock_stall *stall)
{
	return stall->end_ns - stall->begin_ns;
}

/* Counts it even when there is no memory to keep it. */
void stalls_add(struct stalls *s, const struct vsock_stall *stall);

/* Puts those that are kept in the order in which they began. */
void stalls_sort(struct stalls *s);

void stalls_release(struct stalls *s);

#endif
