// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds the control messages of a benchmark in the payload of conversations. */
#include "analyzers/vsock/control.h"

#include <stdlib.h>
#include <string.h>

/* One direction: what of a message has come. */
struct ear {
	bool in_step;  /* the next header is at @at, or a message is being heard */
	bool has_hole; /* not all of its body was captured */
	uint64_t at;   /* offset in the stream of what comes next */
	uint64_t left; /* bytes of the message still to come; 0: its header is not whole */
	struct vsock_said said;
	uint8_t *kept; /* the header, and of the body what is wanted */
	size_t nr_kept, room;
};

/* A question without its answer so far. */
struct question {
	const struct control_kind *kind;
	uint32_t number;
	uint64_t last_ns;
};

struct control_track {
	uint64_t number; /* of the conversation */
	struct ear ears[VSOCK_ENDS];
	struct question questions[CONTROL_QUESTIONS_MAX];
	unsigned nr_questions;
};

/* Which conversation */

static void free_track(struct control_track *t)
{
	for (int i = 0; t && i < VSOCK_ENDS; i++)
		free(t->ears[i].kept);
	free(t);
}

/* To the front: the last is the one that is given up. */
static void use(struct vsock_control *control, unsigned index, struct control_track *t)
{
	memmove(control->tracks + 1, control->tracks, index * sizeof(*control->tracks));
	control->tracks[0] = t;
}

static struct control_track *find(struct vsock_control *control, uint64_t number)
{
	for (unsigned i = 0; i < CONTROL_CONVERSATIONS_MAX && control->tracks[i]; i++) {
		struct control_track *t = control->tracks[i];

		if (t->number != number)
			continue;
		use(control, i, t);
		return t;
	}
	return NULL;
}

static struct control_track *begin(struct vsock_control *control, uint64_t number)
{
	struct control_track *t = calloc(1, sizeof(*t));
	struct control_track **last = &control->tracks[CONTROL_CONVERSATIONS_MAX - 1];

	if (!t)
		return NULL;
	control->given_up += *last != NULL;
	free_track(*last);
	*last = NULL;
	t->number = number;
	control->conversations++;
	use(control, CONTROL_CONVERSATIONS_MAX - 1, t);
	return t;
}

void vsock_control_end(struct vsock_control *control, const struct vsock_conversation *c)
{
	struct control_track *t = find(control, c->number);

	if (!t)
		return;
	memmove(control->tracks, control->tracks + 1,
		(CONTROL_CONVERSATIONS_MAX - 1) * sizeof(*control->tracks));
	control->tracks[CONTROL_CONVERSATIONS_MAX - 1] = NULL;
	free_track(t);
}

void vsock_control_release(struct vsock_control *control)
{
	for (unsigned i = 0; i < CONTROL_CONVERSATIONS_MAX; i++) {
		free_track(control->tracks[i]);
		control->tracks[i] = NULL;
	}
}

/* Questions and answers */

static void ask(struct control_track *t, const struct vsock_said *said)
{
	if (t->nr_questions == CONTROL_QUESTIONS_MAX) /* the oldest gets none any more */
		memmove(t->questions, t->questions + 1,
			--t->nr_questions * sizeof(*t->questions));
	t->questions[t->nr_questions++] =
		(struct question){said->m.kind, said->m.number, said->last_ns};
}

/* Whatever is wrong with a question: an error is the answer. */
static bool is_answer(const struct control_message *m, const struct question *q)
{
	return m->number == q->number && (m->kind->answers == q->kind->type ||
					  m->kind->type == CONTROL_ERROR);
}

static void answer(struct control_track *t, struct vsock_said *said)
{
	for (unsigned i = 0; i < t->nr_questions; i++) {
		const struct question *q = &t->questions[i];

		if (!is_answer(&said->m, q))
			continue;
		said->answers = q->kind;
		if (said->time_ns > q->last_ns)
			said->answer_ns = said->time_ns - q->last_ns;
		memmove(t->questions + i, t->questions + i + 1,
			(--t->nr_questions - i) * sizeof(*t->questions));
		return;
	}
}

/* Messages */

static void end_message(struct vsock_control *control, struct control_track *t,
			struct ear *ear)
{
	struct vsock_said *said = &ear->said;
	bool is_whole = !ear->has_hole && ear->nr_kept == control_size(&said->m);

	if (is_whole)
		said->m.body = ear->kept + CONTROL_HEADER_SIZE;
	if (said->m.kind->sender == CONTROL_MASTER)
		ask(t, said);
	else
		answer(t, said);
	control->said(control->user, said);
	ear->nr_kept = 0;
	ear->left = 0;
}

