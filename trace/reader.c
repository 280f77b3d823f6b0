// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf.data in.
 *
 * A trace is read in one pass. feed.c takes bytes in and cuts them into sorted runs;
 * order.c merges the runs as far as the rounds of the recorder allow; this file turns
 * the records that come out into items. A record is looked at twice, once for its time
 * and once for its contents, each time at offsets that the event's attr fixed.
 *
 * Limits: what is held at once, events, ids, formats, threads have stated bounds in the
 * headers of their files. Damage ends the reading, never the answer: what came before it
 * is handed out, and trace_info() says where it was. A sample whose time cannot be right
 * (order.c) is left out alone.
 */
#include "trace/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/failure.h"
#include "trace/perf_file.h"
#include "trace/reader_state.h"

void trace_damaged(struct trace *t, const char *format, ...)
{
	va_list args;

	if (t->info.incomplete)
		return;
	va_start(args, format);
	vsnprintf(t->damage, sizeof(t->damage), format, args);
	va_end(args);
	t->info.incomplete = true;
	t->info.damage = t->damage;
}

/* The time of a sample whose place differs from event to event, or of another record of
 * the kernel, also of one that nobody looks at: a round of mappings alone would look as
 * old as what came before it. 0: it has none. */
static uint64_t slow_time(struct trace *t, const uint8_t *record)
{
	struct perf_event_header header = load_header(record);
	struct event_source *source;

	if (header.type == PERF_RECORD_SAMPLE) {
		source = event_of_sample(&t->events, record, header.size);
		if (!source || !source->layout.time ||
		    header.size < source->layout.smallest)
			return 0;
		return load_u64(record + source->layout.time);
	}
	if (header.type >= PERF_RECORD_MAX)
		return 0;
	source = event_of_other(&t->events, record, header.size);
	if (!source || !source->layout.last_time ||
	    header.size < sizeof(header) + source->layout.trailer)
		return 0;
	return load_u64(record + header.size - source->layout.last_time);
}

/* Records without a time stay with their neighbours. */
static uint64_t time_of(void *user, const uint8_t *record, uint64_t before)
{
	uint64_t time = slow_time(user, record);

	return time ? time : before;
}

static struct trace *new_trace(void)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->info = (struct trace_info){.hostname = "",
				      .os_release = "",
				      .arch = "",
				      .command = "",
				      .snapshot = "",
				      .clockid = -1,
				      .damage = ""};
	t->order.time_of = time_of;
	t->order.user = t;
	t->input.fd = -1;
	return t;
}

/* @err: how opening the input went. */
static int begin(struct trace **trace, struct trace *t, int err, struct failure *f)
{
	t->info.path = t->input.path;
	if (!err)
		err = trace_read_head(t, f);
	if (err) {
		trace_close(t);
		return err;
	}
	t->order.sample_time = t->events.sample_time;
	t->order.is_live = t->is_stream;
	*trace = t;
	return 0;
}

int trace_open(struct trace **trace, const char *path, struct failure *f)
{
	struct trace *t = new_trace();

	if (!t)
		return fail(f, -ENOMEM, "%s: no memory", path);
	return begin(trace, t, input_open(&t->input, path, f), f);
}

int trace_open_live(struct trace **trace, trace_source *source, void *user,
		    struct failure *f)
{
	struct trace *t = new_trace();

	if (!t)
		return fail(f, -ENOMEM, "no memory for a live stream");
	return begin(trace, t, input_open_live(&t->input, source, user, f), f);
}

static void free_text(const char *text)
{
	if (*text)
		free((char *)text);
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	free_text(t->info.hostname);
	free_text(t->info.os_release);
	free_text(t->info.arch);
	free_text(t->info.command);
	free_text(t->info.snapshot);
	feed_release(t);
	order_release(&t->order);
	event_table_release(&t->events);
	thread_names_release(&t->threads);
	input_close(&t->input);
	free(t);
}

static void bad_sample(struct trace *t, uint64_t time, const char *what)
{
	trace_damaged(t, "a sample at time %llu ns %s", (unsigned long long)time, what);
}

/* Fills @e; false: there is no event in this sample. */
static bool read_sample(struct trace *t, const uint8_t *record, uint32_t size,
			uint64_t time, struct event *e)
{
	struct event_source *source = event_of_sample(&t->events, record, size);
	const struct sample_layout *l;

	if (!source || size < source->layout.smallest) {
		bad_sample(t, time, source ? "is too short" : "belongs to no event");
		return false;
	}
	l = &source->layout;
	*e = (struct event){.type = &source->type,
			    .time_ns = time,
			    .pid = -1,
			    .tid = -1,
			    .cpu = UINT32_MAX};
	if (l->tid) {
		e->pid = (int32_t)load_u32(record + l->tid);
		e->tid = (int32_t)load_u32(record + l->tid + 4);
	}
	if (l->cpu)
		e->cpu = load_u32(record + l->cpu);
	if (l->raw_is_fixed && l->has_raw && size >= l->variable + sizeof(uint32_t)) {
		e->raw_size = load_u32(record + l->variable);
		e->raw = record + l->variable + sizeof(uint32_t);
		if (e->raw_size > size - l->variable - sizeof(uint32_t))
			e->raw_size = 0;
	} else {
		e->raw = sample_raw(l, record, size, &e->raw_size);
	}
	if (e->raw_size < source->type.fixed_size) {
		bad_sample(t, time, "is shorter than its event's fields");
		return false;
	}
	if (e->cpu < CPUS_KNOWN)
		t->last_on_cpu[e->cpu] = time;
	source->type.count++;
	return true;
}

