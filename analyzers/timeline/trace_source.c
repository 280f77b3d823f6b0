// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A trace as a source of a timeline: its requests, the polling and waiting of its loops,
 * its control messages, what its clock showed, and what was lost.
 *
 * The file is read twice. The first pass looks for comparisons of clocks alone, because
 * a time can be laid on the axis only when the comparisons on both sides of it are known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzers/pass.h"
#include "analyzers/timeline/bracket.h"
#include "analyzers/timeline/source.h"
#include "core/failure.h"
#include "trace/control.h"
#include "trace/requests/requests.h"

#define LOOP_ROLES                                                                       \
	(1U << ROLE_POLL_BEGIN | 1U << ROLE_POLL_END | 1U << ROLE_WAIT_BEGIN |           \
	 1U << ROLE_WAIT_END)

enum { THREADS_MAX = 1024, ANALYSES = 3 };

/* Since when a thread polls or waits. */
struct spell_since {
	int32_t tid;
	uint64_t poll_ns, wait_ns; /* on the trace's clock; 0: it does not */
};

/* The engine's probes of fathom that are no request: which a type is, and its fields. */
enum word_kind { WORD_NONE, WORD_SEND, WORD_RECV, WORD_CLOCK };

enum { PEER, PORT, TYPE, NUMBER, LENGTH, WORD_FIELDS };
enum { SESSION = PORT, OFFSET = TYPE, ERROR = NUMBER };

static const struct {
	const char *probe;
	enum word_kind kind;
	const char *fields[WORD_FIELDS];
} words[] = {
	{"control_send", WORD_SEND, {"peer_cid", "port", "type", "number", "length"}},
	{"control_recv", WORD_RECV, {"peer_cid", "port", "type", "number", "length"}},
	{"clock_sync", WORD_CLOCK, {"peer_cid", "session", "offset_ns", "error_ns"}},
};

struct word_type {
	enum word_kind kind;
	const struct event_field *fields[WORD_FIELDS];
};

struct trace_source {
	struct source source; /* first */
	struct trace *trace;
	struct trace_item item;
	struct pass pass;
	struct analysis analyses[ANALYSES];
	size_t nr_analyses;
	bool begun;
	uint64_t own_ns; /* of the item, on the trace's clock */

	struct model_options model;
	struct requests requests;
	struct model *loops_model;
	struct binding loops;
	struct spell_since threads[THREADS_MAX];
	size_t nr_threads;
	struct word_type *types; /* by the type's index */
	size_t nr_types;
};

static uint64_t on_axis(const struct trace_source *t, uint64_t own_ns)
{
	return axis_time(t->source.clock, own_ns);
}

/* Requests. */

static bool request_entry(struct trace_source *t, const struct request *q,
			  uint64_t time_ns, const char *what)
{
	struct listing *l = t->source.listing;

	if (!listing_entry(l, ENTRY_REQUEST, t->source.name, on_axis(t, time_ns), what))
		return false;
	listing_word(l, "op", requests_op_word(&t->requests, q->op));
	listing_number(l, "id", (int64_t)q->key);
	return true;
}

static void request_begins(void *state, const struct request *q)
{
	struct trace_source *t = state;
	struct listing *l = t->source.listing;

	if (!request_entry(t, q, q->submit_ns, "submit"))
		return;
	listing_number(l, "offset", (int64_t)q->offset);
	listing_number(l, "length", (int64_t)q->length);
	listing_end(l);
}

static void request_ends(void *state, const struct request *q)
{
	struct trace_source *t = state;
	struct listing *l = t->source.listing;

	if (!request_entry(t, q, q->complete_ns, "complete"))
		return;
	listing_time(l, "latency", q->complete_ns - q->submit_ns);
	if (q->failed)
		listing_number(l, "result", q->result);
	listing_end(l);
}

static const struct request_listener request_listener = {
	.begin = request_begins,
	.end = request_ends,
};

/* Loops. */

static struct spell_since *find_thread(struct trace_source *t, int32_t tid)
{
	for (size_t i = 0; i < t->nr_threads; i++)
		if (t->threads[i].tid == tid)
			return &t->threads[i];
	if (t->nr_threads == THREADS_MAX)
		return NULL;
	t->threads[t->nr_threads] = (struct spell_since){.tid = tid};
	return &t->threads[t->nr_threads++];
}

