// SPDX-License-Identifier: GPL-2.0-or-later
/* The control protocol: what is written is read, and nothing else is. */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/failure.h"
#include "core/json_members.h"
#include "trace/control.h"

enum { ROOM = CONTROL_HEADER_SIZE + CONTROL_PIECE_HEADER + 4096 };

struct packet {
	uint8_t bytes[ROOM];
	size_t size;
};

static struct packet packet(enum control_type type, uint32_t number, const char *body)
{
	struct packet p = {.size = CONTROL_HEADER_SIZE + strlen(body)};

	control_put_header(p.bytes, type, number, (uint32_t)strlen(body));
	memcpy(p.bytes + CONTROL_HEADER_SIZE, body, strlen(body));
	return p;
}

static int parse(const struct packet *p, enum control_side sender,
		 struct control_message *m, struct failure *f)
{
	memset(f, 0, sizeof(*f));
	return control_parse(p->bytes, p->size, sender, m, f);
}

static void refused(const struct packet *p, enum control_side sender, int err,
		    const char *why)
{
	struct control_message m;
	struct failure f;

	assert_int_equal(parse(p, sender, &m, &f), err);
	if (!strstr(f.text, why))
		fail_msg("%s", f.text);
}

static void the_bytes_are_those_of_the_document(void **state)
{
	static const uint8_t expected[] = {'F', 'T', 'H',  'M',  1,    0,    9, 0,
					   0x04, 0x03, 0x02, 0x01, 2, 0, 0, 0,
					   '{', '}'};
	struct packet p = packet(CONTROL_CLOCK, 0x01020304, "{}");

	(void)state;
	assert_int_equal(p.size, sizeof(expected));
	assert_memory_equal(p.bytes, expected, sizeof(expected));
}

static void a_message_comes_out_as_it_went_in(void **state)
{
	struct packet p = packet(CONTROL_TIME, 7, "{\"received_ns\":5,\"sent_ns\":-1}");
	struct control_message m;
	struct failure f;
	json_t *body;

	(void)state;
	assert_int_equal(parse(&p, CONTROL_AGENT, &m, &f), 1);
	assert_int_equal(control_size(&m), p.size);
	assert_int_equal(m.number, 7);
	assert_string_equal(m.kind->name, "time");
	assert_int_equal(m.kind->answers, CONTROL_CLOCK);
	assert_int_equal(control_body(&m, &body, &f), 0);
	assert_int_equal(member_count(body, "received_ns"), 5);
	assert_int_equal(member_count(body, "sent_ns"), 0);
	json_decref(body);
}

static void every_piece_of_a_message_is_too_short(void **state)
{
	struct packet p = packet(CONTROL_STOP, 1, "{}");
	struct control_message m;
	struct failure f;

	(void)state;
	for (size_t size = 0; size < p.size; size++)
		assert_int_equal(control_parse(p.bytes, size, CONTROL_MASTER, &m, &f), 0);
}

static void strangers_are_told_apart_at_their_first_byte(void **state)
{
	static const char *const strangers[] = {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01",
						"FTHN", "fthm", "\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		struct packet p = {.size = strlen(strangers[i])};

		memcpy(p.bytes, strangers[i], p.size);
		refused(&p, CONTROL_MASTER, -EPROTO, "not fathom's control protocol");
	}
}

static void another_version_is_named(void **state)
{
	struct packet p = packet(CONTROL_STOP, 1, "{}");

	(void)state;
	p.bytes[4] = 2;
	refused(&p, CONTROL_MASTER, -EPROTONOSUPPORT, "speaks version 2");
}

static void what_is_not_in_the_list_is_refused(void **state)
{
	struct packet p = packet(CONTROL_STOP, 1, "{}");

	(void)state;
	refused(&p, CONTROL_AGENT, -EBADMSG, "'stop' came, which an agent never sends");
	p.bytes[6] = 99;
	refused(&p, CONTROL_MASTER, -EBADMSG, "unknown type 99");
}

