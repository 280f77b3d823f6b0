// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From packets to conversations: finding each packet's.
 *
 * A hash of both addresses and the type that is the same for either direction, chains
 * for collisions, and two lists by age: those that go on, by their last packet, and those
 * that ended. conversation.c follows the one that was found.
 *
 * Only a REQUEST begins a conversation for certain. Other packets without one belong to
 * a conversation that had begun before the capture, but for RST: it is also the answer
 * to a packet for nobody, and it comes late when an end closes a socket whose connection
 * was over long ago.
 */
#include "analyzers/vsock/tracker.h"

#include <errno.h>
#include <stdlib.h>

enum { BUCKETS = 1 << 15 };

#define LATE_NS 1000000000ULL /* what comes later than this after an end is news */

int vsock_tracker_init(struct vsock_tracker *t, unsigned live_max)
{
	*t = (struct vsock_tracker){
		.first_ns = VSOCK_NO_TIME,
		.live_max = live_max ? live_max : VSOCK_CONVERSATIONS_MAX,
		.buckets = calloc(BUCKETS, sizeof(struct vsock_conversation *)),
	};
	return t->buckets ? 0 : -ENOMEM;
}

void vsock_listen(struct vsock_tracker *t, const struct vsock_listener *listener,
		  void *state)
{
	t->listeners[t->nr_listeners].listener = listener;
	t->listeners[t->nr_listeners++].state = state;
}

struct vsock_conversation *vsock_hold(struct vsock_conversation *c)
{
	c->holders++;
	return c;
}

void vsock_drop(struct vsock_conversation *c)
{
	if (--c->holders)
		return;
	conversation_release(c);
	free(c);
}

static uint64_t mixed(const struct vsock_address *address)
{
	uint64_t h = address->cid * 0x9e3779b97f4a7c15ULL + address->port;

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	return h ^ h >> 33;
}

/* The same for both directions, so it adds the addresses; each is mixed before, or all
 * pairs of one sum would stand in one chain. */
static uint32_t hash_of(const struct vsock_packet *p)
{
	uint64_t h = mixed(&p->src) + mixed(&p->dst) + p->virtio.type;

	h *= 0xc4ceb9fe1a85ec53ULL;
	return (uint32_t)(h >> 32);
}

static bool is_between(const struct vsock_address *x, const struct vsock_address *y,
		       const struct vsock_packet *p)
{
	return x->cid == p->src.cid && x->port == p->src.port && y->cid == p->dst.cid &&
	       y->port == p->dst.port;
}

static bool is_of(const struct vsock_conversation *c, const struct vsock_packet *p)
{
	return c->type == p->virtio.type &&
	       (is_between(&c->address[VSOCK_A], &c->address[VSOCK_B], p) ||
		is_between(&c->address[VSOCK_B], &c->address[VSOCK_A], p));
}

/* Packets come in runs: most are of the same conversation as the one before. */
static struct vsock_conversation *find(struct vsock_tracker *t,
				       const struct vsock_packet *p)
{
	struct vsock_conversation *c = t->last;

	if (c && is_of(c, p))
		return c;
	c = t->buckets[hash_of(p) % BUCKETS];
	while (c && !is_of(c, p))
		c = c->next_in_bucket;
	t->last = c;
	return c;
}

static void list_remove(struct vsock_list *list, struct vsock_conversation *c)
{
	*(c->older ? &c->older->newer : &list->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &list->newest) = c->older;
	list->count--;
}

static void list_append(struct vsock_list *list, struct vsock_conversation *c)
{
	c->older = list->newest;
	c->newer = NULL;
	*(c->older ? &c->older->newer : &list->oldest) = c;
	list->newest = c;
	list->count++;
}

static void unhash(struct vsock_tracker *t, struct vsock_conversation *c)
{
	struct vsock_conversation **link = &t->buckets[c->hash % BUCKETS];

	while (*link != c)
		link = &(*link)->next_in_bucket;
	*link = c->next_in_bucket;
	if (t->last == c)
		t->last = NULL;
}

static void tell_stalls(struct vsock_tracker *t, const struct vsock_conversation *c,
			const struct vsock_news *news)
{
	for (unsigned i = 0; i < t->nr_listeners; i++) {
		const struct vsock_listener *listener = t->listeners[i].listener;

		for (unsigned s = 0; listener->stall && s < news->nr_stalls; s++)
			listener->stall(t->listeners[i].state, c, &news->stalls[s]);
	}
}

/* Takes @c, which is on @list, out of the tracker; it went on up to @time_ns. */
static void finish(struct vsock_tracker *t, struct vsock_list *list,
		   struct vsock_conversation *c, uint64_t time_ns)
{
	struct vsock_news news = {.nr_stalls = 0};

	conversation_finish(c, time_ns, &t->histograms, &news);
	tell_stalls(t, c, &news);
	t->outcomes[c->outcome]++;
	t->lost_bytes += vsock_lost_bytes(c);
	if (c->connect_ns != VSOCK_NO_TIME)
		turnaround_add(&t->connects, c->connect_ns, &t->histograms);
	list_remove(list, c);
	unhash(t, c);
	for (unsigned i = 0; i < t->nr_listeners; i++)
		if (t->listeners[i].listener->end)
			t->listeners[i].listener->end(t->listeners[i].state, c);
	vsock_drop(c);
}

