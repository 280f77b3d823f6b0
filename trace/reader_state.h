/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the reader share: the trace that is open. */
#ifndef FATHOM_TRACE_READER_STATE_H
#define FATHOM_TRACE_READER_STATE_H

#include <zstd.h>

#include "core/bytes.h"
#include "trace/event_table.h"
#include "trace/input.h"
#include "trace/order.h"
#include "trace/read_ahead.h"
#include "trace/reader.h"
#include "trace/thread_names.h"

enum { CPUS_KNOWN = 4096 }; /* whose last record is remembered, for the gaps */

/* Records one after the other: those of the input, or those that were compressed. */
struct stream {
	struct order_block *block;
	size_t parsed, filled; /* bytes of the block */
	uint64_t base;	       /* where the block's first byte is in the stream */
};

/* Bytes behind a record that its header does not count. */
enum payload_kind { PAYLOAD_NONE, PAYLOAD_SKIP, PAYLOAD_TRACING };

struct feed {
	struct stream outer, inner;
	ZSTD_DStream *zstd;
	ZSTD_inBuffer packed; /* in the outer block, still to be decompressed */
	bool unpacking;	      /* … and zstd may hold back more */
	uint64_t last_time;   /* of the record before */
	enum payload_kind payload_kind;
	uint64_t payload_left;
	uint8_t *payload;
	size_t payload_size, payload_room;
	bool has_begun;
	struct read_ahead *ahead; /* of a large file; NULL: it is read here */
	struct order_block *ahead_blocks[READ_AHEAD_PIECES]; /* given to it, a ring */
	unsigned ahead_next;
	bool ended; /* nothing more will come, whatever the reason */
};

static inline uint64_t load_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint32_t load_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline struct perf_event_header load_header(const uint8_t *record)
{
	struct perf_event_header header;

	memcpy(&header, record, sizeof(header));
	return header;
}

struct trace {
	struct trace_info info;
	struct input input;
	bool is_stream; /* the header said pipe mode */
	struct event_table events;
	struct order order;
	struct feed feed;
	struct thread_names threads;
	uint64_t last_ns;		    /* time of the last item */
	uint64_t lost_in_band, lost_summed; /* told by LOST, by LOST_SAMPLES */
	uint64_t last_on_cpu[CPUS_KNOWN];
	char damage[256];
};

/* Notes the first damage; the trace is incomplete from now on. */
void trace_damaged(struct trace *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What a record other than a sample holds between its header and its trailer. */
struct bytes record_body(struct trace *t, const uint8_t *record, uint32_t size);

/* The loss that a LOST or LOST_SAMPLES record tells of, added up; false: none. */
bool trace_read_lost(struct trace *t, const uint8_t *record, uint64_t time,
		     struct loss *loss);
bool trace_read_lost_samples(struct trace *t, const uint8_t *record, uint64_t time,
			     struct loss *loss);

/* Reads what comes before the data. */
int trace_read_head(struct trace *t, struct failure *f);

/* Takes in one feature's section. 0 or -ENOMEM; damage is noted. */
int trace_read_feature(struct trace *t, unsigned bit, struct bytes b);

/* Reads on and adds runs to the order; sets feed.ended in the end. 0, or a negative
 * errno when reading itself fails. */
int feed_more(struct trace *t, struct failure *f);
void feed_release(struct trace *t);

/* Records that are not in time order: attrs, names, formats, features. 0 or -errno. */
int feed_header_record(struct trace *t, uint32_t type, struct bytes b, uint64_t offset);

#endif
