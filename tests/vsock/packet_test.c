// SPDX-License-Identifier: GPL-2.0-or-later
/* One packet: its fields, its payload whatever the frame holds, cut ones, and names. */
#include "unit.h"

#include <string.h>

#include "packets.h"

static const struct made_packet rw = {
	.time_ns = 7,
	.src = {0x0102030405060708, 0x11121314},
	.dst = {2, 5000},
	.op = VSOCK_OP_RW,
	.type = VSOCK_TYPE_SEQPACKET,
	.length = 5,
	.flags = VSOCK_SEQPACKET_EOM | VSOCK_SEQPACKET_EOR,
	.buf_alloc = 0x21222324,
	.fwd_cnt = 0x31323334,
	.payload = "hello",
};

static void test_every_field(void **state)
{
	uint8_t bytes[MADE_MAX];
	struct vsock_packet p = packet_made(bytes, &rw);

	(void)state;
	assert_int_equal(p.time_ns, 7);
	assert_int_equal(p.src.cid, 0x0102030405060708);
	assert_int_equal(p.src.port, 0x11121314);
	assert_int_equal(p.dst.cid, 2);
	assert_int_equal(p.dst.port, 5000);
	assert_int_equal(p.monitor_op, VSOCK_MONITOR_PAYLOAD);
	assert_int_equal(p.transport, VSOCK_TRANSPORT_VIRTIO);
	assert_int_equal(p.header_length, VSOCK_VIRTIO_HEADER);
	assert_int_equal(p.reserved, 0);
	assert_true(p.is_virtio);
	assert_int_equal(p.virtio.src.cid, p.src.cid);
	assert_int_equal(p.virtio.src.port, p.src.port);
	assert_int_equal(p.virtio.dst.cid, p.dst.cid);
	assert_int_equal(p.virtio.dst.port, p.dst.port);
	assert_int_equal(p.virtio.length, 5);
	assert_int_equal(p.virtio.type, VSOCK_TYPE_SEQPACKET);
	assert_int_equal(p.virtio.op, VSOCK_OP_RW);
	assert_int_equal(p.virtio.flags, 3);
	assert_int_equal(p.virtio.buf_alloc, 0x21222324);
	assert_int_equal(p.virtio.fwd_cnt, 0x31323334);
	assert_int_equal(p.payload_size, 5);
	assert_memory_equal(p.payload, "hello", 5);
	assert_int_equal(p.size, 81);
	assert_int_equal(p.length, 81);
	assert_int_equal(vsock_data_length(&p), 5);
}

/* The frame may hold more than the payload (vhost), or less (a short snapshot). */
static void test_payload_is_what_both_say(void **state)
{
	uint8_t bytes[MADE_MAX];
	struct capture_packet captured = {.bytes = bytes};
	struct vsock_packet p;

	(void)state;
	packet_bytes(bytes, &rw);
	captured.size = captured.length = VSOCK_HEADERS + 4000;
	assert_true(vsock_decode(&p, &captured));
	assert_int_equal(p.payload_size, 5);
	captured.size = VSOCK_HEADERS + 3;
	assert_true(vsock_decode(&p, &captured));
	assert_int_equal(p.payload_size, 3);
	assert_int_equal(vsock_data_length(&p), 5);
}

/* The length of the transport's header is what it says, not what it is today. */
static void test_longer_transport_header(void **state)
{
	uint8_t bytes[MADE_MAX];
	struct capture_packet captured = {0, VSOCK_HEADERS + 4 + 5, 0, bytes};
	struct vsock_packet p;

	(void)state;
	packet_bytes(bytes, &rw);
	memmove(bytes + VSOCK_HEADERS + 4, bytes + VSOCK_HEADERS, 5);
	bytes[28] = VSOCK_VIRTIO_HEADER + 4;
	assert_true(vsock_decode(&p, &captured));
	assert_int_equal(p.payload_size, 5);
	assert_memory_equal(p.payload, "hello", 5);
}

