// SPDX-License-Identifier: GPL-2.0-or-later
/* From packets to conversations: how they begin, go on and end, and what is held. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "analyzers/vsock/stream.h"
#include "analyzers/vsock/tracker.h"
#include "packets.h"

enum { BUFFER = 16384, HELD = 64 };

#define MS 1000000ULL

static const struct vsock_address client = {3, 1025}, server = {2, 5000};

/* A tracker, and what it told. */
struct bed {
	struct vsock_tracker tracker;
	struct vsock_conversation *ended[HELD];
	unsigned begun, nr_ended, stalls, packets;
	uint64_t now_ns;
};

static bool same(const struct vsock_address *x, const struct vsock_address *y)
{
	return x->cid == y->cid && x->port == y->port;
}

static void count_begin(void *state, const struct vsock_conversation *c)
{
	struct bed *bed = state;

	bed->begun++;
	assert_int_equal(c->number, bed->begun);
	assert_int_equal(c->side[0].packets + c->side[1].packets, 0);
}

static void count_packet(void *state, const struct vsock_conversation *c,
			 enum vsock_end from, const struct vsock_packet *p)
{
	struct bed *bed = state;

	bed->packets++;
	if (c)
		assert_true(same(&c->address[from], &p->src));
	else
		assert_int_equal(from, VSOCK_NOBODY);
}

static void count_stall(void *state, const struct vsock_conversation *c,
			const struct vsock_stall *stall)
{
	struct bed *bed = state;

	assert_non_null(c);
	assert_true(stall->sender < VSOCK_ENDS);
	bed->stalls++;
}

static void keep(void *state, struct vsock_conversation *c)
{
	struct bed *bed = state;

	if (bed->nr_ended < HELD)
		bed->ended[bed->nr_ended] = vsock_hold(c);
	bed->nr_ended++;
}

static const struct vsock_listener listener = {
	.begin = count_begin,
	.packet = count_packet,
	.stall = count_stall,
	.end = keep,
};

static int setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	*state = bed;
	if (!bed || vsock_tracker_init(&bed->tracker, 0))
		return -1;
	vsock_listen(&bed->tracker, &listener, bed);
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	vsock_tracker_release(&bed->tracker);
	for (unsigned i = 0; i < bed->nr_ended && i < HELD; i++)
		vsock_drop(bed->ended[i]);
	free(bed);
	return 0;
}

static void take(struct bed *bed, struct made_packet made)
{
	uint8_t bytes[MADE_MAX];
	struct vsock_packet p;

	made.time_ns = bed->now_ns;
	p = packet_made(bytes, &made);
	vsock_track(&bed->tracker, &p, true);
	bed->now_ns += MS;
}

#define FROM_CLIENT .src = client, .dst = server, .buf_alloc = BUFFER
#define FROM_SERVER .src = server, .dst = client, .buf_alloc = BUFFER

static void connect_both(struct bed *bed)
{
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_REQUEST});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RESPONSE});
}

static void shut(struct bed *bed, bool by_client, uint32_t flags)
{
	if (by_client)
		take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_SHUTDOWN,
					       .flags = flags});
	else
		take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_SHUTDOWN,
					       .flags = flags});
}

static void reset(struct bed *bed, bool by_client)
{
	if (by_client)
		take(bed, (struct made_packet){
				  .src = client, .dst = server, .op = VSOCK_OP_RST});
	else
		take(bed, (struct made_packet){
				  .src = server, .dst = client, .op = VSOCK_OP_RST});
}

/* Ends the capture; the only conversation there was. */
static const struct vsock_conversation *only(struct bed *bed)
{
	vsock_tracker_finish(&bed->tracker);
	assert_int_equal(bed->begun, 1);
	assert_int_equal(bed->nr_ended, 1);
	return bed->ended[0];
}

static void test_orderly(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	connect_both(bed);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = 10});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_CREDIT_UPDATE,
				       .fwd_cnt = 10});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RW, .length = 300,
				       .fwd_cnt = 10});
	shut(bed, true, VSOCK_SHUTDOWN_BOTH);
	reset(bed, false);
	c = only(bed);
	assert_true(same(&c->address[VSOCK_A], &client));
	assert_true(c->opener_known);
	assert_int_equal(c->type, VSOCK_TYPE_STREAM);
	assert_int_equal(c->outcome, VSOCK_SHUT);
	assert_int_equal(c->ended_by, VSOCK_A);
	assert_int_equal(c->connect_ns, MS);
	assert_int_equal(c->end_ns, 6 * MS);
	assert_int_equal(c->side[VSOCK_A].packets, 3);
	assert_int_equal(c->side[VSOCK_B].packets, 4);
	assert_int_equal(c->side[VSOCK_A].bytes, 10);
	assert_int_equal(c->side[VSOCK_B].bytes, 300);
	assert_int_equal(c->side[VSOCK_B].credit_packets, 1);
	assert_int_equal(c->side[VSOCK_B].credit_bytes, VSOCK_HEADERS);
	assert_int_equal(c->side[VSOCK_B].answers.count, 1);
	assert_int_equal(c->side[VSOCK_B].answers.max, 2 * MS);
	assert_int_equal(c->side[VSOCK_A].answers.count, 0);
}

