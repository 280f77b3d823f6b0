// SPDX-License-Identifier: GPL-2.0-or-later
/* A conversation: what each of its packets changes. */
#include "analyzers/vsock/conversation.h"

#include <stdlib.h>

static bool same_address(const struct vsock_address *x, const struct vsock_address *y)
{
	return x->cid == y->cid && x->port == y->port;
}

void conversation_begin(struct vsock_conversation *c, const struct vsock_packet *p)
{
	bool is_response = p->virtio.op == VSOCK_OP_RESPONSE;

	c->address[VSOCK_A] = is_response ? p->dst : p->src;
	c->address[VSOCK_B] = is_response ? p->src : p->dst;
	c->type = p->virtio.type;
	c->opener_known = is_response || p->virtio.op == VSOCK_OP_REQUEST;
	c->state = c->opener_known ? VSOCK_CONNECTING : VSOCK_CONNECTED;
	c->ended_by = c->data_from = VSOCK_NOBODY;
	c->first_ns = c->last_ns = p->time_ns;
	c->connect_ns = VSOCK_NO_TIME;
	for (unsigned end = 0; end < VSOCK_ENDS; end++)
		credit_begin(&c->side[end].credit, c->opener_known);
}

enum vsock_end conversation_sender(const struct vsock_conversation *c,
				   const struct vsock_packet *p)
{
	return same_address(&p->src, &c->address[VSOCK_A]) &&
			       same_address(&p->dst, &c->address[VSOCK_B])
		       ? VSOCK_A
		       : VSOCK_B;
}

/* ns that both stalls have in common */
static uint64_t overlap(const struct vsock_stall *x, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t from = x->begin_ns > begin_ns ? x->begin_ns : begin_ns;
	uint64_t to = x->end_ns < end_ns ? x->end_ns : end_ns;

	return to > from ? to - from : 0;
}

/* Was the peer, which ought to have read, waiting for the stalled one to read? */
static bool peer_was_stalled(const struct vsock_conversation *c,
			     const struct vsock_stall *stall)
{
	enum vsock_end peer = vsock_other((enum vsock_end)stall->sender);
	const struct credit *credit = &c->side[peer].credit;
	const struct vsock_stall *last = &c->stalls.last[peer];
	uint64_t both = overlap(stall, last->begin_ns, last->end_ns);

	if (credit->state == CREDIT_LOW && credit_free(credit) <= 0)
		both = overlap(stall, credit->low_ns, stall->end_ns);
	return both && both >= stall_ns(stall) / 2;
}

static void add_stall(struct vsock_conversation *c, enum vsock_end sender,
		      struct vsock_stall *stall, struct vsock_news *news)
{
	stall->sender = (uint8_t)sender;
	if (stall->fault == VSOCK_FAULT_READER && peer_was_stalled(c, stall))
		stall->fault = VSOCK_FAULT_BOTH;
	stalls_add(&c->stalls, stall);
	news->stalls[news->nr_stalls++] = *stall;
}

/* From now on, to the history, which begins with the first payload. */
static void note_free(struct vsock_conversation *c, enum vsock_end sender)
{
	const struct credit *credit = &c->side[sender].credit;
	int64_t left = credit_free(credit);

	if (!c->history || !credit->known)
		return;
	history_free(c->history, sender, left > 0 ? (uint32_t)left : 0);
}

/* Every packet tells of its sender's buffer. */
static void take_numbers(struct vsock_conversation *c, enum vsock_end from,
			 const struct vsock_packet *p, struct vsock_news *news)
{
	enum vsock_end peer = vsock_other(from);
	struct vsock_stall stall;

	if (credit_told(&c->side[peer].credit, p->time_ns, p->virtio.buf_alloc,
			p->virtio.fwd_cnt, &stall))
		add_stall(c, peer, &stall, news);
	note_free(c, peer);
}

static void begin_history(struct vsock_conversation *c)
{
	c->history = malloc(sizeof(*c->history));
	if (!c->history)
		return;
	history_begin(c->history, c->first_ns);
	note_free(c, VSOCK_A);
	note_free(c, VSOCK_B);
	history_at(c->history, c->last_ns);
}

