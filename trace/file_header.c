// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What comes before the data of a trace: header, attrs with their ids, features.
 *
 * The table of features lies behind the data, so a file that was cut has lost it. In
 * files of our own it also stands in the second record of the data (trace/writer.c has
 * the reason), and is taken from there.
 */
#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>

#include "core/failure.h"
#include "trace/perf_file.h"
#include "trace/reader_state.h"

enum {
	STREAM_HEADER = 16,
	OLD_HEADER = offsetof(struct perf_file_header, features),
	ATTR_SMALLEST = PERF_ATTR_SIZE_VER0,
	ATTR_STRIDE_MAX = 4096,
	FEATURES_MAX = 256,
	SECTION_MAX = TRACING_DATA_MAX,
};

static int check_magic(const struct trace *t, uint64_t magic, struct failure *f)
{
	const char *path = t->input.path;

	if (magic == PERF_FILE_MAGIC)
		return 0;
	if (magic == bswap_64(PERF_FILE_MAGIC))
		return fail(f, -EINVAL,
			    "%s: offset 0: recorded on a machine of the other byte order",
			    path);
	if (!memcmp(&magic, "PERFFILE", sizeof(magic)))
		return fail(f, -EINVAL,
			    "%s: offset 0: written by a perf older than Linux 3.6", path);
	return fail(f, -EINVAL, "%s: offset 0: expected PERFILE2, the magic of perf.data",
		    path);
}