static void test_halves(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	connect_both(bed);
	shut(bed, false, VSOCK_SHUTDOWN_SEND);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = 10});
	shut(bed, true, VSOCK_SHUTDOWN_SEND);
	reset(bed, true);
	c = only(bed);
	assert_int_equal(c->outcome, VSOCK_SHUT);
	assert_int_equal(c->ended_by, VSOCK_B);
}

static void test_refused(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_REQUEST});
	reset(bed, false);
	c = only(bed);
	assert_int_equal(c->outcome, VSOCK_REFUSED);
	assert_int_equal(c->ended_by, VSOCK_B);
	assert_int_equal(c->connect_ns, VSOCK_NO_TIME);
}

static void expect_reset(struct bed *bed, enum vsock_end by)
{
	const struct vsock_conversation *c = only(bed);

	assert_int_equal(c->outcome, VSOCK_RESET);
	assert_int_equal(c->ended_by, by);
}

static void test_reset(void **state)
{
	connect_both(*state);
	reset(*state, true);
	expect_reset(*state, VSOCK_A);
}

/* Half closed is not yet agreed. */
static void test_reset_of_a_half(void **state)
{
	connect_both(*state);
	shut(*state, true, VSOCK_SHUTDOWN_SEND);
	reset(*state, false);
	expect_reset(*state, VSOCK_B);
}

/* Nobody answered its SHUTDOWN in time. */
static void test_reset_after_a_shutdown(void **state)
{
	connect_both(*state);
	shut(*state, true, VSOCK_SHUTDOWN_BOTH);
	reset(*state, true);
	expect_reset(*state, VSOCK_A);
}

/* The connecting end gave up before the answer came. */
static void test_reset_while_connecting(void **state)
{
	take(*state, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_REQUEST});
	reset(*state, true);
	expect_reset(*state, VSOCK_A);
}

static void test_open(void **state)
{
	struct bed *bed = *state;

	connect_both(bed);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = 1});
	shut(bed, false, VSOCK_SHUTDOWN_SEND);
	assert_int_equal(only(bed)->outcome, VSOCK_OPEN);
	assert_int_equal(bed->ended[0]->end_ns, 3 * MS);
}

/* The same addresses, three times; packets that are late belong to the one before. */
static void test_incarnations(void **state)
{
	struct bed *bed = *state;

	for (unsigned i = 0; i < 3; i++) {
		connect_both(bed);
		take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW,
					       .length = 10 + i});
		if (i == 1)
			continue; /* its end got lost */
		shut(bed, true, VSOCK_SHUTDOWN_BOTH);
		reset(bed, false);
		shut(bed, false, VSOCK_SHUTDOWN_SEND);
		reset(bed, false);
		bed->now_ns += 3600000 * MS; /* and it comes an hour later */
		reset(bed, true);
	}
	vsock_tracker_finish(&bed->tracker);
	assert_int_equal(bed->nr_ended, 3);
	assert_int_equal(bed->tracker.strays, 0);
	for (unsigned i = 0; i < 3; i++) {
		const struct vsock_conversation *c = bed->ended[i];

		assert_int_equal(c->number, i + 1);
		assert_int_equal(c->side[VSOCK_A].bytes, 10 + i);
		assert_int_equal(c->side[VSOCK_A].packets, i == 1 ? 2 : 4);
		assert_int_equal(c->outcome, i == 1 ? VSOCK_OPEN : VSOCK_SHUT);
	}
}

/* Nobody knows when a conversation ended whose addresses have a new one. */
static void test_no_stall_up_to_the_next_one(void **state)
{
	struct bed *bed = *state;

	connect_both(bed);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = BUFFER});
	bed->now_ns += 3600000 * MS;
	connect_both(bed);
	vsock_tracker_finish(&bed->tracker);
	assert_int_equal(bed->nr_ended, 2);
	assert_int_equal(bed->ended[0]->end_ns, 2 * MS);
	assert_int_equal(bed->stalls, 0);
}

