// SPDX-License-Identifier: GPL-2.0-or-later
/* The credit of one sender: counts that wrap, stalls, overruns, what the tap lost. */
#include "unit.h"

#include "analyzers/vsock/credit.h"

enum { KIB = 1024 };

#define MS 1000000ULL

/* A sender whose peer has told a buffer of @size, at time 0. */
static struct credit open_credit(uint32_t size)
{
	struct vsock_stall stall;
	struct credit c;

	credit_begin(&c, true);
	assert_false(credit_told(&c, 0, size, 0, &stall));
	return c;
}

static void send(struct credit *c, uint64_t ns, uint32_t bytes)
{
	struct vsock_stall stall;

	assert_false(credit_sent(c, ns, bytes, &stall));
}

static void tell(struct credit *c, uint64_t ns, uint32_t size, uint32_t fwd_cnt)
{
	struct vsock_stall stall;

	assert_false(credit_told(c, ns, size, fwd_cnt, &stall));
}

static void expect_stall(const struct vsock_stall *stall, uint64_t begin, uint64_t end)
{
	assert_int_equal(stall->begin_ns, begin);
	assert_int_equal(stall->end_ns, end);
}

static void test_counts_wrap(void **state)
{
	struct credit c = open_credit(64 * KIB);
	uint32_t fwd_cnt = 0;

	(void)state;
	for (unsigned i = 0; i < 3 * 65536; i++) { /* three times around */
		send(&c, i, 64 * KIB);
		assert_int_equal(credit_free(&c), 0);
		fwd_cnt += 64 * KIB;
		tell(&c, i, 64 * KIB, fwd_cnt);
		assert_int_equal(credit_free(&c), 64 * KIB);
	}
	assert_int_equal(c.lost, 0);
	assert_int_equal(c.overrun_packets, 0);
}

static void test_stall_until_the_peer_reads(void **state)
{
	struct credit c = open_credit(16 * KIB);
	struct vsock_stall stall;

	(void)state;
	send(&c, 10 * MS, 16 * KIB);
	tell(&c, 20 * MS, 16 * KIB, 0); /* it speaks, but has not read */
	tell(&c, 1010 * MS, 16 * KIB, 4 * KIB);
	tell(&c, 1011 * MS, 16 * KIB, 8 * KIB);
	assert_true(credit_sent(&c, 1012 * MS, 100, &stall));
	expect_stall(&stall, 10 * MS, 1010 * MS);
	assert_int_equal(stall.fault, VSOCK_FAULT_READER);
	assert_int_equal(stall.buf_alloc, 16 * KIB);
	assert_false(stall.unended);
}

/* It filled the buffer, and had nothing more to say for a while. */
static void test_idle_sender_was_not_stalled(void **state)
{
	struct credit c = open_credit(16 * KIB);

	(void)state;
	send(&c, 0, 16 * KIB);
	tell(&c, 5 * MS, 16 * KIB, 16 * KIB);
	send(&c, 1000 * MS, 100);
	send(&c, 1001 * MS, 16 * KIB - 100);
	tell(&c, 2000 * MS, 16 * KIB, 32 * KIB);
	send(&c, 4000 * MS, 100); /* twice as long as the buffer was full */
}

static void test_asking_proves_a_stall(void **state)
{
	struct credit c = open_credit(16 * KIB);
	struct vsock_stall stall;

	(void)state;
	send(&c, 1 * MS, 16 * KIB);
	credit_asked(&c);
	tell(&c, 2 * MS, 16 * KIB, 0);
	credit_asked(&c);
	assert_true(credit_told(&c, 9 * MS, 16 * KIB, 1, &stall));
	expect_stall(&stall, 1 * MS, 9 * MS);
	assert_int_equal(stall.asked, 2);
	send(&c, 500 * MS, 1); /* told once */
}

