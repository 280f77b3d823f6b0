// SPDX-License-Identifier: GPL-2.0-or-later
/* Capture files in and out: our reader of pcap files says what libpcap says, whoever
 * wrote the file and wherever it ends; what is written can be read again. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "core/failure.h"
#include "packets.h"

enum { US = (int)0xa1b2c3d4, NS = (int)0xa1b23c4d, PACKETS = 200, FEW = 12 };

static char folder[] = "/tmp/fathom-capture-XXXXXX";
static char path[64], other[64];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/made.pcap", folder);
	snprintf(other, sizeof(other), "%s/other.pcap", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(folder);
}

static struct made_packet made(unsigned i)
{
	return (struct made_packet){.src = {3, 1025 + i},
				    .dst = {2, 5000},
				    .op = VSOCK_OP_RW,
				    .length = i * 331 % 70000};
}

/* A file of packets of all sizes, some of them cut. */
static void make(uint32_t magic, bool swapped, unsigned packets)
{
	FILE *file = fopen(path, "w");
	uint8_t bytes[MADE_MAX];

	assert_non_null(file);
	pcap_header(file, magic, CAPTURE_LINKTYPE_VSOCK, swapped);
	for (unsigned i = 0; i < packets; i++) {
		struct made_packet packet = made(i);
		uint32_t size = packet_bytes(bytes, &packet),
			 kept = i % 5 ? size : size / 2;

		pcap_packet(file, 1700000000 + i, i * 4999, bytes, kept, size, swapped);
	}
	fclose(file);
}

static void append(const void *bytes, size_t size)
{
	FILE *file = fopen(path, "a");

	assert_non_null(file);
	fwrite(bytes, size, 1, file);
	fclose(file);
}

static struct capture *open_made(void)
{
	struct capture *capture;
	struct failure f = {""};

	if (capture_open(&capture, path, &f))
		fail_msg("%s", f.text);
	return capture;
}

/* How many packets both have in common, and that both end there alike. */
static unsigned compare_with_libpcap(void)
{
	char why[PCAP_ERRBUF_SIZE];
	struct capture *ours = open_made();
	pcap_t *theirs = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, why);
	struct capture_packet packet;
	struct pcap_pkthdr *head;
	const u_char *bytes;
	unsigned count = 0;
	int got;

	assert_non_null(theirs);
	while ((got = pcap_next_ex(theirs, &head, &bytes)) == 1) {
		assert_int_equal(capture_next(ours, &packet), CAPTURE_PACKET);
		assert_int_equal(packet.time_ns, (uint64_t)head->ts.tv_sec * 1000000000 +
							 (uint64_t)head->ts.tv_usec);
		assert_int_equal(packet.size, head->caplen);
		assert_int_equal(packet.length, head->len);
		assert_memory_equal(packet.bytes, bytes, packet.size);
		count++;
	}
	assert_int_equal(capture_next(ours, &packet), CAPTURE_END);
	assert_int_equal(capture_info(ours)->incomplete, got == PCAP_ERROR);
	assert_int_equal(*capture_info(ours)->damage != 0, got == PCAP_ERROR);
	assert_int_equal(capture_next(ours, &packet), CAPTURE_END);
	pcap_close(theirs);
	capture_close(ours);
	return count;
}

static void test_every_kind_of_pcap(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		make((uint32_t)(kind & 1 ? NS : US), kind & 2, PACKETS);
		assert_int_equal(compare_with_libpcap(), PACKETS);
	}
}

static void test_cut_anywhere(void **state)
{
	struct stat status;

	(void)state;
	make((uint32_t)NS, false, FEW);
	assert_int_equal(stat(path, &status), 0);
	for (off_t size = 24; size < status.st_size; size += 1 + size / 37) {
		make((uint32_t)NS, false, FEW);
		assert_int_equal(truncate(path, size), 0);
		compare_with_libpcap();
	}
}

static void test_packet_that_is_too_large(void **state)
{
	uint32_t head[] = {1, 2, CAPTURE_PACKET_MAX + 1, CAPTURE_PACKET_MAX + 1};
	struct capture *capture;
	struct capture_packet packet;
	unsigned count = 0;

	(void)state;
	make((uint32_t)NS, false, PACKETS);
	append(head, sizeof(head));
	capture = open_made();
	while (capture_next(capture, &packet) == CAPTURE_PACKET)
		count++;
	assert_int_equal(count, PACKETS);
	assert_true(capture_info(capture)->incomplete);
	assert_non_null(strstr(capture_info(capture)->damage, "found 262145"));
	capture_close(capture);
}

static void expect_refusal(const char *file, const char *sentence)
{
	struct capture *capture;
	struct failure f = {""};

	assert_true(capture_open(&capture, file, &f) < 0);
	if (!strstr(f.text, sentence))
		fail_msg("'%s' is not in '%s'", sentence, f.text);
}

static void test_refusals(void **state)
{
	FILE *file;

	(void)state;
	expect_refusal("/nix", "/nix: No such file or directory");
	expect_refusal("/", "/: a directory");
	expect_refusal("/dev/null", "expected a pcap or pcapng capture");
	file = fopen(path, "w");
	pcap_header(file, (uint32_t)US, 1, true);
	fclose(file);
	expect_refusal(path, "link type 1 (Ethernet), not 271 (AF_VSOCK)");
	assert_int_equal(truncate(path, 20), 0);
	expect_refusal(path, "expected a pcap header of 24 bytes, found 20");
	assert_int_equal(truncate(path, 0), 0);
	expect_refusal(path, "expected a pcap or pcapng capture");
}

/* What is written is read again, by us and by libpcap. */
static void test_writing(void **state)
{
	struct capture_writer *writer;
	struct capture_packet packet;
	struct failure f = {""};
	struct capture *capture;
	struct stat status;

	(void)state;
	make((uint32_t)NS, true, PACKETS);
	assert_int_equal(capture_create(&writer, other, CAPTURE_PACKET_MAX, &f), 0);
	capture = open_made();
	assert_true(capture_is_file(capture, path));
	assert_false(capture_is_file(capture, other));
	while (capture_next(capture, &packet) == CAPTURE_PACKET)
		assert_int_equal(capture_write(writer, &packet, &f), 0);
	capture_close(capture);
	assert_int_equal(capture_flush(writer, &f), 0);
	assert_int_equal(stat(other, &status), 0);
	assert_int_equal(capture_finish(writer, &f), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(compare_with_libpcap(), PACKETS);
}

static void test_disk_that_is_full(void **state)
{
	struct capture_writer *writer;
	struct capture_packet packet = {0, 76, 76, (const uint8_t[76]){0}};
	struct failure f = {""};
	int err = 0;

	(void)state;
	assert_int_equal(capture_create(&writer, "/dev/full", 76, &f), 0);
	for (unsigned i = 0; !err && i < 10000; i++)
		err = capture_write(writer, &packet, &f);
	assert_int_equal(err, -ENOSPC);
	assert_non_null(strstr(f.text, "/dev/full: cannot write the capture: No space"));
	assert_int_not_equal(capture_finish(writer, &f), 0);
	assert_true(capture_create(&writer, "/nix/nix", 76, &f) < 0);
	assert_non_null(strstr(f.text, "/nix/nix: No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_pcap),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_packet_that_is_too_large),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_disk_that_is_full),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
