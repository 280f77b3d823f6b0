// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Figures per interval: rows for people, as CSV, as JSON.
 *
 * What is told while the trace is read cannot be measured first: columns for people have
 * a width of their own, and a row that needs more pushes the rest to the right. The JSON
 * is one object whose rows come one by one.
 */
#include "analyzers/intervals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzers/requests_print.h"
#include "core/text.h"
#include "core/units.h"

enum { PLOT_ROWS = 8, TIME_WIDTH = 9, WORD_WIDTH = 12, FIGURE_WIDTH = 9 };

void intervals_open(struct intervals *iv, uint64_t time_ns)
{
	if (iv->end_ns)
		fflush(stdout);
	else
		iv->first_ns = time_ns;
	iv->begin_ns =
		iv->first_ns + (time_ns - iv->first_ns) / iv->length_ns * iv->length_ns;
	if (__builtin_add_overflow(iv->begin_ns, iv->length_ns, &iv->end_ns))
		iv->end_ns = UINT64_MAX;
}

double intervals_seconds(const struct intervals *iv, uint64_t last_ns)
{
	uint64_t end = last_ns < iv->end_ns ? last_ns : iv->end_ns;

	return (double)(end - iv->begin_ns) / 1e9;
}

static bool is_word(const struct interval_cell *cell)
{
	return cell->kind == INTERVAL_WORD;
}

static char *cell_text(const struct interval_cell *cell, char text[UNIT_TEXT])
{
	switch (cell->kind) {
	case INTERVAL_COUNT:
		snprintf(text, UNIT_TEXT, "%" PRIu64, cell->whole);
		return text;
	case INTERVAL_TIME:
		return time_text(text, (double)cell->whole);
	case INTERVAL_RATE:
		return count_text(text, cell->real);
	case INTERVAL_SHARE:
		snprintf(text, UNIT_TEXT, "%.1f%%", 100 * cell->real);
		return text;
	default:
		snprintf(text, UNIT_TEXT, "%.2f", cell->real);
		return text;
	}
}

/* A word is padded by its characters, not its bytes. */
static void print_word(const char *word)
{
	size_t size = strlen(word), columns = 0;

	for (size_t at = 0; at < size; columns++) {
		size_t bytes = text_printable(word + at, size - at);

		at += bytes ? bytes : 1;
	}
	printf("  %s%*s", word, columns < WORD_WIDTH ? (int)(WORD_WIDTH - columns) : 0,
	       "");
}

static void print_heads(const struct requests *r, const struct interval_cell *cells,
			unsigned nr_cells)
{
	printf("%*s", TIME_WIDTH, "time");
	for (unsigned key = 0; r && key < r->grouping.nr_levels; key++)
		print_word(grouping_word(&r->grouping, key));
	for (unsigned i = 0; i < nr_cells; i++)
		if (is_word(&cells[i]))
			print_word(cells[i].name);
		else
			printf(" %*s", FIGURE_WIDTH, cells[i].name);
	putchar('\n');
}

static void print_text(const struct intervals *iv, const struct requests *r,
		       unsigned group, const struct interval_cell *cells,
		       unsigned nr_cells)
{
	char text[UNIT_TEXT], label[GROUP_LABEL_ROOM];

	if (!iv->rows)
		print_heads(r, cells, nr_cells);
	printf("%*s", TIME_WIDTH, time_text(text, (double)(iv->begin_ns - iv->first_ns)));
	for (unsigned key = 0; r && key < r->grouping.nr_levels; key++)
		print_word(requests_group_label(r, group, key, label));
	for (unsigned i = 0; i < nr_cells; i++)
		if (is_word(&cells[i]))
			print_word(cells[i].text);
		else
			printf(" %*s", FIGURE_WIDTH, cell_text(&cells[i], text));
	putchar('\n');
}