/* Others than Linux wait until a packet has room. */
static void test_next_to_no_credit(void **state)
{
	struct credit c = open_credit(64 * KIB);
	struct vsock_stall stall;

	(void)state;
	send(&c, 1 * MS, 62 * KIB);
	tell(&c, 50 * MS, 64 * KIB, 1 * KIB);
	tell(&c, 90 * MS, 64 * KIB, 8 * KIB);
	assert_true(credit_sent(&c, 91 * MS, 4 * KIB, &stall));
	expect_stall(&stall, 1 * MS, 90 * MS);

	c = open_credit(64 * KIB);
	send(&c, 1 * MS, 62 * KIB);
	tell(&c, 90 * MS, 64 * KIB, 8 * KIB);
	send(&c, 91 * MS, 2 * KIB); /* it had room for this all the time */
}

static void test_small_window(void **state)
{
	struct credit c = open_credit(16 * KIB);
	struct vsock_stall stall;

	(void)state;
	send(&c, 0, 100); /* the peer needs 0.4 ms to read this */
	tell(&c, 400000, 16 * KIB, 100);
	send(&c, 1 * MS, 16 * KIB);
	tell(&c, 3 * MS, 16 * KIB, 100 + 16 * KIB);
	assert_true(credit_sent(&c, 3 * MS, 16 * KIB, &stall));
	assert_int_equal(stall.fault, VSOCK_FAULT_WINDOW);
	tell(&c, 5 * MS, 16 * KIB, 100 + 17 * KIB); /* most is left unread */
	assert_true(credit_sent(&c, 5 * MS, 1, &stall));
	assert_int_equal(stall.fault, VSOCK_FAULT_READER);
	tell(&c, 6 * MS, 16 * KIB, 100 + 32 * KIB + 1);
	send(&c, 200 * MS, 16 * KIB);
	tell(&c, 220 * MS, 16 * KIB, 100 + 48 * KIB + 1); /* it paused */
	assert_true(credit_sent(&c, 220 * MS, 1, &stall));
	assert_int_equal(stall.fault, VSOCK_FAULT_READER);
}

/* That a peer is always slow makes it no less slow. */
static void test_slow_reader_is_no_small_window(void **state)
{
	struct credit c = open_credit(16 * KIB);
	struct vsock_stall stall;

	(void)state;
	send(&c, 0, 16 * KIB);
	for (unsigned i = 1; i <= 3; i++) {
		tell(&c, i * 100 * MS, 16 * KIB, i * 16 * KIB);
		assert_true(credit_sent(&c, i * 100 * MS, 16 * KIB, &stall));
		assert_int_equal(stall.end_ns - stall.begin_ns, 100 * MS);
		assert_int_equal(stall.fault, VSOCK_FAULT_READER);
	}
}

static void test_ends(void **state)
{
	struct credit c = open_credit(16 * KIB);
	struct vsock_stall stall;

	(void)state;
	send(&c, 0, 16 * KIB);
	assert_true(credit_ended(&c, 700 * MS, &stall));
	expect_stall(&stall, 0, 700 * MS);
	assert_true(stall.unended);
	assert_false(credit_ended(&c, 800 * MS, &stall));

	c = open_credit(16 * KIB);
	send(&c, 0, 16 * KIB);
	assert_false(credit_closed(&c, 1 * MS, &stall)); /* it was done */

	c = open_credit(16 * KIB);
	send(&c, 0, 16 * KIB);
	assert_true(credit_closed(&c, 700 * MS, &stall)); /* it gave up */
	assert_true(stall.unended);

	c = open_credit(16 * KIB);
	send(&c, 0, 15 * KIB + 512);
	assert_false(credit_ended(&c, 700 * MS, &stall)); /* there was room */
}

static void test_overrun(void **state)
{
	struct credit c = open_credit(16 * KIB);

	(void)state;
	send(&c, 0, 10 * KIB);
	send(&c, 1, 10 * KIB);
	send(&c, 2, 3 * KIB);
	assert_int_equal(c.overrun_packets, 2);
	assert_int_equal(c.overrun_most, 4 * KIB);
	assert_int_equal(credit_free(&c), -7 * KIB);
}

