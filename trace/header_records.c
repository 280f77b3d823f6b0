// SPDX-License-Identifier: GPL-2.0-or-later
/* Records that describe the trace and stand outside its time order. */
#include <errno.h>

#include "core/failure.h"
#include "trace/perf_file.h"
#include "trace/reader_state.h"

static int header_attr(struct trace *t, struct bytes b, uint64_t offset)
{
	const uint8_t *attr = b.at;
	struct failure why;
	uint32_t size;
	int err;

	bytes_u32(&b); /* the attr's type; its size is next */
	size = bytes_u32(&b);
	b.at = attr;
	if (!size)
		size = PERF_ATTR_SIZE_VER0;
	if (bytes_bad(&b) || size < PERF_ATTR_SIZE_VER0 || !bytes_take(&b, size)) {
		trace_damaged(t, "offset %llu: expected an attr",
			      (unsigned long long)offset);
		t->feed.ended = true;
		return 0;
	}
	if (!t->is_stream)
		return 0;
	err = event_table_add(&t->events, attr, size, b.at,
			      bytes_left(&b) / sizeof(uint64_t), &why);
	if (err == -EINVAL) {
		trace_damaged(t, "offset %llu: %s", (unsigned long long)offset, why.text);
		t->feed.ended = true;
		return 0;
	}
	t->order.sample_time = t->events.sample_time;
	return err;
}

static int event_update(struct trace *t, struct bytes b)
{
	enum { NAME = 2 }; /* PERF_EVENT_UPDATE__NAME */
	uint64_t what = bytes_u64(&b), id = bytes_u64(&b);
	struct event_source *source = event_table_find(&t->events, id);
	const char *name = bytes_string(&b);

	if (bytes_bad(&b) || what != NAME || !source || source->is_named)
		return 0;
	return event_source_name(source, name);
}

int feed_header_record(struct trace *t, uint32_t type, struct bytes b, uint64_t offset)
{
	uint64_t bit;

	switch (type) {
	case PERF_RECORD_USER_HEADER_ATTR:
		return header_attr(t, b, offset);
	case PERF_RECORD_USER_EVENT_UPDATE:
		return event_update(t, b);
	case PERF_RECORD_USER_HEADER_FEATURE:
		bit = bytes_u64(&b);
		if (!t->is_stream || bytes_bad(&b) || bit >= 256)
			return 0;
		return trace_read_feature(t, (unsigned)bit, b);
	default:
		return 0;
	}
}
