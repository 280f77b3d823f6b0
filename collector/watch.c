// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a recording while it goes on.
 *
 * Records of different CPUs, and so the two ends of a request, come out of the rings in
 * any order within two passes. The reader holds them until the second pass is over: with
 * a pass every 40 ms an event is seen 80 ms after its hit at the latest. What no trigger
 * wants is not even copied.
 */
#include "collector/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "trace/perf_file.h"
#include "trace/sample_layout.h"
#include "trace/writer_head.h"

enum { TYPES = 1 << 16 };

struct watch {
	struct triggers *triggers;
	struct trace *trace;
	size_t type_at;	    /* of the u16 common_type in a sample */
	bool wanted[TYPES]; /* by common_type */
	uint8_t *wanted_by; /* by the index of the event's type: bit N, trigger N */
	uint64_t began_ns;  /* when the pass before began */
	/* What the reader gets next. */
	struct blob head;
	size_t head_at;
	const uint8_t *at, *end; /* records */
	bool round;
};

int triggers_open(struct triggers *t, const struct string_list *texts,
		  const struct plan *plan, const char *model, struct failure *f)
{
	int err = 0;

	if (texts->count > WATCH_TRIGGERS_MAX)
		return fail(f, -E2BIG, "more than %d triggers", WATCH_TRIGGERS_MAX);
	for (size_t i = 0; !err && i < texts->count; i++) {
		struct trigger *trigger = &t->items[t->count++];
		struct trigger_setup setup = {.text = texts->items[i],
					      .plan = plan,
					      .model = model,
					      .alarm = &t->alarm};

		trigger->text = setup.text;
		trigger->kind = trigger_kind_of(setup.text);
		err = trigger->kind->open(&trigger->state, &setup, f);
	}
	return err ? fail_in(f, err, "--trigger") : 0;
}

void triggers_close(struct triggers *t)
{
	for (size_t i = 0; i < t->count; i++)
		t->items[i].kind->close(t->items[i].state);
	t->count = 0;
}

static bool is_wanted(const struct watch *w, const uint8_t *record,
		      const struct perf_event_header *header)
{
	uint16_t type;

	if (header->type != PERF_RECORD_SAMPLE)
		return header->type != PERF_RECORD_MMAP2;
	if (header->size < w->type_at + sizeof(type))
		return false;
	memcpy(&type, record + w->type_at, sizeof(type));
	return w->wanted[type];
}

/* Copies those records that are wanted, as far as they fit. */
static size_t pour_records(struct watch *w, uint8_t *to, size_t room)
{
	struct perf_event_header header;
	size_t done = 0;

	for (; w->at < w->end; w->at += header.size) {
		memcpy(&header, w->at, sizeof(header));
		if (!is_wanted(w, w->at, &header))
			continue;
		if (header.size > room - done)
			break;
		memcpy(to + done, w->at, header.size);
		done += header.size;
	}
	return done;
}

static size_t pour_head(struct watch *w, uint8_t *to, size_t room)
{
	size_t left = w->head.size - w->head_at;

	if (left > room)
		left = room;
	memcpy(to, w->head.data + w->head_at, left);
	w->head_at += left;
	return left;
}

/* A trace_source. The reader always has room for the largest record. */
static ssize_t pour(void *user, void *to, size_t room)
{
	struct perf_event_header round = {.type = PERF_RECORD_USER_FINISHED_ROUND,
					  .size = sizeof(round)};
	struct watch *w = user;
	size_t done = w->head_at < w->head.size ? pour_head(w, to, room)
						: pour_records(w, to, room);

	if (done)
		return (ssize_t)done;
	if (!w->round)
		return -EAGAIN;
	w->round = false;
	memcpy(to, &round, sizeof(round));
	return sizeof(round);
}

