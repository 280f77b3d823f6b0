// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data of a trace into runs of records.
 *
 * There are two streams of records: the outer one is what the file or pipe holds; the
 * inner one comes out of its COMPRESSED records. Both are cut alike, and rounds count
 * in either. A step reads or decompresses at most one block, so that what was cut can
 * be handed out before more comes in: neither a small compressed file that unfolds
 * into gigabytes nor a slow pipe changes how much is held.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/failure.h"
#include "trace/perf_file.h"
#include "trace/reader_state.h"

enum {
	RECORD_ROOM = UINT16_MAX + 1, /* a record is shorter */
	PAYLOAD_STEP = 64 << 10,
	PREFETCH = 2048,       /* bytes: what was read ahead is in another CPU's cache */
	AHEAD_LEAST = 4 << 20, /* a smaller file is read before a thread has begun */
	PIECE_SIZE = ORDER_BLOCK_SIZE - RECORD_ROOM,
};

struct cut {
	const uint8_t *run, *at, *end;
	uint64_t first;
};

static uint64_t offset_of(const struct stream *s, const uint8_t *at)
{
	return s->base + (uint64_t)(at - s->block->data);
}

/* What is read after damage would be guesswork. */
static int stop(struct trace *t)
{
	t->feed.ended = true;
	return 0;
}

static int end_run(struct trace *t, struct stream *s, struct cut *c)
{
	const uint8_t *run = c->run;

	c->run = c->at;
	if (run == c->at)
		return 0;
	return order_add(&t->order, s->block, run, c->at, c->first, t->feed.last_time);
}

static int begin_payload(struct trace *t, enum payload_kind kind, uint64_t size,
			 uint64_t offset)
{
	struct feed *feed = &t->feed;

	if (kind == PAYLOAD_TRACING && size > TRACING_DATA_MAX) {
		trace_damaged(t,
			      "offset %llu: expected at most %d bytes of event formats",
			      (unsigned long long)offset, TRACING_DATA_MAX);
		return stop(t);
	}
	feed->payload_kind = kind;
	feed->payload_left = size;
	feed->payload_size = 0;
	return 0;
}

/* Only the first formats count: a trace has one set. */
static int end_payload(struct trace *t)
{
	struct feed *feed = &t->feed;
	bool is_news =
		feed->payload_kind == PAYLOAD_TRACING && feed->payload && !t->events.tep;
	int err = 0;

	feed->payload_kind = PAYLOAD_NONE;
	if (is_news)
		err = trace_read_feature(t, PERF_FEATURE_TRACING_DATA,
					 bytes_of(feed->payload, feed->payload_size));
	if (is_news && !err)
		err = event_table_resolve(&t->events);
	free(feed->payload);
	feed->payload = NULL;
	feed->payload_room = 0;
	return err;
}

static int keep_payload(struct feed *feed, const uint8_t *at, size_t size)
{
	if (!size)
		return 0;
	if (feed->payload_size + size > feed->payload_room) {
		size_t room = 2 * feed->payload_room + size + PAYLOAD_STEP;
		uint8_t *bigger = realloc(feed->payload, room);

		if (!bigger)
			return -ENOMEM;
		feed->payload = bigger;
		feed->payload_room = room;
	}
	memcpy(feed->payload + feed->payload_size, at, size);
	feed->payload_size += size;
	return 0;
}

/* Bytes that belong to the record before and are not records. */
static int take_payload(struct trace *t, struct cut *c)
{
	struct feed *feed = &t->feed;
	size_t size = (size_t)(c->end - c->at);
	int err = 0;

	if (size > feed->payload_left)
		size = (size_t)feed->payload_left;
	if (feed->payload_kind == PAYLOAD_TRACING)
		err = keep_payload(feed, c->at, size);
	feed->payload_left -= size;
	c->at += size;
	c->run = c->at;
	if (!err && !feed->payload_left)
		err = end_payload(t);
	return err;
}

static int begin_unpacking(struct trace *t, struct bytes b, uint32_t type)
{
	struct feed *feed = &t->feed;
	uint64_t size = bytes_left(&b);

	if (type == PERF_RECORD_USER_COMPRESSED2) {
		uint64_t stored = bytes_u64(&b);

		size = stored < bytes_left(&b) ? stored : bytes_left(&b);
	}
	if (!feed->zstd)
		feed->zstd = ZSTD_createDStream();
	if (!feed->zstd)
		return -ENOMEM;
	feed->packed = (ZSTD_inBuffer){b.at, (size_t)size, 0};
	feed->unpacking = true;
	return 0;
}

/* Records of perf itself. */
static int user_record(struct trace *t, uint32_t type, struct bytes b, uint64_t offset)
{
	switch (type) {
	case PERF_RECORD_USER_FINISHED_ROUND:
		order_round(&t->order);
		return 0;
	case PERF_RECORD_USER_COMPRESSED:
	case PERF_RECORD_USER_COMPRESSED2:
		return begin_unpacking(t, b, type);
	case PERF_RECORD_USER_TRACING_DATA:
		return begin_payload(t, PAYLOAD_TRACING, bytes_u32(&b), offset);
	case PERF_RECORD_USER_AUXTRACE:
		return begin_payload(t, PAYLOAD_SKIP, bytes_u64(&b), offset);
	default:
		return feed_header_record(t, type, b, offset);
	}
}