static void take_turn(struct vsock_conversation *c, enum vsock_end from, uint64_t time_ns,
		      unsigned *histograms)
{
	if (c->data_from == vsock_other(from) && time_ns >= c->data_ns)
		turnaround_add(&c->side[from].answers, time_ns - c->data_ns, histograms);
	c->data_from = from;
	c->data_ns = time_ns;
}

static void take_payload(struct vsock_conversation *c, enum vsock_end from,
			 const struct vsock_packet *p, unsigned *histograms,
			 struct vsock_news *news)
{
	struct vsock_side *side = &c->side[from];
	struct vsock_stall stall;

	side->data_packets++;
	side->bytes += p->virtio.length;
	if (p->virtio.type == VSOCK_TYPE_SEQPACKET &&
	    p->virtio.flags & VSOCK_SEQPACKET_EOM)
		side->messages++;
	if (c->state == VSOCK_ENDED)
		return;
	take_turn(c, from, p->time_ns, histograms);
	if (credit_sent(&side->credit, p->time_ns, p->virtio.length, &stall))
		add_stall(c, from, &stall, news);
	if (!c->history)
		begin_history(c);
	if (!c->history)
		return;
	history_bytes(c->history, from, p->virtio.length);
	note_free(c, from);
}

static void close_sending(struct vsock_conversation *c, enum vsock_end sender,
			  uint64_t time_ns, struct vsock_news *news)
{
	struct vsock_stall stall;

	if (credit_closed(&c->side[sender].credit, time_ns, &stall))
		add_stall(c, sender, &stall, news);
}

static void end_sending(struct vsock_conversation *c, enum vsock_end sender,
			uint64_t time_ns, struct vsock_news *news)
{
	struct vsock_stall stall;

	if (credit_ended(&c->side[sender].credit, time_ns, &stall))
		add_stall(c, sender, &stall, news);
}

static void take_shutdown(struct vsock_conversation *c, enum vsock_end from,
			  const struct vsock_packet *p, struct vsock_news *news)
{
	c->side[from].shutdown |= p->virtio.flags & VSOCK_SHUTDOWN_BOTH;
	if (c->state == VSOCK_ENDED)
		return;
	if (c->ended_by == VSOCK_NOBODY)
		c->ended_by = from;
	if (p->virtio.flags & VSOCK_SHUTDOWN_SEND)
		close_sending(c, from, p->time_ns, news);
	if (p->virtio.flags & VSOCK_SHUTDOWN_RCV)
		end_sending(c, vsock_other(from), p->time_ns, news);
}

/* Is it agreed that nothing more will come? An RST of @from, or of nobody, then only
 * confirms it. */
static bool is_shut(const struct vsock_conversation *c, enum vsock_end from)
{
	uint32_t a = c->side[VSOCK_A].shutdown, b = c->side[VSOCK_B].shutdown;

	if (a & b & VSOCK_SHUTDOWN_SEND)
		return true;
	return (a == VSOCK_SHUTDOWN_BOTH && from != VSOCK_A) ||
	       (b == VSOCK_SHUTDOWN_BOTH && from != VSOCK_B);
}

static void take_reset(struct vsock_conversation *c, enum vsock_end from,
		       const struct vsock_packet *p, struct vsock_news *news)
{
	if (c->state == VSOCK_ENDED)
		return;
	close_sending(c, from, p->time_ns, news);
	end_sending(c, vsock_other(from), p->time_ns, news);
	if (c->state == VSOCK_CONNECTING && from == VSOCK_B)
		c->outcome = VSOCK_REFUSED;
	else
		c->outcome = is_shut(c, from) ? VSOCK_SHUT : VSOCK_RESET;
	if (c->outcome != VSOCK_SHUT)
		c->ended_by = from;
	c->end_ns = p->time_ns;
	c->state = VSOCK_ENDED;
}

