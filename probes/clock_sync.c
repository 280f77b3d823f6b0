// SPDX-License-Identifier: GPL-2.0-or-later
/* How far two clocks are apart. */
#include "probes/clock_sync.h"

#include <errno.h>

int clock_offset_add(struct clock_offset *offset, const struct clock_round *r)
{
	__int128 most = (__int128)r->received_ns - r->asked_ns;
	__int128 least = (__int128)r->sent_ns - r->answered_ns;
	__int128 width = most - least; /* the time that both ways took */
	uint64_t error;

	if (r->answered_ns < r->asked_ns || r->sent_ns < r->received_ns || width < 0 ||
	    most > INT64_MAX || least < INT64_MIN)
		return -EINVAL;
	error = (uint64_t)((width + 1) / 2);
	if (!offset->rounds || error < offset->error_ns) {
		offset->offset_ns = (int64_t)((most + least) / 2);
		offset->error_ns = error;
	}
	offset->rounds++;
	return 0;
}
