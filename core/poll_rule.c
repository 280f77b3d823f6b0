// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QEMU's rules of polling, and the list of all.
 *
 * QEMU's event loop (util/aio-posix.c, aio_poll) looks at its handlers in user space for
 * a while before it blocks. How long has been decided in three ways; block_ns is always
 * the time from nothing to do until an event, the polling included. Where a shift or a
 * product would leave 64 bits, ours stay at the limit.
 *
 * context   2.9 to 9.2 (2017). One window per loop. An event within the window: it is
 *	     right. One that came later, but before the limit: a longer window would have
 *	     caught it, so grow, from nothing to 4 us, then by the factor. One beyond the
 *	     limit: polling was a waste, so shrink by the divisor, or to nothing if there
 *	     is none.
 *
 * handler   10.0 (2025, "Separate AioPolledEvent per AioHandler"). The same, but every
 *	     handler keeps a window, adjusted only when it has an event; the loop polls
 *	     for the longest. A slow source no longer ruins the window of a fast one; but
 *	     one that was busy once holds the loop's window up. QEMU forgets handlers that
 *	     were idle for seven seconds; ours are few and stay.
 *
 * weighted  2026 ("Refine adaptive polling"). Every handler keeps an average of its
 *	     waits in which the newest counts 1/2^weight; a handler without an event adds
 *	     the wait to its average instead. One that reaches the limit is hopeless and
 *	     becomes 0. The loop has one window again: it grows to the largest average
 *	     among the handlers with an event, at least by the factor, and is divided
 *	     (usually by 2) while that average is below the quotient.
 *
 * What QEMU calls a handler is a file descriptor. A loop of ours has one ring, but it
 * knows what its events are: the sources are the operations, read, write and sync. With
 * a single operation context and handler do the same.
 */
#include "core/poll_rule.h"

#include <string.h>

static uint64_t grown(const struct poll_settings *s, uint64_t window_ns)
{
	uint64_t factor = s->grow ? s->grow : 2;
	uint64_t next = POLL_START_NS;

	if (window_ns && __builtin_mul_overflow(window_ns, factor, &next))
		next = s->max_ns;
	return next < s->max_ns ? next : s->max_ns;
}

static uint64_t adjusted(const struct poll_settings *s, uint64_t window_ns,
			 uint64_t block_ns)
{
	if (block_ns <= window_ns)
		return window_ns;
	if (block_ns > s->max_ns)
		return s->shrink ? window_ns / s->shrink : 0;
	if (window_ns < s->max_ns && block_ns < s->max_ns)
		return grown(s, window_ns);
	return window_ns;
}

static void context_observe(struct poll_tuner *t, const struct poll_wait *wait)
{
	t->plan.window_ns = adjusted(&t->settings, t->plan.window_ns, wait->block_ns);
}

static void handler_observe(struct poll_tuner *t, const struct poll_wait *wait)
{
	uint64_t longest = 0;

	for (unsigned i = 0; i < POLL_SOURCES; i++) {
		uint64_t *ns = &t->sources.ns[i];

		if (wait->sources & 1U << i)
			*ns = adjusted(&t->settings, *ns, wait->block_ns);
		longest = *ns > longest ? *ns : longest;
	}
	t->plan.window_ns = longest;
}

/* The average of a source's waits after one more. */
static uint64_t averaged(const struct poll_settings *s, uint64_t ns, uint64_t block_ns,
			 bool has_event)
{
	uint64_t weight = s->weight ? s->weight : 2;

	if (!ns && !has_event)
		return 0;
	if (!has_event) {
		if (__builtin_add_overflow(ns, block_ns, &ns))
			ns = s->max_ns;
	} else {
		ns = ns ? ns - (ns >> weight) + (block_ns >> weight) : block_ns;
	}
	return ns < s->max_ns ? ns : 0;
}

static uint64_t toward(const struct poll_settings *s, uint64_t window_ns, uint64_t ns)
{
	uint64_t factor = s->grow ? s->grow : 2, divisor = s->shrink ? s->shrink : 2;

	if (ns <= window_ns)
		return ns < window_ns / divisor ? window_ns / divisor : window_ns;
	if (__builtin_mul_overflow(window_ns, factor, &window_ns) ||
	    window_ns > s->max_ns)
		window_ns = s->max_ns;
	return ns > window_ns ? ns : window_ns; /* an average is below the limit */
}

static void weighted_observe(struct poll_tuner *t, const struct poll_wait *wait)
{
	uint64_t longest = 0;

	for (unsigned i = 0; i < POLL_SOURCES; i++) {
		bool has_event = wait->sources & 1U << i;
		uint64_t *ns = &t->sources.ns[i];

		*ns = averaged(&t->settings, *ns, wait->block_ns, has_event);
		if (has_event && *ns > longest)
			longest = *ns;
	}
	t->plan.window_ns = toward(&t->settings, t->plan.window_ns, longest);
}

const struct poll_rule poll_context = {
	.name = "context",
	.summary = "one window per loop, QEMU 2.9 to 9.2",
	.observe = context_observe,
};

const struct poll_rule poll_handler = {
	.name = "handler",
	.summary = "one window per source, QEMU 10",
	.observe = handler_observe,
};

const struct poll_rule poll_weighted = {
	.name = "weighted",
	.summary = "weighted averages, QEMU since 2026",
	.observe = weighted_observe,
};

const struct poll_rule *const poll_rules[] = {
	&poll_context, &poll_handler, &poll_weighted, &poll_fathom, NULL,
};

const char *const poll_rule_names[] = {"context", "handler", "weighted", "fathom", NULL};

const struct poll_rule *poll_rule_find(const char *name)
{
	for (size_t i = 0; poll_rules[i]; i++)
		if (strcmp(poll_rules[i]->name, name) == 0)
			return poll_rules[i];
	return NULL;
}

void poll_tuner_init(struct poll_tuner *t, const struct poll_rule *rule,
		     const struct poll_settings *settings)
{
	memset(t, 0, sizeof(*t));
	t->rule = rule;
	t->settings = *settings;
	if (rule->begin && settings->max_ns)
		rule->begin(t);
}
