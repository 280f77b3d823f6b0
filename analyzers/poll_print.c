// SPDX-License-Identifier: GPL-2.0-or-later
/* The ways to show polling: for people, as JSON, as CSV. */
#include "analyzers/poll.h"

#include <errno.h>
#include <inttypes.h>

#include "analyzers/json.h"
#include "core/text.h"
#include "core/units.h"

enum { PLOT_ROWS = 6, PLOTS_MAX = 4 };

int poll_print_json(const struct poll *p)
{
	json_t *loops = json_array();

	for (size_t i = 0; i < p->nr_loops; i++) {
		const struct poll_loop *l = p->loops[i];

		json_array_append_new(
			loops,
			json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I,"
				  " s:I, s:I, s:I, s:I, s:I}",
				  "loop", (json_int_t)l->loop, "pid", (json_int_t)l->pid,
				  "windows", (json_int_t)l->windows, "progress",
				  (json_int_t)l->progress, "empty", (json_int_t)l->empty,
				  "progress_ns", (json_int_t)l->progress_ns, "empty_ns",
				  (json_int_t)l->empty_ns, "grow", (json_int_t)l->grow,
				  "shrink", (json_int_t)l->shrink, "window_max_ns",
				  (json_int_t)l->window_max_ns, "waits",
				  (json_int_t)l->waits, "wait_ns", (json_int_t)l->wait_ns,
				  "naps", (json_int_t)l->naps, "nap_ns",
				  (json_int_t)l->nap_ns, "unmatched",
				  (json_int_t)l->unmatched));
	}
	return json_print(json_pack("{s:s, s:I, s:I, s:o}", "model", p->model->name,
				    "duration_ns", (json_int_t)(p->last_ns - p->first_ns),
				    "lost", (json_int_t)p->lost, "loops", loops));
}

static char *share_text(char *text, double thousandths)
{
	snprintf(text, UNIT_TEXT, "%.1f%%", thousandths / 10);
	return text;
}

int poll_end_intervals(const struct poll *p)
{
	json_t *summary = json_pack("{s:s, s:I, s:I}", "model", p->model->name,
				    "duration_ns", (json_int_t)(p->last_ns - p->first_ns),
				    "lost", (json_int_t)p->lost);

	return intervals_end(p->intervals, "polling, in CPUs' time, over time",
			     share_text, summary);
}

void poll_print_csv(const struct poll *p)
{
	puts("loop,pid,windows,progress,empty,progress_ns,empty_ns,grow,shrink,"
	     "window_max_ns,waits,wait_ns,naps,nap_ns,unmatched");
	for (size_t i = 0; i < p->nr_loops; i++) {
		const struct poll_loop *l = p->loops[i];

		printf("%" PRIu64 ",%" PRId32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		       ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		       ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
		       l->loop, l->pid, l->windows, l->progress, l->empty, l->progress_ns,
		       l->empty_ns, l->grow, l->shrink, l->window_max_ns, l->waits,
		       l->wait_ns, l->naps, l->nap_ns, l->unmatched);
	}
}

/* Small numbers are what the engine counts, large ones are addresses. */
static char *loop_name(char *text, const struct poll_loop *loop)
{
	snprintf(text, UNIT_TEXT, loop->loop < 1 << 20 ? "%" PRIu64 : "%#" PRIx64,
		 loop->loop);
	return text;
}

static double part(uint64_t a, uint64_t b)
{
	return b ? 100 * (double)a / (double)b : 0;
}

static void table_row(struct text_table *t, const struct poll_loop *l, bool naps)
{
	char text[UNIT_TEXT];

	text_cell(t, "%s", loop_name(text, l));
	text_cell(t, "%" PRIu64, l->windows);
	text_cell(t, "%" PRIu64, l->progress);
	text_cell(t, "%s", time_text(text, (double)l->progress_ns));
	text_cell(t, "%" PRIu64, l->empty);
	text_cell(t, "%s", time_text(text, (double)l->empty_ns));
	text_cell(t, "%s", time_text(text, (double)l->window_max_ns));
	text_cell(t, "%" PRIu64, l->grow);
	text_cell(t, "%" PRIu64, l->shrink);
	text_cell(t, "%" PRIu64, l->waits);
	text_cell(t, "%s", time_text(text, (double)l->wait_ns));
	if (!naps)
		return;
	text_cell(t, "%" PRIu64, l->naps);
	text_cell(t, "%s", time_text(text, (double)l->nap_ns));
}

static struct poll_loop sum_of(const struct poll *p)
{
	struct poll_loop sum = {0};

	for (size_t i = 0; i < p->nr_loops; i++) {
		const struct poll_loop *l = p->loops[i];

		sum.windows += l->windows;
		sum.progress += l->progress;
		sum.empty += l->empty;
		sum.progress_ns += l->progress_ns;
		sum.empty_ns += l->empty_ns;
		sum.waits += l->waits;
		sum.wait_ns += l->wait_ns;
		sum.naps += l->naps;
		sum.nap_ns += l->nap_ns;
		sum.unmatched += l->unmatched;
	}
	return sum;
}

