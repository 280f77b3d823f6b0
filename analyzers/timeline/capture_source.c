// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture of AF_VSOCK as a source of a timeline: its packets, its stalls when they are
 * over, and the control messages of benchmarks that it carries.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/timeline/bracket.h"
#include "analyzers/timeline/source.h"
#include "analyzers/vsock/control.h"
#include "analyzers/vsock/output.h"
#include "core/failure.h"
#include "trace/capture.h"

struct capture_source {
	struct source source; /* first */
	struct capture *capture;
	struct capture_packet packet;
	struct vsock_tracker tracker;
	struct vsock_stream stream;
	struct vsock_control control;
};

static uint64_t on_axis(const struct capture_source *c, uint64_t wall_ns)
{
	return c->source.clock ? axis_wall_time(c->source.clock, wall_ns) : wall_ns;
}

static void put_ends(struct listing *l, const struct vsock_address *from,
		     const struct vsock_address *to)
{
	char text[VSOCK_NAME];

	listing_word(l, "from", vsock_address_text(text, from));
	listing_word(l, "to", vsock_address_text(text, to));
}

static void packet_comes(void *state, const struct vsock_conversation *conversation,
			 enum vsock_end from, const struct vsock_packet *p)
{
	struct capture_source *c = state;
	struct listing *l = c->source.listing;
	char name[VSOCK_NAME];
	const char *op = p->is_virtio ? vsock_op_name(p->virtio.op, name)
				      : vsock_monitor_op_name(p->monitor_op, name);

	if (!listing_entry(l, ENTRY_PACKET, c->source.name, c->source.next_ns, op))
		return;
	put_ends(l, &p->src, &p->dst);
	if (p->is_virtio)
		listing_number(l, "len", p->virtio.length);
	if (conversation) {
		const struct credit *credit = &conversation->side[from].credit;

		listing_number(l, "conversation", (int64_t)conversation->number);
		if (credit->known)
			listing_number(l, "credit", credit_free(credit));
	}
	listing_end(l);
}

static void stall_over(void *state, const struct vsock_conversation *conversation,
		       const struct vsock_stall *stall)
{
	struct capture_source *c = state;
	struct listing *l = c->source.listing;
	enum vsock_end sender = (enum vsock_end)stall->sender;

	if (!listing_entry(l, ENTRY_STALL, c->source.name, c->source.next_ns,
			   stall->unended ? "stalled to its end" : "stall over"))
		return;
	put_ends(l, &conversation->address[sender],
		 &conversation->address[vsock_other(sender)]);
	listing_time(l, "for", stall->end_ns - stall->begin_ns);
	listing_word(l, "fault", vsock_fault_word((enum vsock_fault)stall->fault));
	listing_number(l, "conversation", (int64_t)conversation->number);
	listing_end(l);
}

static const struct vsock_listener packet_listener = {
	.packet = packet_comes,
	.stall = stall_over,
};

static void message_said(void *user, const struct vsock_said *said)
{
	struct capture_source *c = user;
	struct listing *l = c->source.listing;

	bracket_message(c->source.bracket, BRACKET_SEEN, said->m.kind->type,
			said->m.number, c->source.clock, on_axis(c, said->time_ns));
	if (!listing_entry(l, ENTRY_CONTROL, c->source.name, c->source.next_ns,
			   said->m.kind->sender == CONTROL_MASTER ? "from master"
								  : "from agent"))
		return;
	listing_word(l, "message", said->m.kind->name);
	listing_number(l, "number", said->m.number);
	listing_number(l, "length", control_size(&said->m));
	listing_number(l, "conversation", (int64_t)said->c->number);
	if (said->answers) {
		listing_word(l, "answers", said->answers->name);
		listing_time(l, "after", said->answer_ns);
	}
	listing_end(l);
}

static void take_chunk(void *user, const struct vsock_conversation *conversation,
		       const struct vsock_chunk *chunk)
{
	struct capture_source *c = user;

	vsock_control_take(&c->control, conversation, chunk);
}

static void end_stream(void *user, const struct vsock_conversation *conversation)
{
	struct capture_source *c = user;

	vsock_control_end(&c->control, conversation);
}

static int capture_advance(struct source *s, struct failure *f)
{
	struct capture_source *c = (struct capture_source *)s;
	uint64_t time_ns;

	(void)f;
	s->has_next = capture_next(c->capture, &c->packet) == CAPTURE_PACKET;
	if (!s->has_next)
		return 0;
	time_ns = on_axis(c, c->packet.time_ns);
	if (time_ns > s->next_ns)
		s->next_ns = time_ns;
	return 0;
}

static int capture_take(struct source *s, struct failure *f)
{
	struct capture_source *c = (struct capture_source *)s;
	struct vsock_packet packet;
	bool whole = vsock_decode(&packet, &c->packet);

	(void)f;
	vsock_track(&c->tracker, &packet, whole);
	return 0;
}

static void capture_end(struct source *s)
{
	struct capture_source *c = (struct capture_source *)s;

	vsock_tracker_finish(&c->tracker);
}

static const char *capture_damage(const struct source *s)
{
	const struct capture_source *c = (const struct capture_source *)s;
	const struct capture_info *info = capture_info(c->capture);

	return info->incomplete ? info->damage : NULL;
}

static void capture_source_close(struct source *s)
{
	struct capture_source *c = (struct capture_source *)s;

	vsock_tracker_release(&c->tracker);
	vsock_control_release(&c->control);
	capture_close(c->capture);
	free(s->name);
	free(c);
}

static const struct source_kind capture_kind = {
	.advance = capture_advance,
	.take = capture_take,
	.end = capture_end,
	.damage = capture_damage,
	.close = capture_source_close,
};

int capture_source_open(struct source **source, const char *path,
			const struct axis_clock *clock, struct failure *f)
{
	struct capture_source *c = calloc(1, sizeof(*c));
	const char *slash = strrchr(path, '/');
	int err;

	*source = &c->source;
	if (!c)
		return fail(f, -ENOMEM, "no memory");
	c->source = (struct source){.kind = &capture_kind, .path = path, .clock = clock};
	c->source.name = strdup(slash ? slash + 1 : path);
	err = capture_open(&c->capture, path, f);
	if (err)
		return err;
	if (!c->source.name || vsock_tracker_init(&c->tracker, 0))
		return fail(f, -ENOMEM, "no memory");
	c->control = (struct vsock_control){.said = message_said, .user = c};
	c->stream =
		(struct vsock_stream){.chunk = take_chunk, .end = end_stream, .user = c};
	vsock_listen(&c->tracker, &packet_listener, c);
	vsock_listen(&c->tracker, &vsock_stream_listener, &c->stream);
	return 0;
}
