// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a worker does when it has nothing to do: polls, naps and blocks as its tuner plans
 * (core/poll_rule.h), and tells the tuner how it went.
 *
 * Polling reads the completion ring in user space only, and looks at the stop flag each
 * time round. A nap is a wait in the kernel with a limit: a completion ends it at once.
 */
#include <errno.h>

#include "probes/clock.h"
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

/* Returns when it ended in *@now. */
static unsigned busy_poll(struct worker *w, uint64_t window_ns, uint64_t *now)
{
	struct polling *p = &w->statistics.polling;
	uint64_t start, elapsed;
	unsigned count;

	probe_poll_begin(w->index, window_ns);
	start = clock_ns();
	do {
		relax();
		count = w->engine->reap(w->queue, w->done, w->depth);
		*now = clock_ns();
		elapsed = *now - start;
	} while (!count && elapsed < window_ns && !worker_stopped(w));
	probe_poll_end(w->index, count > 0, elapsed);
	p->windows++;
	p->hits += count > 0;
	*(count ? &p->hit_ns : &p->empty_ns) += elapsed;
	return count;
}

static unsigned sleep_at_most(struct worker *w, uint64_t limit_ns)
{
	struct polling *p = &w->statistics.polling;
	unsigned count;
	int err;

	probe_wait_begin(w->index, w->in_flight);
	err = w->engine->wait(w->queue, limit_ns);
	count = w->engine->reap(w->queue, w->done, w->depth);
	probe_wait_end(w->index, count);
	*(count ? &p->waits : &p->naps) += 1;
	if (err && err != -EINTR && err != -EAGAIN && err != -ETIME)
		worker_note_failure(w, err);
	return count;
}

static inline bool kernel_has_some(const struct worker *w)
{
	return w->in_flight > w->nr_batch;
}

/* One wait, and what the tuner shall know of it. */
struct waiting {
	uint64_t start_ns;
	struct poll_wait told;
};

static unsigned poll_for(struct worker *w, struct waiting *wait, uint64_t window_ns)
{
	uint64_t end_ns;
	unsigned count;

	if (!window_ns)
		return 0;
	count = busy_poll(w, window_ns, &end_ns);
	if (!count)
		wait->told.quiet_ns = end_ns - wait->start_ns;
	return count;
}

static unsigned nap_for(struct worker *w, struct waiting *wait, uint64_t limit_ns)
{
	uint64_t due_ns, end_ns;
	unsigned count;

	if (!limit_ns || !kernel_has_some(w))
		return 0;
	due_ns = clock_ns() + limit_ns;
	count = sleep_at_most(w, limit_ns);
	if (count) {
		wait->told.slept = true;
		return count;
	}
	end_ns = clock_ns();
	wait->told.quiet_ns = end_ns - wait->start_ns;
	wait->told.late_ns = end_ns > due_ns ? end_ns - due_ns : 0;
	return 0;
}

static unsigned block(struct worker *w, struct waiting *wait)
{
	if (!kernel_has_some(w))
		return 0;
	wait->told.slept = true;
	return sleep_at_most(w, UINT64_MAX);
}

static unsigned follow(struct worker *w, const struct poll_plan *plan,
		       struct waiting *wait)
{
	unsigned count = poll_for(w, wait, plan->window_ns);

	if (!count)
		count = nap_for(w, wait, plan->nap_ns);
	if (!count)
		count = poll_for(w, wait, plan->again_ns);
	return count ? count : block(w, wait);
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
		return block(w, &wait);
	wait.start_ns = clock_ns();
	count = follow(w, &plan, &wait);
	if (count) {
		wait.told.block_ns = clock_ns() - wait.start_ns;
		wait.told.sources = sources_of(w, count);
		tell_tuner(w, &wait.told);
	}
	return count;
}
