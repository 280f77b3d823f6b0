// SPDX-License-Identifier: GPL-2.0-or-later
/* Control messages are found in a stream, however it is cut and whatever is missing. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "analyzers/vsock/control.h"

enum { STREAM_MAX = 1 << 20, SAID_MAX = 256 };

/* What was found. */
static struct {
	struct vsock_said said[SAID_MAX];
	char bodies[SAID_MAX][64]; /* "-" without one */
	unsigned count;
} found;

static void note(void *user, const struct vsock_said *said)
{
	char *body = found.bodies[found.count];
	size_t size = said->m.length < 63 ? said->m.length : 63;

	(void)user;
	assert_true(found.count < SAID_MAX);
	strcpy(body, "-");
	if (said->m.body) {
		memcpy(body, said->m.body, size);
		body[size] = 0;
	}
	found.said[found.count++] = *said;
}

/* Two directions of bytes to be made and fed. */
static struct {
	uint8_t bytes[STREAM_MAX];
	size_t size;
} streams[VSOCK_ENDS];

static struct vsock_control control = {.said = note};
static struct vsock_conversation conversation = {.number = 1};

static int set_up(void **state)
{
	(void)state;
	memset(&found, 0, sizeof(found));
	memset(streams, 0, sizeof(streams));
	control = (struct vsock_control){.said = note};
	conversation.number = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vsock_control_release(&control);
	return 0;
}

static void put(enum vsock_end from, const void *bytes, size_t size)
{
	memcpy(streams[from].bytes + streams[from].size, bytes, size);
	streams[from].size += size;
}

static void put_message(enum vsock_end from, enum control_type type, uint32_t number,
			const char *body)
{
	uint8_t header[CONTROL_HEADER_SIZE];

	control_put_header(header, type, number, (uint32_t)strlen(body));
	put(from, header, sizeof(header));
	put(from, body, strlen(body));
}

/* Bytes @at to @end of a direction, in one packet. */
static void feed(enum vsock_end from, size_t at, size_t end, uint64_t time_ns)
{
	struct vsock_chunk chunk = {.time_ns = time_ns,
				    .from = from,
				    .offset = at,
				    .bytes = streams[from].bytes + at,
				    .size = end - at};

	vsock_control_take(&control, &conversation, &chunk);
}

static void expect(unsigned at, const char *name, uint32_t number, const char *body)
{
	assert_true(at < found.count);
	assert_string_equal(found.said[at].m.kind->name, name);
	assert_int_equal(found.said[at].m.number, number);
	assert_string_equal(found.bodies[at], body);
}

/* A stream of three messages is cut into packets of @size bytes. */
static void cut(size_t size)
{
	set_up(NULL);
	put_message(VSOCK_B, CONTROL_WELCOME, 0, "{}");
	put_message(VSOCK_B, CONTROL_RECORDING, 2, "{\"text\":\"FTHM\"}");
	put_message(VSOCK_B, CONTROL_ERROR, 3, "{\"text\":\"no\"}");
	for (size_t at = 0; at < streams[VSOCK_B].size; at += size) {
		size_t end = at + size;

		feed(VSOCK_B, at,
		     end < streams[VSOCK_B].size ? end : streams[VSOCK_B].size, at + 1);
	}
	assert_int_equal(found.count, 3);
	expect(0, "welcome", 0, "{}");
	expect(1, "recording", 2, "{\"text\":\"FTHM\"}");
	expect(2, "error", 3, "{\"text\":\"no\"}");
	assert_int_equal(found.said[1].time_ns, 18 / size * size + 1);
	vsock_control_release(&control);
}

/* A first packet that has no whole header is not known for what it is. */
static void packets_of_any_size(void **state)
{
	(void)state;
	for (size_t size = CONTROL_HEADER_SIZE; size < 128; size++)
		cut(size);
}

static void other_traffic_is_silent(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nFTHM is not enough, FTHM\1\0\11";

	(void)state;
	for (int i = 0; i < 100; i++)
		put(VSOCK_A, text, sizeof(text));
	for (size_t at = 0; at < streams[VSOCK_A].size; at += 16)
		feed(VSOCK_A, at, at + 16 < streams[VSOCK_A].size ? at + 16 : at, 1);
	assert_int_equal(found.count, 0);
	assert_int_equal(control.conversations, 0);
}

