// SPDX-License-Identifier: GPL-2.0-or-later
/* What the ways to show a capture have in common, and the least of them. */
#include "analyzers/vsock/output.h"

#include <stdio.h>

static int end(void *state, struct failure *f)
{
	(void)state;
	(void)f;
	return 0;
}

static const struct vsock_listener deaf = {.begin = NULL};

const struct vsock_output vsock_no_output = {
	.state_size = 1,
	.listener = &deaf,
	.end = end,
};

const char *vsock_type_word(unsigned type, char *number)
{
	switch (type) {
	case VSOCK_TYPE_STREAM:
		return "stream";
	case VSOCK_TYPE_SEQPACKET:
		return "seqpacket";
	default:
		snprintf(number, VSOCK_NAME, "%u", type);
		return number;
	}
}

const char *vsock_outcome_word(enum vsock_outcome outcome)
{
	static const char *const words[VSOCK_OUTCOMES] = {
		[VSOCK_OPEN] = "open",
		[VSOCK_SHUT] = "shutdown",
		[VSOCK_RESET] = "reset",
		[VSOCK_REFUSED] = "refused",
	};

	return words[outcome];
}

const char *vsock_fault_word(enum vsock_fault fault)
{
	static const char *const words[VSOCK_FAULTS] = {
		[VSOCK_FAULT_READER] = "reader",
		[VSOCK_FAULT_WINDOW] = "window",
		[VSOCK_FAULT_BOTH] = "both",
	};

	return words[fault];
}
