// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The credit of one sender.
 *
 * That a sender has no credit is no stall yet: it may have nothing to send. Linux never
 * says so (it sends no CREDIT_REQUEST), so a stall is told by how it ends. The sender
 * that had waited sends as soon as the peer reads; the one that had not, some time later
 * or never. Hence three states: credit runs out (LOW), the peer grants some (GRANTED),
 * and the sender sends in time, which makes it a stall from the first to the second.
 *
 * Linux sends as little as a byte, so its credit goes down to 0 exactly, and any grant
 * ends a stall. Others wait until a packet has room. For them a rest that is small
 * against the buffer is low, too, and the grant that counts is the last one before a
 * packet that had no room before.
 *
 * Rejected: a stall from the last packet to the next whenever credit was short; that
 * blames the peer for every pause of a sender whose last message filled the buffer.
 */
#include "analyzers/vsock/credit.h"

enum {
	LOW_PART = 16,	       /* of the buffer that is next to nothing */
	PROMPT_NS = 10000000,  /* a sender that waits no longer than this, waited not */
	QUICK_NS = 1000000,    /* a peer that takes no longer has not paused … */
	QUICK_TIMES = 8,       /* … nor one that takes so many times its best … */
	SLOW_NS = 10000000,    /* … unless that is this long */
	UNSEEN_MOST = 1 << 30, /* no buffer is larger; counts wrap at twice as much */
};

void credit_begin(struct credit *c, bool whole)
{
	*c = (struct credit){.quickest_ns = UINT64_MAX, .unseen = whole ? 0 : UINT32_MAX};
}