struct bytes record_body(struct trace *t, const uint8_t *record, uint32_t size)
{
	struct event_source *source = event_of_other(&t->events, record, size);
	uint32_t trailer = source ? source->layout.trailer : 0;
	uint32_t head = sizeof(struct perf_event_header);

	if (size < head + trailer)
		trailer = 0;
	return bytes_of(record + head, size - head - trailer);
}

static void read_comm(struct trace *t, struct bytes b)
{
	int32_t tid;

	bytes_u32(&b);
	tid = (int32_t)bytes_u32(&b);
	if (!bytes_bad(&b))
		thread_named(&t->threads, tid, (const char *)b.at, bytes_left(&b));
}

static void read_fork_or_exit(struct trace *t, struct bytes b, bool is_fork)
{
	int32_t tid, parent;

	bytes_u64(&b); /* pid and parent's pid */
	tid = (int32_t)bytes_u32(&b);
	parent = (int32_t)bytes_u32(&b);
	if (bytes_bad(&b))
		return;
	if (is_fork && parent != tid)
		thread_forked(&t->threads, parent, tid);
	else if (!is_fork)
		thread_exited(&t->threads, tid);
}

/* A record as an item; false: it is none. */
static bool read_record(struct trace *t, const uint8_t *record, uint64_t time,
			struct trace_item *item)
{
	struct perf_event_header header = load_header(record);
	struct loss *loss = &item->loss;

	if (header.type == PERF_RECORD_SAMPLE) {
		item->kind = TRACE_EVENT;
		return read_sample(t, record, header.size, time, &item->event);
	}
	switch (header.type) {
	case PERF_RECORD_COMM:
		read_comm(t, record_body(t, record, header.size));
		return false;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		read_fork_or_exit(t, record_body(t, record, header.size),
				  header.type == PERF_RECORD_FORK);
		return false;
	case PERF_RECORD_LOST:
		item->kind = TRACE_LOSS;
		return trace_read_lost(t, record, time, loss);
	case PERF_RECORD_LOST_SAMPLES:
		item->kind = TRACE_LOSS;
		return trace_read_lost_samples(t, record, time, loss);
	default:
		return false;
	}
}

/* What is wrong with the time of the record at hand; NULL: nothing. */
static const char *wrong_time(const struct trace *t, uint64_t time)
{
	if (time > INT64_MAX)
		return "no clock says that";
	if (t->order.misplaced)
		return "records behind it are older than the recorder's rounds allow";
	if (time < t->last_ns)
		return "it stands behind newer ones, later than the recorder's rounds "
		       "allow";
	return NULL;
}

/*
 * Time never runs back for those who read, whatever the trace holds. False: the record
 * is a sample whose time is wrong, to be left out. What others say counts nevertheless.
 */
static bool onward(struct trace *t, const uint8_t *record, uint64_t *time)
{
	const char *wrong = wrong_time(t, *time);
	bool is_unpacked;
	uint64_t offset;

	if (!wrong) {
		t->last_ns = *time;
		return true;
	}
	offset = order_offset(&t->order, &is_unpacked);
	trace_damaged(t, "%soffset %llu: a record of time %llu ns was left out: %s",
		      is_unpacked ? "uncompressed " : "", (unsigned long long)offset,
		      (unsigned long long)*time, wrong);
	*time = t->last_ns;
	if (load_header(record).type != PERF_RECORD_SAMPLE)
		return true;
	t->info.left_out++;
	return false;
}

int trace_next(struct trace *t, struct trace_item *item, struct failure *f)
{
	const uint8_t *record;
	uint64_t time;
	int err;

	for (;;) {
		record = order_next(&t->order, &time);
		if (record) {
			if (onward(t, record, &time) &&
			    read_record(t, record, time, item))
				return 1;
			continue;
		}
		t->info.bytes_read = t->input.at;
		if (t->feed.ended && t->order.limit == UINT64_MAX)
			return 0;
		if (t->feed.ended)
			order_end(&t->order);
		else if (!order_relieve(&t->order)) {
			err = feed_more(t, f);
			if (err)
				return err;
		}
	}
}

size_t trace_nr_types(const struct trace *t)
{
	return t->events.nr_sources;
}

const struct event_type *trace_type(const struct trace *t, size_t index)
{
	return index < t->events.nr_sources ? &t->events.sources[index]->type : NULL;
}

const struct trace_info *trace_info(const struct trace *t)
{
	struct trace_info *info = &((struct trace *)t)->info;

	if (info->clockid < 0 && t->events.nr_sources)
		info->clockid = t->events.clockid;
	return info;
}

const char *trace_comm(const struct trace *t, int32_t pid, int32_t tid)
{
	const char *name = thread_name(&t->threads, tid);

	if (!tid)
		return "swapper";
	if (!name)
		name = thread_name(&t->threads, pid);
	return name ? name : "";
}
