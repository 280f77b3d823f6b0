/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fathom poll --what-if: what other rules of polling would have cost and saved.
 *
 * An analyzer that makes waits of events (waits.h), finds out what a wake-up takes from
 * the first of them (wakeup.h), and replays all (replay.h). Where the model has requests,
 * it pairs them, too, so that their latencies can be told.
 */
#ifndef FATHOM_ANALYZERS_WHAT_IF_H
#define FATHOM_ANALYZERS_WHAT_IF_H

#include <stdio.h>

#include "analyzers/what_if/rounds.h"
#include "analyzers/what_if/wakeup.h"
#include "trace/requests/requests.h"

/* One of these ends a wait. */
#define WHAT_IF_NEEDS (1U << ROLE_POLL_END | 1U << ROLE_WAIT_END | 1U << ROLE_COMPLETE)

enum { WHAT_IF_PROLOGUE = 1 << 18 }; /* facts kept until the wake-up is estimated */

struct what_if_fact;

struct what_if {
	/* Set before the pass. */
	const struct model_options *options;
	struct replay_setup setup; /* wake_ns 0: find out */

	/* Found out. */
	struct requests requests;
	bool has_requests;   /* the model pairs them */
	struct model *model; /* own, where it does not; NULL where it does */
	bool guessed;
	const struct trace *trace;
	struct waits waits;
	struct wakeup wakeup;
	struct replay replay;
	struct rounds rounds;
	uint32_t max_depth; /* the most requests in flight */
	size_t closed;	    /* loops that keep more than one */
	uint64_t lost;	    /* records that the recorder lost */

	/* Until the wake-up is known. */
	struct what_if_fact *prologue;
	size_t nr_prologue;
	bool knows;
	bool out_of_memory;
};

extern const struct analyzer what_if_analyzer; /* the state is a struct what_if */

void what_if_release(struct what_if *w);

const struct model *what_if_model(const struct what_if *w);

/* What to set, and how it compares (advice.c). */
struct what_if_advice {
	const struct replay_cell *best; /* NULL: polling is not worth it */
	const struct replay_cell
		*qemus; /* the best of QEMU's for as much CPU time, or NULL */
	double gain; /* the most that any makes the requests (or loops) faster, 0 to 1 */
};

struct what_if_advice what_if_advise(const struct what_if *w);

/* print.c, plot.c: the ways to show it, on stdout. */
void what_if_print_text(const struct what_if *w);
void what_if_print_csv(const struct what_if *w);
int what_if_print_json(const struct what_if *w); /* 0 or -ENOMEM */
void what_if_notes(const struct what_if *w, FILE *to);
void what_if_plot(const struct what_if *w, FILE *to);

#endif
