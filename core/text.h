/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for people: escaping what is not ours, tables, bars, progress. */
#ifndef FATHOM_CORE_TEXT_H
#define FATHOM_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes @size bytes of foreign text to @out so that a terminal cannot be harmed:
 * control characters, backslash, quotes if @quote is not 0, and bytes that are not
 * UTF-8 become \n, \t, \\ or \xHH. Returns the number of bytes written, without the
 * NUL; what does not fit in @room is cut.
 */
size_t text_escape(char *out, size_t room, const char *text, size_t size, char quote);

/* Bytes of the printable character at @text, of which there are @size bytes, at least 1:
 * 1 for ASCII and up to 4 for UTF-8; 0 for a control character (also of C1, which drive
 * terminals) and for what is not UTF-8. */
size_t text_printable(const char *text, size_t size);

/* Replaces every byte by '?' that is not of a printable character: for a sentence that
 * holds foreign text. */
void text_tame(char *text);

/*
 * A table: columns padded to the widest cell, numbers to the right. Cells are
 * copied. The first row added is the heading. On a terminal that is too narrow, the
 * columns of a table of figures that have no room come below, led by the first again.
 * With @csv the same rows come out as RFC 4180.
 */
struct text_table;

struct text_table *text_table_new(size_t columns); /* NULL without memory */
/* printf into the next cell; after the last column the next row begins. */
void text_cell(struct text_table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void text_table_print(const struct text_table *t, FILE *to, bool csv);
void text_table_free(struct text_table *t);

/* A bar of @width columns, filled to @part (0 to 1) in eighths; returns @out, which
 * has room for 3 * width + 1 bytes. */
char *text_bar(char *out, unsigned width, double part);

/* One column, filled from below to @part (0 to 1) in eighths. */
const char *text_block(double part);

/* Columns of the terminal behind @to, or 80. */
unsigned text_columns(FILE *to);

/*
 * One line on stderr that is overwritten, cut to the terminal's width; only on a
 * terminal, only for work longer than a second, at most ten times a second.
 * progress_end() wipes it. Any thread may call both.
 */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_end(void);

#endif
