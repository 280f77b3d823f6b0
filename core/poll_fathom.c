// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fathom's own rule of polling.
 *
 * QEMU's rules ask how long the last wait was, or an average. This one keeps how the last
 * waits were distributed and polls only where, by that distribution, it pays.
 *
 * The price. poll_max_ns is what a spared wake-up may cost: the plan is the one with the
 * greatest
 *
 *	poll_max_ns * (chance that polling finds the event) - (mean CPU time it takes)
 *
 * so on average no wake-up is spared for more than the user agreed to (and what the sleep
 * would have cost itself), and where nothing can be gained nothing is spent. No window is
 * longer than poll_max_ns.
 *
 * The plan: poll, nap, poll again. Waits that are short: poll. Long, but alike: nap until
 * shortly before the event is due, then poll; what remains of the wake-up is hidden. Of
 * two kinds, as hits and misses of a cache: poll for the short ones, sleep through the
 * stretch where nothing ever comes, poll for the long ones. A nap costs nothing by itself
 * (a loop that blocks sleeps as well, and an event ends it as early); one that ended in
 * vain costs a second sleep. io_uring's hybrid polling (Linux 6.13) naps for half the
 * mean instead, which is too long for what is fast and too short for what is slow.
 *
 * Waking up takes time, tens of microseconds in a virtual machine. Every nap that ends
 * without an event tells how long: the median is taken off waits that ended a sleep, to
 * know when their event came; nine of ten are the head start with which a nap ends. While
 * nothing is polled for, a short nap now and then keeps that known, or a rule that
 * once saw slow events only would mistake the wake-up for a slow device for ever.
 *
 * The distribution is a log-linear histogram of counts that are halved when there are
 * MEMORY of them. A plan is made every 32 waits, in a microsecond or two, from the
 * buckets that are not empty: the two stages are independent but for their order, so the
 * best second stage is found for every start first, and the best pair in one more pass.
 *
 * Rejected: a window that follows a percentile, which polls for slow devices as long as
 * for fast ones; the last 64 waits kept and sorted, no better and slower to settle.
 */
#include "core/poll_rule.h"

enum {
	BUCKET_BITS = 4, /* 16 buckets per power of two: 6 % wide */
	UNIT_SHIFT = 5,	 /* of 32 ns */
	MEMORY = 256,	 /* waits */
	FIRST_PLAN = 16, /* waits until the first plan; all polled to the limit */
	PLAN_EVERY = 32, /* waits */
	NAP_LEAST_NS = 1000,
	WAKE_GUESS_NS = 50000,
	WAKE_LIMIT_NS = 1000000,
	PRICE_LIMIT_NS = 1000000000, /* so that no product leaves 64 bits */
};

/* A bucket that is not empty, and what follows from it. */
struct span {
	int64_t low, high, middle, count;

	/* The best second stage that begins with this span or a later one. */
	int64_t gain;
	int64_t nap_end, window; /* 0: no such stage */
};

struct waits {
	struct span spans[WAIT_BUCKETS];
	unsigned nr;
	int64_t total;
	int64_t price; /* of a spared wake-up */
	int64_t sleep; /* CPU time that a sleep costs: as long as a wake-up takes */
};

static unsigned bucket_of(uint64_t ns)
{
	uint64_t value = ns >> UNIT_SHIFT, index = value;

	if (value >= 2U << BUCKET_BITS) {
		unsigned shift = 63U - (unsigned)__builtin_clzll(value) - BUCKET_BITS;

		index = ((uint64_t)shift << BUCKET_BITS) + (value >> shift);
	}
	return index < WAIT_BUCKETS ? (unsigned)index : WAIT_BUCKETS - 1;
}

static int64_t bucket_low(unsigned index)
{
	unsigned shift = index >> BUCKET_BITS;

	if (shift)
		shift--;
	return (int64_t)(index - (shift << BUCKET_BITS)) << shift << UNIT_SHIFT;
}

static void gather(struct waits *w, const struct poll_tuner *t)
{
	const struct poll_distribution *d = &t->distribution;

	w->nr = 0;
	w->total = d->total;
	w->price = t->settings.max_ns < PRICE_LIMIT_NS ? (int64_t)t->settings.max_ns
						       : PRICE_LIMIT_NS;
	w->sleep = d->wake_ns;
	for (unsigned i = 0; i < WAIT_BUCKETS; i++) {
		struct span *s = &w->spans[w->nr];

		if (!d->count[i])
			continue;
		*s = (struct span){.low = bucket_low(i), .high = bucket_low(i + 1)};
		s->middle = (s->low + s->high) / 2;
		s->count = d->count[i];
		w->nr++;
	}
}

/* Polling from @start on for the span @first and as many more as pay. @left waits are not
 * over when it comes. */
static void try_second(struct waits *w, unsigned first, int64_t start, int64_t left)
{
	struct span *to = &w->spans[first];
	int64_t found = 0;

	for (unsigned i = first; i < w->nr; i++) {
		const struct span *s = &w->spans[i];
		int64_t window = s->high - start, gain;

		if (window > w->price)
			break;
		left -= s->count;
		found += s->count * (w->price - (s->middle - start));
		gain = found - left * (window + w->sleep);
		if (gain > to->gain) {
			to->gain = gain;
			to->window = window;
		}
	}
}

