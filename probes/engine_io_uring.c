// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Engine io_uring: the submission and completion rings of Linux, through liburing.
 *
 * The file and the buffers are registered, which spares the kernel a reference and
 * the pinning of pages per request. Which way completions come depends on polling:
 *
 *   no polling  COOP_TASKRUN (5.19): the kernel does not interrupt the thread to post
 *               completions; it does so when the thread enters it anyhow.
 *   polling     not that: a completion must appear in the ring while the thread reads
 *               it in user space.
 *
 * DEFER_TASKRUN was tried for the first case and dropped: 4 KiB random reads at depth
 * 32 on a virtual disk took 3.6 us of CPU each with it, 3.2 with COOP_TASKRUN, 3.3
 * with neither (fio 4.9), at the same rate. An old kernel refuses the flags with
 * EINVAL; the ring is then set up without.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "probes/engine.h"
#include "probes/engine_io_uring.h"
#include "probes/probes.h"

struct uring_queue {
	struct io_uring ring;
	bool ring_is_up;
	bool fixed_buffers;
	bool fixed_file;
};

struct io_uring *uring_ring(void *queue)
{
	return &((struct uring_queue *)queue)->ring;
}

static void uring_close(void *queue)
{
	struct uring_queue *q = queue;

	if (!q)
		return;
	if (q->ring_is_up)
		io_uring_queue_exit(&q->ring);
	free(q);
}

static int set_up_ring(struct io_uring *ring, unsigned depth, bool polls)
{
	unsigned flags = IORING_SETUP_SINGLE_ISSUER;
	int err;

	if (!polls)
		flags |= IORING_SETUP_COOP_TASKRUN;
	err = io_uring_queue_init(depth, ring, flags);
	return err == -EINVAL ? io_uring_queue_init(depth, ring, 0) : err;
}

/* Both only save work: where a limit (RLIMIT_MEMLOCK) forbids them, go without. */
static void register_what_we_can(struct uring_queue *q, const struct engine_setup *setup)
{
	struct iovec area = {setup->buffers, setup->buffers_size};

	q->fixed_file = io_uring_register_files(&q->ring, &setup->fd, 1) == 0;
	q->fixed_buffers =
		setup->buffers_size && io_uring_register_buffers(&q->ring, &area, 1) == 0;
}

static const char *cure(int err)
{
	if (err == -EPERM)
		return "; see /proc/sys/kernel/io_uring_disabled";
	if (err == -ENOMEM)
		return "; raise the limit of locked memory (ulimit -l), or lower iodepth";
	return "";
}

static int uring_open(void **queue, const struct engine_setup *setup, struct failure *f)
{
	struct uring_queue *q = calloc(1, sizeof(*q));
	int err;

	*queue = q;
	if (!q)
		return -ENOMEM;
	err = set_up_ring(&q->ring, setup->depth, setup->polls);
	if (err)
		return fail(f, err, "io_uring: cannot set up a ring of %u requests: %s%s",
			    setup->depth, strerror(-err), cure(err));
	q->ring_is_up = true;
	register_what_we_can(q, setup);
	return 0;
}

static void prepare(const struct uring_queue *q, struct io_uring_sqe *sqe,
		    const struct request *r)
{
	int fd = q->fixed_file ? 0 : r->fd;

	switch ((enum io_op)r->op) {
	case IO_READ:
		if (q->fixed_buffers)
			io_uring_prep_read_fixed(sqe, fd, r->buffer, r->length, r->offset,
						 0);
		else
			io_uring_prep_read(sqe, fd, r->buffer, r->length, r->offset);
		break;
	case IO_WRITE:
		if (q->fixed_buffers)
			io_uring_prep_write_fixed(sqe, fd, r->buffer, r->length,
						  r->offset, 0);
		else
			io_uring_prep_write(sqe, fd, r->buffer, r->length, r->offset);
		break;
	case IO_SYNC:
		io_uring_prep_fsync(sqe, fd, 0);
		break;
	}
}

static void uring_queue(void *queue, struct request *r)
{
	struct uring_queue *q = queue;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&q->ring);

	prepare(q, sqe, r);
	if (q->fixed_file)
		io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	io_uring_sqe_set_data(sqe, r);
}

static int uring_submit(void *queue)
{
	struct uring_queue *q = queue;

	return io_uring_submit(&q->ring);
}

static unsigned uring_reap(void *queue, struct request **done, unsigned room)
{
	struct uring_queue *q = queue;
	unsigned count = 0, head;
	struct io_uring_cqe *cqe;

	io_uring_for_each_cqe(&q->ring, head, cqe)
	{
		if (count == room)
			break;
		done[count] = io_uring_cqe_get_data(cqe);
		done[count++]->result = cqe->res;
	}
	io_uring_cq_advance(&q->ring, count);
	return count;
}

/* Before Linux 5.11 a limit would take a request of its own. */
static int uring_wait(void *queue, uint64_t limit_ns)
{
	struct uring_queue *q = queue;
	struct io_uring_cqe *cqe;
	struct __kernel_timespec limit = {
		.tv_sec = (long long)(limit_ns / 1000000000),
		.tv_nsec = (long long)(limit_ns % 1000000000),
	};

	if (limit_ns == UINT64_MAX || !(q->ring.features & IORING_FEAT_EXT_ARG))
		return io_uring_wait_cqe(&q->ring, &cqe);
	return io_uring_wait_cqes(&q->ring, &cqe, 1, &limit, NULL);
}

static bool uring_has_ring(const void *queue)
{
	(void)queue;
	return true;
}

const struct engine engine_io_uring = {
	.name = "io_uring",
	.needs_file = true,
	.depth_max = 32768, /* IORING_MAX_ENTRIES, io_uring/io_uring.h of Linux */
	.open = uring_open,
	.close = uring_close,
	.queue = uring_queue,
	.submit = uring_submit,
	.reap = uring_reap,
	.wait = uring_wait,
	.has_ring = uring_has_ring,
};
