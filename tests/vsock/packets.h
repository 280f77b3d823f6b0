/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AF_VSOCK packets by hand, as bytes and as files. */
#ifndef FATHOM_TESTS_VSOCK_PACKETS_H
#define FATHOM_TESTS_VSOCK_PACKETS_H

#include <stdio.h>

#include "analyzers/vsock/packet.h"

/* What most packets differ in. */
struct made_packet {
	uint64_t time_ns;
	struct vsock_address src, dst;
	unsigned op;	 /* enum vsock_op */
	unsigned type;	 /* 0: STREAM */
	uint32_t length; /* of the payload */
	uint32_t flags, buf_alloc, fwd_cnt;
	const char *payload; /* NULL: as many 'x' */
};

enum { MADE_MAX = VSOCK_HEADERS + (64 << 10) };

/* The bytes of one into @to (MADE_MAX); returns how many they are. */
uint32_t packet_bytes(uint8_t *to, const struct made_packet *made);

/* Decodes those bytes; what is decoded points into @to. */
struct vsock_packet packet_made(uint8_t *to, const struct made_packet *made);

/* A pcap file: its header, and a packet of it, as this machine or (@swapped) one of the
 * other byte order writes them. @magic is 0xa1b2c3d4 (us) or 0xa1b23c4d (ns). */
void pcap_header(FILE *to, uint32_t magic, uint32_t linktype, bool swapped);
void pcap_packet(FILE *to, uint32_t seconds, uint32_t fraction, const void *bytes,
		 uint32_t size, uint32_t length, bool swapped);

#endif
