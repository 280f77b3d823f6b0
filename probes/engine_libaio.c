// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Engine libaio: the kernel's native asynchronous I/O.
 *
 * The io_context is the address of a ring that the kernel maps into the process
 * (struct aio_ring, fs/aio.c): one producer, the kernel, moves tail; one consumer,
 * we, moves head. Reading it saves the system call that io_getevents is. QEMU and
 * fio (userspace_reap) do the same. If the ring does not bear the magic of the
 * layout we know, io_getevents with a zero timeout takes its place.
 */
#include <errno.h>
#include <libaio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "probes/engine.h"
#include "probes/probes.h"

enum { AIO_RING_MAGIC = 0xa10a10a1 };

struct aio_ring {
	unsigned id;
	unsigned size; /* in events */
	unsigned head;
	unsigned tail;
	unsigned magic;
	unsigned compatible_features;
	unsigned incompatible_features;
	unsigned header_length;
	struct io_event events[];
};

struct libaio_queue {
	io_context_t context;
	struct aio_ring *ring; /* NULL: not readable */
	unsigned depth;
	unsigned queued; /* in waiting, for the next submit */
	unsigned nr_refused;
	unsigned got, given; /* events that a call took off the ring, and reap gave */
	struct iocb *blocks; /* by request index */
	struct iocb **waiting;
	struct request **refused;
	struct io_event *events;
};

static void libaio_close(void *queue)
{
	struct libaio_queue *q = queue;

	if (!q)
		return;
	if (q->context)
		io_destroy(q->context);
	free(q->blocks);
	free(q->waiting);
	free(q->refused);
	free(q->events);
	free(q);
}

static struct aio_ring *known_ring(io_context_t context)
{
	struct aio_ring *ring = (struct aio_ring *)context;

	if (ring->magic != AIO_RING_MAGIC || ring->incompatible_features ||
	    ring->header_length != sizeof(*ring))
		return NULL;
	return ring;
}

static int libaio_open(void **queue, const struct engine_setup *setup, struct failure *f)
{
	struct libaio_queue *q = calloc(1, sizeof(*q));
	int err;

	*queue = q;
	if (!q)
		return -ENOMEM;
	q->depth = setup->depth;
	q->blocks = calloc(setup->depth, sizeof(*q->blocks));
	q->waiting = calloc(setup->depth, sizeof(*q->waiting));
	q->refused = calloc(setup->depth, sizeof(*q->refused));
	q->events = calloc(setup->depth, sizeof(*q->events));
	if (!q->blocks || !q->waiting || !q->refused || !q->events)
		return -ENOMEM;
	err = io_setup((int)setup->depth, &q->context);
	if (err == -EAGAIN)
		return fail(f, err,
			    "libaio: %u more requests than /proc/sys/fs/aio-max-nr "
			    "allows all programs together; raise it, or lower iodepth or "
			    "numjobs",
			    setup->depth);
	if (err)
		return fail(f, err, "libaio: cannot set up a queue of %u requests: %s",
			    setup->depth, strerror(-err));
	q->ring = known_ring(q->context);
	return 0;
}

static void libaio_queue(void *queue, struct request *r)
{
	struct libaio_queue *q = queue;
	struct iocb *block = &q->blocks[r->index];

	switch ((enum io_op)r->op) {
	case IO_READ:
		io_prep_pread(block, r->fd, r->buffer, r->length, (long long)r->offset);
		break;
	case IO_WRITE:
		io_prep_pwrite(block, r->fd, r->buffer, r->length, (long long)r->offset);
		break;
	case IO_SYNC:
		io_prep_fsync(block, r->fd);
		break;
	}
	block->data = r;
	q->waiting[q->queued++] = block;
}

static void forget_taken(struct libaio_queue *q, unsigned taken)
{
	q->queued -= taken;
	if (q->queued)
		memmove(q->waiting, q->waiting + taken, q->queued * sizeof(*q->waiting));
}

/* The kernel fails the whole call when it refuses the first block; the request gets
 * the error as its result, as with io_uring. */
static int refuse_first(struct libaio_queue *q, int err)
{
	struct request *r = q->waiting[0]->data;

	r->result = err;
	q->refused[q->nr_refused++] = r;
	forget_taken(q, 1);
	return 1;
}

static int libaio_submit(void *queue)
{
	struct libaio_queue *q = queue;
	int taken = io_submit(q->context, q->queued, q->waiting);

	if (taken == -EAGAIN || taken == -EINTR)
		return taken;
	if (taken < 0)
		return refuse_first(q, taken);
	forget_taken(q, (unsigned)taken);
	return taken;
}

static struct request *finished(const struct io_event *event)
{
	struct request *r = event->data;

	r->result = (int64_t)event->res;
	return r;
}

static unsigned reap_ring(struct aio_ring *ring, struct request **done, unsigned room)
{
	/* Acquire: the kernel writes the events before it moves tail. */
	unsigned tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	unsigned head = ring->head;
	unsigned count = 0;

	while (head != tail && count < room) {
		done[count++] = finished(&ring->events[head]);
		if (++head == ring->size)
			head = 0;
	}
	/* Release: the kernel may write over the events only after we read them. */
	if (count)
		__atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
	return count;
}

/* Takes what is there, at least @least within @limit_ns, off the ring into @events. */
static int get_events(struct libaio_queue *q, unsigned least, uint64_t limit_ns)
{
	struct timespec limit = {
		.tv_sec = (time_t)(limit_ns / 1000000000),
		.tv_nsec = (long)(limit_ns % 1000000000),
	};
	int count = io_getevents(q->context, least, q->depth, q->events,
				 limit_ns == UINT64_MAX ? NULL : &limit);

	q->got = count > 0 ? (unsigned)count : 0;
	q->given = 0;
	return count < 0 ? count : 0;
}

static unsigned libaio_reap(void *queue, struct request **done, unsigned room)
{
	struct libaio_queue *q = queue;
	unsigned count = 0;

	while (q->nr_refused && count < room)
		done[count++] = q->refused[--q->nr_refused];
	if (q->given == q->got && !q->ring)
		get_events(q, 0, 0);
	while (q->given < q->got && count < room)
		done[count++] = finished(&q->events[q->given++]);
	if (q->ring)
		count += reap_ring(q->ring, done + count, room - count);
	return count;
}

static int libaio_wait(void *queue, uint64_t limit_ns)
{
	return get_events(queue, 1, limit_ns);
}

static bool libaio_has_ring(const void *queue)
{
	return ((const struct libaio_queue *)queue)->ring != NULL;
}

const struct engine engine_libaio = {
	.name = "libaio",
	.needs_file = true,
	.open = libaio_open,
	.close = libaio_close,
	.queue = libaio_queue,
	.submit = libaio_submit,
	.reap = libaio_reap,
	.wait = libaio_wait,
	.has_ring = libaio_has_ring,
};