static void an_answer_knows_its_question(void **state)
{
	size_t first;

	(void)state;
	put_message(VSOCK_A, CONTROL_CLOCK, 4, "{}");
	put_message(VSOCK_A, CONTROL_JOB, 5, "{}");
	feed(VSOCK_A, 0, streams[VSOCK_A].size, 100);
	put_message(VSOCK_B, CONTROL_PROGRESS, 5, "{}");
	put_message(VSOCK_B, CONTROL_TIME, 4, "{}");
	put_message(VSOCK_B, CONTROL_TIME, 4, "{}");
	first = streams[VSOCK_B].size;
	put_message(VSOCK_B, CONTROL_ERROR, 5, "{}");
	feed(VSOCK_B, 0, first, 130);
	feed(VSOCK_B, first, streams[VSOCK_B].size, 170);
	assert_int_equal(found.count, 6);
	assert_null(found.said[2].answers); /* progress is none */
	assert_int_equal(found.said[3].answers->type, CONTROL_CLOCK);
	assert_int_equal(found.said[3].answer_ns, 30);
	assert_null(found.said[4].answers); /* there is one only */
	assert_int_equal(found.said[5].answers->type, CONTROL_JOB);
	assert_int_equal(found.said[5].answer_ns, 70);
}

static void a_capture_that_begins_in_between(void **state)
{
	(void)state;
	put_message(VSOCK_B, CONTROL_PREPARED, 3, "{\"warnings\":[]}");
	put_message(VSOCK_B, CONTROL_TIME, 4, "{}");
	feed(VSOCK_B, 5, streams[VSOCK_B].size, 1);
	assert_int_equal(found.count, 1);
	expect(0, "time", 4, "{}");
}

/* Three messages with the middle one's bytes @at to @end missing. */
static void lose(size_t at, size_t end)
{
	size_t middle;

	set_up(NULL);
	put_message(VSOCK_B, CONTROL_WELCOME, 0, "{}");
	middle = streams[VSOCK_B].size;
	put_message(VSOCK_B, CONTROL_RESULTS, 9, "{\"failure\":\"0123456789\"}");
	put_message(VSOCK_B, CONTROL_TIME, 10, "{}");
	feed(VSOCK_B, 0, middle + at, 1);
	feed(VSOCK_B, middle + end, streams[VSOCK_B].size, 2);
}

static void a_hole_in_a_body_costs_the_body(void **state)
{
	(void)state;
	lose(CONTROL_HEADER_SIZE, CONTROL_HEADER_SIZE + 3);
	assert_int_equal(found.count, 3);
	expect(1, "results", 9, "-");
	expect(2, "time", 10, "{}");
	tear_down(NULL);
	lose(CONTROL_HEADER_SIZE + 4, CONTROL_HEADER_SIZE + 24); /* up to its end */
	assert_int_equal(found.count, 3);
	expect(1, "results", 9, "-");
	expect(2, "time", 10, "{}");
}

static void a_hole_in_a_header_costs_the_message(void **state)
{
	(void)state;
	lose(4, 5);
	assert_int_equal(found.count, 2);
	expect(1, "time", 10, "{}");
	tear_down(NULL);
	lose(CONTROL_HEADER_SIZE + 1, CONTROL_HEADER_SIZE + 24 + 3); /* and into the next */
	assert_int_equal(found.count, 2);
	expect(1, "results", 9, "-");
}

static void a_long_body_is_not_kept(void **state)
{
	static char body[CONTROL_KEPT_MAX];

	(void)state;
	memset(body, ' ', sizeof(body) - 1);
	put_message(VSOCK_B, CONTROL_RESULTS, 1, body);
	put_message(VSOCK_B, CONTROL_TIME, 2, "{}");
	for (size_t at = 0; at < streams[VSOCK_B].size; at += 4096)
		feed(VSOCK_B, at,
		     at + 4096 < streams[VSOCK_B].size ? at + 4096 : streams[VSOCK_B].size,
		     at);
	assert_int_equal(found.count, 2);
	expect(0, "results", 1, "-");
	expect(1, "time", 2, "{}");
}

static void too_many_conversations(void **state)
{
	(void)state;
	put_message(VSOCK_A, CONTROL_HELLO, 1, "{}");
	for (unsigned i = 0; i < CONTROL_CONVERSATIONS_MAX + 10; i++) {
		conversation.number = i + 1;
		feed(VSOCK_A, 0, streams[VSOCK_A].size, i);
	}
	assert_int_equal(found.count, CONTROL_CONVERSATIONS_MAX + 10);
	assert_int_equal(control.given_up, 10);
	for (unsigned i = 0; i < 5; i++) { /* one that is there, one that is not */
		conversation.number = i * 20 + 1;
		vsock_control_end(&control, &conversation);
	}
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(packets_of_any_size),
		FRESH(other_traffic_is_silent),
		FRESH(an_answer_knows_its_question),
		FRESH(a_capture_that_begins_in_between),
		FRESH(a_hole_in_a_body_costs_the_body),
		FRESH(a_hole_in_a_header_costs_the_message),
		FRESH(a_long_body_is_not_kept),
		FRESH(too_many_conversations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