static int take_user_record(struct trace *t, struct stream *s, struct cut *c,
			    const struct perf_event_header *header)
{
	size_t head = sizeof(*header);
	uint64_t offset = offset_of(s, c->at);
	struct bytes body = bytes_of(c->at + head, header->size - head);
	bool is_packed = header->type == PERF_RECORD_USER_COMPRESSED ||
			 header->type == PERF_RECORD_USER_COMPRESSED2;
	int err = end_run(t, s, c);

	if (err)
		return err;
	if (is_packed && s == &t->feed.inner) {
		trace_damaged(t, "offset %llu: compressed records inside compressed ones",
			      (unsigned long long)t->input.at);
		return stop(t);
	}
	c->at += header->size;
	c->run = c->at;
	return user_record(t, header->type, body, offset);
}

/* Lengthens the run by a record of the kernel, or begins another one with it. */
static int take_record(struct trace *t, struct stream *s, struct cut *c,
		       const struct perf_event_header *header)
{
	uint64_t time;
	int err = 0;

	if (!t->events.nr_sources) {
		trace_damaged(t, "offset %llu: a record before any attr",
			      (unsigned long long)offset_of(s, c->at));
		return stop(t);
	}
	if (header->type == PERF_RECORD_SAMPLE && header->size < t->events.smallest) {
		trace_damaged(t,
			      "offset %llu: a sample of %u bytes, expected at least %u",
			      (unsigned long long)offset_of(s, c->at), header->size,
			      t->events.smallest);
		return stop(t);
	}
	__builtin_prefetch(c->at + PREFETCH);
	time = order_time(&t->order, c->at, t->feed.last_time);
	if (c->run != c->at && time < t->feed.last_time)
		err = end_run(t, s, c);
	if (c->run == c->at)
		c->first = time;
	t->feed.last_time = time;
	c->at += header->size;
	return err;
}

/* Is there a whole record at c->at? */
static bool whole_record(struct trace *t, struct stream *s, struct cut *c,
			 struct perf_event_header *header)
{
	size_t left = (size_t)(c->end - c->at);

	if (left < sizeof(*header))
		return false;
	memcpy(header, c->at, sizeof(*header));
	if (header->size < sizeof(*header)) {
		trace_damaged(t, "offset %llu: a record of %u bytes, expected at least 8",
			      (unsigned long long)offset_of(s, c->at), header->size);
		stop(t);
		return false;
	}
	return header->size <= left;
}

/* Cuts what the stream's block holds, until a compressed record is met. */
static int cut_block(struct trace *t, struct stream *s)
{
	struct perf_event_header header;
	struct cut c = {.run = s->block->data + s->parsed,
			.at = s->block->data + s->parsed,
			.end = s->block->data + s->filled};
	struct feed *feed = &t->feed;
	int err = 0, last;

	while (!err && !feed->ended && !(feed->unpacking && s == &feed->outer)) {
		if (feed->payload_kind && s == &feed->outer) {
			if (c.at == c.end && feed->payload_left)
				break;
			err = take_payload(t, &c);
			continue;
		}
		if (!whole_record(t, s, &c, &header))
			break;
		if (header.type >= PERF_RECORD_USER_HEADER_ATTR)
			err = take_user_record(t, s, &c, &header);
		else
			err = take_record(t, s, &c, &header);
	}
	last = end_run(t, s, &c);
	s->parsed = (size_t)(c.at - s->block->data);
	return err ? err : last;
}

/* Room for a record behind what is not parsed yet: in the same block, or a new one. */
static int make_room(struct trace *t, struct stream *s)
{
	size_t left = s->filled - s->parsed;
	struct order_block *old = s->block, *b = old;

	if (b && ORDER_BLOCK_SIZE - s->filled >= RECORD_ROOM)
		return 0;
	if (!b || b->users > 1)
		b = order_block(&t->order);
	if (!b)
		return -ENOMEM;
	if (old)
		memmove(b->data, old->data + s->parsed, left);
	if (b != old)
		order_block_put(&t->order, old);
	s->block = b;
	s->base += s->parsed;
	s->parsed = 0;
	s->filled = left;
	b->offset = s->base;
	b->is_unpacked = s == &t->feed.inner;
	return 0;
}

static int unpack(struct trace *t)
{
	struct feed *feed = &t->feed;
	struct stream *s = &feed->inner;
	ZSTD_outBuffer out;
	size_t result;
	int err = make_room(t, s);

	if (err)
		return err;
	out = (ZSTD_outBuffer){s->block->data, ORDER_BLOCK_SIZE, s->filled};
	result = ZSTD_decompressStream(feed->zstd, &out, &feed->packed);
	if (ZSTD_isError(result)) {
		trace_damaged(t, "before offset %llu: compressed data: %s",
			      (unsigned long long)t->input.at, ZSTD_getErrorName(result));
		return stop(t);
	}
	feed->unpacking = feed->packed.pos < feed->packed.size || out.pos == out.size;
	s->filled = out.pos;
	return cut_block(t, s);
}

