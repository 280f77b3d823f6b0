// SPDX-License-Identifier: GPL-2.0-or-later
/* The payload of one conversation: escaped text, or a hex dump. */
#include "analyzers/vsock/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzers/lines.h"
#include "analyzers/vsock/stream.h"
#include "core/failure.h"

enum { ROW = 16, PIECE = 1024 };

struct follow {
	struct vsock_stream stream; /* first: the listener's state */
	const struct vsock_view *view;
	uint64_t expected[VSOCK_ENDS]; /* where each stream goes on */
	bool found;
	struct lines lines;
};

static void put_missing(struct follow *s, enum vsock_end from, uint64_t offset)
{
	uint64_t missing = offset - s->expected[from];

	if (offset <= s->expected[from])
		return;
	lines_text(&s->lines, from == VSOCK_A ? "> [" : "< [");
	lines_unsigned(&s->lines, missing);
	lines_text(&s->lines, " bytes were not captured]\n");
	s->expected[from] = offset;
}

static void put_head(struct follow *s, const struct vsock_conversation *c)
{
	char a[VSOCK_NAME], b[VSOCK_NAME], type[VSOCK_NAME], head[LINES_PIECE];

	s->found = true;
	snprintf(head, sizeof(head),
		 "# conversation %" PRIu64 ", %s: > %s to %s, < %s to %s\n", c->number,
		 vsock_type_word(c->type, type),
		 vsock_address_text(a, &c->address[VSOCK_A]),
		 vsock_address_text(b, &c->address[VSOCK_B]), b, a);
	lines_text(&s->lines, head);
}

static void put_text(struct follow *s, const struct vsock_chunk *chunk)
{
	const char *at = (const char *)chunk->bytes, *end = at + chunk->size;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((newline ? newline : end) - at);

		while (size) {
			size_t piece = size < PIECE ? size : PIECE;

			lines_escaped(&s->lines, at, piece, 0);
			at += piece;
			size -= piece;
		}
		at += newline ? 1 : 0;
		lines_char(&s->lines, '\n');
	}
}

static void put_hex_row(struct lines *l, uint64_t offset, const uint8_t *bytes,
			size_t size)
{
	char row[LINES_PIECE];
	int used = snprintf(row, sizeof(row), "%08" PRIx64 " ", offset);

	for (size_t i = 0; i < ROW; i++)
		used += i < size
				? snprintf(row + used, sizeof(row) - (size_t)used,
					   " %02x", bytes[i])
				: snprintf(row + used, sizeof(row) - (size_t)used, "   ");
	used += snprintf(row + used, sizeof(row) - (size_t)used, "  ");
	for (size_t i = 0; i < size; i++)
		row[used++] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.';
	row[used++] = '\n';
	lines_bytes(l, row, (size_t)used);
}

static void put_hex(struct follow *s, const struct vsock_chunk *chunk)
{
	for (size_t at = 0; at < chunk->size; at += ROW) {
		size_t size = chunk->size - at < ROW ? chunk->size - at : ROW;

		put_hex_row(&s->lines, chunk->offset + at, chunk->bytes + at, size);
	}
}

static void put_chunk(void *user, const struct vsock_conversation *c,
		      const struct vsock_chunk *chunk)
{
	struct follow *s = user;
	struct lines *l = &s->lines;
	uint64_t ns = vsock_since_start(s->view, chunk->time_ns);

	if (!s->found)
		put_head(s, c);
	put_missing(s, chunk->from, chunk->offset);
	lines_text(l, chunk->from == VSOCK_A ? "> " : "< ");
	lines_unsigned(l, ns / 1000000000);
	lines_char(l, '.');
	lines_padded(l, ns % 1000000000, 9, '0');
	lines_char(l, ' ');
	lines_unsigned(l, chunk->size);
	lines_text(l, chunk->ends_message ? " bytes, end of message\n" : " bytes\n");
	if (s->view->hex)
		put_hex(s, chunk);
	else
		put_text(s, chunk);
	s->expected[chunk->from] = chunk->offset + chunk->size;
}

static void put_end(void *user, const struct vsock_conversation *c)
{
	struct follow *s = user;

	if (!s->found)
		put_head(s, c);
	put_missing(s, VSOCK_A, vsock_stream_at(c, VSOCK_A));
	put_missing(s, VSOCK_B, vsock_stream_at(c, VSOCK_B));
}

static void begin(void *state, const struct vsock_view *view)
{
	struct follow *s = state;

	s->view = view;
	s->lines.fd = STDOUT_FILENO;
	s->stream = (struct vsock_stream){view->follow, put_chunk, put_end, s};
}

static int flush(void *state, struct failure *f)
{
	struct follow *s = state;

	return lines_flush_answer(&s->lines, f);
}

static int end(void *state, struct failure *f)
{
	const struct follow *s = state;

	if (!s->found)
		return fail(f, -ENODATA,
			    "there is no conversation %" PRIu64
			    ": the capture has %" PRIu64,
			    s->view->follow, s->view->tracker->conversations);
	return flush(state, f);
}

const struct vsock_output vsock_follow_output = {
	.state_size = sizeof(struct follow),
	.listener = &vsock_stream_listener,
	.begin = begin,
	.flush = flush,
	.end = end,
};
