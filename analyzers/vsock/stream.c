// SPDX-License-Identifier: GPL-2.0-or-later
/* The payload of conversations as it was sent. */
#include "analyzers/vsock/stream.h"

static bool is_wanted(const struct vsock_stream *s, const struct vsock_conversation *c)
{
	return c && (!s->only || s->only == c->number);
}

static void stream_packet(void *state, const struct vsock_conversation *c,
			  enum vsock_end from, const struct vsock_packet *p)
{
	const struct vsock_stream *s = state;
	struct vsock_chunk chunk;

	if (!is_wanted(s, c) || !vsock_data_length(p))
		return;
	chunk = (struct vsock_chunk){
		.time_ns = p->time_ns,
		.from = from,
		.offset = vsock_stream_at(c, from) - vsock_data_length(p),
		.bytes = p->payload,
		.size = p->payload_size,
		.ends_message = p->virtio.type == VSOCK_TYPE_SEQPACKET &&
				p->virtio.flags & VSOCK_SEQPACKET_EOM,
	};
	s->chunk(s->user, c, &chunk);
}

static void stream_end(void *state, struct vsock_conversation *c)
{
	const struct vsock_stream *s = state;

	if (is_wanted(s, c) && s->end)
		s->end(s->user, c);
}

const struct vsock_listener vsock_stream_listener = {
	.packet = stream_packet,
	.end = stream_end,
};
