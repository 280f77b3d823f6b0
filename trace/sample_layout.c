// SPDX-License-Identifier: GPL-2.0-or-later
/* Where things lie in the records of one attr. */
#include "trace/sample_layout.h"

#include "core/bytes.h"

enum {
	HEADER = sizeof(struct perf_event_header),
	WORD = sizeof(uint64_t),
	READ_GROUPS_MAX = 8192, /* a sample is shorter than 64 KiB */
};

/* The parts of a sample in their order, up to those whose length varies. */
static const uint64_t sample_order[] = {
	PERF_SAMPLE_IDENTIFIER, PERF_SAMPLE_IP,	  PERF_SAMPLE_TID,
	PERF_SAMPLE_TIME,	PERF_SAMPLE_ADDR, PERF_SAMPLE_ID,
	PERF_SAMPLE_STREAM_ID,	PERF_SAMPLE_CPU,  PERF_SAMPLE_PERIOD,
};

static const uint64_t trailer_order[] = {
	PERF_SAMPLE_TID,       PERF_SAMPLE_TIME, PERF_SAMPLE_ID,
	PERF_SAMPLE_STREAM_ID, PERF_SAMPLE_CPU,	 PERF_SAMPLE_IDENTIFIER,
};

static void layout_sample(struct sample_layout *l)
{
	uint16_t at = HEADER;

	for (size_t i = 0; i < sizeof(sample_order) / sizeof(*sample_order); i++) {
		uint64_t part = sample_order[i] & l->sample_type;

		if (!part)
			continue;
		if (part == PERF_SAMPLE_IDENTIFIER || (part == PERF_SAMPLE_ID && !l->id))
			l->id = at;
		else if (part == PERF_SAMPLE_TID)
			l->tid = at;
		else if (part == PERF_SAMPLE_TIME)
			l->time = at;
		else if (part == PERF_SAMPLE_CPU)
			l->cpu = at;
		at = (uint16_t)(at + WORD);
	}
	l->variable = at;
	l->smallest = at;
}

static void layout_trailer(struct sample_layout *l)
{
	uint8_t back = 0;

	for (size_t i = sizeof(trailer_order) / sizeof(*trailer_order); i--;) {
		uint64_t part = trailer_order[i] & l->sample_type;

		if (!part)
			continue;
		back = (uint8_t)(back + WORD);
		if (part == PERF_SAMPLE_IDENTIFIER ||
		    (part == PERF_SAMPLE_ID && !l->last_id))
			l->last_id = back;
		else if (part == PERF_SAMPLE_TID)
			l->last_tid = back;
		else if (part == PERF_SAMPLE_TIME)
			l->last_time = back;
		else if (part == PERF_SAMPLE_CPU)
			l->last_cpu = back;
	}
	l->trailer = back;
}

void sample_layout_init(struct sample_layout *l, const struct perf_event_attr *attr)
{
	*l = (struct sample_layout){
		.sample_type = attr->sample_type,
		.read_format = attr->read_format,
		.has_raw = attr->sample_type & PERF_SAMPLE_RAW,
		.raw_is_fixed =
			!(attr->sample_type & (PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN)),
	};
	layout_sample(l);
	if (attr->sample_id_all)
		layout_trailer(l);
}

static void skip_read(const struct sample_layout *l, struct bytes *b)
{
	uint64_t format = l->read_format, count;
	size_t times = ((format & PERF_FORMAT_TOTAL_TIME_ENABLED) ? 1U : 0U) +
		       ((format & PERF_FORMAT_TOTAL_TIME_RUNNING) ? 1U : 0U);
	size_t each = 1U + ((format & PERF_FORMAT_ID) ? 1U : 0U) +
		      ((format & PERF_FORMAT_LOST) ? 1U : 0U);

	if (!(format & PERF_FORMAT_GROUP)) {
		bytes_skip(b, (times + each) * WORD);
		return;
	}
	count = bytes_u64(b);
	if (count > READ_GROUPS_MAX)
		b->bad = true;
	else
		bytes_skip(b, (times + (size_t)count * each) * WORD);
}

static void skip_callchain(struct bytes *b)
{
	uint64_t count = bytes_u64(b);

	if (count > UINT16_MAX)
		b->bad = true;
	else
		bytes_skip(b, (size_t)count * WORD);
}

const uint8_t *sample_raw(const struct sample_layout *l, const uint8_t *record,
			  uint32_t size, uint32_t *raw_size)
{
	struct bytes b = bytes_of(record, size);
	const uint8_t *raw;
	uint32_t length;

	*raw_size = 0;
	if (!l->has_raw)
		return NULL;
	bytes_skip(&b, l->variable);
	if (l->sample_type & PERF_SAMPLE_READ)
		skip_read(l, &b);
	if (l->sample_type & PERF_SAMPLE_CALLCHAIN && !b.bad)
		skip_callchain(&b);
	length = b.bad ? 0 : bytes_u32(&b);
	if (b.bad)
		return NULL;
	raw = bytes_take(&b, length);
	if (raw)
		*raw_size = length;
	return raw;
}
