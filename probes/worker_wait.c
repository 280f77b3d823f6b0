// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a worker does when it has nothing to do: polls, naps and blocks as its tuner plans
 * (core/poll_rule.h), and tells the tuner how it went.
 *
 * Polling reads the completion ring in user space only, and looks at the stop flag each
 * time round. A nap is a wait in the kernel with a limit: a completion ends it at once.
 */
#include <errno.h>

#include "core/clock.h"
#include "probes/probes.h"
#include "probes/worker.h"

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline bool kernel_has_some(const struct worker *w)
{
	return w->in_flight > w->nr_batch;
}

/* One wait, and what the tuner shall know of it. Times are taken next to where the probes
 * fire, so that a tracer's cost is no part of them and a trace tells the same. */
struct waiting {
	uint64_t start_ns, end_ns;
	struct poll_wait told;
};

static unsigned poll_for(struct worker *w, struct waiting *wait, uint64_t window_ns)
{
	struct polling *p = &w->statistics.polling;
	uint64_t start, elapsed;
	unsigned count;

	if (!window_ns)
		return 0;
	probe_poll_begin(w->index, window_ns);
	start = clock_ns();
	do {
		relax();
		count = w->engine->reap(w->queue, w->done, w->depth);
		wait->end_ns = clock_ns();
		elapsed = wait->end_ns - start;
	} while (!count && elapsed < window_ns && !worker_stopped(w));
	probe_poll_end(w->index, count > 0, elapsed);
	p->windows++;
	p->hits += count > 0;
	*(count ? &p->hit_ns : &p->empty_ns) += elapsed;
	if (!count)
		wait->told.quiet_ns = wait->end_ns - wait->start_ns;
	return count;
}

static unsigned sleep_for(struct worker *w, struct waiting *wait, uint64_t limit_ns)
{
	struct polling *p = &w->statistics.polling;
	uint64_t start;
	unsigned count;
	int err;

	if (!limit_ns || !kernel_has_some(w))
		return 0;
	probe_wait_begin(w->index, w->in_flight);
	start = clock_ns();
	err = w->engine->wait(w->queue, limit_ns);
	count = w->engine->reap(w->queue, w->done, w->depth);
	wait->end_ns = clock_ns();
	probe_wait_end(w->index, count);
	*(count ? &p->waits : &p->naps) += 1;
	if (err && err != -EINTR && err != -EAGAIN && err != -ETIME)
		worker_note_failure(w, err);
	wait->told.slept = count > 0;
	if (!count) {
		wait->told.quiet_ns = wait->end_ns - wait->start_ns;
		if (wait->end_ns - start > limit_ns)
			wait->told.late_ns = wait->end_ns - start - limit_ns;
	}
	return count;
}

static unsigned follow(struct worker *w, const struct poll_plan *plan,
		       struct waiting *wait)
{
	unsigned count = poll_for(w, wait, plan->window_ns);

	if (!count)
		count = sleep_for(w, wait, plan->nap_ns);
	if (!count)
		count = poll_for(w, wait, plan->again_ns);
	return count ? count : sleep_for(w, wait, UINT64_MAX);
}

/* The operations of the @count requests in @done. */
static unsigned sources_of(const struct worker *w, unsigned count)
{
	unsigned sources = 0;

	for (unsigned i = 0; i < count; i++)
		sources |= 1U << w->done[i]->op;
	return sources;
}

static void tell_tuner(struct worker *w, const struct poll_wait *told)
{
	struct polling *p = &w->statistics.polling;
	uint64_t old = poll_plan_longest(&w->tuner.plan), new;

	poll_tuner_observe(&w->tuner, told);
	new = poll_plan_longest(&w->tuner.plan);
	if (new > old) {
		p->grown++;
		probe_poll_grow(w->index, old, new);
	} else if (new < old) {
		p->shrunk++;
		probe_poll_shrink(w->index, old, new);
	}
}

unsigned worker_await(struct worker *w)
{
	struct poll_plan plan = w->tuner.plan;
	struct waiting wait = {0};
	unsigned count;

	if (!w->polls)
		return sleep_for(w, &wait, UINT64_MAX);
	wait.start_ns = clock_ns();
	count = follow(w, &plan, &wait);
	if (count) {
		wait.told.block_ns = wait.end_ns - wait.start_ns;
		wait.told.sources = sources_of(w, count);
		tell_tuner(w, &wait.told);
	}
	return count;
}
