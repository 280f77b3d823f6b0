// SPDX-License-Identifier: GPL-2.0-or-later
/* A live stream, whose bytes come piece by piece, reads like one that is all there. */
#include "unit.h"
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { STREAM_MAX = 1 << 16, HEADER = 16 };

/* Hands out at most @piece bytes, and nothing every other time. */
struct tap {
	uint8_t bytes[STREAM_MAX];
	size_t size, at, piece;
	unsigned dry; /* how often it had nothing */
	bool open;    /* it had something last time */
};

static ssize_t pour(void *user, void *to, size_t room)
{
	struct tap *tap = user;
	size_t size = tap->at ? tap->piece : HEADER;

	if (tap->at == tap->size)
		return 0;
	tap->open = !tap->open;
	if (!tap->open && tap->at) {
		tap->dry++;
		return -EAGAIN;
	}
	size = size < room ? size : room;
	size = size < tap->size - tap->at ? size : tap->size - tap->at;
	memcpy(to, tap->bytes + tap->at, size);
	tap->at += size;
	return (ssize_t)size;
}

/* Four hits of two CPUs in two rounds, as a stream. */
static void write_stream(struct tap *tap)
{
	struct writing *w;
	char out[32];
	ssize_t size;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(out, sizeof(out), "/proc/self/fd/%d", ends[1]);
	w = begin(out, 0, true);
	hit_a(w, 0, 100, 1, "first");
	hit_a(w, 0, 300, 3, "third");
	hit_b(w, 1, 200, 2);
	round_over(w);
	hit_b(w, 0, 400, 4);
	round_over(w);
	end(w, 0);
	close(ends[1]);
	size = read(ends[0], tap->bytes, sizeof(tap->bytes));
	close(ends[0]);
	assert_true(size > HEADER && size < STREAM_MAX);
	tap->size = (size_t)size;
}

static void test_pieces(void **state)
{
	static const size_t pieces[] = {1, 7, 100, STREAM_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct tap *tap = calloc(1, sizeof(*tap));
		struct trace_item item;
		struct trace *trace;
		unsigned events = 0;
		int got;

		write_stream(tap);
		tap->piece = pieces[i];
		assert_int_equal(trace_open_live(&trace, pour, tap, NULL), 0);
		while ((got = trace_next(trace, &item, NULL)) != 0) {
			if (got == -EAGAIN)
				continue;
			assert_int_equal(got, 1);
			assert_int_equal(item.event.time_ns, 100 * ++events);
		}
		assert_int_equal(events, 4);
		assert_true(tap->dry > 0);
		assert_false(trace_info(trace)->incomplete);
		trace_close(trace);
		free(tap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
