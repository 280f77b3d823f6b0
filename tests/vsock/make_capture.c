// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture that no kernel made: conversations that ask and answer in small packets.
 *
 *	make_capture [-n PACKETS] [-c CONVERSATIONS] [-o] [-u] FILE
 *
 * -o adds odd packets, one of each op, type, transport and length; -u writes
 *microseconds. Every other packet carries payload, every other one only credit, as Linux
 *does it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packets.h"

enum { CONVERSATIONS_MAX = 4096, PAYLOAD = 64, RUN = 4, STEP_NS = 1000 };

struct maker {
	FILE *file;
	bool microseconds;
	uint64_t time_ns, written;
	uint32_t sent[CONVERSATIONS_MAX][2];
};

static void put_bytes(struct maker *m, const uint8_t *bytes, uint32_t size)
{
	uint32_t fraction = (uint32_t)(m->time_ns % 1000000000);

	pcap_packet(m->file, (uint32_t)(m->time_ns / 1000000000),
		    m->microseconds ? fraction / 1000 : fraction, bytes, size, size,
		    false);
	m->time_ns += STEP_NS;
	m->written++;
}

static void put(struct maker *m, unsigned conversation, unsigned from, unsigned op)
{
	struct vsock_address ends[2] = {{3, 1024 + conversation}, {2, 5000}};
	struct made_packet made = {
		.src = ends[from],
		.dst = ends[!from],
		.op = op,
		.length = op == VSOCK_OP_RW ? PAYLOAD : 0,
		.flags = op == VSOCK_OP_SHUTDOWN ? VSOCK_SHUTDOWN_BOTH : 0,
		.buf_alloc = 256 << 10,
		.fwd_cnt = m->sent[conversation][!from],
	};
	uint8_t bytes[MADE_MAX];

	put_bytes(m, bytes, packet_bytes(bytes, &made));
	m->sent[conversation][from] += made.length;
}

/* Asks, is told that it was read, is answered, tells that it read. */
static void put_run(struct maker *m, unsigned conversation)
{
	put(m, conversation, 0, VSOCK_OP_RW);
	put(m, conversation, 1, VSOCK_OP_CREDIT_UPDATE);
	put(m, conversation, 1, VSOCK_OP_RW);
	put(m, conversation, 0, VSOCK_OP_CREDIT_UPDATE);
}

/* What is odd about a packet: a byte of its headers has another value. */
static void put_odd(struct maker *m)
{
	static const struct {
		uint8_t offset, values;
	} odd[] = {{24, 8}, {26, 4},  {28, 60}, {30, 2},
		   {60, 5}, {62, 12}, {64, 9},	{67, 9}};
	struct made_packet made = {.src = {7, 7},
				   .dst = {8, 8},
				   .op = VSOCK_OP_RW,
				   .length = PAYLOAD,
				   .buf_alloc = 100};
	uint8_t bytes[MADE_MAX];

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		for (uint8_t value = 0; value < odd[i].values; value++) {
			uint32_t size = packet_bytes(bytes, &made);

			bytes[odd[i].offset] = value;
			put_bytes(m, bytes, size);
		}
	for (uint32_t size = 0; size < VSOCK_HEADERS; size += 7)
		put_bytes(m, bytes, size);
}

static void make(struct maker *m, uint64_t packets, unsigned conversations)
{
	for (unsigned c = 0; c < conversations; c++) {
		put(m, c, 0, VSOCK_OP_REQUEST);
		put(m, c, 1, VSOCK_OP_RESPONSE);
	}
	for (unsigned c = 0; m->written + RUN <= packets; c = (c + 1) % conversations)
		put_run(m, c);
	for (unsigned c = 0; c < conversations / 2; c++) {
		put(m, c, 0, VSOCK_OP_SHUTDOWN);
		put(m, c, 1, VSOCK_OP_RST);
	}
}

int main(int argc, char **argv)
{
	struct maker *m = calloc(1, sizeof(*m));
	unsigned conversations = 64;
	uint64_t packets = 1000;
	bool odd = false;
	int option;

	if (!m)
		return 1;
	m->time_ns = 1700000000ULL * 1000000000;
	while ((option = getopt(argc, argv, "n:c:ou")) != -1) {
		switch (option) {
		case 'n':
			packets = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			conversations = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 'o':
			odd = true;
			break;
		case 'u':
			m->microseconds = true;
			break;
		default:
			return 2;
		}
	}
	if (optind + 1 != argc || !conversations || conversations > CONVERSATIONS_MAX)
		return 2;
	m->file = fopen(argv[optind], "w");
	if (!m->file)
		return 1;
	pcap_header(m->file, m->microseconds ? 0xa1b2c3d4 : 0xa1b23c4d,
		    CAPTURE_LINKTYPE_VSOCK, false);
	make(m, packets, conversations);
	if (odd)
		put_odd(m);
	option = fclose(m->file);
	free(m);
	return option ? 1 : 0;
}