/* The same addresses with other types are others, and so is the way back. */
static void test_types_and_directions(void **state)
{
	struct bed *bed = *state;

	connect_both(bed);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_REQUEST,
				       .type = VSOCK_TYPE_SEQPACKET});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RESPONSE,
				       .type = VSOCK_TYPE_SEQPACKET});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RW, .length = 10,
				       .type = VSOCK_TYPE_SEQPACKET});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RW, .length = 10,
				       .type = VSOCK_TYPE_SEQPACKET,
				       .flags = VSOCK_SEQPACKET_EOM});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_REQUEST});
	vsock_tracker_finish(&bed->tracker);
	assert_int_equal(bed->nr_ended, 3);
	assert_int_equal(bed->ended[0]->number, 1); /* a new one took its place */
	assert_true(same(&bed->ended[2]->address[VSOCK_A], &server));
	assert_int_equal(bed->ended[1]->type, VSOCK_TYPE_SEQPACKET);
	assert_int_equal(bed->ended[1]->side[VSOCK_B].messages, 1);
}

static void test_begun_before_the_capture(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	reset(bed, true); /* of one that is over: no conversation */
	assert_int_equal(bed->tracker.strays, 1);
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RW, .length = 10,
				       .fwd_cnt = 77777});
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_CREDIT_UPDATE,
				       .fwd_cnt = 88888});
	c = only(bed);
	assert_false(c->opener_known);
	assert_true(same(&c->address[VSOCK_A], &server));
	assert_int_equal(vsock_lost_bytes(c), 0);
	assert_int_equal(bed->packets, 3);
}

/* A RESPONSE tells who connected, though not since when. */
static void test_request_was_not_captured(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RESPONSE});
	c = only(bed);
	assert_true(c->opener_known);
	assert_true(same(&c->address[VSOCK_A], &client));
	assert_int_equal(c->connect_ns, VSOCK_NO_TIME);
}

static void test_response_was_not_captured(void **state)
{
	struct bed *bed = *state;

	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_REQUEST});
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = 10});
	reset(bed, false);
	expect_reset(bed, VSOCK_B); /* not refused */
}

static void test_stall_is_told_at_once(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	connect_both(bed);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = BUFFER});
	bed->now_ns += 500 * MS;
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_CREDIT_UPDATE,
				       .fwd_cnt = BUFFER});
	assert_int_equal(bed->stalls, 0);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = 1});
	assert_int_equal(bed->stalls, 1);
	c = only(bed);
	assert_int_equal(c->stalls.sum[VSOCK_A].count, 1);
	assert_int_equal(c->stalls.kept[0].sender, VSOCK_A);
	assert_int_equal(c->stalls.kept[0].begin_ns, 2 * MS);
	assert_int_equal(c->stalls.kept[0].end_ns, 503 * MS);
	assert_int_equal(c->stalls.kept[0].fault, VSOCK_FAULT_READER);
}

static void test_each_waits_for_the_other(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	connect_both(bed);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = BUFFER});
	take(bed, (struct made_packet){FROM_SERVER, .op = VSOCK_OP_RW, .length = BUFFER});
	bed->now_ns += 500 * MS;
	take(bed, (struct made_packet){.src = {9, 9},
				       .dst = {8, 8},
				       .op = VSOCK_OP_REQUEST}); /* time goes on */
	vsock_tracker_finish(&bed->tracker);
	c = bed->ended[0];
	assert_int_equal(c->number, 1);
	assert_int_equal(c->stalls.nr, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(c->stalls.kept[i].fault, VSOCK_FAULT_BOTH);
		assert_true(c->stalls.kept[i].unended);
		assert_int_equal(c->stalls.kept[i].end_ns, bed->tracker.last_ns);
	}
}

static void test_shutdown_ends_the_waiting(void **state)
{
	struct bed *bed = *state;
	const struct vsock_conversation *c;

	connect_both(bed);
	take(bed, (struct made_packet){FROM_CLIENT, .op = VSOCK_OP_RW, .length = BUFFER});
	bed->now_ns += 500 * MS;
	shut(bed, false, VSOCK_SHUTDOWN_BOTH);
	reset(bed, true);
	c = only(bed);
	assert_int_equal(c->stalls.nr, 1);
	assert_int_equal(stall_ns(c->stalls.kept), 501 * MS);
	assert_true(c->side[VSOCK_B].told_last);
	assert_int_equal(credit_unread(&c->side[VSOCK_A].credit), BUFFER);
}

static struct vsock_address other_client(unsigned i)
{
	return (struct vsock_address){100 + i % 7, i};
}