static struct vsock_list *list_of(struct vsock_tracker *t,
				  const struct vsock_conversation *c)
{
	return c->state == VSOCK_ENDED ? &t->ended : &t->live;
}

static struct vsock_conversation *begin(struct vsock_tracker *t,
					const struct vsock_packet *p)
{
	struct vsock_conversation *c = calloc(1, sizeof(*c)), **bucket;

	if (!c) {
		t->forgotten++;
		return NULL;
	}
	if (t->live.count >= t->live_max) {
		t->given_up++;
		finish(t, &t->live, t->live.oldest, t->last_ns);
	}
	conversation_begin(c, p);
	c->number = ++t->conversations;
	c->holders = 1;
	c->hash = hash_of(p);
	bucket = &t->buckets[c->hash % BUCKETS];
	c->next_in_bucket = *bucket;
	*bucket = t->last = c;
	list_append(&t->live, c);
	for (unsigned i = 0; i < t->nr_listeners; i++)
		if (t->listeners[i].listener->begin)
			t->listeners[i].listener->begin(t->listeners[i].state, c);
	return c;
}

/* Does the packet belong to no conversation before it? */
static bool is_news(const struct vsock_conversation *c, const struct vsock_packet *p)
{
	if (p->virtio.op == VSOCK_OP_REQUEST)
		return true;
	return c->state == VSOCK_ENDED && p->virtio.op != VSOCK_OP_RST &&
	       p->time_ns > c->end_ns + LATE_NS;
}

static struct vsock_conversation *conversation_of(struct vsock_tracker *t,
						  const struct vsock_packet *p)
{
	struct vsock_conversation *c = find(t, p);

	if (c && !is_news(c, p))
		return c;
	if (c) /* when it ended nobody knows */
		finish(t, list_of(t, c), c, c->last_ns);
	return p->virtio.op == VSOCK_OP_RST ? NULL : begin(t, p);
}

/* Those that go on are listed by their last packet, those that ended by their end. */
static void relist(struct vsock_tracker *t, struct vsock_conversation *c, bool was_live)
{
	if (was_live && c->state == VSOCK_ENDED) {
		list_remove(&t->live, c);
		list_append(&t->ended, c);
		if (t->ended.count > VSOCK_ENDED_MAX)
			finish(t, &t->ended, t->ended.oldest, t->last_ns);
	} else if (was_live && t->live.newest != c) {
		list_remove(&t->live, c);
		list_append(&t->live, c);
	}
}

static void tell_packet(struct vsock_tracker *t, const struct vsock_conversation *c,
			enum vsock_end from, const struct vsock_packet *p)
{
	for (unsigned i = 0; i < t->nr_listeners; i++)
		if (t->listeners[i].listener->packet)
			t->listeners[i].listener->packet(t->listeners[i].state, c, from,
							 p);
}

static void count_other_op(struct vsock_tracker *t, unsigned op)
{
	unsigned i = 0;

	while (i < t->nr_other_ops && t->other_ops[i].op != op)
		i++;
	if (i == VSOCK_OTHER_OPS_MAX) {
		t->more_ops++;
		return;
	}
	if (i == t->nr_other_ops)
		t->other_ops[t->nr_other_ops++].op = op;
	t->other_ops[i].count++;
}

static void count_packet(struct vsock_tracker *t, const struct vsock_packet *p)
{
	if (p->virtio.op < VSOCK_NR_OPS)
		t->ops[p->virtio.op]++;
	else
		count_other_op(t, p->virtio.op);
	if (p->virtio.op == VSOCK_OP_CREDIT_UPDATE ||
	    p->virtio.op == VSOCK_OP_CREDIT_REQUEST) {
		t->credit_packets++;
		t->credit_bytes += p->length;
	}
	if (p->payload_size < vsock_data_length(p))
		t->cut++;
}

void vsock_track(struct vsock_tracker *t, const struct vsock_packet *p, bool whole)
{
	struct vsock_conversation *c = NULL;
	enum vsock_end from = VSOCK_NOBODY;
	struct vsock_news news = {.nr_stalls = 0};

	t->packets++;
	t->bytes += p->length;
	if (t->first_ns == VSOCK_NO_TIME)
		t->first_ns = t->last_ns = p->time_ns;
	if (p->time_ns > t->last_ns)
		t->last_ns = p->time_ns;
	if (p->is_virtio)
		count_packet(t, p);
	t->undecodable += !whole;
	t->not_virtio += whole && !p->is_virtio;
	if (p->is_virtio)
		c = conversation_of(t, p);
	if (c) {
		bool was_live = c->state != VSOCK_ENDED;

		from = conversation_sender(c, p);
		conversation_take(c, from, p, &t->histograms, &news);
		tell_packet(t, c, from, p);
		tell_stalls(t, c, &news);
		relist(t, c, was_live);
	} else {
		t->strays += p->is_virtio;
		tell_packet(t, NULL, VSOCK_NOBODY, p);
	}
}

void vsock_tracker_finish(struct vsock_tracker *t)
{
	while (t->ended.oldest)
		finish(t, &t->ended, t->ended.oldest, t->last_ns);
	while (t->live.oldest)
		finish(t, &t->live, t->live.oldest, t->last_ns);
	turnaround_settle(&t->connects, &t->histograms);
}

void vsock_tracker_release(struct vsock_tracker *t)
{
	t->nr_listeners = 0;
	vsock_tracker_finish(t);
	free(t->buckets);
	*t = (struct vsock_tracker){0};
}