static void spell_over(struct trace_source *t, const struct bound_line *line,
		       const struct event *event, uint64_t *since_ns)
{
	bool polled = line->role == ROLE_POLL_END;
	unsigned brought = polled ? VALUE_PROGRESS : VALUE_EVENTS;
	struct listing *l = t->source.listing;

	if (*since_ns &&
	    listing_entry(l, ENTRY_POLL, t->source.name, on_axis(t, event->time_ns),
			  polled ? "polled" : "waited")) {
		listing_number(
			l, "loop",
			(int64_t)expression_value(&line->values[VALUE_LOOP], event));
		listing_time(l, "for", event->time_ns - *since_ns);
		if (expression_present(&line->values[brought]))
			listing_number(
				l, polled ? "progress" : "events",
				(int64_t)expression_value(&line->values[brought], event));
		listing_end(l);
	}
	*since_ns = 0;
}

static int loops_type(void *state, const struct event_type *type, struct failure *f)
{
	return binding_add(&((struct trace_source *)state)->loops, type, LOOP_ROLES, f);
}

static int loops_event(void *state, const struct event *event, struct failure *f)
{
	struct trace_source *t = state;
	const struct bound_type *bound = &t->loops.types[event->type->index];
	struct spell_since *thread = find_thread(t, event->tid);

	(void)f;
	for (size_t i = 0; thread && i < bound->nr_lines; i++) {
		const struct bound_line *line = &bound->lines[i];

		if (line->role == ROLE_POLL_BEGIN)
			thread->poll_ns = event->time_ns;
		else if (line->role == ROLE_WAIT_BEGIN)
			thread->wait_ns = event->time_ns;
		else
			spell_over(t, line, event,
				   line->role == ROLE_POLL_END ? &thread->poll_ns
							       : &thread->wait_ns);
	}
	return 0;
}

static const struct analyzer loops_analyzer = {
	.name = "loops",
	.type = loops_type,
	.event = loops_event,
};

/* Control messages, clocks and losses. */

static bool bind_word(struct word_type *to, const struct event_type *type)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(type->probe, words[i].probe) != 0)
			continue;
		for (size_t j = 0; j < WORD_FIELDS && words[i].fields[j]; j++) {
			const struct event_field *field =
				event_type_field(type, words[i].fields[j]);
			bool is_text = !strcmp(words[i].fields[j], "type");

			if (!field || (field->type.kind == ARGUMENT_STRING) != is_text ||
			    field->type.kind == ARGUMENT_FLOAT)
				return false;
			to->fields[j] = field;
		}
		to->kind = words[i].kind;
		return true;
	}
	return false;
}

static int words_type(void *state, const struct event_type *type, struct failure *f)
{
	struct trace_source *t = state;
	struct word_type *types = reallocarray(t->types, type->index + 1, sizeof(*types));

	if (!types)
		return fail(f, -ENOMEM, "no memory for event types");
	t->types = types;
	for (; t->nr_types <= type->index; t->nr_types++)
		types[t->nr_types] = (struct word_type){0};
	return !strcmp(type->provider, "fathom") && bind_word(&types[type->index], type);
}

static int64_t field(const struct word_type *w, const struct event *event, unsigned which)
{
	return event_integer(event, w->fields[which]);
}

static unsigned control_type(const char *name, size_t size)
{
	for (unsigned i = 1; i < CONTROL_TYPES; i++) {
		const struct control_kind *kind = control_kind(i);

		if (kind && strlen(kind->name) == size && !memcmp(kind->name, name, size))
			return i;
	}
	return CONTROL_NOTHING;
}

/* Not for a channel that has no CIDs. */
static void put_peer(struct listing *l, const struct word_type *w,
		     const struct event *event)
{
	int64_t cid = field(w, event, PEER);

	if (cid != UINT32_MAX)
		listing_number(l, "peer_cid", cid);
}

static void take_message(struct trace_source *t, const struct word_type *w,
			 const struct event *event)
{
	bool sent = w->kind == WORD_SEND;
	uint64_t time_ns = on_axis(t, event->time_ns);
	struct listing *l = t->source.listing;
	size_t size;
	const char *type = event_string(event, w->fields[TYPE], &size);

	size = type ? strnlen(type, size) : 0;
	bracket_message(t->source.bracket, sent ? BRACKET_SENT : BRACKET_GOT,
			control_type(type, size), (uint32_t)field(w, event, NUMBER),
			t->source.clock, time_ns);
	if (!listing_entry(l, ENTRY_CONTROL, t->source.name, time_ns,
			   sent ? "send" : "recv"))
		return;
	listing_text(l, "message", type ? type : "?", type ? size : 1);
	listing_number(l, "number", field(w, event, NUMBER));
	listing_number(l, "length", field(w, event, LENGTH));
	put_peer(l, w, event);
	listing_end(l);
}