static int cut_short(struct trace *t)
{
	const struct feed *feed = &t->feed;
	const struct input *in = &t->input;

	if (feed->outer.parsed < feed->outer.filled || feed->payload_left ||
	    feed->inner.parsed < feed->inner.filled)
		trace_damaged(t, "cut at offset %llu, in the middle of a record",
			      (unsigned long long)in->at);
	else if (in->end < UINT64_MAX && in->at < in->end)
		trace_damaged(t, "cut at offset %llu, expected to end at %llu",
			      (unsigned long long)in->at, (unsigned long long)in->end);
	return stop(t);
}

/* A large file is read ahead, if that can be. */
static int begin_reading(struct trace *t)
{
	const struct input *in = &t->input;
	struct feed *feed = &t->feed;

	feed->has_begun = true;
	feed->outer.base = in->at;
	if (in->is_file && in->size >= in->at + AHEAD_LEAST)
		feed->ahead = read_ahead_start(in, PIECE_SIZE);
	for (unsigned i = 0; feed->ahead && i < READ_AHEAD_PIECES; i++) {
		feed->ahead_blocks[i] = order_block(&t->order);
		if (!feed->ahead_blocks[i])
			return -ENOMEM;
		read_ahead_give(feed->ahead, feed->ahead_blocks[i]->data + RECORD_ROOM);
	}
	return 0;
}

/* The next piece that was read ahead. What is left of the one before goes in front. */
static ssize_t take_ahead(struct trace *t, struct stream *s)
{
	struct feed *feed = &t->feed;
	struct order_block **slot =
		&feed->ahead_blocks[feed->ahead_next % READ_AHEAD_PIECES];
	struct order_block *b = *slot, *next = order_block(&t->order);
	size_t left = s->filled - s->parsed;
	ssize_t n;

	if (!next)
		return -ENOMEM;
	n = read_ahead_take(feed->ahead);
	feed->ahead_next++;
	*slot = next;
	read_ahead_give(feed->ahead, next->data + RECORD_ROOM);
	if (n <= 0) {
		order_block_put(&t->order, b);
		return n;
	}
	if (left)
		memcpy(b->data + RECORD_ROOM - left, s->block->data + s->parsed, left);
	order_block_put(&t->order, s->block);
	s->block = b;
	s->parsed = RECORD_ROOM - left;
	s->filled = RECORD_ROOM;
	s->base = t->input.at - RECORD_ROOM; /* may wrap: an offset is a sum with it */
	b->offset = s->base;
	b->is_unpacked = false;
	t->input.at += (uint64_t)n;
	return n;
}

static ssize_t read_here(struct trace *t, struct stream *s)
{
	int err = make_room(t, s);

	if (err)
		return err;
	return input_read(&t->input, s->block->data + s->filled,
			  ORDER_BLOCK_SIZE - s->filled);
}

/* More bytes of the input into the outer block. */
static int fill(struct trace *t, struct failure *f)
{
	struct stream *s = &t->feed.outer;
	ssize_t n = t->feed.ahead ? take_ahead(t, s) : read_here(t, s);

	if (n == -EAGAIN)
		return (int)n; /* live: all is as it was, for another call */
	if (n == -ENOMEM)
		return fail(f, (int)n, "%s: no memory", t->input.path);
	if (n < 0)
		return fail(f, (int)n, "%s: offset %llu: %s", t->input.path,
			    (unsigned long long)t->input.at, strerror((int)-n));
	s->filled += (size_t)n;
	return n ? 0 : cut_short(t);
}

int feed_more(struct trace *t, struct failure *f)
{
	struct feed *feed = &t->feed;
	struct stream *s = &feed->outer;
	int err = 0;

	if (feed->unpacking) {
		err = unpack(t);
		return err ? fail(f, err, "%s: no memory", t->input.path) : 0;
	}
	if (!feed->has_begun)
		err = begin_reading(t);
	/* A compressed record ended the last cut early: the rest comes first. */
	if (s->parsed < s->filled) {
		size_t before = s->parsed;

		err = cut_block(t, s);
		if (!err && (s->parsed != before || feed->ended))
			return 0;
	}
	if (err)
		return fail(f, err, "%s: no memory", t->input.path);
	err = fill(t, f);
	if (err || feed->ended)
		return err;
	err = cut_block(t, s);
	return err ? fail(f, err, "%s: no memory", t->input.path) : 0;
}

void feed_release(struct trace *t)
{
	struct feed *feed = &t->feed;

	read_ahead_stop(feed->ahead);
	for (unsigned i = 0; i < READ_AHEAD_PIECES; i++)
		order_block_put(&t->order, feed->ahead_blocks[i]);
	order_block_put(&t->order, feed->outer.block);
	order_block_put(&t->order, feed->inner.block);
	ZSTD_freeDStream(feed->zstd);
	free(feed->payload);
}