static void the_longest_is_taken_and_no_longer_one(void **state)
{
	struct packet p = {.size = CONTROL_HEADER_SIZE};
	struct control_message m;
	struct failure f;

	(void)state;
	for (unsigned type = 0; type < 100; type++) {
		const struct control_kind *kind = control_kind(type);

		if (!kind)
			continue;
		control_put_header(p.bytes, type, 1, kind->body_max);
		assert_int_equal(parse(&p, kind->sender, &m, &f), 0);
		control_put_header(p.bytes, type, 1, kind->body_max + 1);
		refused(&p, kind->sender, -EMSGSIZE, "are the most");
		control_put_header(p.bytes, type, 1, UINT32_MAX);
		refused(&p, kind->sender, -EMSGSIZE, "are the most");
	}
}

static void a_body_is_one_object(void **state)
{
	static const char *const bad[] = {
		"",  "{",	 "[]", "1", "{}{}", "{\"a\":1,\"a\":2}", "{\"a\":1e999}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\\u0000\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct packet p = packet(CONTROL_HELLO, 1, bad[i]);
		struct control_message m;
		struct failure f;
		json_t *body;

		assert_int_equal(parse(&p, CONTROL_MASTER, &m, &f), 1);
		assert_int_equal(control_body(&m, &body, &f), -EBADMSG);
		assert_non_null(strstr(f.text, "'hello'"));
		assert_null(body);
	}
}

/* The next piece of a trace as a message. */
static struct packet piece(struct control_stream *stream, const char *data)
{
	size_t length = CONTROL_PIECE_HEADER + strlen(data);
	struct packet p = {.size = CONTROL_HEADER_SIZE + length};

	control_put_header(p.bytes, CONTROL_TRACE, 1, (uint32_t)length);
	control_put_piece(stream, data, strlen(data), p.bytes + CONTROL_HEADER_SIZE);
	memcpy(p.bytes + CONTROL_HEADER_SIZE + CONTROL_PIECE_HEADER, data, strlen(data));
	return p;
}

static int take(struct control_stream *stream, const struct packet *p, struct failure *f)
{
	struct control_message m;
	const void *data;
	size_t size;

	assert_int_equal(parse(p, CONTROL_AGENT, &m, f), 1);
	return control_take_piece(stream, &m, &data, &size, f);
}

static void pieces_add_up(void **state)
{
	struct control_stream out = {0}, in = {0};
	struct packet a = piece(&out, "1234"), b = piece(&out, ""), c = piece(&out, "56789");
	struct failure f;

	(void)state;
	assert_int_equal(take(&in, &a, &f), 0);
	assert_int_equal(take(&in, &b, &f), 0);
	assert_int_equal(take(&in, &c, &f), 0);
	assert_int_equal(in.bytes, 9);
	assert_int_equal(in.checksum, 0xcbf43926); /* the check value of CRC-32 */
	assert_int_equal(in.checksum, out.checksum);
}

static void a_damaged_or_missing_piece_is_found(void **state)
{
	struct control_stream out = {0}, in = {0};
	struct packet a = piece(&out, "1234"), b = piece(&out, "56789"), bad = a;
	struct failure f;

	(void)state;
	bad.bytes[CONTROL_HEADER_SIZE + CONTROL_PIECE_HEADER] ^= 1;
	assert_int_equal(take(&in, &bad, &f), -EBADMSG);
	assert_non_null(strstr(f.text, "damaged on its way"));
	in = (struct control_stream){0};
	assert_int_equal(take(&in, &b, &f), -EBADMSG);
	assert_non_null(strstr(f.text, "begins at byte 4, not at 0"));
	bad = packet(CONTROL_TRACE, 1, "12345678901");
	refused(&bad, CONTROL_AGENT, -EBADMSG, "are the least");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_document),
		cmocka_unit_test(a_message_comes_out_as_it_went_in),
		cmocka_unit_test(every_piece_of_a_message_is_too_short),
		cmocka_unit_test(strangers_are_told_apart_at_their_first_byte),
		cmocka_unit_test(another_version_is_named),
		cmocka_unit_test(what_is_not_in_the_list_is_refused),
		cmocka_unit_test(the_longest_is_taken_and_no_longer_one),
		cmocka_unit_test(a_body_is_one_object),
		cmocka_unit_test(pieces_add_up),
		cmocka_unit_test(a_damaged_or_missing_piece_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
