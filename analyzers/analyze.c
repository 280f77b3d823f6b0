// SPDX-License-Identifier: GPL-2.0-or-later
/* The one pass over a trace that feeds every analyzer. */
#include "analyzers/analyzer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include "core/command.h"
#include "core/failure.h"
#include "core/stop.h"
#include "core/text.h"
#include "core/units.h"

enum {
	ANALYSES_MAX = 8, /* bits of a type's mask */
	PROGRESS_EVERY = 1 << 18,
};

struct pass {
	struct trace *trace;
	const struct analysis *analyses;
	size_t count;
	uint8_t *wanted; /* per type: bit N, analysis N wants its events */
	size_t nr_types; /* announced so far */
	uint64_t items;
};

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

static void show_progress(const struct pass *pass)
{
	const struct trace_info *info = trace_info(pass->trace);
	char done[UNIT_TEXT], total[UNIT_TEXT], items[UNIT_TEXT];

	size_text(done, (double)info->bytes_read);
	count_text(items, (double)pass->items);
	if (info->bytes_total)
		progress("%s of %s read, %s events", done,
			 size_text(total, (double)info->bytes_total), items);
	else
		progress("%s read, %s events", done, items);
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

static int feed(struct pass *pass, const struct trace_item *item, struct failure *f)
{
	if (++pass->items % PROGRESS_EVERY == 0)
		show_progress(pass);
	if (item->kind == TRACE_EVENT)
		return feed_event(pass, &item->event, f);
	return feed_loss(pass, &item->loss, f);
}

/*
 * Ctrl-C goes to all of a pipeline: the recorder before us ends in order, and what it
 * had still to write is worth reading. A second one kills us as usual.
 */
static bool is_stopped(const struct trace *trace)
{
	if (!stop_requested())
		return false;
	return stop_signal() != SIGINT || trace_info(trace)->bytes_total != 0;
}

/* From the first item on; @got is what trace_next() said of it. */
static int feed_all(struct pass *pass, struct trace_item *item, int got,
		    struct failure *f)
{
	while (got > 0) {
		int err = feed(pass, item, f);

		if (err < 0)
			return err;
		if (is_stopped(pass->trace))
			return 0;
		got = trace_next(pass->trace, item, f);
	}
	return got;
}

int analyze(struct trace *trace, const struct analysis *analyses, size_t count,
	    struct failure *f)
{
	struct pass pass = {.trace = trace, .analyses = analyses, .count = count};
	struct trace_item item;
	int got, err;

	if (count > ANALYSES_MAX)
		return fail(f, -E2BIG, "at most %d analyses share a pass", ANALYSES_MAX);
	got = trace_next(trace, &item, f);
	if (got < 0)
		return got;
	err = begin_all(&pass, f);
	if (!err)
		err = announce_types(&pass, f);
	if (!err)
		err = feed_all(&pass, &item, got, f);
	progress_end();
	free(pass.wanted);
	for (size_t i = 0; !err && i < count; i++)
		if (analyses[i].analyzer->end)
			analyses[i].analyzer->end(analyses[i].state);
	return err;
}

/* Was all of it read? The exit code, and a warning if not. */
static int verdict(const char *command, const struct trace *trace)
{
	const struct trace_info *info = trace_info(trace);

	if (info->incomplete) {
		command_warn(command, "the trace is incomplete: %s%s",
			     info->damage ? info->damage : "it ends early",
			     info->left_out > 1 ? ", and more like it" : "");
		return EXIT_FAILED;
	}
	if (is_stopped(trace)) {
		command_warn(command, "stopped by a signal: the rest was not read");
		return EXIT_FAILED;
	}
	return EXIT_FINE;
}

int run_analyses(const char *command, const char *input, const struct analysis *analyses,
		 size_t count, int (*print)(void *user, struct failure *f), void *user)
{
	struct failure f = {""};
	struct trace *trace;
	int err = trace_open(&trace, input, &f), status;

	if (err < 0)
		return command_failed(command, &f);
	err = analyze(trace, analyses, count, &f);
	if (!err && print)
		err = print(user, &f);
	/* One line: that nothing is in a damaged trace says less than the damage. */
	if (err == -EPIPE)
		status = EXIT_FINE;
	else if (err < 0 && !(err == -ENODATA && trace_info(trace)->incomplete))
		status = command_failed(command, &f);
	else
		status = verdict(command, trace);
	trace_close(trace);
	return status;
}
