// SPDX-License-Identifier: GPL-2.0-or-later
/* The ways to show a replay: for people, as JSON, as CSV. */
#include "analyzers/what_if/what_if.h"

#include <inttypes.h>
#include <string.h>

#include "analyzers/json.h"
#include "core/text.h"
#include "core/units.h"

static const double percentiles[] = {50, 90, 99, 99.9};
static const char *const percentile_words[] = {"50", "90", "99", "99.9"};

#define NOTHING 0.005 /* of the wake-ups */

enum { NR_PERCENTILES = sizeof(percentiles) / sizeof(*percentiles) };

static const char *cell_name(const struct replay_cell *cell)
{
	switch (cell->kind) {
	case REPLAY_RECORDED:
		return "recorded";
	case REPLAY_BLOCKING:
		return "blocking";
	case REPLAY_ORACLE:
		return "oracle";
	default:
		return cell->rule->name;
	}
}

/* JSON */

static json_t *json_latency(const struct histogram *h)
{
	json_t *p = json_object();

	if (!h->count) {
		json_decref(p);
		return json_null();
	}
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		json_object_set_new(p, percentile_words[i],
				    json_integer((json_int_t)histogram_percentile(
					    h, percentiles[i])));
	return json_pack("{s:f, s:o}", "mean_ns", histogram_mean(h), "percentiles_ns", p);
}

static json_t *json_cell(const struct replay *r, const struct replay_cell *cell)
{
	return json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}",
		"algorithm", cell_name(cell), "poll_max_ns", (json_int_t)cell->limit_ns,
		"waits", (json_int_t)cell->waits, "found", (json_int_t)cell->found,
		"naps", (json_int_t)cell->naps, "in_vain", (json_int_t)cell->in_vain,
		"polled_ns", (json_int_t)cell->polled_ns, "burnt_ns",
		(json_int_t)replay_burnt(r, cell), "delay_ns", (json_int_t)cell->delay_ns,
		"time_ns", (json_int_t)cell->time_ns, "burnt_percent",
		100 * replay_burnt_share(r, cell), "saved_percent",
		100 * replay_saved(r, cell), "latency", json_latency(&cell->latency));
}

static json_t *json_choice(const struct replay_cell *cell)
{
	if (!cell)
		return json_null();
	return json_pack("{s:s, s:I}", "algorithm", cell_name(cell), "poll_max_ns",
			 (json_int_t)cell->limit_ns);
}

static size_t loops_with_waits(const struct what_if *w)
{
	size_t nr = 0;

	for (size_t i = 0; i < w->waits.nr_loops; i++)
		nr += w->waits.loops[i]->waits != 0;
	return nr;
}

int what_if_print_json(const struct what_if *w)
{
	struct what_if_advice advice = what_if_advise(w);
	const struct replay *r = &w->replay;
	json_t *cells = json_array();

	for (size_t i = 0; i < r->nr_cells; i++)
		json_array_append_new(cells, json_cell(r, &r->cells[i]));
	return json_print(json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:s, s:I}, s:o, s:{s:o, "
		"s:o, "
		"s:f}}",
		"model", what_if_model(w)->name, "duration_ns",
		(json_int_t)(w->waits.last_ns - w->waits.first_ns), "lost",
		(json_int_t)w->lost, "loops", (json_int_t)loops_with_waits(w), "waits",
		(json_int_t)r->cells[REPLAY_RECORDED].waits, "requests",
		(json_int_t)r->requests, "max_depth", (json_int_t)w->max_depth, "wakeup",
		"ns", (json_int_t)w->wakeup.ns, "from", wakeup_words[w->wakeup.source],
		"waits", (json_int_t)w->wakeup.waits, "replays", cells, "advice", "best",
		json_choice(advice.best), "qemus_for_as_much", json_choice(advice.qemus),
		"gain_percent", 100 * advice.gain));
}

/* CSV */

void what_if_print_csv(const struct what_if *w)
{
	const struct replay *r = &w->replay;

	puts("algorithm,poll_max_ns,waits,found,naps,in_vain,polled_ns,burnt_ns,delay_ns,"
	     "time_ns,requests,p50_ns,p99_ns");
	for (size_t i = 0; i < r->nr_cells; i++) {
		const struct replay_cell *c = &r->cells[i];

		printf("%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		       ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		       ",%" PRIu64 ",%" PRIu64 "\n",
		       cell_name(c), c->limit_ns, c->waits, c->found, c->naps, c->in_vain,
		       c->polled_ns, replay_burnt(r, c), c->delay_ns, c->time_ns,
		       r->requests, histogram_percentile(&c->latency, 50),
		       histogram_percentile(&c->latency, 99));
	}
}

/* Text */

static void print_bought(struct text_table *t, const struct replay *r,
			 const struct replay_cell *cell)
{
	double burnt = 100 * replay_burnt_share(r, cell);

	text_cell(t, "%.*f%% %3.0f%%", burnt < 1 ? 2 : 1, burnt,
		  100 * replay_saved(r, cell));
}

static void print_p50(struct text_table *t, const struct replay *r,
		      const struct replay_cell *cell)
{
	char text[UNIT_TEXT];

	(void)r;
	text_cell(t, "%s",
		  time_text(text, (double)histogram_percentile(&cell->latency, 50)));
}

