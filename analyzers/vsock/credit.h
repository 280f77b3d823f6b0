/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The credit of one sender: how much its peer allows it to send, rebuilt from what both
 * say, and what follows from it: stalls, overruns, and packets that the tap lost.
 *
 * Each packet tells how large its sender's buffer is (buf_alloc) and how many bytes it
 * has taken out of it so far (fwd_cnt). So the peer's free credit is
 *
 *	buf_alloc - (bytes sent - fwd_cnt)
 *
 * where the counts wrap at 32 bits. docs/vsock.md tells what is inferred, and how.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_CREDIT_H
#define FATHOM_ANALYZERS_VSOCK_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

enum vsock_fault {
	VSOCK_FAULT_READER, /* the peer did not read, or more slowly than was sent */
	VSOCK_FAULT_WINDOW, /* the peer reads as fast as it ever does: its buffer is small
			     */
	VSOCK_FAULT_BOTH,   /* each waits for the other to read */
	VSOCK_FAULTS,
};

/* A time in which a sender had data and no credit. */
struct vsock_stall {
	uint64_t begin_ns, end_ns;
	uint32_t buf_alloc; /* of the peer, at its begin */
	uint32_t asked;	    /* CREDIT_REQUESTs that the sender sent meanwhile */
	uint8_t sender;	    /* enum vsock_end of the conversation */
	uint8_t fault;	    /* enum vsock_fault */
	bool unended;	    /* no credit came before the end that both or one made */
};

enum credit_state {
	CREDIT_FREE,	/* the sender can send */
	CREDIT_LOW,	/* it has none, or next to none, left */
	CREDIT_GRANTED, /* it got some; whether it had waited shows by when it sends */
};

struct credit {
	/* Told by the peer, and counted: all wrap. */
	uint32_t buf_alloc, fwd_cnt, sent;
	bool known; /* the peer told its numbers */

	/* Of a conversation whose begin was not captured: bytes that the peer may count
	 * and we did not see sent, and from which fwd_cnt on there are none any more. */
	uint32_t unseen, unseen_until;

	enum credit_state state;
	uint64_t low_ns, granted_ns;
	int64_t blocked; /* what could be sent before the credit was granted */
	bool emptied;	 /* the peer's buffer, by what it read when it granted */
	uint32_t asked;	 /* since low_ns */

	/* How fast the peer reads when it is fast: one packet is timed at a time. */
	bool timing;
	uint32_t timed_until;
	uint64_t timed_ns, quickest_ns;
	uint64_t usual_ns; /* the quickest before the credit ran low */

	/* Found out. */
	uint64_t lost; /* bytes that the peer counts and the tap did not show */
	uint64_t overrun_packets; /* sent beyond the credit */
	uint32_t overrun_most;	  /* bytes of the worst */
};

/* @whole: the conversation's begin is seen, so both counts start at 0. */
void credit_begin(struct credit *c, bool whole);

/* What the sender may still send; below 0 if it sent too much. */
static inline int64_t credit_free(const struct credit *c)
{
	return (int64_t)c->buf_alloc - (int64_t)(uint32_t)(c->sent - c->fwd_cnt);
}

/* Bytes that were sent and, as far as is known, not read. */
static inline uint32_t credit_unread(const struct credit *c)
{
	return c->sent - c->fwd_cnt;
}

/*
 * Each of these takes one packet, in the order of the capture. They return true when it
 * ends a stall, which then stands in @stall (sender and BOTH are the caller's to tell).
 */

/* The sender sent @bytes of payload. */
bool credit_sent(struct credit *c, uint64_t time_ns, uint32_t bytes,
		 struct vsock_stall *stall);

/* The peer told its numbers. */
bool credit_told(struct credit *c, uint64_t time_ns, uint32_t buf_alloc, uint32_t fwd_cnt,
		 struct vsock_stall *stall);

/* The sender asked for credit. */
void credit_asked(struct credit *c);

/* The sender will send no more: either it waited for nothing, or it gave up. */
bool credit_closed(struct credit *c, uint64_t time_ns, struct vsock_stall *stall);

/* The conversation or the capture ended while the sender would still send. */
bool credit_ended(struct credit *c, uint64_t time_ns, struct vsock_stall *stall);

#endif
