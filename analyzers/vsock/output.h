/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways to show what a capture holds, as a table of operations: a listener of the
 * tracker, and what is said before, meanwhile and at the end. All print to stdout; times
 * count from the first packet.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_OUTPUT_H
#define FATHOM_ANALYZERS_VSOCK_OUTPUT_H

#include "analyzers/vsock/tracker.h"

struct failure;

/* What there is to show, and how. */
struct vsock_view {
	const struct vsock_tracker *tracker;
	const struct capture_info *capture;
	uint64_t filtered; /* packets that the filter kept out */
	uint64_t follow;   /* number of a conversation */
	bool hex;
	bool headers_only; /* payload was not to be captured */
};

/* Slots in the order of their calls. */
struct vsock_output {
	size_t state_size; /* of the state, which starts zeroed */
	const struct vsock_listener *listener;

	/* @view holds until the end. May be NULL. */
	void (*begin)(void *state, const struct vsock_view *view);

	/* Now and then, and when no packet came for a while: prints what is there. 0 or
	 * a negative errno, which ends the work. May be NULL. */
	int (*flush)(void *state, struct failure *f);

	/* The capture is at its end. 0 or a negative errno with the sentence. */
	int (*end)(void *state, struct failure *f);
};

extern const struct vsock_output vsock_no_output;     /* stdout has the capture */
extern const struct vsock_output vsock_text_output;   /* for people */
extern const struct vsock_output vsock_json_output;   /* all conversations */
extern const struct vsock_output vsock_csv_output;    /* a row per conversation */
extern const struct vsock_output vsock_packet_output; /* a line per packet */
extern const struct vsock_output vsock_packet_csv_output;
extern const struct vsock_output vsock_follow_output; /* the payload of one */
extern const struct vsock_output vsock_control_output; /* a line per control message */
extern const struct vsock_output vsock_control_csv_output;
extern const struct vsock_output vsock_control_json_output; /* an object per line */

/* "stream", "seqpacket", or the number written to @number (VSOCK_NAME bytes). */
const char *vsock_type_word(unsigned type, char *number);

/* "open", "shutdown", "reset", "refused" */
const char *vsock_outcome_word(enum vsock_outcome outcome);

/* "reader", "window", "both" */
const char *vsock_fault_word(enum vsock_fault fault);

/* ns from the first packet of the capture */
static inline uint64_t vsock_since_start(const struct vsock_view *view, uint64_t time_ns)
{
	uint64_t start = view->tracker->first_ns;

	return time_ns > start ? time_ns - start : 0;
}

#endif
