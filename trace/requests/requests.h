/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From events to requests: pairs submits with completes and tells its listeners, also
 * of the stages in between if they ask for them.
 *
 * An analyzer (requests_analyzer) whose state is a struct requests. latency, depth and
 * others listen; any number of them share one pairing.
 */
#ifndef FATHOM_TRACE_REQUESTS_REQUESTS_H
#define FATHOM_TRACE_REQUESTS_REQUESTS_H

#include "trace/analyzer.h"
#include "trace/requests/aliases.h"
#include "trace/requests/binding.h"
#include "trace/requests/grouping.h"
#include "trace/requests/inflight.h"
#include "trace/requests/losses.h"
#include "trace/requests/where.h"
#include "trace/requests/words.h"

enum {
	REQUESTS_IN_FLIGHT_MAX = 4 << 20, /* then the oldest counts as never ended */
	REQUESTS_FRAMES_MAX = 1024,	  /* so far down a stack a key is looked for */
	REQUEST_LISTENERS_MAX = 4,
};

/* What makes a request of events. */
#define REQUEST_ROLES (1U << ROLE_SUBMIT | 1U << ROLE_COMPLETE)

/* Slots in the order of a request's life; each may be NULL. */
struct request_listener {
	/* It was submitted, at r->submit_ns. */
	void (*begin)(void *state, const struct request *r);

	/* From @event on it is in the stage @stage of the model, or, when @leaves, back
	 * in the one that it was in before. Any number of times, in any order that the
	 * trace has. Without a listener that has this slot, stages cost nothing. */
	void (*stage)(void *state, const struct request *r, unsigned stage, bool leaves,
		      const struct event *event);

	/* It was completed, at r->complete_ns. Also for one that had been gone because
	 * it was given up (r->given_up): it was slow, not lost. */
	void (*end)(void *state, const struct request *r);

	/* It is no longer counted as in flight though its end was not seen: its key was
	 * used again, the request that it nests in ended, it was given up after a loss
	 * or its end was not sure, or there were too many. */
	void (*gone)(void *state, const struct request *r, uint64_t time_ns);

	/* The trace ends at @time_ns, the last submit or complete. */
	void (*finish)(void *state, uint64_t time_ns);
};

/* Submits and completes that make no pair. */
struct unmatched {
	uint64_t completes; /* without a submit */
	uint64_t submits;   /* that never ended */
	uint64_t reused;    /* submits whose key was submitted again */
	uint64_t skipped;   /* submits on a stack that ended with those below them */
};

/* How often a stage was reached, and how often by a request that is not known. */
struct stage_count {
	uint64_t met, missed;
};

struct requests {
	/* Set before the pass. */
	const struct model_options *options;
	struct grouping grouping; /* its first members */
	struct where where;	  /* its first member, by who chooses among requests */
	uint32_t in_flight_max;	  /* 0: REQUESTS_IN_FLIGHT_MAX */
	struct {
		const struct request_listener *listener;
		void *state;
	} listeners[REQUEST_LISTENERS_MAX];
	size_t nr_listeners;

	/* Found out. events = 2 * requests + all of unmatched; stages do not count. */
	uint64_t events;      /* submits and completes */
	uint64_t requests;    /* pairs */
	uint64_t failed;      /* … whose result or status says so */
	uint64_t latency_sum; /* ns, of the pairs; saturates */
	uint64_t first_ns, last_ns;
	struct unmatched unmatched;
	uint64_t lost;	      /* records that the recorder lost */
	uint32_t losses;      /* gaps in which they were lost */
	uint64_t across_loss; /* pairs in flight during a gap, nevertheless sure */
	struct unmatched cut; /* those of unmatched that were in flight during a gap */
	uint64_t doubtful;    /* of these, pairs that would not have been sure */
	uint64_t meanwhile;   /* pairs made while a gap was open: not all may be sure */
	struct recent_pairs recent;
	uint64_t given_up; /* no longer counted as in flight after a gap */
	struct cut_request named[CUT_NAMED_MAX]; /* the first that were cut */
	unsigned nr_named;

	struct model *model;
	bool guessed;	 /* the model was chosen by the trace's events */
	unsigned others; /* … which so many more models fit as well */
	const struct trace *trace;
	struct binding binding;
	struct inflight in_flight;
	struct words ops;
	struct stage_count stages[MODEL_STAGES_MAX]; /* if a listener asked for them */
	struct aliases aliases;
};

/* Tells every listener that has the slot. */
#define REQUESTS_TELL(r, slot, ...)                                                      \
	do {                                                                             \
		for (size_t i_ = 0; i_ < (r)->nr_listeners; i_++)                        \
			if ((r)->listeners[i_].listener->slot)                           \
				(r)->listeners[i_].listener->slot(                       \
					(r)->listeners[i_].state, __VA_ARGS__);          \
	} while (0)

extern const struct analyzer requests_analyzer;

void requests_listen(struct requests *r, const struct request_listener *listener,
		     void *state);
void requests_release(struct requests *r);

/* The pid, tid or 0 within which the keys of @event are unique. */
int32_t requests_scope(const struct requests *r, const struct event *event);

/* The request in flight that an event of @line with this key is about, or NULL. On a
 * stack: the one on top that has the key, or, for a line without one, the top. */
struct request *requests_find(const struct requests *r, const struct bound_line *line,
			      uint64_t key, int32_t scope);

/* The number of the group of a request that ended, or, if grouping.is_early, began. */
unsigned requests_group_when_asked(struct requests *r, const struct request *q);
static inline unsigned requests_group(struct requests *r, const struct request *q)
{
	if (!(r->grouping.times & 1U << GROUPED_WHEN_ASKED))
		return q->group;
	if (r->grouping.of_op[q->op])
		return r->grouping.of_op[q->op] - 1U;
	return requests_group_when_asked(r, q);
}

/* The word of request.op: "read", "7" for a value without a word, "all" when the
 * model tells no operation. Foreign text. */
const char *requests_op_word(const struct requests *r, unsigned op);

/* Seconds from the first submit or complete to the last. */
double requests_seconds(const struct requests *r);

/* How many requests are known to have been in flight while records were lost. Of one
 * that lost both its submit and its complete nothing is known. */
uint64_t requests_in_gaps(const struct requests *r);

#endif
