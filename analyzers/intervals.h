/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures per interval of a trace (--interval), each told as soon as it has ended, so
 * that memory is bounded and a pipe shows what goes on.
 *
 * Intervals have equal lengths, from the first event on. One in which nothing happened is
 * left out: time may leap by hours. A command keeps the figures of the open interval,
 * asks intervals_are_over() with the time of each event, and prints rows of cells.
 */
#ifndef FATHOM_ANALYZERS_INTERVALS_H
#define FATHOM_ANALYZERS_INTERVALS_H

#include <jansson.h>

#include "analyzers/series.h"
#include "trace/requests/requests.h"

enum interval_form {
	INTERVALS_TEXT,
	INTERVALS_CSV,
	INTERVALS_JSON,
};

enum interval_kind {
	INTERVAL_COUNT, /* whole */
	INTERVAL_TIME,	/* whole, ns; "_ns" is added to its name for programs */
	INTERVAL_REAL,	/* real */
	INTERVAL_RATE,	/* real, per second */
	INTERVAL_SHARE, /* real, 0 to 1 */
	INTERVAL_WORD,	/* text */
};

struct interval_cell {
	const char *name;
	enum interval_kind kind;
	uint64_t whole;
	double real;
	const char *text;
};

struct intervals {
	/* Set before the pass. */
	uint64_t length_ns; /* 0: nobody asked for them */
	enum interval_form form;

	/* Found out. */
	uint64_t first_ns;	   /* from where on times are told */
	uint64_t begin_ns, end_ns; /* of the open one; end 0: none is open yet */
	uint64_t rows;
	struct series plot;
};

/* By the options of a command. */
static inline struct intervals intervals_of(uint64_t length_ns, bool json, bool csv)
{
	return (struct intervals){
		.length_ns = length_ns,
		.form = json  ? INTERVALS_JSON
			: csv ? INTERVALS_CSV
			      : INTERVALS_TEXT,
	};
}

#define INTERVAL_OPTION_ROW(type, member)                                                \
	{                                                                                \
		"interval", 0, OPTION_TIME, offsetof(type, member), "TIME",              \
			"print a row per interval instead, as soon as it has ended", 1,  \
			0                                                                \
	}

/* Does @time_ns lie behind the open interval, or is none open? */
static inline bool intervals_are_over(const struct intervals *iv, uint64_t time_ns)
{
	return time_ns >= iv->end_ns;
}

/* Opens the one in which @time_ns lies, and writes out the rows of the one before. The
 * first that is opened begins there. */
void intervals_open(struct intervals *iv, uint64_t time_ns);

/* How long the open one is if the trace ends at @last_ns, in seconds. */
double intervals_seconds(const struct intervals *iv, uint64_t last_ns);

/* Prints a row of the open interval. With @r, cells come first that say of which @group
 * of requests it is. All rows have the same cells. */
void intervals_row(struct intervals *iv, const struct requests *r, unsigned group,
		   const struct interval_cell *cells, unsigned nr_cells);

/* The plot shows @value over the open interval. */
void intervals_plot(struct intervals *iv, uint64_t value);

/* Behind the last row: the plot, under @title, for people; @summary for programs that
 * read JSON, which is taken. Returns 0 or -ENOMEM. */
int intervals_end(struct intervals *iv, const char *title,
		  char *(*label)(char *text, double value), json_t *summary);

#endif
