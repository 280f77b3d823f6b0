/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of requests: by what the model tells of each (op, size, thread, fd), by an
 * argument of the events in which they begin or end, or by several of these.
 *
 * A group is a number, so that whoever has figures of groups keeps them in an array. The
 * numbers are given out as values come. What has no number any more goes to the group
 * called other. Values of arguments are taken when their event is at hand, and only if
 * somebody groups by them; all others are looked up when a group is asked for.
 *
 * Of several keys, each is a level: a group of one is a value below a group of the one
 * before. The levels stand in the order in which their values are known, so that a
 * request that is in flight carries one number, whatever was asked for.
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
	GROUP_WORD_MAX = 128, /* bytes of the name of an argument */
	GROUP_BY_TEXT = GROUP_KEYS_MAX * (GROUP_WORD_MAX + 1),
};

enum grouping_kind {
	GROUP_BY_OP,
	GROUP_BY_SIZE,
	GROUP_BY_THREAD,
	GROUP_BY_FD,
	GROUP_BY_ARGUMENT,
};

/* When a value is found, in the order of a request's life. */
enum grouping_time {
	GROUPED_AT_SUBMIT,
	GROUPED_AT_COMPLETE,
	GROUPED_WHEN_ASKED, /* from what is kept of each request */
};

struct group {
	uint64_t value; /* number of the op, bytes, tid, fd, argument; hash of a string */
	char *text;	/* what it is called, as it came; NULL: by its value */
	uint16_t below; /* number of the group on the level before */
	bool is_signed; /* the value is */
	bool is_hex;	/* … and printed in hex */
	bool is_string; /* the text tells it apart, not the value */
	bool is_nothing; /* of events that lack the argument */
	bool is_other;
};

/* What is grouped by, and the groups of it. */
struct group_level {
	char word[GROUP_WORD_MAX + 1]; /* "op", "query" */
	unsigned key;		       /* which of those that were asked for: 0, 1, … */
	enum grouping_kind kind;
	enum grouping_time time;
	unsigned limit; /* groups besides other */
	unsigned count;
	uint16_t last;		     /* number of the last that was looked up */
	uint16_t slots[GROUP_SLOTS]; /* by value: number + 1; 0 is free */
	struct group groups[GROUPS_MAX + 1];
};

struct grouping {
	/* Set before the pass. Zeroed, it is by operation. */
	const char
		*by; /* op, size, thread, fd, names of arguments: "op,depth"; NULL: op */
	bool is_early;	/* the group must be known when a request begins */
	unsigned limit; /* groups besides other; 0: GROUPS_MAX */

	/* Found out. */
	struct group_level levels[GROUP_KEYS_MAX];
	unsigned nr_levels;
	unsigned times;		   /* bits 1 << enum grouping_time: when there is work */
	uint16_t of_op[WORDS_MAX]; /* by operation alone: number + 1 */
};

/* Takes the words in @by for what @model tells, or else for names of arguments. */
int grouping_begin(struct grouping *g, const struct model *model, struct failure *f);

/* Finds the arguments in the record of @line, if it has them. */
void grouping_bind(const struct grouping *g, struct bound_line *line);

/* Before the first event, all types known: decides when groups are found. -ENOENT with a
 * sentence that lists what there is if no event has the argument. */
int grouping_settle(struct grouping *g, const struct binding *b, struct failure *f);

/* From where the values of a request come. */
struct group_source {
	const struct request *request;
	const struct words *ops;
	const struct trace *trace;
	const struct bound_line *line; /* GROUPED_WHEN_ASKED: none */
	const struct event *event;
};

/* From the group @number, in which the request is so far, to the one that it is in when
 * the values of @time are known. */
unsigned grouping_advance(struct grouping *g, enum grouping_time time, unsigned number,
			  const struct group_source *source);

/* How many numbers were given out; groups are those below. */
static inline unsigned grouping_count(const struct grouping *g)
{
	return g->nr_levels ? g->levels[g->nr_levels - 1].count : 0;
}

/* Fills @order with the numbers of all groups as they are to be shown: by value, the
 * first key first; other is the last. Returns how many. */
unsigned grouping_sorted(const struct grouping *g, uint16_t order[GROUPS_MAX + 1]);

/* What the groups are of: "op", "op,depth", in @text, which is returned. */
char *grouping_words(const struct grouping *g, char text[GROUP_BY_TEXT]);

/* One of those, "depth": the key is below nr_levels. */
const char *grouping_word(const struct grouping *g, unsigned key);

/* The value of this key that the group has. */
const struct group *grouping_value(const struct grouping *g, unsigned number,
				   unsigned key);

/* Is the value a number, not a word? */
bool group_is_number(const struct group *group);

/* What it is called: "read", "4096", "worker/71", "0x7f…", "-" of nothing, "other".
 * Escaped; what does not fit is cut. Returns @text. */
char *group_name(const struct group *group, char *text, size_t room);

void grouping_release(struct grouping *g);

#endif
