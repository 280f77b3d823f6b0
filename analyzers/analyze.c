// SPDX-License-Identifier: GPL-2.0-or-later
/* The one pass over a trace that feeds every analyzer. */
#include "analyzers/analyzer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include "analyzers/pass.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/stop.h"
#include "core/text.h"
#include "core/units.h"

enum {
	PROGRESS_EVERY = 1 << 18, /* items */
	SNAPSHOT_TEXT = 512,
};

static void show_progress(const struct trace *trace, uint64_t count)
{
	const struct trace_info *info = trace_info(trace);
	char done[UNIT_TEXT], total[UNIT_TEXT], items[UNIT_TEXT];

	size_text(done, (double)info->bytes_read);
	count_text(items, (double)count);
	if (info->bytes_total)
		progress("%s of %s read, %s events", done,
			 size_text(total, (double)info->bytes_total), items);
	else
		progress("%s read, %s events", done, items);
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
	uint64_t count = 0;

	while (got > 0) {
		int err = pass_feed(pass, item, f);

		if (err < 0)
			return err;
		if (++count % PROGRESS_EVERY == 0)
			show_progress(pass->trace, count);
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
	int got = trace_next(trace, &item, f), err;

	if (got < 0)
		return got;
	err = pass_begin(&pass, f);
	if (!err)
		err = feed_all(&pass, &item, got, f);
	progress_end();
	if (!err)
		pass_end(&pass);
	pass_release(&pass);
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

/* What cannot be done with a trace that is incomplete may well be due to that. */
static int failed_with(const char *command, const struct trace *trace, struct failure *f)
{
	const struct trace_info *info = trace_info(trace);

	if (info->incomplete)
		fail_in(f, 0, "the trace is incomplete: %s",
			info->damage ? info->damage : "it ends early");
	return command_failed(command, f);
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
		status = failed_with(command, trace, &f);
	else
		status = verdict(command, trace);
	trace_close(trace);
	return status;
}

void note_snapshot(const struct trace *trace, FILE *to)
{
	const char *why = trace ? trace_info(trace)->snapshot : "";
	char text[SNAPSHOT_TEXT];

	if (!*why)
		return;
	text_escape(text, sizeof(text), why, strlen(why), 0);
	fprintf(to, "note: a snapshot of the flight recorder: %s\n", text);
}
