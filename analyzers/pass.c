// SPDX-License-Identifier: GPL-2.0-or-later
/* Feeds the items of one trace to analyses. */
#include "analyzers/pass.h"

#include <errno.h>
#include <stdlib.h>

#include "core/failure.h"

static int begin_all(struct pass *pass, struct failure *f)
{
	for (size_t i = 0; i < pass->count; i++) {
		const struct analysis *a = &pass->analyses[i];
		int err = a->analyzer->begin
				  ? a->analyzer->begin(a->state, pass->trace, f)
				  : 0;

		if (err < 0)
			return err;
	}
	return 0;
}

static int announce_type(struct pass *pass, const struct event_type *type,
			 struct failure *f)
{
	for (size_t i = 0; i < pass->count; i++) {
		const struct analysis *a = &pass->analyses[i];
		int wants = a->analyzer->type ? a->analyzer->type(a->state, type, f) : 1;

		if (wants < 0)
			return wants;
		if (wants)
			pass->wanted[type->index] |= (uint8_t)(1U << i);
	}
	return 0;
}

/* Tells the analyzers of the types that appeared since the last call. */
static int announce_types(struct pass *pass, struct failure *f)
{
	size_t known = trace_nr_types(pass->trace);
	uint8_t *wanted;

	if (known == pass->nr_types)
		return 0;
	wanted = realloc(pass->wanted, known);
	if (!wanted)
		return fail(f, -ENOMEM, "no memory for %zu event types", known);
	pass->wanted = wanted;
	for (; pass->nr_types < known; pass->nr_types++) {
		int err;

		wanted[pass->nr_types] = 0;
		err = announce_type(pass, trace_type(pass->trace, pass->nr_types), f);
		if (err < 0)
			return err;
	}
	return 0;
}

static int feed_event(struct pass *pass, const struct event *event, struct failure *f)
{
	unsigned wanted;
	int err;

	if (event->type->index >= pass->nr_types) {
		err = announce_types(pass, f);
		if (err < 0)
			return err;
	}
	wanted = pass->wanted[event->type->index];
	for (const struct analysis *a = pass->analyses; wanted; a++, wanted >>= 1) {
		if (!(wanted & 1))
			continue;
		err = a->analyzer->event(a->state, event, f);
		if (err < 0)
			return err;
	}
	return 0;
}

static int feed_loss(struct pass *pass, const struct loss *loss, struct failure *f)
{
	for (size_t i = 0; i < pass->count; i++) {
		const struct analysis *a = &pass->analyses[i];
		int err = a->analyzer->loss ? a->analyzer->loss(a->state, loss, f) : 0;

		if (err < 0)
			return err;
	}
	return 0;
}

int pass_begin(struct pass *pass, struct failure *f)
{
	int err;

	if (pass->count > ANALYSES_MAX)
		return fail(f, -E2BIG, "at most %d analyses share a pass", ANALYSES_MAX);
	err = begin_all(pass, f);
	return err ? err : announce_types(pass, f);
}

int pass_feed(struct pass *pass, const struct trace_item *item, struct failure *f)
{
	return item->kind == TRACE_EVENT ? feed_event(pass, &item->event, f)
					 : feed_loss(pass, &item->loss, f);
}

void pass_end(struct pass *pass)
{
	for (size_t i = 0; i < pass->count; i++)
		if (pass->analyses[i].analyzer->end)
			pass->analyses[i].analyzer->end(pass->analyses[i].state);
}

void pass_release(struct pass *pass)
{
	free(pass->wanted);
	pass->wanted = NULL;
}
