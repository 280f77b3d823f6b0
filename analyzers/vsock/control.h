/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the control messages of a benchmark (trace/control.h) in the payload of
 * conversations, and which of them answers which.
 *
 * A message is where a header stands that makes sense. From one to the next the lengths
 * lead; where bytes are missing, or a capture begins in between, the next header is looked
 * for. Bytes that are missing within a body cost no more than that body.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_CONTROL_H
#define FATHOM_ANALYZERS_VSOCK_CONTROL_H

#include "analyzers/vsock/stream.h"
#include "trace/control.h"

enum {
	CONTROL_CONVERSATIONS_MAX = 64,	  /* then the one silent for longest is given up */
	CONTROL_QUESTIONS_MAX = 64,	  /* that wait for an answer in one */
	CONTROL_KEPT_MAX = 160 << 10,	  /* bytes of a message; of longer ones the header */
};

/* A message that was sent. */
struct vsock_said {
	const struct vsock_conversation *c;
	enum vsock_end from;
	uint64_t time_ns, last_ns; /* of the packets with its first and its last byte */
	struct control_message m;  /* body NULL: it was not all captured, or not kept */
	const struct control_kind *answers; /* the question; NULL: none that was seen */
	uint64_t answer_ns; /* from the last byte of that to the first of this */
};

struct control_track;

struct vsock_control {
	void (*said)(void *user, const struct vsock_said *said);
	void *user;
	struct control_track *tracks[CONTROL_CONVERSATIONS_MAX]; /* last used first */
	uint64_t conversations; /* that had messages */
	uint64_t given_up;	/* … because there were too many */
};

/* A chunk of any conversation. */
void vsock_control_take(struct vsock_control *control, const struct vsock_conversation *c,
			const struct vsock_chunk *chunk);

/* No more of @c comes. */
void vsock_control_end(struct vsock_control *control, const struct vsock_conversation *c);

/* No more of any. */
void vsock_control_release(struct vsock_control *control);

#endif
