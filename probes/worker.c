// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop of a worker.
 *
 *	queue     take unused requests, say where they go, hand them to the engine
 *	dispatch  one call into the kernel for up to BATCH_MAX of them
 *	reap      look for completions; without any: poll or block (worker_wait.c)
 *	complete  count each, put it back among the unused
 *
 * The depth is full whenever the loop reaps; a round is what lies between two such
 * moments. Per request there is no allocation, no lock and no division: requests, stacks
 * and buffers are laid out once.
 *
 * Batches are small so that the device begins with the first requests while the next
 * are prepared. On a virtual disk at depth 32, 4 KiB random reads: batches of 32 gave
 * 110k IOPS, 8 gave 133k, 4 gave 143k at 3.7 us of CPU per request, 1 gave 143k at 4.3.
 *
 * Between reaping and the full depth in flight is less: on average 7.4 of 8 and 28.4 of
 * 32 there. Three ways to keep the count higher were tried and dropped. Queueing one for
 * each completed changed nothing beyond the noise. Dispatching in between as well made
 * it 8.0 and 32.0, but only because completions were seen late: 2 to 9 % fewer IOPS
 * (medians of 13 pairs) and longer latencies. So did reaping at most four at once: 3 to
 * 17 % fewer, but for libaio at depth 8.
 *
 * Time. A request's life is measured where its probes fire: the clock is read right
 * before probe_submit and right before probe_complete, so that lat is what a trace of
 * the two shows, even while a tracer makes each probe cost a microsecond. That is
 * two readings (some 20 ns each) per request; one reading per batch was tried and
 * dropped, because with 32 requests reaped at once under a tracer the last would be
 * off by the cost of 31 hits. slat ends when the kernel returns from taking the batch.
 */
#include "probes/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/clock.h"
#include "probes/probes.h"

enum { BATCH_MAX = 4 };

/* Issue */

static inline bool may_issue(const struct worker *w)
{
	return w->nr_unused && w->left && !worker_stopped(w);
}

static inline void aim(struct worker *w, struct request *r)
{
	enum io_op op = pattern_op(&w->pattern);

	r->op = (uint8_t)op;
	r->offset = pattern_offset(&w->pattern, op);
	r->length = (uint32_t)w->pattern.block_size;
	w->left -= w->left != UINT64_MAX;
	if (op == IO_WRITE) {
		/* No two blocks alike: nothing below can fold them into one. */
		memcpy(r->buffer, &r->offset,
		       r->length < sizeof(r->offset) ? r->length : sizeof(r->offset));
		w->unsynced++;
	}
}

static inline void aim_sync(struct worker *w, struct request *r)
{
	r->op = IO_SYNC;
	r->offset = 0;
	r->length = 0;
	w->unsynced = 0;
}

static inline void queue_one(struct worker *w)
{
	struct request *r = w->unused[--w->nr_unused];

	if (w->job->fsync_every && w->unsynced >= w->job->fsync_every)
		aim_sync(w, r);
	else
		aim(w, r);
	r->id = w->next_id++;
	r->stage = REQUEST_QUEUED;
	w->in_flight++;
	w->nr_round++;
	r->queued_ns = clock_ns();
	probe_submit(r->id, r->fd, r->op, r->offset, r->length, w->in_flight);
	w->engine->queue(w->queue, r);
	w->batch[w->nr_batch++] = r;
}

/* The first @taken of the batch are the kernel's since @since. */
static void mark_dispatched(struct worker *w, unsigned taken, uint64_t since)
{
	for (unsigned i = 0; i < taken; i++) {
		w->batch[i]->dispatched_ns = since;
		w->batch[i]->stage = REQUEST_DISPATCHED;
	}
	w->nr_batch -= taken;
	if (w->nr_batch)
		memmove(w->batch, w->batch + taken, w->nr_batch * sizeof(*w->batch));
}

static void dispatch(struct worker *w)
{
	uint64_t before = w->engine->synchronous ? clock_ns() : 0;
	int taken;

	probe_dispatch(w->batch[0]->id, w->nr_batch);
	taken = w->engine->submit ? w->engine->submit(w->queue) : (int)w->nr_batch;
	w->now_ns = clock_ns();
	if (taken < 0 && taken != -EAGAIN && taken != -EINTR && taken != -EBUSY) {
		w->in_flight -= w->nr_batch; /* nobody will ever reap them */
		w->nr_batch = 0;
		worker_note_failure(w, taken);
	}
	if (taken <= 0)
		return;
	w->statistics.submits[batch_class((unsigned)taken)]++;
	mark_dispatched(w, (unsigned)taken, before ? before : w->now_ns);
}

/* Completion */

static inline void count_transfer(struct worker *w, const struct request *r, uint64_t now)
{
	struct direction *d = &w->statistics.direction[r->op];

	d->ios++;
	d->bytes += (uint64_t)r->result;
	d->short_ios += r->result < r->length;
	if (!w->engine->synchronous)
		histogram_add(&d->slat, r->dispatched_ns - r->queued_ns);
	histogram_add(&d->clat, now - r->dispatched_ns);
	histogram_add(&d->lat, now - r->queued_ns);
}

static const char *const op_words[] = {"read", "write", "sync"};

static void note_bad_result(struct worker *w, const struct request *r)
{
	int err = r->result < 0 ? (int)r->result : -ENODATA;

	if (!w->error)
		fail(&w->failure, err, "%s of %u bytes at offset %llu: %s",
		     op_words[r->op], r->length, (unsigned long long)r->offset,
		     r->result < 0 ? strerror(-err) : "the file ends before it");
	worker_note_failure(w, err);
}