static void test_cut_headers(void **state)
{
	uint8_t bytes[MADE_MAX];
	struct capture_packet captured = {.bytes = bytes};
	struct vsock_packet p;

	(void)state;
	packet_bytes(bytes, &rw);
	for (captured.size = 0; captured.size < VSOCK_HEADERS; captured.size++) {
		assert_false(vsock_decode(&p, &captured));
		assert_false(p.is_virtio);
		assert_int_equal(p.payload_size, 0);
		assert_int_equal(vsock_data_length(&p), 0);
		assert_int_equal(p.dst.cid, captured.size >= 16 ? 2 : 0);
	}
	captured.size = VSOCK_HEADERS;
	assert_true(vsock_decode(&p, &captured));

	captured.size = VSOCK_HEADERS + 5;
	bytes[28] = VSOCK_VIRTIO_HEADER - 1; /* too short for virtio */
	assert_false(vsock_decode(&p, &captured));
	bytes[28] = bytes[29] = 0xff; /* longer than the packet */
	assert_false(vsock_decode(&p, &captured));
}

static void test_transport_without_a_header(void **state)
{
	uint8_t bytes[MADE_MAX];
	struct capture_packet captured = {0, 32, 32, bytes};
	struct vsock_packet p;

	(void)state;
	packet_bytes(bytes, &rw);
	bytes[26] = VSOCK_TRANSPORT_NO_INFO;
	bytes[28] = 0;
	assert_true(vsock_decode(&p, &captured));
	assert_false(p.is_virtio);
	assert_int_equal(vsock_data_length(&p), 0);
}

static void test_names(void **state)
{
	char number[VSOCK_NAME];

	(void)state;
	assert_string_equal(vsock_op_name(0, number), "INVALID");
	assert_string_equal(vsock_op_name(VSOCK_OP_RST, number), "RST");
	assert_string_equal(vsock_op_name(6, number), "CREDIT_UPDATE");
	assert_string_equal(vsock_op_name(7, number), "CREDIT_REQUEST");
	assert_string_equal(vsock_op_name(8, number), "8");
	assert_string_equal(vsock_type_name(1, number), "STREAM");
	assert_string_equal(vsock_type_name(2, number), "SEQPACKET");
	assert_string_equal(vsock_type_name(0, number), "0");
	assert_string_equal(vsock_transport_name(2, number), "VIRTIO");
	assert_string_equal(vsock_transport_name(65535, number), "65535");
	assert_string_equal(vsock_monitor_op_name(3, number), "CONTROL");
	assert_string_equal(vsock_monitor_op_name(5, number), "5");
}

static void expect_flags(unsigned op, unsigned type, uint32_t flags, const char *text)
{
	struct vsock_virtio virtio = {
		.op = (uint16_t)op, .type = (uint16_t)type, .flags = flags};
	char buffer[VSOCK_NAME];

	assert_string_equal(vsock_flags_text(buffer, &virtio), text);
}

/* The same bits mean other things by operation and type. */
static void test_flags(void **state)
{
	(void)state;
	expect_flags(VSOCK_OP_SHUTDOWN, VSOCK_TYPE_STREAM, 0, "0");
	expect_flags(VSOCK_OP_SHUTDOWN, VSOCK_TYPE_STREAM, 1, "RCV");
	expect_flags(VSOCK_OP_SHUTDOWN, VSOCK_TYPE_SEQPACKET, 3, "RCV|SEND");
	expect_flags(VSOCK_OP_SHUTDOWN, VSOCK_TYPE_STREAM, 0xfffffffe, "SEND|0xfffffffc");
	expect_flags(VSOCK_OP_RW, VSOCK_TYPE_SEQPACKET, 1, "EOM");
	expect_flags(VSOCK_OP_RW, VSOCK_TYPE_SEQPACKET, 3, "EOM|EOR");
	expect_flags(VSOCK_OP_RW, VSOCK_TYPE_STREAM, 1, "0x1");
	expect_flags(VSOCK_OP_REQUEST, VSOCK_TYPE_SEQPACKET, 3, "0x3");
}

static void test_addresses(void **state)
{
	struct vsock_address none = {0, 0}, longest = {UINT64_MAX, UINT32_MAX};
	char text[VSOCK_NAME];

	(void)state;
	assert_string_equal(vsock_address_text(text, &none), "0:0");
	assert_string_equal(vsock_address_text(text, &longest),
			    "18446744073709551615:4294967295");
	assert_true(strlen(text) + sizeof("?") <= VSOCK_NAME); /* as the report has it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_payload_is_what_both_say),
		cmocka_unit_test(test_longer_transport_header),
		cmocka_unit_test(test_cut_headers),
		cmocka_unit_test(test_transport_without_a_header),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