/* The last two columns only where loops nap. */
static void print_table(const struct poll *p)
{
	static const char *const heads[] = {
		"loop",	 "windows", "found", "took",   "empty", "burnt",  "largest",
		"grown", "shrunk",  "waits", "asleep", "naps",	"napped",
	};
	bool naps = sum_of(p).naps > 0;
	unsigned columns = sizeof(heads) / sizeof(*heads) - (naps ? 0 : 2);
	struct text_table *t = text_table_new(columns);

	if (!t)
		return;
	for (unsigned i = 0; i < columns; i++)
		text_cell(t, "%s", heads[i]);
	for (size_t i = 0; i < p->nr_loops; i++)
		table_row(t, p->loops[i], naps);
	text_table_print(t, stdout, false);
	text_table_free(t);
}

static void print_cost(uint64_t ns, uint64_t time_ns, uint64_t windows, const char *which)
{
	char text[UNIT_TEXT];

	printf("  %s (%.1f%%) in %" PRIu64 " %s\n", time_text(text, (double)ns),
	       part(ns, time_ns), windows, which);
}

/*
 * What polling cost and what it spared. A window that found something after a time
 * took the place of a sleep of about that time: the wait is no shorter, it was spun
 * through. Spared are the system call and the wake-up; how long those would have
 * taken is not in the trace, so nothing is made up for them.
 */
static void print_verdict(const struct poll *p)
{
	struct poll_loop sum = sum_of(p);
	uint64_t time = p->last_ns - p->first_ns, polled = sum.progress_ns + sum.empty_ns;
	char text[UNIT_TEXT];

	putchar('\n');
	if (!sum.windows) {
		puts("no polling: every wait went to the kernel");
		return;
	}
	printf("polled %s, %.1f%% of one CPU:\n", time_text(text, (double)polled),
	       part(polled, time));
	print_cost(sum.progress_ns, time, sum.progress,
		   sum.progress == 1 ? "window that found something"
				     : "windows that found something");
	print_cost(sum.empty_ns, time, sum.empty,
		   sum.empty == 1 ? "empty window" : "empty windows");
	if (!sum.progress) {
		puts("verdict: polling found nothing: all of it was for nothing");
		return;
	}
	printf("spared: %" PRIu64 " %s", sum.progress,
	       sum.naps ? "wake-ups" : "sleeps and wake-ups");
	if (sum.waits) /* else the trace does not tell them, as QEMU does not */
		printf(" (%.1f%% of %" PRIu64 " waits)",
		       part(sum.progress, sum.progress + sum.waits),
		       sum.progress + sum.waits);
	putchar('\n');
	if (sum.naps)
		printf("napped: %" PRIu64 " times, %s, before polling\n", sum.naps,
		       time_text(text, (double)sum.nap_ns));
	printf("verdict: each wake-up spared cost %s of CPU\n",
	       time_text(text, (double)polled / (double)sum.progress));
}

void poll_notes(const struct poll *p, FILE *to)
{
	struct poll_loop sum = sum_of(p);

	note_snapshot(p->trace, to);
	if (p->lost)
		fprintf(to,
			"note: %" PRIu64 " records were lost: all counts and times of"
			" windows and waits are too low\n",
			p->lost);
	if (sum.unmatched)
		fprintf(to,
			"note: %" PRIu64 " begins without end or ends without begin\n",
			sum.unmatched);
	if (p->ignored)
		fprintf(to,
			"note: %" PRIu64 " events of loops beyond the first %d were left"
			" out\n",
			p->ignored, POLL_LOOPS_MAX);
}

static void print_plots(const struct poll *p)
{
	char name[UNIT_TEXT];

	for (size_t i = 0; i < p->nr_loops && i < PLOTS_MAX; i++) {
		if (!p->loops[i]->window_max_ns)
			continue;
		printf("\nwindow of loop %s over time:\n", loop_name(name, p->loops[i]));
		series_plot(&p->loops[i]->window, stdout, PLOT_ROWS, time_text);
	}
}

void poll_print_text(const struct poll *p)
{
	char span[UNIT_TEXT], model[80];

	text_escape(model, sizeof(model), p->model->name, strlen(p->model->name), 0);
	printf("%zu loop%s in %s (model %s%s)\n\n", p->nr_loops,
	       p->nr_loops == 1 ? "" : "s",
	       time_text(span, (double)(p->last_ns - p->first_ns)), model,
	       p->guessed ? ", by the trace's events" : "");
	print_table(p);
	print_plots(p);
	print_verdict(p);
	poll_notes(p, stdout);
}