/* Thousands at a time: the one silent for longest is given up. */
static void test_memory_is_bounded(void **state)
{
	struct bed *bed = *state;
	struct vsock_tracker *t = &bed->tracker;

	t->live_max = 100;
	for (unsigned i = 1; i <= 1000; i++) {
		take(bed, (struct made_packet){.src = other_client(i),
					       .dst = server,
					       .op = VSOCK_OP_REQUEST});
		take(bed, (struct made_packet){.src = other_client(1),
					       .dst = server,
					       .op = VSOCK_OP_CREDIT_UPDATE});
		assert_in_range(t->live.count, 1, 100);
	}
	assert_int_equal(t->given_up, 900);
	assert_int_equal(bed->ended[0]->number, 2); /* 1 is never silent */
	for (unsigned i = 2001; i <= 2000 + 2 * VSOCK_ENDED_MAX; i++) {
		take(bed, (struct made_packet){.src = other_client(i),
					       .dst = server,
					       .op = VSOCK_OP_REQUEST});
		take(bed, (struct made_packet){.src = server,
					       .dst = other_client(i),
					       .op = VSOCK_OP_RST});
	}
	assert_int_equal(t->ended.count, VSOCK_ENDED_MAX);
	vsock_tracker_finish(t);
	assert_int_equal(bed->nr_ended, 1000 + 2 * VSOCK_ENDED_MAX);
	assert_int_equal(t->histograms, 0);
}

/* What a stream gave. */
struct heard {
	char text[2][64];
	uint64_t missing[2], at[2];
	unsigned messages, ends;
};

static void hear(void *user, const struct vsock_conversation *c,
		 const struct vsock_chunk *chunk)
{
	struct heard *heard = user;

	assert_int_equal(c->number, 2);
	heard->missing[chunk->from] += chunk->offset - heard->at[chunk->from];
	heard->at[chunk->from] = chunk->offset + chunk->size;
	strncat(heard->text[chunk->from], (const char *)chunk->bytes, chunk->size);
	heard->messages += chunk->ends_message;
}

static void hear_end(void *user, const struct vsock_conversation *c)
{
	struct heard *heard = user;

	heard->ends++;
	assert_int_equal(vsock_stream_at(c, VSOCK_A), heard->at[VSOCK_A]);
}

static void say(struct bed *bed, const char *text, uint32_t fwd_cnt, bool by_client)
{
	struct made_packet made = {FROM_CLIENT, .op = VSOCK_OP_RW,
				   .length = (uint32_t)strlen(text), .payload = text,
				   .fwd_cnt = fwd_cnt};

	if (!by_client) {
		made.src = server;
		made.dst = client;
	}
	take(bed, made);
}

static void test_stream(void **state)
{
	struct bed *bed = *state;
	struct heard heard = {.ends = 0};
	struct vsock_stream stream = {2, hear, hear_end, &heard};

	vsock_listen(&bed->tracker, &vsock_stream_listener, &stream);
	connect_both(bed);
	say(bed, "not wanted", 0, true);
	connect_both(bed);
	say(bed, "GET /", 0, true);
	say(bed, "200 ", 5, false);
	say(bed, "OK", 5, false);
	say(bed, "bye", 6, true);
	say(bed, "end", 5 + 3 + 4, false); /* it read 4 bytes that the tap lost */
	say(bed, "!", 6 + 3, true);
	reset(bed, true);
	vsock_tracker_finish(&bed->tracker);
	assert_string_equal(heard.text[VSOCK_A], "GET /bye!");
	assert_string_equal(heard.text[VSOCK_B], "200 OKend");
	assert_int_equal(heard.missing[VSOCK_A], 4);
	assert_int_equal(heard.missing[VSOCK_B], 0);
	assert_int_equal(heard.ends, 1);
	assert_int_equal(heard.messages, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_orderly),
		TEST(test_halves),
		TEST(test_refused),
		TEST(test_reset),
		TEST(test_reset_of_a_half),
		TEST(test_reset_after_a_shutdown),
		TEST(test_reset_while_connecting),
		TEST(test_open),
		TEST(test_incarnations),
		TEST(test_no_stall_up_to_the_next_one),
		TEST(test_types_and_directions),
		TEST(test_begun_before_the_capture),
		TEST(test_request_was_not_captured),
		TEST(test_response_was_not_captured),
		TEST(test_stall_is_told_at_once),
		TEST(test_each_waits_for_the_other),
		TEST(test_shutdown_ends_the_waiting),
		TEST(test_memory_is_bounded),
		TEST(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
