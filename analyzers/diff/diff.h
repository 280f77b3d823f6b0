/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two traces of the same work side by side: what fathom diff shows.
 *
 * Each side is read once, for itself: latencies by group (latency.h), and by blocks of
 * neighbours in time for the bootstrap. Groups are matched by what they are called.
 */
#ifndef FATHOM_ANALYZERS_DIFF_DIFF_H
#define FATHOM_ANALYZERS_DIFF_DIFF_H

#include "analyzers/diff/blocks.h"
#include "analyzers/diff/bootstrap.h"
#include "analyzers/latency.h"

enum diff_figure {
	DIFF_MEAN,
	DIFF_P50,
	DIFF_P90,
	DIFF_P99,
	DIFF_P999,
	DIFF_FIGURES,
};

enum diff_verdict {
	DIFF_UNKNOWN, /* too few requests to tell */
	DIFF_CHANCE,  /* the difference, if any, may be chance */
	DIFF_SAME,    /* less than DIFF_NOTHING apart */
	DIFF_LONGER,  /* in the second trace */
	DIFF_SHORTER,
	DIFF_VERDICTS,
};

/* A difference of so little is none that matters. */
#define DIFF_NOTHING 0.02

struct diff_side {
	const char *path;
	struct requests requests;
	struct latency latency;
	struct blocks *blocks[GROUPS_MAX + 1]; /* NULL: nothing ended in the group */
	bool out_of_memory;
};

enum { DIFF_NOWHERE = UINT16_MAX };

struct diff_group {
	uint16_t number[2];	       /* in each side; DIFF_NOWHERE: not there */
	double value[2][DIFF_FIGURES]; /* ns */
	struct ratio ratios[DIFF_FIGURES];
	enum diff_verdict verdicts[DIFF_FIGURES];
};

struct diff {
	uint64_t seed; /* set before */

	/* Found out. */
	struct diff_side sides[2];
	struct diff_group groups[2 * (GROUPS_MAX + 1)]; /* as the first side has them */
	unsigned nr_groups;
};

/* For requests_listen(); the state is a struct diff_side. */
extern const struct request_listener diff_listener;

void diff_side_release(struct diff_side *s);

/* When both sides are read: matches the groups and judges. 0 or -ENOMEM. */
int diff_compare(struct diff *d);

/* "p99", "longer". */
const char *diff_figure_word(enum diff_figure figure);
const char *diff_verdict_word(enum diff_verdict verdict);

enum { DIFF_SENTENCE = 400 };

/* The verdicts of a group in words, in @text of DIFF_SENTENCE, which is returned. */
char *diff_sentence(const struct diff_group *g, char *text);

/* print.c: the ways to show it, on stdout. */
void diff_print_text(const struct diff *d);
void diff_print_csv(const struct diff *d);
int diff_print_json(const struct diff *d); /* 0 or -ENOMEM */

#endif
