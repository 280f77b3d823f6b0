// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf.data out.
 *
 * A recorder may be killed, and a disk may fill, at any moment; the file must be worth
 * reading then, by stock perf too. perf finds the table of features (and through it the
 * event formats, without which it prints nothing) right behind the data, that is, at
 * data.offset + data.size. perf itself writes features and table when it ends, so that
 * a killed `perf record` leaves nothing that perf can print.
 *
 * Here the features lie before the data, and only the table, a few hundred bytes, lies
 * behind. While the recording goes on, the table travels inside the data: ten times a
 * second the FINISHED_ROUND record carries it as its body, which readers skip, and
 * data.size in the header is moved to where that record begins. The table's first eight
 * bytes then are the record's header. They belong to feature 0, which is reserved:
 * readers have no use for it and pass on. So the file on disk is complete at any time; a
 * reader that knows what the bit of feature 0 means goes on behind data.size, to the end
 * of the file. writer_close() writes the table behind everything and clears that bit.
 * When not everything could be written the file ends in a checkpoint and keeps the bit,
 * so that it is read to its end, and counts as incomplete.
 *
 * Rejected: features behind the data and a header with data.size 0 (perf's way, above);
 * a reserved gap for the table (a sparse file of an absurd size, or a limit).
 */
#include "trace/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/failure.h"
#include "trace/compressor.h"
#include "trace/output.h"
#include "trace/writer_head.h"

static const uint64_t checkpoint_interval_ns = 100000000;

struct trace_writer {
	struct output output;
	int error; /* the first failure; nothing is written after it */
	struct failure reason;
	struct writer_head head;
	struct compressor *compressor; /* NULL: not compressed */
	uint64_t boundary;	       /* end of the last whole record */
	uint64_t spare; /* a record's end with room for a checkpoint behind it */
	uint64_t bytes_in;
	uint64_t checkpoint_ns; /* when data.size was last moved */
};

static int fail_again(const struct trace_writer *w, struct failure *f)
{
	return fail(f, w->error, "%s", w->reason.text);
}

static size_t table_size(const struct trace_writer *w)
{
	return w->head.nr_sections * sizeof(*w->head.sections);
}

static size_t checkpoint_size(const struct trace_writer *w)
{
	return sizeof(struct perf_file_section) + table_size(w);
}

/* The last end of a whole record among @size written bytes at @data that leaves
 * @room bytes behind it; -1 if there is none. */
static ssize_t last_boundary(const uint8_t *data, size_t size, size_t room)
{
	size_t at = 0;

	if (size < room)
		return -1;
	while (at + sizeof(struct perf_event_header) <= size - room) {
		struct perf_event_header header;

		memcpy(&header, data + at, sizeof(header));
		if (header.size < sizeof(header) || at + header.size > size - room)
			break;
		at += header.size;
	}
	return (ssize_t)at;
}

/* The disk is full or broken after @done of the bytes at @data: finds where to cut. */
static void find_cut(struct trace_writer *w, const uint8_t *data, size_t done)
{
	ssize_t cut = last_boundary(data, done, checkpoint_size(w));

	if (cut >= 0)
		w->boundary += (uint64_t)cut;
	else
		w->boundary = w->spare;
}

/* Appends whole records as they are. */
static int append(void *user, const void *data, size_t size, struct failure *f)
{
	struct trace_writer *w = user;
	struct output *out = &w->output;

	if (w->error)
		return fail_again(w, f);
	w->error = output_write(out, data, size);
	if (w->error) {
		find_cut(w, data, (size_t)(out->at - w->boundary));
		fail(&w->reason, w->error, "%s: %s at offset %llu", out->path,
		     strerror(-w->error), (unsigned long long)out->at);
		return fail_again(w, f);
	}
	if (size >= checkpoint_size(w))
		w->spare = w->boundary;
	w->boundary = out->at;
	return 0;
}

static void fill_round(struct perf_event_header *header, size_t size)
{
	*header = (struct perf_event_header){
		.type = PERF_RECORD_USER_FINISHED_ROUND,
		.size = (uint16_t)size,
	};
}

/* The round as a record that carries the table. */
static void fill_checkpoint(const struct trace_writer *w,
			    struct perf_file_section table[1 + WRITER_SECTIONS_MAX])
{
	struct perf_event_header round;

	fill_round(&round, checkpoint_size(w));
	table[0] = (struct perf_file_section){0};
	memcpy(&table[0], &round, sizeof(round));
	memcpy(&table[1], w->head.sections, table_size(w));
}

/* A checkpoint, and data.size up to it. */
static int append_checkpoint(struct trace_writer *w, struct failure *f)
{
	struct perf_file_section table[1 + WRITER_SECTIONS_MAX];
	uint64_t data_size = w->output.at - w->head.header.data.offset;
	int err;

	fill_checkpoint(w, table);
	err = append(w, table, checkpoint_size(w), f);
	if (err)
		return err;
	w->checkpoint_ns = clock_ns();
	err = output_write_at(&w->output, &data_size, sizeof(data_size),
			      offsetof(struct perf_file_header, data.size));
	return err ? fail(f, err, "%s: %s", w->output.path, strerror(-err)) : 0;
}

/* The first round stands alone, so that data.size is never 0, perf's sign of a
 * recording that was killed. */
static int begin_file(struct trace_writer *w, const struct writer_options *options,
		      struct blob *head, struct failure *f)
{
	struct perf_event_header round;
	int err;

	err = writer_head_file(&w->head, head, options, f);
	if (err)
		return err;
	fill_round(&round, sizeof(round));
	blob_put(head, &round, sizeof(round));
	if (head->failed)
		return fail(f, -ENOMEM, "no memory for the head of the trace");
	w->head.header.features[0] = w->head.features | 1;
	w->head.header.data.size = sizeof(round);
	memcpy(head->data, &w->head.header, sizeof(w->head.header));
	err = append(w, head->data, head->size, f);
	w->spare = w->boundary;
	return err ? err : append_checkpoint(w, f);
}

static int begin(struct trace_writer *w, const struct writer_options *options,
		 struct failure *f)
{
	struct blob head = {0};
	int err;

	if (w->output.is_stream) {
		err = writer_head_pipe(&head, options, f);
		if (!err)
			err = append(w, head.data, head.size, f);
	} else {
		err = begin_file(w, options, &head, f);
	}
	blob_release(&head);
	return err;
}

static int release(struct trace_writer *w)
{
	int err = output_close(&w->output);

	compressor_free(w->compressor);
	free(w);
	return err;
}

int writer_open(struct trace_writer **writer, const struct writer_options *options,
		struct failure *f)
{
	struct trace_writer *w = calloc(1, sizeof(*w));
	int err = 0;

	if (!w)
		return fail(f, -ENOMEM, "no memory for a trace");
	w->output.fd = -1;
	if (options->compress)
		err = compressor_new(&w->compressor, options->compress, f);
	if (!err)
		err = output_open(&w->output, options->path, f);
	if (!err)
		err = begin(w, options, f);
	if (err) {
		output_discard(&w->output);
		release(w);
		return err;
	}
	*writer = w;
	return 0;
}

static int put_records(struct trace_writer *w, const void *data, size_t size,
		       struct failure *f)
{
	if (w->error)
		return fail_again(w, f);
	if (w->compressor)
		return compressor_add(w->compressor, data, size, append, w, f);
	return append(w, data, size, f);
}

int writer_data(struct trace_writer *w, const void *data, size_t size, struct failure *f)
{
	int err;

	if (!size)
		return w->error ? fail_again(w, f) : 0;
	err = put_records(w, data, size, f);
	if (!err)
		w->bytes_in += size;
	return err;
}

/*
 * Inside a compressed stream a round is a record like any other. Only a checkpoint has
 * to stand outside, and what is shown live must not wait in the compressor.
 */
int writer_round(struct trace_writer *w, struct failure *f)
{
	struct perf_event_header round;
	int err = 0;

	if (w->error)
		return fail_again(w, f);
	if (clock_ns() - w->checkpoint_ns < checkpoint_interval_ns) {
		fill_round(&round, sizeof(round));
		return put_records(w, &round, sizeof(round), f);
	}
	if (w->compressor)
		err = compressor_flush(w->compressor, append, w, f);
	if (err)
		return err;
	if (!w->output.is_stream)
		return append_checkpoint(w, f);
	fill_round(&round, sizeof(round));
	w->checkpoint_ns = clock_ns();
	return append(w, &round, sizeof(round), f);
}

uint64_t writer_bytes_in(const struct trace_writer *w)
{
	return w->bytes_in;
}

uint64_t writer_bytes_out(const struct trace_writer *w)
{
	return w->output.at;
}

static int store_ratio(struct trace_writer *w)
{
	uint64_t data = w->boundary - w->head.header.data.offset;
	uint32_t ratio = (uint32_t)(data ? (w->bytes_in + data / 2) / data : 0);

	if (!w->head.ratio_offset)
		return 0;
	return output_write_at(&w->output, &ratio, sizeof(ratio), w->head.ratio_offset);
}

/* The table first: until the header is there, the last checkpoint is what counts. */
static int finish_file(struct trace_writer *w, struct failure *f)
{
	struct perf_file_section table[1 + WRITER_SECTIONS_MAX];
	struct perf_file_header *header = &w->head.header;
	size_t skipped = w->error ? 0 : sizeof(*table), size;
	struct output *out = &w->output;
	int err = store_ratio(w);

	fill_checkpoint(w, table);
	size = checkpoint_size(w) - skipped;
	if (!err)
		err = output_write_at(out, (uint8_t *)table + skipped, size, w->boundary);
	if (!err)
		err = output_cut(out, w->boundary + size);
	if (!err) {
		header->features[0] = w->head.features | (w->error ? 1 : 0);
		header->data.size = w->boundary - header->data.offset;
		err = output_write_at(out, header, sizeof(*header), 0);
	}
	return err ? fail(f, err, "%s: %s", out->path, strerror(-err)) : 0;
}

int writer_close(struct trace_writer *w, struct failure *f)
{
	int err = 0, finished = 0, closed;

	if (w->compressor && !w->error)
		err = compressor_flush(w->compressor, append, w, f);
	if (!w->output.is_stream)
		finished = finish_file(w, w->error ? NULL : f);
	if (w->error)
		err = fail_again(w, f);
	else if (!err)
		err = finished;
	closed = release(w);
	if (closed && !err)
		err = fail(f, closed, "closing the trace: %s", strerror(-closed));
	return err;
}
