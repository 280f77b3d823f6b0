// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Engine timer: a device made of timers, to see how a loop waits.
 *
 * A request is a timeout of io_uring. It moves no data and completes after a latency that
 * the job chooses (timer_latency=), however many are in flight. All else is as with a
 * disk: a timer interrupt takes the place of the disk's, completions appear in the same
 * ring, and a loop that sleeps is woken in the same way. So polling can be studied with
 * latencies that are known, on any machine.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "probes/engine.h"
#include "probes/engine_io_uring.h"
#include "probes/latency_mix.h"

struct timer_queue {
	void *uring; /* a queue of engine io_uring */
	const struct latency_mix *latency;
	struct random random;
	struct __kernel_timespec after[]; /* by request index */
};

static void timer_close(void *queue)
{
	struct timer_queue *q = queue;

	if (q)
		engine_io_uring.close(q->uring);
	free(q);
}

static int timer_open(void **queue, const struct engine_setup *setup, struct failure *f)
{
	struct timer_queue *q =
		calloc(1, sizeof(*q) + setup->depth * sizeof(q->after[0]));
	struct engine_setup without_data = *setup;

	*queue = q;
	if (!q)
		return -ENOMEM;
	without_data.buffers_size = 0;
	q->latency = setup->latency;
	random_seed(&q->random, setup->seed);
	return engine_io_uring.open(&q->uring, &without_data, f);
}

static void timer_queue(void *queue, struct request *r)
{
	struct timer_queue *q = queue;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring_ring(q->uring));
	uint64_t ns = latency_mix_draw(q->latency, &q->random);

	q->after[r->index] = (struct __kernel_timespec){
		.tv_sec = (long long)(ns / 1000000000),
		.tv_nsec = (long long)(ns % 1000000000),
	};
	io_uring_prep_timeout(sqe, &q->after[r->index], 0, 0);
	io_uring_sqe_set_data(sqe, r);
}

static int timer_submit(void *queue)
{
	return engine_io_uring.submit(((struct timer_queue *)queue)->uring);
}

static unsigned timer_reap(void *queue, struct request **done, unsigned room)
{
	struct timer_queue *q = queue;
	unsigned count = engine_io_uring.reap(q->uring, done, room);

	for (unsigned i = 0; i < count; i++)
		if (done[i]->result == -ETIME) /* it ran to its end */
			done[i]->result = done[i]->length;
	return count;
}

static int timer_wait(void *queue, uint64_t limit_ns)
{
	return engine_io_uring.wait(((struct timer_queue *)queue)->uring, limit_ns);
}

static bool timer_has_ring(const void *queue)
{
	(void)queue;
	return true;
}

const struct engine engine_timer = {
	.name = "timer",
	.depth_max = 32768, /* as engine io_uring */
	.open = timer_open,
	.close = timer_close,
	.queue = timer_queue,
	.submit = timer_submit,
	.reap = timer_reap,
	.wait = timer_wait,
	.has_ring = timer_has_ring,
};
