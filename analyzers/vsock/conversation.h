/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conversation: the packets between two addresses from a REQUEST on, of one type. The
 * same addresses may have another one later; each is told by its number.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_CONVERSATION_H
#define FATHOM_ANALYZERS_VSOCK_CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzers/vsock/credit.h"
#include "analyzers/vsock/history.h"
#include "analyzers/vsock/packet.h"
#include "analyzers/vsock/stalls.h"
#include "analyzers/vsock/turnaround.h"

/* A is who connected; who sent the first packet that was captured when nobody knows. */
enum vsock_end { VSOCK_A, VSOCK_B, VSOCK_ENDS, VSOCK_NOBODY = VSOCK_ENDS };

#define VSOCK_NO_TIME UINT64_MAX

enum vsock_state {
	VSOCK_CONNECTING, /* requested, not answered */
	VSOCK_CONNECTED,
	VSOCK_ENDED,
};

enum vsock_outcome {
	VSOCK_OPEN, /* when the capture ended, or nobody knows how it went on */
	VSOCK_SHUT, /* both agreed that nothing more will come */
	VSOCK_RESET,
	VSOCK_REFUSED,
	VSOCK_OUTCOMES,
};

/* What one end sent and did. */
struct vsock_side {
	uint64_t packets, bytes;
	uint64_t data_packets;	 /* … that carry payload */
	uint64_t messages;	 /* that ended; SEQPACKET */
	uint64_t credit_packets; /* CREDIT_UPDATE and CREDIT_REQUEST */
	uint64_t credit_bytes;	 /* … with their headers */
	uint32_t shutdown;	 /* enum vsock_shutdown */
	bool told_last;		 /* its numbers are known as they were when it closed */
	struct credit credit;
	struct turnaround answers;
};

struct vsock_conversation {
	uint64_t number; /* from 1, by first packet */
	struct vsock_address address[VSOCK_ENDS];
	uint16_t type;	   /* enum vsock_type, or what it says */
	bool opener_known; /* a REQUEST or its RESPONSE was captured */
	enum vsock_state state;
	enum vsock_outcome outcome;
	enum vsock_end ended_by; /* who first shut down, or reset */
	uint64_t first_ns, last_ns, end_ns;
	uint64_t connect_ns; /* from REQUEST to RESPONSE, or VSOCK_NO_TIME */
	struct vsock_side side[VSOCK_ENDS];
	struct stalls stalls;
	struct history *history; /* NULL: no payload yet, or no memory for it */

	enum vsock_end data_from; /* whose payload was the last; VSOCK_NOBODY: none */
	uint64_t data_ns;

	/* Of the tracker. */
	struct vsock_conversation *next_in_bucket, *older, *newer;
	uint32_t hash;
	unsigned holders;
};

/* What a packet brought to light. */
struct vsock_news {
	struct vsock_stall stalls[2 * VSOCK_ENDS]; /* that are over */
	unsigned nr_stalls;
};

/* The first packet makes a zeroed @c a conversation; it is taken like any other then. */
void conversation_begin(struct vsock_conversation *c, const struct vsock_packet *p);

/* Which end sent it? */
enum vsock_end conversation_sender(const struct vsock_conversation *c,
				   const struct vsock_packet *p);

/* A packet of @from; @histograms as in turnaround.h. */
void conversation_take(struct vsock_conversation *c, enum vsock_end from,
		       const struct vsock_packet *p, unsigned *histograms,
		       struct vsock_news *news);

/* No more packets come; the capture is at @time_ns. */
void conversation_finish(struct vsock_conversation *c, uint64_t time_ns,
			 unsigned *histograms, struct vsock_news *news);

void conversation_release(struct vsock_conversation *c);

static inline enum vsock_end vsock_other(enum vsock_end end)
{
	return end == VSOCK_A ? VSOCK_B : VSOCK_A;
}

static inline uint64_t vsock_lost_bytes(const struct vsock_conversation *c)
{
	return c->side[VSOCK_A].credit.lost + c->side[VSOCK_B].credit.lost;
}

static inline uint64_t vsock_duration_ns(const struct vsock_conversation *c)
{
	return c->end_ns > c->first_ns ? c->end_ns - c->first_ns : 0;
}

/* Stalled by both ends' lack of credit, ns. */
static inline uint64_t vsock_stalled_ns(const struct vsock_conversation *c)
{
	return c->stalls.sum[VSOCK_A].ns + c->stalls.sum[VSOCK_B].ns;
}

#endif
