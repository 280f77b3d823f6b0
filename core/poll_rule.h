/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long to poll before blocking: the rules, free of clocks and system calls.
 *
 * An event loop with nothing to do follows its tuner's plan and tells the tuner how the
 * wait went; the rule turns that into the next plan. The engine (probes/) and the replay
 * of a trace (analyzers/) both drive this code, so that a replay answers for what the
 * engine would do. poll_rule.c tells QEMU's rules, poll_fathom.c our own.
 *
 * A tuner belongs to one loop. Nothing here allocates or locks.
 */
#ifndef FATHOM_CORE_POLL_RULE_H
#define FATHOM_CORE_POLL_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	POLL_START_NS = 4000,
	POLL_DEFAULT_MAX_NS = 32768,
	POLL_SOURCES = 4,     /* kinds of events that a loop tells apart */
	POLL_WEIGHT_MAX = 62, /* a shift of 64 bits */
	WAIT_BUCKETS = 256,   /* of the distribution in poll_fathom.c */
};

struct poll_settings {
	uint64_t max_ns; /* the longest window; 0: never poll */
	uint64_t grow;	 /* factor; 0 means 2 */
	uint64_t shrink; /* divisor; 0 is the rule's usual one, see poll_rule.c */
	uint64_t weight; /* shift; 0 means 2 */
};

/* What to do when there is nothing to do, step by step; one of 0 is left out. The first
 * event ends it. After the last step the loop blocks. */
struct poll_plan {
	uint64_t window_ns; /* poll, so long at most */
	uint64_t nap_ns;    /* sleep, so long at most */
	uint64_t again_ns;  /* poll once more, so long at most */
};

/* What the plan calls a window of polling: the longer of the two. */
static inline uint64_t poll_plan_longest(const struct poll_plan *plan)
{
	return plan->window_ns > plan->again_ns ? plan->window_ns : plan->again_ns;
}

/* How a wait went that ended with an event. Times count from its begin. */
struct poll_wait {
	uint64_t block_ns; /* until the loop had the event */
	uint64_t quiet_ns; /* so long, for certain, polling or a nap found nothing */
	uint64_t late_ns;  /* a nap without an event ended so long after its time; or 0 */
	bool slept;	  /* the event ended a sleep: block_ns contains a wake-up */
	unsigned sources; /* what the events were: bits, below 1 << POLL_SOURCES; not 0 */
};

/* QEMU's rules: a window of each source, or an average of its waits. */
struct poll_sources {
	uint64_t ns[POLL_SOURCES];
};

/* Our own: how the last waits were distributed, and what a wake-up takes. */
struct poll_distribution {
	uint16_t count[WAIT_BUCKETS];
	uint32_t total;	  /* sum of the counts */
	uint32_t waits;	  /* since the plan was made; at first, since the begin */
	bool knows;	  /* there is a plan made of waits */
	uint32_t wake_ns; /* from the end of a nap until the loop runs: half are below */
	uint32_t wake_most_ns; /* nine of ten are */
};

struct poll_tuner {
	const struct poll_rule *rule;
	struct poll_settings settings;
	struct poll_plan plan;
	union {
		struct poll_sources sources;
		struct poll_distribution distribution;
	};
};

struct poll_rule {
	const char *name;    /* as job files say it in poll_algorithm= */
	const char *summary; /* one line */

	/* Makes the first plan; the rest of @t is set, its state zeroed. NULL: {0, 0}. */
	void (*begin)(struct poll_tuner *t);

	/* Makes the next plan. Not called when max_ns is 0. */
	void (*observe)(struct poll_tuner *t, const struct poll_wait *wait);
};

extern const struct poll_rule poll_context, poll_handler, poll_weighted, poll_fathom;

/* All of them in this order, ending with NULL, and their names. */
extern const struct poll_rule *const poll_rules[];
extern const char *const poll_rule_names[];

/* The rule called @name, or NULL. */
const struct poll_rule *poll_rule_find(const char *name);

void poll_tuner_init(struct poll_tuner *t, const struct poll_rule *rule,
		     const struct poll_settings *settings);

static inline void poll_tuner_observe(struct poll_tuner *t, const struct poll_wait *wait)
{
	if (t->settings.max_ns)
		t->rule->observe(t, wait);
}

#endif
