/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of requests: by what the model tells of each (op, size, thread, fd), or by an
 * argument of the events in which they begin or end.
 *
 * A group is a number, so that whoever has figures of groups keeps them in an array. The
 * numbers are given out as values come. What has no number any more goes to the group
 * called other. Values of arguments are taken when their event is at hand, and only if
 * somebody groups by them; all others are looked up when a group is asked for.
 */
#ifndef FATHOM_TRACE_REQUESTS_GROUPING_H
#define FATHOM_TRACE_REQUESTS_GROUPING_H

#include "trace/requests/binding.h"
#include "trace/requests/words.h"

struct request;

enum {
	GROUPS_MAX = 256,      /* besides other */
	GROUP_TEXT_MAX = 1024, /* bytes kept of a string; the rest still tells it apart */
	GROUP_SLOTS = 2 * GROUPS_MAX,
};

enum grouping_kind {
	GROUP_BY_OP,
	GROUP_BY_SIZE,
	GROUP_BY_THREAD,
	GROUP_BY_FD,
	GROUP_BY_ARGUMENT,
};

/* When the group of a request is found. */
enum grouping_time {
	GROUPED_WHEN_ASKED, /* from what is kept of each request */
	GROUPED_AT_SUBMIT,
	GROUPED_AT_COMPLETE,
};

struct group {
	uint64_t value; /* number of the op, bytes, tid, fd, argument; hash of a string */
	char *text;	/* what it is called, as it came; NULL: by its value */
	bool is_signed; /* the value is */
	bool is_hex;	/* … and printed in hex */
	bool is_nothing; /* of events that lack the argument */
	bool is_other;
};

struct grouping {
	/* Set before the pass. Zeroed, it is by operation. */
	const char *by; /* op, size, thread, fd or an argument's name; NULL: op */
	bool is_early;	/* the group must be known when a request begins */
	unsigned limit; /* groups besides other; 0: GROUPS_MAX */

	/* Found out. */
	enum grouping_kind kind;
	enum grouping_time time;
	struct group groups[GROUPS_MAX + 1];
	unsigned count;
	bool has_text;		     /* values are strings: their order means nothing */
	uint16_t slots[GROUP_SLOTS]; /* by value: number + 1; 0 is free */
	uint16_t last;		     /* number of the last that was looked up */
	uint16_t of_op[WORDS_MAX];   /* number + 1 */
};

/* Takes the word in @by for what @model tells, or else for an argument's name. */
void grouping_begin(struct grouping *g, const struct model *model);

/* Finds the argument in the record of @line, if it has it. */
void grouping_bind(const struct grouping *g, struct bound_line *line);

/* Before the first event, all types known: decides when groups are found. -ENOENT with a
 * sentence that lists what there is if no event has the argument. */
int grouping_settle(struct grouping *g, const struct binding *b, struct failure *f);

/* The number of the group of @q: by what is kept of it … */
unsigned grouping_of(struct grouping *g, const struct request *q, const struct words *ops,
		     const struct trace *trace);
/* … or by @event, of @line. */
unsigned grouping_take(struct grouping *g, const struct bound_line *line,
		       const struct event *event);

/* Fills @order with the numbers of all groups as they are to be shown: by value, or as
 * they came; other is the last. Returns how many. */
unsigned grouping_sorted(const struct grouping *g, uint16_t order[GROUPS_MAX + 1]);

/* What the groups are of: "op", "thread", the argument's name. */
const char *grouping_word(const struct grouping *g);

/* Is the value of the group a number, not a word? */
bool group_is_number(const struct group *group);

/* What it is called: "read", "4096", "worker/71", "0x7f…", "-" of nothing, "other".
 * Escaped; what does not fit is cut. Returns @text. */
char *group_name(const struct group *group, char *text, size_t room);

void grouping_release(struct grouping *g);

#endif
