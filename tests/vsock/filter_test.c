// SPDX-License-Identifier: GPL-2.0-or-later
/* The filter by cid and port: what it takes, and that the kernel's program is the same.
 */
#include "unit.h"

#include <string.h>

#include <pcap/pcap.h>

#include "analyzers/vsock/filter.h"
#include "core/failure.h"
#include "core/options.h"
#include "packets.h"

static int parse(struct vsock_filter *filter, const char *cids, const char *ports)
{
	const char *cid_items[] = {cids}, *port_items[] = {ports};
	struct string_list cid_list = {cid_items, cids ? 1 : 0};
	struct string_list port_list = {port_items, ports ? 1 : 0};
	struct failure f;

	return vsock_filter_parse(filter, &cid_list, &port_list, &f);
}

static void test_parsing(void **state)
{
	static const char *const bad[] = {"",	"x",  "1,",  ",1",
					  "1 ", "-1", "1.5", "99999999999999999999"};
	struct vsock_filter filter;

	(void)state;
	assert_int_equal(parse(&filter, "2,0xffffffffffffffff", "5000"), 0);
	assert_int_equal(filter.nr_cids, 2);
	assert_int_equal(filter.cids[1], UINT64_MAX);
	assert_int_equal(filter.ports[0], 5000);
	assert_int_equal(parse(&filter, NULL, NULL), 0);
	assert_true(vsock_filter_is_empty(&filter));
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(parse(&filter, bad[i], NULL) < 0);
	assert_true(parse(&filter, NULL, "4294967296") < 0);
	assert_true(parse(&filter, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", NULL) == 0);
	assert_true(parse(&filter, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL) <
		    0);
}

static bool passes(const struct vsock_filter *filter, struct made_packet made)
{
	struct sock_filter program[FILTER_PROGRAM_MAX];
	struct bpf_insn code[FILTER_PROGRAM_MAX];
	uint8_t bytes[MADE_MAX];
	uint32_t size = packet_bytes(bytes, &made);
	struct vsock_packet p = packet_made(bytes, &made);
	unsigned short length = vsock_filter_program(filter, program);
	bool passed = vsock_filter_passes(filter, &p);

	assert_in_range(length, 1, FILTER_PROGRAM_MAX);
	memcpy(code, program, length * sizeof(*code));
	assert_int_equal(bpf_filter(code, bytes, size, size) != 0, passed);
	return passed;
}

static struct made_packet between(uint64_t src_cid, uint32_t src_port, uint64_t dst_cid,
				  uint32_t dst_port)
{
	return (struct made_packet){.src = {src_cid, src_port},
				    .dst = {dst_cid, dst_port},
				    .op = VSOCK_OP_REQUEST};
}

static void test_passing(void **state)
{
	struct vsock_filter filter;

	(void)state;
	parse(&filter, NULL, NULL);
	assert_true(passes(&filter, between(1, 2, 3, 4)));
	parse(&filter, "3", NULL);
	assert_true(passes(&filter, between(3, 1, 2, 5000)));
	assert_true(passes(&filter, between(2, 1, 3, 5000)));
	assert_false(passes(&filter, between(2, 3, 2, 5000)));
	assert_false(passes(&filter, between(0x100000003, 3, 2, 5000)));
	assert_false(passes(&filter, between(0x300000000, 3, 2, 5000)));
	parse(&filter, "3", "5000");
	assert_true(passes(&filter, between(3, 1, 2, 5000)));
	assert_true(passes(&filter, between(2, 5000, 3, 1)));
	assert_false(passes(&filter, between(2, 5001, 3, 1)));
	assert_false(passes(&filter, between(2, 5000, 4, 1)));
}

/* All lengths of lists, the jumps of the longest included. */
static void test_any_lists(void **state)
{
	struct vsock_filter filter;
	uint32_t x = 1;

	(void)state;
	for (unsigned run = 0; run < 20000; run++) {
		filter = (struct vsock_filter){.nr_cids = run % (FILTER_VALUES_MAX + 1),
					       .nr_ports = run / 17 %
							   (FILTER_VALUES_MAX + 1)};
		for (unsigned i = 0; i < FILTER_VALUES_MAX; i++) {
			filter.cids[i] = i * 0x100000000ULL + i;
			filter.ports[i] = i << 16 | i;
		}
		x = x * 1664525 + 1013904223;
		passes(&filter,
		       between((x >> 8 & 31) * 0x100000001ULL, (x >> 13 & 31) * 0x10001,
			       (x >> 18 & 31) * 0x100000001ULL,
			       (x >> 23 & 31) * 0x10001));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parsing),
		cmocka_unit_test(test_passing),
		cmocka_unit_test(test_any_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
