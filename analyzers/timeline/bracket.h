/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How well a capture lies on the axis: a control message that was captured left after the
 * probe that says so (control_send) and came before the other (control_recv). Each such
 * message narrows how far the capture can be off, as far as the clocks of both are known.
 */
#ifndef FATHOM_ANALYZERS_TIMELINE_BRACKET_H
#define FATHOM_ANALYZERS_TIMELINE_BRACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzers/timeline/axis.h"

enum { BRACKET_MESSAGES = 512 }; /* that are remembered: a power of two */

enum bracket_who { BRACKET_SENT, BRACKET_SEEN, BRACKET_GOT, BRACKET_WHOS };

/* A message, and when who had it, on the axis. */
struct bracket_message {
	unsigned type; /* trace/control.h */
	uint32_t number;
	bool has[BRACKET_WHOS];
	const struct axis_clock *clock[BRACKET_WHOS];
	uint64_t time_ns[BRACKET_WHOS];
};

struct bracket {
	struct bracket_message messages[BRACKET_MESSAGES]; /* the last, in a ring */
	uint64_t next;
	uint64_t after, before;	   /* messages that say it is not too early, too late */
	int64_t least_ns, most_ns; /* what may be added to the capture's times */
};

void bracket_init(struct bracket *b);

/* A message that was sent, seen or got at a time of the axis, told by @clock (which
 * stays; NULL: the axis' own). Messages that share their number, or have none, cannot be
 * told apart where a trace lacks some: an agent tells of progress before its recorder is
 * attached, too. */
void bracket_message(struct bracket *b, enum bracket_who who, unsigned type,
		     uint32_t number, const struct axis_clock *clock, uint64_t time_ns);

#endif