static int tell_event(struct watch *w, const struct event *event, struct failure *f)
{
	unsigned wanted = w->wanted_by[event->type->index];
	int err = 0;

	for (struct trigger *t = w->triggers->items; wanted && !err; t++, wanted >>= 1)
		if (wanted & 1)
			err = t->kind->analyzer->event(t->state, event, f);
	return err;
}

static int tell_loss(struct watch *w, const struct loss *loss, struct failure *f)
{
	int err = 0;

	for (size_t i = 0; !err && i < w->triggers->count; i++) {
		struct trigger *t = &w->triggers->items[i];

		if (t->kind->analyzer->loss)
			err = t->kind->analyzer->loss(t->state, loss, f);
	}
	return err;
}

/* Reads what there is. */
static int read_on(struct watch *w, struct failure *f)
{
	struct trace_item item;
	int got;

	while ((got = trace_next(w->trace, &item, f)) == 1) {
		int err = item.kind == TRACE_EVENT ? tell_event(w, &item.event, f)
						   : tell_loss(w, &item.loss, f);

		if (err < 0)
			return err;
	}
	if (got == -EAGAIN)
		return 0;
	return got ? got
		   : fail(f, -EBADMSG, "what was recorded makes no sense: %s",
			  trace_info(w->trace)->damage);
}

/* Lets a trigger see the types; notes which it wants. */
static int tell_types(struct watch *w, size_t number, const struct writer_options *head,
		      struct failure *f)
{
	struct trigger *t = &w->triggers->items[number];
	int wants = t->kind->analyzer->begin(t->state, w->trace, f);

	for (size_t i = 0; wants >= 0 && i < trace_nr_types(w->trace); i++) {
		wants = t->kind->analyzer->type(t->state, trace_type(w->trace, i), f);
		if (wants <= 0)
			continue;
		w->wanted_by[i] |= (uint8_t)(1U << number);
		w->wanted[(uint16_t)head->events[i].attr.config] = true;
	}
	if (wants < 0)
		return wants;
	return t->kind->ready ? t->kind->ready(t->state, f) : 0;
}

static int begin(struct watch *w, const struct writer_options *head, struct failure *f)
{
	int err = writer_head_pipe(&w->head, head, f);

	if (!err)
		err = trace_open_live(&w->trace, pour, w, f);
	if (!err)
		err = read_on(w, f);
	if (!err && trace_nr_types(w->trace) != head->nr_events)
		err = fail(f, -EBADMSG, "the head of the trace makes no sense");
	for (size_t i = 0; !err && i < w->triggers->count; i++)
		err = tell_types(w, i, head, f);
	return err ? fail_in(f, err, "--trigger") : 0;
}

int watch_new(struct watch **watch, struct triggers *triggers,
	      const struct writer_options *head, struct failure *f)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct sample_layout layout;
	int err;

	if (w)
		w->wanted_by = calloc(head->nr_events, sizeof(*w->wanted_by));
	if (!w || !w->wanted_by) {
		watch_free(w);
		return fail(f, -ENOMEM, "out of memory");
	}
	sample_layout_init(&layout, &head->events[0].attr);
	w->type_at = layout.variable + sizeof(uint32_t);
	w->triggers = triggers;
	err = begin(w, head, f);
	if (err)
		watch_free(w);
	else
		*watch = w;
	return err;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	trace_close(w->trace);
	blob_release(&w->head);
	free(w->wanted_by);
	free(w);
}

int watch_add(struct watch *w, const void *records, size_t size, struct failure *f)
{
	w->at = records;
	w->end = w->at + size;
	return read_on(w, f);
}

/* What was drained before this pass began has been told: it was of the round before. */
int watch_round(struct watch *w, uint64_t began_ns, struct failure *f)
{
	int err;

	w->round = true;
	err = read_on(w, f);
	for (size_t i = 0; !err && i < w->triggers->count; i++) {
		struct trigger *t = &w->triggers->items[i];

		if (t->kind->look)
			t->kind->look(t->state, w->began_ns);
	}
	w->began_ns = began_ns;
	return err;
}
