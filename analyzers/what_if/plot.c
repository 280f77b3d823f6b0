// SPDX-License-Identifier: GPL-2.0-or-later
/* The curves of a replay on a terminal: CPU time burnt to the right, wait saved upward.
 */
#include "analyzers/what_if/what_if.h"

#include <string.h>

#include "core/text.h"

enum {
	ROWS = 12,
	COLUMNS_LEAST = 20,
	COLUMNS_MOST = 100,
	LABEL = 6, /* "100% " */
	SEVERAL = '*',
};

struct sheet {
	unsigned columns;
	double widest; /* the share of CPU time at the last column */
	char marks[ROWS][COLUMNS_MOST];
};

static char mark_of(const struct replay_cell *cell)
{
	switch (cell->kind) {
	case REPLAY_RECORDED:
		return 'R';
	case REPLAY_BLOCKING:
		return 0; /* the origin */
	case REPLAY_ORACLE:
		return 'O';
	default:
		return cell->rule->name[0];
	}
}

/* The nearest of @count places to @part (0 to 1) of the way. */
static unsigned place(double part, unsigned count)
{
	double at = part * (count - 1) + 0.5;

	return at < 0 ? 0 : at >= count ? count - 1 : (unsigned)at;
}

static void draw(struct sheet *s, const struct replay *r)
{
	for (size_t i = 0; i < r->nr_cells; i++) {
		const struct replay_cell *cell = &r->cells[i];
		char mark = mark_of(cell), *at;

		if (!mark)
			continue;
		at = &s->marks[ROWS - 1 - place(replay_saved(r, cell), ROWS)][place(
			replay_burnt_share(r, cell) / s->widest, s->columns)];
		*at = *at == ' ' || *at == mark ? mark : SEVERAL;
	}
}

static void print_row(const struct sheet *s, FILE *to, unsigned row)
{
	unsigned end = s->columns;

	while (end && s->marks[row][end - 1] == ' ')
		end--;
	if (row == 0 || row == ROWS - 1)
		fprintf(to, "%*s", LABEL - 1, row ? "0%" : "100%");
	else
		fprintf(to, "%*s", LABEL - 1, "");
	fprintf(to, "|%.*s\n", (int)end, s->marks[row]);
}

static void print_axis(const struct sheet *s, FILE *to)
{
	fprintf(to, "%*s+", LABEL - 1, "");
	for (unsigned i = 0; i < s->columns; i++)
		fputc('-', to);
	fprintf(to, "\n%*s0%%%*.0f%%\n", LABEL, "", (int)s->columns - 3, 100 * s->widest);
}

/* Two blanks between items, in as many lines as it takes. */
static unsigned print_item(FILE *to, unsigned columns, unsigned used, char mark,
			   const char *name)
{
	unsigned width = (unsigned)strlen(name) + 2;

	if (used && used + 2 + width > columns) {
		fputc('\n', to);
		used = 0;
	}
	fprintf(to, "%s%c %s", used ? "  " : "", mark, name);
	return used + (used ? 2 : 0) + width;
}

static void print_legend(FILE *to, unsigned columns)
{
	unsigned used = 0;

	for (size_t i = 0; poll_rules[i]; i++)
		used = print_item(to, columns, used, poll_rules[i]->name[0],
				  poll_rules[i]->name);
	used = print_item(to, columns, used, 'O', "oracle");
	used = print_item(to, columns, used, 'R', "recorded");
	print_item(to, columns, used, SEVERAL, "several");
	fputc('\n', to);
}

void what_if_plot(const struct what_if *w, FILE *to)
{
	const struct replay *r = &w->replay;
	unsigned columns = text_columns(to);
	struct sheet s = {.widest = 0.01};

	columns = columns < LABEL + COLUMNS_LEAST ? COLUMNS_LEAST : columns - LABEL;
	s.columns = columns > COLUMNS_MOST ? COLUMNS_MOST : columns;
	memset(s.marks, ' ', sizeof(s.marks));
	for (size_t i = 0; i < r->nr_cells; i++)
		if (replay_burnt_share(r, &r->cells[i]) > s.widest)
			s.widest = replay_burnt_share(r, &r->cells[i]);
	draw(&s, r);
	for (unsigned row = 0; row < ROWS; row++)
		print_row(&s, to, row);
	print_axis(&s, to);
	print_legend(to, s.columns + LABEL);
}
