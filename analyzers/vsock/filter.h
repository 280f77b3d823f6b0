/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets count: by cid and port, for files and, in the kernel, for live capture.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_FILTER_H
#define FATHOM_ANALYZERS_VSOCK_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

struct failure;
struct string_list;
struct vsock_packet;

enum {
	FILTER_VALUES_MAX = 16,
	/* Per value and end at most four instructions, and few more. */
	FILTER_PROGRAM_MAX = 2 * (4 + 1) * FILTER_VALUES_MAX + 8,
};

/* A packet passes when one of its ends has one of the cids, and one (the same or the
 * other) has one of the ports. Without cids any cid will do, and so with ports. */
struct vsock_filter {
	uint64_t cids[FILTER_VALUES_MAX];
	uint32_t ports[FILTER_VALUES_MAX];
	unsigned nr_cids, nr_ports;
};

/* From "2,3" given once or more. 0, -EINVAL or -E2BIG. */
int vsock_filter_parse(struct vsock_filter *filter, const struct string_list *cids,
		       const struct string_list *ports, struct failure *f);

static inline bool vsock_filter_is_empty(const struct vsock_filter *filter)
{
	return !filter->nr_cids && !filter->nr_ports;
}

bool vsock_filter_passes(const struct vsock_filter *filter, const struct vsock_packet *p);

/* The same as a classic BPF program of at most FILTER_PROGRAM_MAX instructions; returns
 * their number. */
unsigned short vsock_filter_program(const struct vsock_filter *filter,
				    struct sock_filter *program);

#endif
