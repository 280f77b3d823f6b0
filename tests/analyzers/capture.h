/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed on a terminal of a given width. */
#ifndef FATHOM_TESTS_ANALYZERS_CAPTURE_H
#define FATHOM_TESTS_ANALYZERS_CAPTURE_H

/*
 * Makes stdout a terminal of @columns while @print(@what) runs; returns all it printed,
 * to be freed. Ends the test when there are no pseudo-terminals.
 */
char *capture(unsigned short columns, void (*print)(const void *what), const void *what);

/* The most columns that a line of @text takes: characters, not bytes. */
unsigned widest_line(const char *text);

#endif
