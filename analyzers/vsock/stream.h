/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload of conversations as it was sent: two streams of bytes each.
 *
 * vsock neither repeats nor reorders, so a stream is its packets in the order of the
 * capture. What was not captured shows by the offset: a chunk that does not begin where
 * the one before it ended misses the bytes between. (Bytes that the tap lost are known
 * to be missing only once the peer tells that it read more than was seen.)
 */
#ifndef FATHOM_ANALYZERS_VSOCK_STREAM_H
#define FATHOM_ANALYZERS_VSOCK_STREAM_H

#include "analyzers/vsock/tracker.h"

/* What one packet carries. */
struct vsock_chunk {
	uint64_t time_ns;
	enum vsock_end from;
	uint64_t offset; /* of the bytes, from the first packet that was captured on */
	const uint8_t *bytes; /* hold for the call */
	size_t size;
	bool ends_message; /* of SEQPACKET */
};

struct vsock_stream {
	uint64_t only; /* number of the one conversation that is wanted; 0: all */
	void (*chunk)(void *user, const struct vsock_conversation *c,
		      const struct vsock_chunk *chunk);
	void (*end)(void *user, const struct vsock_conversation *c); /* may be NULL */
	void *user;
};

/* Its state is a struct vsock_stream. */
extern const struct vsock_listener vsock_stream_listener;

/* The offset at which the stream of @from stands: that of the next chunk, if nothing
 * gets lost. */
static inline uint64_t vsock_stream_at(const struct vsock_conversation *c,
				       enum vsock_end from)
{
	return c->side[from].bytes + c->side[from].credit.lost;
}

#endif
