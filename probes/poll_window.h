/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The busy-poll window that tunes itself, as QEMU's AioContext does.
 *
 * Before a loop blocks it looks for completions for at most a window. If they come
 * within it, the window is right; if they come soon after, a longer one would have
 * caught them; if they come much later, polling was a waste. One window per loop.
 * Source: QEMU util/aio-posix.c, adjust_polling_time() of 2.9 to 10.
 */
#ifndef FATHOM_PROBES_POLL_WINDOW_H
#define FATHOM_PROBES_POLL_WINDOW_H

#include <stdint.h>

enum { POLL_START_NS = 4000, POLL_DEFAULT_MAX_NS = 32768 };

struct poll_rules {
	uint64_t max_ns; /* 0: never poll */
	uint64_t grow;	 /* factor; 0 means 2 */
	uint64_t shrink; /* divisor; 0 means back to no window at all */
};

/*
 * The next window after an event came @block_ns after the loop had nothing to do
 * (polling included), when the window was @window_ns.
 */
uint64_t poll_window_next(const struct poll_rules *rules, uint64_t window_ns,
			  uint64_t block_ns);

#endif