/* The next @size bytes; those that are not wanted, or have no room, are not kept. */
static void keep(struct ear *ear, const uint8_t *bytes, size_t size)
{
	size_t wanted = ear->nr_kept + size;
	uint8_t *kept = ear->kept;

	if (wanted > CONTROL_KEPT_MAX)
		return;
	if (wanted > ear->room) {
		size_t room = wanted < 512 ? 512 : 2 * wanted;

		kept = realloc(ear->kept, room);
		if (!kept)
			return;
		ear->kept = kept;
		ear->room = room;
	}
	memcpy(kept + ear->nr_kept, bytes, size);
	ear->nr_kept = wanted;
}

/* A whole header stands in @kept: how much follows, or out of step if it makes none. */
static void begin_body(struct vsock_control *control, struct control_track *t,
		       struct ear *ear)
{
	ear->in_step = control_parse_header(ear->kept, ear->nr_kept, &ear->said.m, NULL) == 1;
	if (!ear->in_step) {
		ear->nr_kept = 0;
		return;
	}
	ear->has_hole = false;
	ear->said.answers = NULL;
	ear->said.answer_ns = 0;
	ear->left = ear->said.m.length;
	if (!ear->left)
		end_message(control, t, ear);
}

/* As much of @chunk, from byte @used on, as the header or the body still needs. */
static size_t hear(struct vsock_control *control, struct control_track *t,
		   struct ear *ear, const struct vsock_chunk *chunk, size_t used)
{
	size_t size = chunk->size - used;
	size_t needed = ear->left ? ear->left : CONTROL_HEADER_SIZE - ear->nr_kept;
	bool is_header = !ear->left;

	size = size < needed ? size : needed;
	if (!ear->nr_kept)
		ear->said.time_ns = chunk->time_ns;
	ear->said.last_ns = chunk->time_ns;
	if (is_header || !ear->has_hole)
		keep(ear, chunk->bytes + used, size);
	if (!is_header)
		ear->left -= size;
	ear->at += size;
	if (size < needed)
		return size;
	if (is_header)
		begin_body(control, t, ear);
	else
		end_message(control, t, ear);
	return size;
}

/* Where in @bytes a header stands that makes sense; @size if there is none. */
static size_t look_for_header(const uint8_t *bytes, size_t size)
{
	struct control_message m;

	for (size_t at = 0; at + CONTROL_HEADER_SIZE <= size; at++) {
		const uint8_t *first = memchr(bytes + at, 'F', size - at);

		if (!first)
			break;
		at = (size_t)(first - bytes);
		if (control_parse_header(first, size - at, &m, NULL) == 1)
			return at;
	}
	return size;
}

/* Bytes up to @offset are missing. */
static void miss(struct vsock_control *control, struct control_track *t, struct ear *ear,
		 uint64_t offset)
{
	uint64_t missing = offset - ear->at;

	if (ear->left && missing <= ear->left) {
		ear->has_hole = true;
		ear->left -= missing;
		if (!ear->left)
			end_message(control, t, ear);
	} else {
		ear->has_hole = true;
		if (ear->left)
			end_message(control, t, ear);
		ear->nr_kept = 0;
		ear->in_step = false;
	}
	ear->at = offset;
}

static void overhear(struct vsock_control *control, struct control_track *t,
		   const struct vsock_conversation *c, const struct vsock_chunk *chunk)
{
	struct ear *ear = &t->ears[chunk->from];
	size_t used = 0;

	ear->said.c = c;
	ear->said.from = chunk->from;
	if (ear->in_step && chunk->offset != ear->at)
		miss(control, t, ear, chunk->offset);
	while (used < chunk->size) {
		if (!ear->in_step) {
			used += look_for_header(chunk->bytes + used, chunk->size - used);
			ear->at = chunk->offset + used;
			ear->in_step = used < chunk->size;
		} else {
			used += hear(control, t, ear, chunk, used);
		}
	}
}

/* A conversation that is none of ours is looked through again with each chunk, so that
 * nothing need be known of it. */
void vsock_control_take(struct vsock_control *control, const struct vsock_conversation *c,
			const struct vsock_chunk *chunk)
{
	struct control_track *t = find(control, c->number);

	if (!t && look_for_header(chunk->bytes, chunk->size) < chunk->size)
		t = begin(control, c->number);
	if (t)
		overhear(control, t, c, chunk);
}
