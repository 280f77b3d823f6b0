/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One AF_VSOCK packet as vsockmon shows it: a header of its own (struct af_vsockmon_hdr
 * of <linux/vsockmon.h>), the transport's header, which of virtio is struct
 * virtio_vsock_hdr of <linux/virtio_vsock.h>, and the payload. All numbers are little
 * endian.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_PACKET_H
#define FATHOM_ANALYZERS_VSOCK_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/capture.h"

enum vsock_monitor_op {
#define MONITOR_OP(name, value) VSOCK_MONITOR_##name = (value),
#include "analyzers/vsock/names.def"
};

enum vsock_transport {
#define TRANSPORT(name, value) VSOCK_TRANSPORT_##name = (value),
#include "analyzers/vsock/names.def"
};

enum vsock_type {
#define TYPE(name, value) VSOCK_TYPE_##name = (value),
#include "analyzers/vsock/names.def"
};

enum vsock_op {
#define OP(name, value) VSOCK_OP_##name = (value),
#include "analyzers/vsock/names.def"
	VSOCK_NR_OPS,
};

/* What the sender will not do any more. */
enum vsock_shutdown {
#define SHUTDOWN_FLAG(name, value) VSOCK_SHUTDOWN_##name = (value),
#include "analyzers/vsock/names.def"
	VSOCK_SHUTDOWN_BOTH = VSOCK_SHUTDOWN_RCV | VSOCK_SHUTDOWN_SEND,
};

enum vsock_seqpacket {
#define SEQPACKET_FLAG(name, value) VSOCK_SEQPACKET_##name = (value),
#include "analyzers/vsock/names.def"
};

enum {
	VSOCK_MONITOR_HEADER = 32,
	VSOCK_VIRTIO_HEADER = 44,
	VSOCK_HEADERS = VSOCK_MONITOR_HEADER + VSOCK_VIRTIO_HEADER,
	VSOCK_NAME = 40, /* bytes that a name, a number or an address takes */
};

struct vsock_address {
	uint64_t cid;
	uint32_t port;
};

/* The transport's header when the transport is virtio. */
struct vsock_virtio {
	struct vsock_address src, dst; /* those of the packet again */
	uint32_t length;	       /* of the payload */
	uint16_t type, op;
	uint32_t flags, buf_alloc, fwd_cnt;
};

struct vsock_packet {
	uint64_t time_ns;
	struct vsock_address src, dst;
	uint16_t monitor_op, transport, header_length, reserved;
	bool is_virtio; /* virtio is filled in */
	struct vsock_virtio virtio;
	const uint8_t *payload;
	uint32_t payload_size; /* what of it was captured, at most virtio.length */
	uint32_t size, length; /* of the whole packet: captured, and what there was */
};

/* False: not even the headers are whole; what they hold before the cut is filled in. */
bool vsock_decode(struct vsock_packet *p, const struct capture_packet *captured);

/* Bytes of its payload: what the sender says, whatever was captured. */
static inline uint32_t vsock_data_length(const struct vsock_packet *p)
{
	return p->is_virtio && p->virtio.op == VSOCK_OP_RW ? p->virtio.length : 0;
}

/* The name, or the number written to @number (VSOCK_NAME bytes) if it has none. */
const char *vsock_monitor_op_name(unsigned op, char *number);
const char *vsock_transport_name(unsigned transport, char *number);
const char *vsock_type_name(unsigned type, char *number);
const char *vsock_op_name(unsigned op, char *number);

/* "RCV|SEND", "EOM", "EOM|0x80", "0" into @text (VSOCK_NAME bytes): flags mean different
 * things by operation. Returns @text. */
char *vsock_flags_text(char *text, const struct vsock_virtio *virtio);

/* "2:5000" into @text (VSOCK_NAME bytes), which it returns. */
char *vsock_address_text(char *text, const struct vsock_address *address);

#endif
