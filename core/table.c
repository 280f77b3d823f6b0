// SPDX-License-Identifier: GPL-2.0-or-later
/* Text tables: padded columns for people, RFC 4180 for programs. */
#include "core/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text_table {
	size_t columns, count, room;
	char **cells; /* an entry may be NULL when memory ran out: printed empty */
};

struct text_table *text_table_new(size_t columns)
{
	struct text_table *t = calloc(1, sizeof(*t));

	if (t)
		t->columns = columns;
	return t;
}

void text_cell(struct text_table *t, const char *format, ...)
{
	va_list args;
	char *cell = NULL;

	if (!t)
		return;
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 16 * t->columns;
		char **cells = reallocarray(t->cells, room, sizeof(*cells));

		if (!cells)
			return;
		t->cells = cells;
		t->room = room;
	}
	va_start(args, format);
	if (vasprintf(&cell, format, args) < 0)
		cell = NULL;
	va_end(args);
	t->cells[t->count++] = cell;
}

static const char *cell_at(const struct text_table *t, size_t i)
{
	return i < t->count && t->cells[i] ? t->cells[i] : "";
}

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static bool is_number(const char *text)
{
	return isdigit((unsigned char)*text) ||
	       (*text == '-' && (!text[1] || isdigit((unsigned char)text[1])));
}

/* A column is of numbers if its first cell under the heading is one. */
static bool right_aligned(const struct text_table *t, size_t column)
{
	return is_number(cell_at(t, t->columns + column));
}

static void print_cell(const struct text_table *t, FILE *to, size_t i, size_t width,
		       bool last)
{
	const char *cell = cell_at(t, i);
	int pad = (int)(width - width_of(cell));

	if (right_aligned(t, i % t->columns))
		fprintf(to, "%*s%s", pad, "", cell);
	else
		fprintf(to, "%s%*s", cell, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", to);
}

/* The columns @from to @until, led by the first, which says what a row is about. */
static void print_columns(const struct text_table *t, FILE *to, const size_t *widths,
			  size_t from, size_t until)
{
	for (size_t row = 0; row < t->count; row += t->columns) {
		size_t end = until < t->count - row ? until : t->count - row;

		if (from)
			print_cell(t, to, row, widths[0], from >= end);
		for (size_t i = from; i < end; i++)
			print_cell(t, to, row + i, widths[i], i + 1 == end);
	}
}

/* Figures can be moved about; text, which can be long, is left to the terminal. */
static bool all_figures(const struct text_table *t)
{
	for (size_t column = 1; column < t->columns; column++)
		if (!right_aligned(t, column))
			return false;
	return true;
}

/* As many columns side by side as the terminal has room for, the others below. */
static void print_padded(const struct text_table *t, FILE *to, const size_t *widths)
{
	bool splits = isatty(fileno(to)) && all_figures(t);
	size_t room = splits ? text_columns(to) : SIZE_MAX;

	for (size_t from = 0, until; from < t->columns; from = until) {
		size_t used = from ? widths[0] + 2 + widths[from] : widths[0];

		for (until = from + 1; until < t->columns; until++) {
			if (used + 2 + widths[until] > room)
				break;
			used += 2 + widths[until];
		}
		if (from)
			fputc('\n', to);
		print_columns(t, to, widths, from, until);
	}
}

static void print_csv(const struct text_table *t, FILE *to)
{
	for (size_t i = 0; i < t->count; i++) {
		const char *cell = cell_at(t, i);
		bool quote = strpbrk(cell, "\",\r\n") != NULL;

		if (quote)
			fputc('"', to);
		for (; *cell; cell++) {
			if (*cell == '"')
				fputc('"', to);
			fputc(*cell, to);
		}
		if (quote)
			fputc('"', to);
		fputs((i + 1) % t->columns ? "," : "\r\n", to);
	}
}

void text_table_print(const struct text_table *t, FILE *to, bool csv)
{
	size_t *widths;

	if (!t)
		return;
	if (csv) {
		print_csv(t, to);
		return;
	}
	widths = calloc(t->columns, sizeof(*widths));
	if (!widths)
		return;
	for (size_t i = 0; i < t->count; i++) {
		size_t width = width_of(cell_at(t, i));

		if (width > widths[i % t->columns])
			widths[i % t->columns] = width;
	}
	print_padded(t, to, widths);
	free(widths);
}

void text_table_free(struct text_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}