static void take_credit(struct vsock_conversation *c, enum vsock_end from,
			const struct vsock_packet *p)
{
	struct vsock_side *side = &c->side[from];

	side->credit_packets++;
	side->credit_bytes += p->length;
	if (p->virtio.op == VSOCK_OP_CREDIT_REQUEST)
		credit_asked(&side->credit);
}

static void take_response(struct vsock_conversation *c, enum vsock_end from,
			  const struct vsock_packet *p)
{
	if (c->state != VSOCK_CONNECTING || from != VSOCK_B)
		return;
	c->state = VSOCK_CONNECTED;
	if (c->side[VSOCK_A].packets)
		c->connect_ns = p->time_ns > c->first_ns ? p->time_ns - c->first_ns : 0;
}

static void take_op(struct vsock_conversation *c, enum vsock_end from,
		    const struct vsock_packet *p, unsigned *histograms,
		    struct vsock_news *news)
{
	switch (p->virtio.op) {
	case VSOCK_OP_RW:
		take_payload(c, from, p, histograms, news);
		break;
	case VSOCK_OP_CREDIT_UPDATE:
	case VSOCK_OP_CREDIT_REQUEST:
		take_credit(c, from, p);
		break;
	case VSOCK_OP_RESPONSE:
		take_response(c, from, p);
		break;
	case VSOCK_OP_SHUTDOWN:
		take_shutdown(c, from, p, news);
		break;
	case VSOCK_OP_RST:
		take_reset(c, from, p, news);
		break;
	default:
		break;
	}
}

/* An RST for a socket that is gone has no numbers. */
static bool tells_numbers(const struct vsock_packet *p)
{
	if (p->virtio.op == VSOCK_OP_RST)
		return p->virtio.buf_alloc != 0;
	return p->virtio.op != VSOCK_OP_INVALID && p->virtio.op < VSOCK_NR_OPS;
}

static bool says_farewell(const struct vsock_packet *p)
{
	return p->virtio.op == VSOCK_OP_RST || (p->virtio.op == VSOCK_OP_SHUTDOWN &&
						p->virtio.flags & VSOCK_SHUTDOWN_RCV);
}

/* The answer to its REQUEST was not captured, but it goes on. */
static bool is_connected_by(const struct vsock_packet *p)
{
	return p->virtio.op >= VSOCK_OP_SHUTDOWN && p->virtio.op < VSOCK_NR_OPS;
}

void conversation_take(struct vsock_conversation *c, enum vsock_end from,
		       const struct vsock_packet *p, unsigned *histograms,
		       struct vsock_news *news)
{
	if (p->time_ns > c->last_ns)
		c->last_ns = p->time_ns;
	if (c->history && c->state != VSOCK_ENDED)
		history_at(c->history, c->last_ns);
	if (c->state == VSOCK_CONNECTING && is_connected_by(p))
		c->state = VSOCK_CONNECTED;
	if (c->state != VSOCK_ENDED && tells_numbers(p)) {
		take_numbers(c, from, p, news);
		c->side[from].told_last |= says_farewell(p);
	}
	take_op(c, from, p, histograms, news);
	c->side[from].packets++;
}

void conversation_finish(struct vsock_conversation *c, uint64_t time_ns,
			 unsigned *histograms, struct vsock_news *news)
{
	if (c->state != VSOCK_ENDED) {
		end_sending(c, VSOCK_A, time_ns, news);
		end_sending(c, VSOCK_B, time_ns, news);
		c->outcome = is_shut(c, VSOCK_NOBODY) ? VSOCK_SHUT : VSOCK_OPEN;
		c->end_ns = c->outcome == VSOCK_SHUT ? c->last_ns : time_ns;
		c->state = VSOCK_ENDED;
	}
	if (c->history)
		history_at(c->history, c->end_ns);
	for (unsigned end = 0; end < VSOCK_ENDS; end++)
		turnaround_settle(&c->side[end].answers, histograms);
	stalls_sort(&c->stalls);
}

void conversation_release(struct vsock_conversation *c)
{
	free(c->history);
	stalls_release(&c->stalls);
}
