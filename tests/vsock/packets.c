// SPDX-License-Identifier: GPL-2.0-or-later
/* AF_VSOCK packets by hand. */
#include "packets.h"

#include <byteswap.h>
#include <endian.h>
#include <string.h>

static uint8_t *put16(uint8_t *to, unsigned value)
{
	uint16_t v = htole16((uint16_t)value);

	return (uint8_t *)memcpy(to, &v, sizeof(v)) + sizeof(v);
}

static uint8_t *put32(uint8_t *to, uint32_t value)
{
	uint32_t v = htole32(value);

	return (uint8_t *)memcpy(to, &v, sizeof(v)) + sizeof(v);
}

static uint8_t *put64(uint8_t *to, uint64_t value)
{
	uint64_t v = htole64(value);

	return (uint8_t *)memcpy(to, &v, sizeof(v)) + sizeof(v);
}

static unsigned monitor_op(unsigned op)
{
	switch (op) {
	case VSOCK_OP_REQUEST:
	case VSOCK_OP_RESPONSE:
		return VSOCK_MONITOR_CONNECT;
	case VSOCK_OP_RST:
	case VSOCK_OP_SHUTDOWN:
		return VSOCK_MONITOR_DISCONNECT;
	case VSOCK_OP_RW:
		return VSOCK_MONITOR_PAYLOAD;
	case VSOCK_OP_CREDIT_UPDATE:
	case VSOCK_OP_CREDIT_REQUEST:
		return VSOCK_MONITOR_CONTROL;
	default:
		return VSOCK_MONITOR_UNKNOWN;
	}
}

static uint8_t *put_ends(uint8_t *to, const struct made_packet *made)
{
	to = put64(to, made->src.cid);
	to = put64(to, made->dst.cid);
	to = put32(to, made->src.port);
	return put32(to, made->dst.port);
}

uint32_t packet_bytes(uint8_t *to, const struct made_packet *made)
{
	uint8_t *at = put_ends(to, made);
	uint32_t payload = made->op == VSOCK_OP_RW ? made->length : 0;

	at = put16(at, monitor_op(made->op));
	at = put16(at, VSOCK_TRANSPORT_VIRTIO);
	at = put16(at, VSOCK_VIRTIO_HEADER);
	at = put16(at, 0);
	at = put_ends(at, made);
	at = put32(at, made->length);
	at = put16(at, made->type ? made->type : VSOCK_TYPE_STREAM);
	at = put16(at, made->op);
	at = put32(at, made->flags);
	at = put32(at, made->buf_alloc);
	at = put32(at, made->fwd_cnt);
	if (payload > MADE_MAX - VSOCK_HEADERS)
		payload = MADE_MAX - VSOCK_HEADERS;
	if (made->payload)
		memcpy(at, made->payload, payload);
	else
		memset(at, 'x', payload);
	return VSOCK_HEADERS + payload;
}

struct vsock_packet packet_made(uint8_t *to, const struct made_packet *made)
{
	uint32_t size = packet_bytes(to, made);
	struct capture_packet captured = {made->time_ns, size, size, to};
	struct vsock_packet p;

	vsock_decode(&p, &captured);
	return p;
}

static void put_words(FILE *to, const uint32_t *words, size_t count, bool swapped)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t word = swapped ? bswap_32(words[i]) : words[i];

		fwrite(&word, sizeof(word), 1, to);
	}
}

void pcap_header(FILE *to, uint32_t magic, uint32_t linktype, bool swapped)
{
	uint16_t version[] = {2, 4};
	uint32_t rest[] = {0, 0, CAPTURE_PACKET_MAX, linktype};

	if (swapped) {
		version[0] = bswap_16(version[0]);
		version[1] = bswap_16(version[1]);
	}
	put_words(to, &magic, 1, swapped);
	fwrite(version, sizeof(version), 1, to);
	put_words(to, rest, 4, swapped);
}

void pcap_packet(FILE *to, uint32_t seconds, uint32_t fraction, const void *bytes,
		 uint32_t size, uint32_t length, bool swapped)
{
	uint32_t head[] = {seconds, fraction, size, length};

	put_words(to, head, 4, swapped);
	fwrite(bytes, size, 1, to);
}
