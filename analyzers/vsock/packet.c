// SPDX-License-Identifier: GPL-2.0-or-later
/* One AF_VSOCK packet as vsockmon shows it: decoding, and the names of its values. */
#include "analyzers/vsock/packet.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/bytes.h"

static struct vsock_virtio decode_virtio(struct bytes b)
{
	/* In the order of the header: initializers are evaluated in any. */
	struct vsock_virtio v;

	v.src.cid = bytes_u64_le(&b);
	v.dst.cid = bytes_u64_le(&b);
	v.src.port = bytes_u32_le(&b);
	v.dst.port = bytes_u32_le(&b);
	v.length = bytes_u32_le(&b);
	v.type = bytes_u16_le(&b);
	v.op = bytes_u16_le(&b);
	v.flags = bytes_u32_le(&b);
	v.buf_alloc = bytes_u32_le(&b);
	v.fwd_cnt = bytes_u32_le(&b);
	return v;
}

/*
 * vhost splits a packet to fit the guest's buffers. Each piece is shown with its own
 * length in the header, but with all the bytes that are left behind it: what is more
 * than the length belongs to the pieces that follow.
 */
static void find_payload(struct vsock_packet *p, struct bytes b)
{
	p->payload = b.at;
	p->payload_size = bytes_bad(&b) ? 0 : (uint32_t)bytes_left(&b);
	if (p->is_virtio && p->payload_size > vsock_data_length(p))
		p->payload_size = vsock_data_length(p);
}

bool vsock_decode(struct vsock_packet *p, const struct capture_packet *captured)
{
	struct bytes b = bytes_of(captured->bytes, captured->size);
	const void *transport;

	p->time_ns = captured->time_ns;
	p->size = captured->size;
	p->length = captured->length;
	p->src.cid = bytes_u64_le(&b);
	p->dst.cid = bytes_u64_le(&b);
	p->src.port = bytes_u32_le(&b);
	p->dst.port = bytes_u32_le(&b);
	p->monitor_op = bytes_u16_le(&b);
	p->transport = bytes_u16_le(&b);
	p->header_length = bytes_u16_le(&b);
	p->reserved = bytes_u16_le(&b);
	transport = bytes_take(&b, p->header_length);
	p->is_virtio = transport && p->transport == VSOCK_TRANSPORT_VIRTIO &&
		       p->header_length >= VSOCK_VIRTIO_HEADER;
	p->virtio = p->is_virtio ? decode_virtio(bytes_of(transport, p->header_length))
				 : (struct vsock_virtio){0};
	find_payload(p, b);
	return !bytes_bad(&b) && (p->is_virtio || p->transport != VSOCK_TRANSPORT_VIRTIO);
}

struct name {
	unsigned value;
	const char *text;
};

#define NAMED(name, value) {value, #name},
#define NAMES_END                                                                        \
	{                                                                                \
		0, NULL                                                                  \
	}

static const struct name monitor_ops[] = {
#define MONITOR_OP NAMED
#include "analyzers/vsock/names.def"
	NAMES_END,
};

static const struct name transports[] = {
#define TRANSPORT NAMED
#include "analyzers/vsock/names.def"
	NAMES_END,
};

static const struct name types[] = {
#define TYPE NAMED
#include "analyzers/vsock/names.def"
	NAMES_END,
};

static const struct name ops[] = {
#define OP NAMED
#include "analyzers/vsock/names.def"
	NAMES_END,
};

static const struct name shutdown_flags[] = {
#define SHUTDOWN_FLAG NAMED
#include "analyzers/vsock/names.def"
	NAMES_END,
};

static const struct name seqpacket_flags[] = {
#define SEQPACKET_FLAG NAMED
#include "analyzers/vsock/names.def"
	NAMES_END,
};

static const struct name no_flags[] = {NAMES_END};

static const char *find(const struct name *names, unsigned value, char *number)
{
	for (; names->text; names++)
		if (names->value == value)
			return names->text;
	snprintf(number, VSOCK_NAME, "%u", value);
	return number;
}

const char *vsock_monitor_op_name(unsigned op, char *number)
{
	return find(monitor_ops, op, number);
}

const char *vsock_transport_name(unsigned transport, char *number)
{
	return find(transports, transport, number);
}

const char *vsock_type_name(unsigned type, char *number)
{
	return find(types, type, number);
}

const char *vsock_op_name(unsigned op, char *number)
{
	return find(ops, op, number);
}

/* EOM and EOR exist where there are messages. */
static const struct name *flags_of(const struct vsock_virtio *virtio)
{
	if (virtio->op == VSOCK_OP_SHUTDOWN)
		return shutdown_flags;
	if (virtio->op == VSOCK_OP_RW && virtio->type == VSOCK_TYPE_SEQPACKET)
		return seqpacket_flags;
	return no_flags;
}

char *vsock_flags_text(char *text, const struct vsock_virtio *virtio)
{
	uint32_t rest = virtio->flags;
	size_t used = 0;

	for (const struct name *flag = flags_of(virtio); flag->text; flag++) {
		if (!(rest & flag->value))
			continue;
		used += (size_t)snprintf(text + used, VSOCK_NAME - used, "%s%s",
					 used ? "|" : "", flag->text);
		rest &= ~flag->value;
	}
	if (rest)
		snprintf(text + used, VSOCK_NAME - used, "%s0x%" PRIx32, used ? "|" : "",
			 rest);
	else if (!used)
		snprintf(text, VSOCK_NAME, "0");
	return text;
}

char *vsock_address_text(char *text, const struct vsock_address *address)
{
	snprintf(text, VSOCK_NAME, "%" PRIu64 ":%" PRIu32, address->cid, address->port);
	return text;
}