static int read_fully(struct input *in, void *to, size_t size)
{
	uint8_t *at = to;

	while (size) {
		ssize_t n = input_read(in, at, size);

		if (n <= 0)
			return n ? (int)n : -ENODATA;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static int too_short(const struct trace *t, int err, struct failure *f)
{
	if (err == -ENODATA)
		return fail(f, -EINVAL,
			    "%s: offset %llu: expected the header of perf.data",
			    t->input.path, (unsigned long long)t->input.at);
	return fail(f, err, "%s: %s", t->input.path, strerror(-err));
}

/* Reads magic and size, and the rest if it is a file. */
static int read_header(struct trace *t, struct perf_file_header *header,
		       struct failure *f)
{
	size_t rest;
	int err;

	*header = (struct perf_file_header){0};
	err = read_fully(&t->input, header, STREAM_HEADER);
	if (err)
		return too_short(t, err, f);
	err = check_magic(t, header->magic, f);
	if (err)
		return err;
	t->is_stream = header->size == STREAM_HEADER;
	if (t->is_stream)
		return 0;
	if (header->size != sizeof(*header) && header->size != OLD_HEADER)
		return fail(f, -EINVAL,
			    "%s: offset 8: expected a header size of 104 or 16",
			    t->input.path);
	if (!t->input.is_file)
		return fail(f, -EINVAL,
			    "%s: a perf.data file, not a stream (perf record -o -): it "
			    "cannot "
			    "come through a pipe, give its path",
			    t->input.path);
	rest = (size_t)header->size - STREAM_HEADER;
	err = read_fully(&t->input, (uint8_t *)header + STREAM_HEADER, rest);
	return err ? too_short(t, err, f) : 0;
}

/* The section of an attr's ids: behind the attr, which may be shorter than its place. */
static struct perf_file_section ids_section(const struct trace *t, const uint8_t *entry,
					    size_t stride)
{
	struct perf_file_section ids;

	memcpy(&ids, entry + stride - sizeof(ids), sizeof(ids));
	if (ids.offset > t->input.size || ids.size > t->input.size - ids.offset)
		ids.size = 0;
	return ids;
}

static int add_attr(struct trace *t, const uint8_t *entry, size_t stride,
		    struct failure *f)
{
	struct perf_file_section section = ids_section(t, entry, stride);
	size_t count = (size_t)(section.size / sizeof(uint64_t));
	struct failure why;
	void *ids = NULL;
	int err;

	err = input_load(&t->input, section.offset, section.size,
			 EVENT_IDS_MAX * sizeof(uint64_t), &ids);
	if (err)
		return fail(f, -EINVAL, "%s: offset %llu: expected the ids of an event",
			    t->input.path, (unsigned long long)section.offset);
	err = event_table_add(&t->events, entry, stride - sizeof(section), ids, count,
			      &why);
	free(ids);
	return err ? fail(f, err, "%s: %s", t->input.path, why.text) : 0;
}

static int read_attrs(struct trace *t, const struct perf_file_header *header,
		      struct failure *f)
{
	size_t stride = (size_t)header->attr_size, count;
	uint8_t *attrs = NULL;
	int err;

	if (header->attr_size < ATTR_SMALLEST + sizeof(struct perf_file_section) ||
	    header->attr_size > ATTR_STRIDE_MAX)
		return fail(f, -EINVAL, "%s: offset 16: expected the size of an attr",
			    t->input.path);
	err = input_load(&t->input, header->attrs.offset, header->attrs.size,
			 EVENT_SOURCES_MAX * stride, (void **)&attrs);
	if (err)
		return fail(f, err == -ENOMEM ? err : -EINVAL,
			    "%s: offset %llu: expected %llu bytes of attrs",
			    t->input.path, (unsigned long long)header->attrs.offset,
			    (unsigned long long)header->attrs.size);
	count = (size_t)header->attrs.size / stride;
	for (size_t i = 0; i < count && !err; i++)
		err = add_attr(t, attrs + i * stride, stride, f);
	free(attrs);
	return err;
}

static bool has_feature(const struct perf_file_header *header, unsigned bit)
{
	return header->features[bit / 64] >> (bit % 64) & 1;
}

static size_t count_features(const struct perf_file_header *header)
{
	size_t count = 0;

	for (unsigned bit = 0; bit < FEATURES_MAX; bit++)
		count += has_feature(header, bit);
	return count;
}

/* The table that the writer's first checkpoint carries; its own bit is not counted. */
static int table_from_data(struct trace *t, const struct perf_file_header *header,
			   struct perf_file_section *table)
{
	size_t count = count_features(header) - has_feature(header, 0);
	uint64_t at = header->data.offset + sizeof(struct perf_event_header);
	struct perf_event_header round;
	int err = input_read_at(&t->input, at, &round, sizeof(round));

	if (err)
		return err;
	if (round.type != PERF_RECORD_USER_FINISHED_ROUND ||
	    round.size != (count + 1) * sizeof(*table))
		return -ENODATA;
	table += has_feature(header, 0);
	return input_read_at(&t->input, at + sizeof(*table), table,
			     count * sizeof(*table));
}

static int read_features(struct trace *t, const struct perf_file_header *header,
			 struct failure *f)
{
	struct perf_file_section table[FEATURES_MAX], *section = table;
	uint64_t at = header->data.offset + header->data.size;
	int err = 0;

	if (!header->data.size ||
	    input_read_at(&t->input, at, table, count_features(header) * sizeof(*table)))
		err = table_from_data(t, header, table);
	if (err) {
		trace_damaged(t, "offset %llu: expected the table of features",
			      (unsigned long long)at);
		return 0;
	}
	section += has_feature(header, 0);
	for (unsigned bit = 1; bit < FEATURES_MAX && !err; bit++) {
		void *bytes = NULL;

		if (!has_feature(header, bit))
			continue;
		if (!input_load(&t->input, section->offset, section->size, SECTION_MAX,
				&bytes))
			err = trace_read_feature(t, bit,
						 bytes_of(bytes, (size_t)section->size));
		else
			trace_damaged(t,
				      "offset %llu: expected the section of feature %u",
				      (unsigned long long)section->offset, bit);
		free(bytes);
		section++;
	}
	return err ? fail(f, err, "%s: no memory for its features", t->input.path) : 0;
}

/* Where the data end: the header's word, unless the recorder did not come to the end. */
static void find_data(struct trace *t, const struct perf_file_header *header)
{
	uint64_t size = t->input.size, offset = header->data.offset;

	t->input.at = offset;
	t->input.end = size;
	if (!header->data.size || has_feature(header, 0)) {
		trace_damaged(
			t, "the recorder was killed or ran out of room before it could "
			   "close the file");
	} else if (offset > size || header->data.size > size - offset) {
		trace_damaged(
			t, "cut at offset %llu, expected %llu bytes of data from %llu",
			(unsigned long long)size, (unsigned long long)header->data.size,
			(unsigned long long)offset);
	} else {
		t->input.end = offset + header->data.size;
	}
	if (offset > size)
		t->input.at = size;
	t->info.bytes_total = t->input.end;
}

int trace_read_head(struct trace *t, struct failure *f)
{
	struct perf_file_header header;
	int err;

	err = read_header(t, &header, f);
	if (err || t->is_stream)
		return err;
	err = read_attrs(t, &header, f);
	if (err)
		return err;
	find_data(t, &header);
	err = read_features(t, &header, f);
	if (err)
		return err;
	if (event_table_resolve(&t->events))
		return fail(f, -ENOMEM, "%s: no memory for its events", t->input.path);
	return 0;
}