static void take_sync(struct trace_source *t, const struct word_type *w,
		      const struct event *event)
{
	int64_t offset = field(w, event, OFFSET);
	struct listing *l = t->source.listing;

	if (!listing_entry(l, ENTRY_CLOCK, t->source.name, on_axis(t, event->time_ns),
			   offset < 0 ? "peer behind" : "peer ahead"))
		return;
	listing_time(l, "by", offset < 0 ? -(uint64_t)offset : (uint64_t)offset);
	listing_time(l, "within", (uint64_t)field(w, event, ERROR));
	put_peer(l, w, event);
	listing_end(l);
}

static int words_event(void *state, const struct event *event, struct failure *f)
{
	struct trace_source *t = state;
	const struct word_type *w = &t->types[event->type->index];

	(void)f;
	if (w->kind == WORD_CLOCK)
		take_sync(t, w, event);
	else
		take_message(t, w, event);
	return 0;
}

static int words_loss(void *state, const struct loss *loss, struct failure *f)
{
	struct trace_source *t = state;
	struct listing *l = t->source.listing;

	(void)f;
	if (!listing_entry(l, ENTRY_LOSS, t->source.name, t->source.next_ns,
			   "records lost"))
		return 0;
	listing_number(l, "count", (int64_t)loss->count);
	if (loss->to_ns > loss->from_ns && loss->from_ns)
		listing_time(l, "gap", loss->to_ns - loss->from_ns);
	listing_end(l);
	return 0;
}

static const struct analyzer words_analyzer = {
	.name = "words",
	.type = words_type,
	.event = words_event,
	.loss = words_loss,
};

/* The source. */

static uint64_t item_time(const struct trace_item *item, uint64_t before_ns)
{
	if (item->kind == TRACE_EVENT)
		return item->event.time_ns;
	return item->loss.to_ns > before_ns ? item->loss.to_ns : before_ns;
}

/* With the first item at hand, when also a stream has told its events. Requests and loops
 * are shown only where a model fits. */
static int begin_pass(struct trace_source *t, struct failure *f)
{
	struct model_choice choice;
	int err = model_choose(&choice, &t->model, t->trace, false, f);

	if (!err) {
		model_free(choice.model);
		requests_listen(&t->requests, &request_listener, t);
		t->analyses[t->nr_analyses++] =
			(struct analysis){&requests_analyzer, &t->requests};
	} else if (err != -ENOENT || t->model.which || t->model.submits.count) {
		return err;
	}
	err = model_choose(&choice, &t->model, t->trace, true, f);
	if (!err) {
		t->loops_model = choice.model;
		t->loops.model = choice.model;
		t->analyses[t->nr_analyses++] = (struct analysis){&loops_analyzer, t};
	} else if (err != -ENOENT) {
		return err;
	}
	t->analyses[t->nr_analyses++] = (struct analysis){&words_analyzer, t};
	t->pass = (struct pass){
		.trace = t->trace, .analyses = t->analyses, .count = t->nr_analyses};
	return pass_begin(&t->pass, f);
}

static int trace_advance(struct source *s, struct failure *f)
{
	struct trace_source *t = (struct trace_source *)s;
	int got = trace_next(t->trace, &t->item, f), err;

	if (got < 0)
		return fail_in(f, got, "%s", s->path);
	if (!t->begun) {
		err = begin_pass(t, f);
		if (err)
			return fail_in(f, err, "%s", s->path);
		t->begun = true;
	}
	s->has_next = got == 1;
	if (!s->has_next)
		return 0;
	/* A loss has no place of its own among the events. */
	if (t->item.kind == TRACE_EVENT)
		t->own_ns = item_time(&t->item, t->own_ns);
	s->next_ns = on_axis(t, t->own_ns);
	return 0;
}

static int trace_take(struct source *s, struct failure *f)
{
	struct trace_source *t = (struct trace_source *)s;

	return pass_feed(&t->pass, &t->item, f);
}