static void test_lost_by_the_tap(void **state)
{
	struct credit c = open_credit(16 * KIB);

	(void)state;
	send(&c, 0, 1000);
	tell(&c, 1, 16 * KIB, 1500); /* it read 500 that nobody saw */
	assert_int_equal(c.lost, 500);
	assert_int_equal(credit_free(&c), 16 * KIB);
	tell(&c, 2, 16 * KIB, 1500);
	send(&c, 3, 100);
	tell(&c, 4, 16 * KIB, 1700);
	assert_int_equal(c.lost, 600);
}

/* A stalled peer reads less than was seen, not more. */
static void test_stalled_peer_lost_nothing(void **state)
{
	struct credit c = open_credit(16 * KIB);
	struct vsock_stall stall;

	(void)state;
	send(&c, 0, 16 * KIB);
	tell(&c, 1, 16 * KIB, 100);
	assert_false(credit_ended(&c, 2, &stall)); /* granted, not used */
	assert_int_equal(c.lost, 0);
	assert_int_equal(credit_unread(&c), 16 * KIB - 100);
}

static void test_begin_was_not_captured(void **state)
{
	struct credit c;

	(void)state;
	credit_begin(&c, false);
	send(&c, 0, 300); /* not known to be within the credit, nor beyond it */
	tell(&c, 1, 16 * KIB, 0xfffffff0);
	assert_int_equal(credit_free(&c), 16 * KIB);
	send(&c, 2, 100);
	tell(&c, 3, 16 * KIB, 4000); /* what was under way before */
	assert_int_equal(c.lost, 0);
	assert_int_equal(credit_free(&c), 16 * KIB);
	for (uint32_t fwd_cnt = 5000; fwd_cnt <= 20000; fwd_cnt += 1000) {
		send(&c, 4, 1000);
		tell(&c, 5, 16 * KIB, fwd_cnt);
	}
	assert_int_equal(c.lost, 0);
	tell(&c, 6, 16 * KIB, 20100); /* all of before is read by now */
	assert_int_equal(c.lost, 100);
}

static void test_packets_overtake(void **state)
{
	struct credit c = open_credit(16 * KIB);

	(void)state;
	send(&c, 0, 4 * KIB);
	tell(&c, 1, 16 * KIB, 4 * KIB);
	tell(&c, 2, 8 * KIB, 2 * KIB); /* older */
	assert_int_equal(credit_free(&c), 16 * KIB);
	tell(&c, 3, 8 * KIB, 4 * KIB); /* the buffer shrank */
	assert_int_equal(credit_free(&c), 8 * KIB);
}

/* Whatever the numbers are: no stall of no length, no time that runs backwards. */
static void test_any_numbers(void **state)
{
	struct vsock_stall stall;
	struct credit c;
	uint32_t x = 1;

	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		credit_begin(&c, run & 1);
		for (unsigned i = 0; i < 500; i++) {
			uint64_t ns = i * 1000;
			uint32_t a, b;
			bool stalled;

			x = x * 1664525 + 1013904223;
			a = x >> (x % 29);
			x = x * 1664525 + 1013904223;
			b = x >> (x % 31);
			if (x >> 30 == 0)
				stalled = credit_sent(&c, ns, a, &stall);
			else if (x >> 30 == 1)
				stalled = credit_told(&c, ns, a, b, &stall);
			else if (x >> 30 == 2)
				stalled = credit_told(&c, ns, 64 * KIB, c.sent, &stall);
			else
				stalled = (credit_asked(&c), false);
			if (stalled)
				assert_true(stall.end_ns > stall.begin_ns &&
					    stall.end_ns <= ns);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_wrap),
		cmocka_unit_test(test_stall_until_the_peer_reads),
		cmocka_unit_test(test_idle_sender_was_not_stalled),
		cmocka_unit_test(test_asking_proves_a_stall),
		cmocka_unit_test(test_next_to_no_credit),
		cmocka_unit_test(test_small_window),
		cmocka_unit_test(test_slow_reader_is_no_small_window),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_lost_by_the_tap),
		cmocka_unit_test(test_stalled_peer_lost_nothing),
		cmocka_unit_test(test_begin_was_not_captured),
		cmocka_unit_test(test_packets_overtake),
		cmocka_unit_test(test_any_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
