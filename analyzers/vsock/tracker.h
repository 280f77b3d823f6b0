/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From packets to conversations: finds each packet's, follows its state, its credit and
 * its stalls, and tells its listeners.
 *
 * Memory is bounded by the conversations that go on at a time. The packets of one that
 * ended can come late, so the last that ended are remembered for a while.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_TRACKER_H
#define FATHOM_ANALYZERS_VSOCK_TRACKER_H

#include "analyzers/vsock/conversation.h"

enum {
	VSOCK_CONVERSATIONS_MAX = 16384, /* then the one silent for longest is given up */
	VSOCK_ENDED_MAX = 1024,		 /* that are remembered */
	VSOCK_OTHER_OPS_MAX = 16, /* operations without a name that are told apart */
	VSOCK_LISTENERS_MAX = 4,
};

/* Slots in the order of a conversation's life; each may be NULL. A conversation holds
 * until end() returns, or longer with vsock_hold(). */
struct vsock_listener {
	/* Its first packet came. */
	void (*begin)(void *state, const struct vsock_conversation *c);

	/* A packet, with all it changed in @c, which is NULL when it belongs to none. */
	void (*packet)(void *state, const struct vsock_conversation *c,
		       enum vsock_end from, const struct vsock_packet *p);

	/* A stall was over, or there was no more waiting for its end. */
	void (*stall)(void *state, const struct vsock_conversation *c,
		      const struct vsock_stall *stall);

	/* No more packets of it will be told. */
	void (*end)(void *state, struct vsock_conversation *c);
};

struct vsock_op_count {
	unsigned op;
	uint64_t count;
};

struct vsock_list {
	struct vsock_conversation *oldest, *newest;
	unsigned count;
};

struct vsock_tracker {
	/* Found out. */
	uint64_t packets, bytes;	       /* with their headers */
	uint64_t credit_packets, credit_bytes; /* … that are only about credit */
	uint64_t first_ns, last_ns; /* of the packets; VSOCK_NO_TIME: none yet */
	uint64_t ops[VSOCK_NR_OPS];
	struct vsock_op_count other_ops[VSOCK_OTHER_OPS_MAX];
	unsigned nr_other_ops;
	uint64_t more_ops;    /* of operations beyond these */
	uint64_t undecodable; /* packets whose headers are cut or damaged */
	uint64_t not_virtio;  /* of a transport that tells no more than the addresses */
	uint64_t strays;      /* that belong to no conversation */
	uint64_t cut;	      /* whose payload was not captured whole */
	uint64_t conversations;
	uint64_t outcomes[VSOCK_OUTCOMES]; /* … of those that are told to have ended */
	struct turnaround connects;	   /* from REQUEST to RESPONSE */
	uint64_t lost_bytes; /* … that were read in them, but not captured */
	uint64_t given_up;   /* … because there were too many */
	uint64_t forgotten;  /* packets without memory for their conversation */

	/* Inside. */
	struct {
		const struct vsock_listener *listener;
		void *state;
	} listeners[VSOCK_LISTENERS_MAX];
	unsigned nr_listeners;
	struct vsock_conversation **buckets, *last;
	struct vsock_list live, ended;
	unsigned live_max, histograms;
};

/* @live_max 0: VSOCK_CONVERSATIONS_MAX. 0 or -ENOMEM. */
int vsock_tracker_init(struct vsock_tracker *t, unsigned live_max);
void vsock_listen(struct vsock_tracker *t, const struct vsock_listener *listener,
		  void *state);

/* The next packet of a capture; @whole is what vsock_decode() said of it. */
void vsock_track(struct vsock_tracker *t, const struct vsock_packet *p, bool whole);

/* The capture is at its end: ends what is open. */
void vsock_tracker_finish(struct vsock_tracker *t);

void vsock_tracker_release(struct vsock_tracker *t);

/* Keeps a conversation beyond its end, until vsock_drop(). */
struct vsock_conversation *vsock_hold(struct vsock_conversation *c);
void vsock_drop(struct vsock_conversation *c);

#endif