static void trace_end(struct source *s)
{
	struct trace_source *t = (struct trace_source *)s;

	pass_end(&t->pass);
}

static const char *trace_damage(const struct source *s)
{
	const struct trace_source *t = (const struct trace_source *)s;
	const struct trace_info *info = trace_info(t->trace);

	if (!info->incomplete)
		return NULL;
	return info->damage ? info->damage : "it ends early";
}

static void trace_source_close(struct source *s)
{
	struct trace_source *t = (struct trace_source *)s;

	pass_release(&t->pass);
	requests_release(&t->requests);
	binding_release(&t->loops);
	model_free(t->loops_model);
	trace_close(t->trace);
	free(t->types);
	free(s->name);
	free(t);
}

static const struct source_kind trace_kind = {
	.advance = trace_advance,
	.take = trace_take,
	.end = trace_end,
	.damage = trace_damage,
	.close = trace_source_close,
};

static int learn_clock(struct trace_source *t, struct axis_clock *clock,
		       struct failure *f)
{
	struct trace_item item;
	struct trace *trace;
	int err = trace_open(&trace, t->source.path, f), got;

	if (err)
		return err;
	while ((got = trace_next(trace, &item, f)) == 1) {
		const struct event *event = &item.event;
		struct word_type w = {0};
		struct clock_sync sync;

		if (item.kind != TRACE_EVENT ||
		    strcmp(event->type->probe, "clock_sync") ||
		    !bind_word(&w, event->type))
			continue;
		sync = (struct clock_sync){
			event->time_ns, (uint64_t)field(&w, event, SESSION),
			field(&w, event, OFFSET), (uint64_t)field(&w, event, ERROR)};
		if (axis_clock_sync(clock, &sync))
			got = fail(f, -ENOMEM, "no memory");
	}
	/* A stream tells the rest on the way. */
	if (got >= 0 && axis_clock_info(clock, trace_info(trace)))
		got = fail(f, -ENOMEM, "no memory");
	trace_close(trace);
	return got < 0 ? got : 0;
}

static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strdup(slash ? slash + 1 : path);
}

static bool can_be_read_twice(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode);
}

int trace_source_open(struct source **source, const char *path,
		      const struct model_options *model, struct axis_clock *clock,
		      struct failure *f)
{
	struct trace_source *t = calloc(1, sizeof(*t));
	int err;

	*source = &t->source;
	if (!t)
		return fail(f, -ENOMEM, "no memory");
	t->source = (struct source){.kind = &trace_kind, .path = path, .clock = clock};
	t->model = *model;
	t->requests.options = &t->model;
	err = trace_open(&t->trace, path, f);
	if (!err && !can_be_read_twice(path))
		err = fail(f, -ESPIPE,
			   "%s: a timeline reads its traces twice; keep the "
			   "stream in a file",
			   path);
	if (!err) {
		t->source.name = name_of(path);
		err = t->source.name ? learn_clock(t, clock, f)
				     : fail(f, -ENOMEM, "no memory");
	}
	return err;
}

/* Looks for one request. */
struct search {
	uint64_t key, from_ns, until_ns;
	bool found;
};

static void search_end(void *state, const struct request *q)
{
	struct search *s = state;

	if (s->found || q->key != s->key)
		return;
	s->found = true;
	s->from_ns = q->submit_ns;
	s->until_ns = q->complete_ns;
}

static const struct request_listener search_listener = {.end = search_end};

int trace_source_find(struct source *source, uint64_t key, uint64_t *from_ns,
		      uint64_t *until_ns, struct failure *f)
{
	struct trace_source *t = (struct trace_source *)source;
	struct search search = {.key = key};
	struct requests requests = {.options = &t->model};
	struct analysis analysis = {&requests_analyzer, &requests};
	struct trace *trace;
	int err = trace_open(&trace, source->path, f);

	if (err)
		return err;
	requests_listen(&requests, &search_listener, &search);
	err = analyze(trace, &analysis, 1, f);
	if (!err && !search.found)
		err = fail(f, -ENOENT, "%s: no request with the id %llu ended in it",
			   source->path, (unsigned long long)key);
	requests_release(&requests);
	trace_close(trace);
	*from_ns = search.from_ns;
	*until_ns = search.until_ns;
	return err;
}