/* The second stage for every span to begin with, then the best of it and all later. */
static void try_second_stages(struct waits *w, const struct poll_distribution *d)
{
	int64_t left = w->total;

	for (unsigned i = 0; i < w->nr; i++) {
		struct span *s = &w->spans[i];

		s->nap_end = s->low - d->wake_most_ns;
		if (s->nap_end >= NAP_LEAST_NS)
			try_second(w, i, s->nap_end + d->wake_ns, left);
		left -= s->count;
	}
	for (unsigned i = w->nr; i-- > 1;) {
		const struct span *later = &w->spans[i];
		struct span *s = &w->spans[i - 1];

		if (later->gain > s->gain) {
			s->gain = later->gain;
			s->nap_end = later->nap_end;
			s->window = later->window;
		}
	}
}

struct choice {
	struct poll_plan plan;
	int64_t gain;
};

/* A first stage of @window that gains @gain, and the best second stage behind it, which
 * begins with span *@next or later; *@next moves on with growing windows. */
static void consider(const struct waits *w, const struct poll_distribution *d,
		     int64_t window, int64_t gain, unsigned *next, struct choice *best)
{
	const struct span *second = NULL;

	while (*next < w->nr &&
	       w->spans[*next].low - d->wake_most_ns < window + NAP_LEAST_NS)
		++*next;
	if (*next < w->nr && w->spans[*next].gain > 0)
		second = &w->spans[*next];
	gain += second ? second->gain : 0;
	if (gain <= best->gain)
		return;
	best->gain = gain;
	best->plan = (struct poll_plan){.window_ns = (uint64_t)window};
	if (second) {
		best->plan.nap_ns = (uint64_t)(second->nap_end - window);
		best->plan.again_ns = (uint64_t)second->window;
	}
}

static bool polls(const struct poll_plan *plan)
{
	return plan->window_ns || plan->again_ns;
}

static void make_plan(struct poll_tuner *t)
{
	const struct poll_distribution *d = &t->distribution;
	struct choice best = {0};
	int64_t left, found = 0;
	unsigned next = 0;
	struct waits w;

	gather(&w, t);
	try_second_stages(&w, d);
	consider(&w, d, 0, 0, &next, &best);
	left = w.total;
	for (unsigned i = 0; i < w.nr && w.spans[i].high <= w.price; i++) {
		const struct span *s = &w.spans[i];

		left -= s->count;
		found += s->count * (w.price + w.sleep - s->middle);
		consider(&w, d, s->high, found - left * s->high, &next, &best);
	}
	t->plan = best.plan;
	if (!polls(&t->plan))
		t->plan.nap_ns = (uint64_t)w.spans[0].low / 2; /* this once */
}

static void forget_half(struct poll_distribution *d)
{
	d->total = 0;
	for (unsigned i = 0; i < WAIT_BUCKETS; i++) {
		d->count[i] /= 2;
		d->total += d->count[i];
	}
}

/* Moves each toward the share of naps that shall be below it: a step up and one down are
 * as 1 to 1 for the half, as 8 to 1 for nearly nine of ten. Outliers count as one step.
 */
static void learn_wake(struct poll_distribution *d, uint64_t late_ns)
{
	uint32_t late = late_ns < WAKE_LIMIT_NS ? (uint32_t)late_ns : WAKE_LIMIT_NS;

	if (!d->wake_ns) {
		d->wake_ns = late;
		d->wake_most_ns = 2 * late;
		return;
	}
	if (late > d->wake_ns)
		d->wake_ns += d->wake_ns / 16 + 1;
	else
		d->wake_ns -= d->wake_ns / 16;
	if (late > d->wake_most_ns)
		d->wake_most_ns += d->wake_most_ns / 8 + 1;
	else
		d->wake_most_ns -= d->wake_most_ns / 64;
}

/* When the event came, as far as it can be known. */
static uint64_t arrival_of(const struct poll_distribution *d,
			   const struct poll_wait *wait)
{
	uint64_t ns = wait->block_ns;

	if (wait->slept)
		ns = ns > d->wake_ns ? ns - d->wake_ns : 0;
	return ns > wait->quiet_ns ? ns : wait->quiet_ns;
}

static void fathom_begin(struct poll_tuner *t)
{
	t->plan.window_ns = t->settings.max_ns;
	t->distribution.wake_most_ns = WAKE_GUESS_NS;
}

static void fathom_observe(struct poll_tuner *t, const struct poll_wait *wait)
{
	struct poll_distribution *d = &t->distribution;

	d->count[bucket_of(arrival_of(d, wait))]++;
	if (++d->total == MEMORY)
		forget_half(d);
	if (wait->late_ns)
		learn_wake(d, wait->late_ns);
	if (!polls(&t->plan))
		t->plan.nap_ns = 0;
	if (++d->waits < (d->knows ? PLAN_EVERY : FIRST_PLAN))
		return;
	d->waits = 0;
	d->knows = true;
	make_plan(t);
}

const struct poll_rule poll_fathom = {
	.name = "fathom",
	.summary = "from the distribution of the last waits; naps before it polls",
	.begin = fathom_begin,
	.observe = fathom_observe,
};