static void csv_cell(struct text_table *t, const struct interval_cell *cell)
{
	if (is_word(cell))
		text_cell(t, "%s", cell->text);
	else if (cell->kind == INTERVAL_COUNT || cell->kind == INTERVAL_TIME)
		text_cell(t, "%" PRIu64, cell->whole);
	else
		text_cell(t, "%.6f", cell->real);
}

static void csv_heads(struct text_table *t, const struct requests *r,
		      const struct interval_cell *cells, unsigned nr_cells)
{
	text_cell(t, "t_ns");
	if (r)
		requests_group_heads(t, r);
	for (unsigned i = 0; i < nr_cells; i++)
		text_cell(t, "%s%s", cells[i].name,
			  cells[i].kind == INTERVAL_TIME ? "_ns" : "");
}

static void print_csv(const struct intervals *iv, const struct requests *r,
		      unsigned group, const struct interval_cell *cells,
		      unsigned nr_cells)
{
	struct text_table *t =
		text_table_new(1 + (r ? r->grouping.nr_levels : 0) + nr_cells);

	if (!iv->rows)
		csv_heads(t, r, cells, nr_cells);
	text_cell(t, "%" PRIu64, iv->begin_ns - iv->first_ns);
	if (r)
		requests_group_cells(t, r, group, true);
	for (unsigned i = 0; i < nr_cells; i++)
		csv_cell(t, &cells[i]);
	if (t)
		text_table_print(t, stdout, true);
	text_table_free(t);
}

static json_t *json_cell(const struct interval_cell *cell)
{
	if (is_word(cell))
		return json_string(cell->text);
	if (cell->kind == INTERVAL_COUNT || cell->kind == INTERVAL_TIME)
		return json_integer((json_int_t)cell->whole);
	return json_real(cell->real);
}

static void print_json(const struct intervals *iv, const struct requests *r,
		       unsigned group, const struct interval_cell *cells,
		       unsigned nr_cells)
{
	json_t *row = json_object();
	char name[UNIT_TEXT];

	json_object_set_new(row, "t_ns",
			    json_integer((json_int_t)(iv->begin_ns - iv->first_ns)));
	for (unsigned i = 0; i < nr_cells; i++) {
		snprintf(name, sizeof(name), "%s%s", cells[i].name,
			 cells[i].kind == INTERVAL_TIME ? "_ns" : "");
		json_object_set_new(row, name, json_cell(&cells[i]));
	}
	if (r)
		row = requests_group_json(r, group, row);
	if (iv->rows)
		puts(",");
	else
		printf("{\"interval_ns\": %" PRIu64 ", \"intervals\": [\n",
		       iv->length_ns);
	json_dumpf(row, stdout, JSON_REAL_PRECISION(12));
	json_decref(row);
}

void intervals_row(struct intervals *iv, const struct requests *r, unsigned group,
		   const struct interval_cell *cells, unsigned nr_cells)
{
	if (iv->form == INTERVALS_TEXT)
		print_text(iv, r, group, cells, nr_cells);
	else if (iv->form == INTERVALS_CSV)
		print_csv(iv, r, group, cells, nr_cells);
	else
		print_json(iv, r, group, cells, nr_cells);
	iv->rows++;
}

void intervals_plot(struct intervals *iv, uint64_t value)
{
	series_set(&iv->plot, iv->begin_ns, value);
	series_set(&iv->plot, iv->end_ns, 0);
}

/* Puts the members of @summary behind the rows, into the object that they stand in. */
static int end_json(json_t *summary)
{
	char *text = json_dumps(summary, JSON_REAL_PRECISION(12));

	json_decref(summary);
	if (!text)
		return -ENOMEM;
	printf("\n], %s\n", text + 1);
	free(text);
	return 0;
}

int intervals_end(struct intervals *iv, const char *title,
		  char *(*label)(char *text, double value), json_t *summary)
{
	if (iv->form == INTERVALS_JSON)
		return end_json(summary);
	json_decref(summary);
	if (iv->form == INTERVALS_TEXT) {
		printf("\n%s:\n", title);
		series_plot(&iv->plot, stdout, PLOT_ROWS, label);
	}
	return 0;
}
