/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the time of requests went: what fathom breakdown and fathom report show.
 *
 * Listens to requests.h for begins, stages and ends, and follows the loops (polling,
 * waiting) and the kernel beside them. Each request's life (life.h) is cut into stages
 * when it ends. If it is one of those that are looked at (requests.where), it goes into
 * the sums (parts.h), and perhaps among the slowest (slowest.h).
 */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_BREAKDOWN_H
#define FATHOM_ANALYZERS_BREAKDOWN_BREAKDOWN_H

#include "analyzers/asked.h"
#include "analyzers/breakdown/findings.h"
#include "analyzers/breakdown/kernel_path.h"
#include "analyzers/breakdown/life.h"
#include "analyzers/breakdown/parts.h"
#include "analyzers/breakdown/slowest.h"
#include "analyzers/breakdown/threads.h"
#include "analyzers/intervals.h"
#include "trace/requests/requests.h"

/* What a filter can name beside what is known of every request: the depth, and the times
 * in the stages, from MORE_STAGES on. */
enum { MORE_STAGES = 1, BREAKDOWN_MORE = MORE_STAGES + STAGES_MAX };

struct breakdown {
	struct requests *requests;   /* set before the pass, as is slowest.wanted */
	struct intervals *intervals; /* NULL: nobody asked for them */
	struct lives lives;
	struct threads threads;
	struct kernel_path kernel;
	struct parts parts;
	struct slowest slowest;
	struct findings findings;
	struct asked asked;
	struct where_more more[BREAKDOWN_MORE]; /* what --where can name besides */
	uint64_t chosen;			/* requests, of those that ended */
	struct binding loops;			/* lines of [poll] */
	uint32_t depth, writes;			/* in flight now */
	bool has_loops;				/* the trace has such events */
	bool out_of_memory;
};

/* For requests_listen(), and the analysis that follows the loops; the state is a zeroed
 * struct breakdown with requests set. In the pass: requests_analyzer, then
 * breakdown_analyzer, then kernel_path_analyzer with breakdown.kernel and asked_analyzer
 * with breakdown.asked. */
extern const struct request_listener breakdown_listener;
extern const struct analyzer breakdown_analyzer;

void breakdown_init(struct breakdown *b, struct requests *requests);
void breakdown_release(struct breakdown *b);

/* The numbers of the groups in which requests ended, as they are shown: how many. */
unsigned breakdown_groups(const struct breakdown *b, uint16_t numbers[GROUPS_MAX + 1]);

/* "dispatch", "device", and what begins it: "fathom:dispatch", "block:block_rq_issue". */
const char *breakdown_stage_name(const struct breakdown *b, unsigned stage);
void breakdown_stage_begins(const struct breakdown *b, unsigned stage, char *text,
			    size_t room);

/* intervals.c: before the first request that ended behind the open interval is added, and
 * in the end. Both print rows and empty the parts. */
void breakdown_intervals_next(struct breakdown *b, uint64_t time_ns);
void breakdown_intervals_finish(struct breakdown *b);

/* print_text.c, print_json.c: the ways to show it, on stdout. */
void breakdown_print_text(const struct breakdown *b);
int breakdown_print_csv(const struct breakdown *b);
int breakdown_print_json(const struct breakdown *b); /* 0 or -ENOMEM */

#endif