static uint64_t since(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static bool is_low(const struct credit *c)
{
	return c->known && credit_free(c) <= c->buf_alloc / LOW_PART;
}

static void set_flowing(struct credit *c)
{
	c->state = CREDIT_FREE;
	c->asked = 0;
}

/* Did the peer read all there was, about as soon as it ever does? Then more room would
 * have helped. */
static enum vsock_fault fault_of(const struct credit *c, uint64_t duration)
{
	uint64_t quick = c->usual_ns < SLOW_NS ? c->usual_ns * QUICK_TIMES : 0;

	if (quick < QUICK_NS)
		quick = QUICK_NS;
	if (quick > SLOW_NS)
		quick = SLOW_NS;
	return c->emptied && duration < quick ? VSOCK_FAULT_WINDOW : VSOCK_FAULT_READER;
}

static void fill_stall(const struct credit *c, uint64_t end_ns, struct vsock_stall *stall)
{
	*stall = (struct vsock_stall){
		.begin_ns = c->low_ns,
		.end_ns = end_ns > c->low_ns ? end_ns : c->low_ns,
		.buf_alloc = c->buf_alloc,
		.asked = c->asked,
	};
	stall->fault = (uint8_t)fault_of(c, since(stall->begin_ns, stall->end_ns));
}

/* Had the sender of @bytes waited for the credit that it got? */
static bool had_waited(const struct credit *c, uint64_t time_ns, uint32_t bytes)
{
	uint64_t waited = since(c->low_ns, c->granted_ns);
	uint64_t prompt = waited > PROMPT_NS ? waited : PROMPT_NS;

	if (c->state != CREDIT_GRANTED || c->granted_ns <= c->low_ns)
		return false;
	return c->asked ||
	       (bytes > c->blocked && since(c->granted_ns, time_ns) <= prompt);
}

static void count_overrun(struct credit *c, uint32_t bytes)
{
	int64_t room = credit_free(c) > 0 ? credit_free(c) : 0;
	uint32_t beyond;

	if (!c->known || bytes <= room)
		return;
	beyond = bytes - (uint32_t)room;
	c->overrun_packets++;
	if (beyond > c->overrun_most)
		c->overrun_most = beyond;
}

static void start_timing(struct credit *c, uint64_t time_ns)
{
	if (c->timing)
		return;
	c->timing = true;
	c->timed_until = c->sent;
	c->timed_ns = time_ns;
}

bool credit_sent(struct credit *c, uint64_t time_ns, uint32_t bytes,
		 struct vsock_stall *stall)
{
	bool stalled = false;

	if (!bytes)
		return false;
	count_overrun(c, bytes);
	if (c->state != CREDIT_FREE) {
		stalled = had_waited(c, time_ns, bytes);
		if (stalled)
			fill_stall(c, c->granted_ns, stall);
		set_flowing(c);
	}
	c->sent += bytes;
	start_timing(c, time_ns);
	if (is_low(c)) {
		c->state = CREDIT_LOW;
		c->low_ns = time_ns;
		c->usual_ns = c->quickest_ns;
		c->blocked = credit_free(c);
	}
	return stalled;
}

/* The peer read more than we saw sent: the tap lost packets, or the conversation had
 * begun before the capture and these bytes were under way. */
static void account_unseen(struct credit *c, uint32_t fwd_cnt)
{
	uint32_t excess = fwd_cnt - c->sent;

	if ((int32_t)excess <= 0)
		return;
	if (excess <= c->unseen) {
		c->unseen -= excess;
	} else {
		c->lost += excess - c->unseen;
		c->unseen = 0;
	}
	c->sent = fwd_cnt;
}

/* The first numbers of a conversation that had begun before the capture: all that was
 * sent is taken for read, until the peer says that it read more. */
static void start_in_the_middle(struct credit *c, uint32_t buf_alloc, uint32_t fwd_cnt)
{
	if (buf_alloc > UNSEEN_MOST)
		buf_alloc = UNSEEN_MOST;
	c->sent = c->fwd_cnt = fwd_cnt;
	c->unseen = buf_alloc;
	c->unseen_until = fwd_cnt + buf_alloc;
	c->timing = false;
}

static void take_time(struct credit *c, uint64_t time_ns)
{
	if (!c->timing || (int32_t)(c->fwd_cnt - c->timed_until) < 0)
		return;
	c->timing = false;
	if (since(c->timed_ns, time_ns) < c->quickest_ns)
		c->quickest_ns = since(c->timed_ns, time_ns);
}

/* Credit grew from @before to what there is now. */
static void grant(struct credit *c, uint64_t time_ns, int64_t before)
{
	bool any_will_do = c->blocked <= 0;

	if (c->state == CREDIT_GRANTED && any_will_do)
		return;
	c->state = CREDIT_GRANTED;
	c->granted_ns = time_ns;
	c->blocked = before > 0 ? before : 0;
	c->emptied = credit_unread(c) <= c->buf_alloc / 2;
}

bool credit_told(struct credit *c, uint64_t time_ns, uint32_t buf_alloc, uint32_t fwd_cnt,
		 struct vsock_stall *stall)
{
	int64_t before = credit_free(c);

	if (!c->known && c->unseen)
		start_in_the_middle(c, buf_alloc, fwd_cnt);
	else if ((int32_t)(fwd_cnt - c->fwd_cnt) < 0)
		return false; /* older than what is known: packets can overtake */
	account_unseen(c, fwd_cnt);
	c->known = true;
	c->buf_alloc = buf_alloc;
	c->fwd_cnt = fwd_cnt;
	if (c->unseen && (int32_t)(fwd_cnt - c->unseen_until) >= 0)
		c->unseen = 0;
	take_time(c, time_ns);
	if (c->state == CREDIT_FREE || credit_free(c) <= 0 || credit_free(c) <= before)
		return false;
	grant(c, time_ns, before);
	if (!c->asked || c->blocked > 0)
		return false;
	fill_stall(c, time_ns, stall);
	set_flowing(c);
	return true;
}

void credit_asked(struct credit *c)
{
	if (c->state == CREDIT_LOW)
		c->asked++;
}

/* A stall that no credit ended. */
static bool give_up(struct credit *c, uint64_t time_ns, bool stalled,
		    struct vsock_stall *stall)
{
	if (stalled) {
		c->emptied = false; /* it did not read at all */
		fill_stall(c, time_ns, stall);
		stall->unended = true;
	}
	set_flowing(c);
	return stalled;
}

static bool is_blocked(const struct credit *c)
{
	return c->state == CREDIT_LOW && (credit_free(c) <= 0 || c->asked);
}

bool credit_closed(struct credit *c, uint64_t time_ns, struct vsock_stall *stall)
{
	bool waited = since(c->low_ns, time_ns) > PROMPT_NS;

	return give_up(c, time_ns, is_blocked(c) && (waited || c->asked), stall);
}

bool credit_ended(struct credit *c, uint64_t time_ns, struct vsock_stall *stall)
{
	return give_up(c, time_ns, is_blocked(c) && time_ns > c->low_ns, stall);
}