static inline void complete(struct worker *w, struct request *r)
{
	uint64_t now;

	w->in_flight--;
	now = clock_ns();
	probe_complete(r->id, r->result, w->in_flight);
	w->now_ns = now;
	w->all_requests++;
	if (__builtin_expect(r->result < 0 || (!r->result && r->length), 0))
		note_bad_result(w, r);
	else if (r->op == IO_SYNC)
		histogram_add(&w->statistics.sync, now - r->queued_ns);
	else
		count_transfer(w, r, now);
	r->stage = REQUEST_FREE;
	w->unused[w->nr_unused++] = r;
}

static void publish(struct worker *w)
{
	for (int i = 0; i < 2; i++) {
		struct direction *d = &w->statistics.direction[i];

		__atomic_store_n(&w->seen_ios[i], d->ios, __ATOMIC_RELAXED);
		__atomic_store_n(&w->seen_bytes[i], d->bytes, __ATOMIC_RELAXED);
	}
}

static void complete_all(struct worker *w, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		complete(w, w->done[i]);
	w->statistics.completes[batch_class(count)]++;
	publish(w);
}

/* From start to end */

static void begin_measuring(struct worker *w)
{
	const struct job *job = w->job;

	statistics_reset(&w->statistics);
	publish(w);
	__atomic_store_n(&w->measuring, true, __ATOMIC_RELEASE);
	w->measured_ns = w->now_ns;
	w->end_ns = job->runtime_ns ? w->now_ns + job->runtime_ns : UINT64_MAX;
	w->left = UINT64_MAX;
	if (!job->time_based && w->extent.blocks &&
	    (job->size || job->engine->needs_file) &&
	    __builtin_mul_overflow(w->extent.blocks, job->loops, &w->left))
		w->left = UINT64_MAX;
	w->cpu_before = cpu_use_now();
}

static void end_measuring(struct worker *w)
{
	w->statistics.cpu = cpu_use_since(&w->cpu_before);
	w->statistics.elapsed_ns = w->now_ns - w->measured_ns;
	w->statistics.thread_ns = w->statistics.elapsed_ns;
}

static inline void look_at_the_clock(struct worker *w)
{
	if (w->now_ns >= w->end_ns)
		w->left = 0;
	else if (!w->measuring && w->now_ns - w->began_ns >= w->job->ramp_ns)
		begin_measuring(w);
}

/* All requests of a round count at the depth it reached: a queue that is kept full reads
 * as it does in fio, where each round is one request. */
static void count_round(struct worker *w)
{
	w->statistics.depths[depth_class(w->in_flight)] += w->nr_round;
	w->nr_round = 0;
}

/* Until the depth is full, or the kernel takes no more for now. */
static void issue(struct worker *w)
{
	do {
		while (may_issue(w) && w->nr_batch < BATCH_MAX)
			queue_one(w);
		if (w->nr_batch)
			dispatch(w);
	} while (!w->nr_batch && may_issue(w));
	count_round(w);
}

static void loop(struct worker *w)
{
	probe_loop_begin(w->index, (uint32_t)w->job->depth,
			 w->polls ? w->job->poll.max_ns : 0);
	for (;;) {
		unsigned count;

		look_at_the_clock(w);
		issue(w);
		if (!w->in_flight)
			break;
		count = w->engine->reap(w->queue, w->done, w->depth);
		if (!count)
			count = worker_await(w);
		if (count)
			complete_all(w, count);
		else
			w->now_ns = clock_ns();
	}
}

static void run(struct worker *w)
{
	w->left = UINT64_MAX;
	w->end_ns = UINT64_MAX;
	w->began_ns = w->now_ns = clock_ns();
	if (!w->job->ramp_ns)
		begin_measuring(w);
	loop(w);
	if (w->job->end_fsync && job_writes(w->job) && w->extent.fd >= 0 &&
	    fsync(w->extent.fd))
		worker_note_failure(w, -errno);
	w->now_ns = clock_ns();
	if (!w->measuring)
		begin_measuring(w);
	end_measuring(w);
}

static int open_engine(struct worker *w)
{
	struct engine_setup setup = {
		.depth = w->depth,
		.fd = w->extent.fd,
		.requests = w->requests,
		.buffers = w->buffers,
		.buffers_size = w->buffers_size,
		.latency = &w->job->latency,
		.seed = w->job->seed + w->index,
		.polls = w->job->poll.max_ns > 0,
	};
	int err = w->engine->open(&w->queue, &setup, &w->failure);

	w->polls = !err && setup.polls && w->engine->has_ring &&
		   w->engine->has_ring(w->queue);
	poll_tuner_init(&w->tuner, w->job->poll_rule, &w->job->poll);
	if (w->polls)
		prctl(PR_SET_TIMERSLACK, 1); /* naps end when they are told to */
	return err;
}

void *worker_run(void *worker)
{
	struct worker *w = worker;

	w->error = open_engine(w);
	if (w->error && !*w->failure.text)
		fail(&w->failure, w->error, "%s", strerror(-w->error));
	if (gate_pass(w->gate))
		run(w);
	w->engine->close(w->queue);
	w->queue = NULL;
	if (w->error && !*w->failure.text)
		fail(&w->failure, w->error, "%s: %s", w->engine->name,
		     strerror(-w->error));
	return NULL;
}
