// SPDX-License-Identifier: GPL-2.0-or-later
/* The busy-poll window that tunes itself. */
#include "probes/poll_window.h"

static uint64_t grown(const struct poll_rules *rules, uint64_t window_ns)
{
	uint64_t factor = rules->grow ? rules->grow : 2;
	uint64_t next = POLL_START_NS;

	if (window_ns && __builtin_mul_overflow(window_ns, factor, &next))
		next = rules->max_ns;
	return next < rules->max_ns ? next : rules->max_ns;
}

uint64_t poll_window_next(const struct poll_rules *rules, uint64_t window_ns,
			  uint64_t block_ns)
{
	if (block_ns <= window_ns)
		return window_ns;
	if (block_ns > rules->max_ns)
		return rules->shrink ? window_ns / rules->shrink : 0;
	if (window_ns < rules->max_ns)
		return grown(rules, window_ns);
	return window_ns;
}