/* A row per limit, a column per rule. */
static void print_table(const struct replay *r,
			void (*print)(struct text_table *t, const struct replay *r,
				      const struct replay_cell *cell))
{
	struct text_table *t;
	size_t rules = 0;

	while (poll_rules[rules])
		rules++;
	t = text_table_new(rules + 2);
	if (!t)
		return;
	text_cell(t, "poll_max_ns");
	for (size_t i = 0; i <= rules; i++)
		text_cell(t, "%s", cell_name(replay_cells_of(r, poll_rules[i])));
	for (size_t l = 0; l < r->setup.nr_limits; l++) {
		text_cell(t, "%" PRIu64, r->setup.limits_ns[l]);
		for (size_t i = 0; i <= rules; i++)
			print(t, r, &replay_cells_of(r, poll_rules[i])[l]);
	}
	text_table_print(t, stdout, false);
	text_table_free(t);
}

static void print_wakeup(const struct wakeup *wakeup)
{
	static const char *const how[WAKEUP_SOURCES] = {
		[WAKEUP_GIVEN] = "as you say",
		[WAKEUP_DIFFERENCE] = "so much longer are waits that slept at once",
		[WAKEUP_KERNEL] = "from the kernel's sched_waking until the loop ran",
		[WAKEUP_ASSUMED] = "assumed, the trace does not tell",
	};
	char text[UNIT_TEXT];

	printf("a wake-up takes %s: %s\n", time_text(text, (double)wakeup->ns),
	       how[wakeup->source]);
}

static void print_recorded(const struct what_if *w)
{
	const struct replay *r = &w->replay;
	const struct replay_cell *cell = &r->cells[REPLAY_RECORDED];
	char text[UNIT_TEXT];

	printf("recorded: %.1f%% of the time polled, %.0f%% of the wake-ups saved",
	       100 * replay_burnt_share(r, cell), 100 * replay_saved(r, cell));
	if (r->requests)
		printf(", p50 %s",
		       time_text(text, (double)histogram_percentile(&cell->latency, 50)));
	puts("\n");
}

static void print_heading(const struct what_if *w)
{
	char span[UNIT_TEXT], waits[UNIT_TEXT], model[80];
	size_t loops = loops_with_waits(w);

	text_escape(model, sizeof(model), what_if_model(w)->name,
		    strlen(what_if_model(w)->name), 0);
	printf("%s waits of %zu loop%s in %s (model %s%s)\n",
	       count_text(waits, (double)w->replay.cells[REPLAY_RECORDED].waits), loops,
	       loops == 1 ? "" : "s",
	       time_text(span, (double)(w->waits.last_ns - w->waits.first_ns)), model,
	       w->guessed ? ", by the trace's events" : "");
}

/* "poll_algorithm=… poll_max_ns=…" and, below, what that does */
static void print_choice(const struct replay *r, const struct replay_cell *cell)
{
	char saved[UNIT_TEXT], p50[UNIT_TEXT], blocking[UNIT_TEXT];
	const struct histogram *before = &r->cells[REPLAY_BLOCKING].latency;
	double each = replay_saved(r, cell) * (double)r->setup.wake_ns;

	printf("poll_algorithm=%s poll_max_ns=%" PRIu64 "\n", cell_name(cell),
	       cell->limit_ns);
	printf("  burns %.1f%% of a CPU, saves %.0f%% of the wake-ups, %s of a wait",
	       100 * replay_burnt_share(r, cell), 100 * replay_saved(r, cell),
	       time_text(saved, each));
	if (r->requests)
		printf("; p50 %s instead of %s",
		       time_text(p50, (double)histogram_percentile(&cell->latency, 50)),
		       time_text(blocking, (double)histogram_percentile(before, 50)));
	putchar('\n');
}

static void print_advice(const struct what_if *w)
{
	struct what_if_advice advice = what_if_advise(w);

	putchar('\n');
	if (!advice.best) {
		printf("advice: do not poll: the %s would be %.1f%% faster at most\n",
		       w->replay.requests ? "requests" : "loops", 100 * advice.gain);
		return;
	}
	fputs("advice: ", stdout);
	print_choice(&w->replay, advice.best);
	if (advice.best->rule != &poll_fathom)
		return;
	if (!advice.qemus || replay_saved(&w->replay, advice.qemus) < NOTHING) {
		puts("QEMU's best for as much: nothing");
		return;
	}
	fputs("QEMU's best for as much: ", stdout);
	print_choice(&w->replay, advice.qemus);
}

void what_if_print_text(const struct what_if *w)
{
	print_heading(w);
	print_wakeup(&w->wakeup);
	print_recorded(w);
	puts("CPU time burnt, and wake-ups saved:\n");
	print_table(&w->replay, print_bought);
	if (w->replay.requests) {
		puts("\nthe requests' p50:\n");
		print_table(&w->replay, print_p50);
	}
	puts("\nsaved over burnt:\n");
	what_if_plot(w, stdout);
	print_advice(w);
	what_if_notes(w, stdout);
}

void what_if_notes(const struct what_if *w, FILE *to)
{
	if (w->lost)
		fprintf(to,
			"note: %" PRIu64
			" records were lost: waits are missing, and some "
			"may be too long\n",
			w->lost);
	if (w->waits.ignored)
		fprintf(to,
			"note: %" PRIu64 " events of loops beyond the first %d were left"
			" out\n",
			w->waits.ignored, WAIT_LOOPS_MAX);
	if (w->wakeup.source == WAKEUP_ASSUMED)
		fputs("note: what a wake-up takes is assumed: say --wakeup-cost, or "
		      "record"
		      " with polling that finds some and misses some\n",
		      to);
	if (w->max_depth > 1 && w->closed < loops_with_waits(w))
		fprintf(to,
			"note: up to %" PRIu32 " requests were in flight: what was found"
			" together is replayed so, though polling may find it one by "
			"one\n",
			w->max_depth);
}
