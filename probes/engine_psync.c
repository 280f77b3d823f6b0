// SPDX-License-Identifier: GPL-2.0-or-later
/* Engine psync: pread and pwrite, one request at a time. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "probes/engine.h"
#include "probes/probes.h"

struct psync_queue {
	unsigned queued, done; /* requests: [0, done) finished, [done, queued) waiting */
	struct request *requests[];
};

static int psync_open(void **queue, const struct engine_setup *setup, struct failure *f)
{
	(void)f;
	*queue = calloc(1, sizeof(struct psync_queue) + setup->depth * sizeof(void *));
	return *queue ? 0 : -ENOMEM;
}

static void psync_queue(void *queue, struct request *r)
{
	struct psync_queue *q = queue;

	q->requests[q->queued++] = r;
}

static int64_t psync_call(const struct request *r)
{
	switch ((enum io_op)r->op) {
	case IO_READ:
		return pread(r->fd, r->buffer, r->length, (off_t)r->offset);
	case IO_WRITE:
		return pwrite(r->fd, r->buffer, r->length, (off_t)r->offset);
	case IO_SYNC:
		return fsync(r->fd);
	}
	return -EINVAL;
}

static int psync_submit(void *queue)
{
	struct psync_queue *q = queue;
	int count = 0;

	for (; q->done < q->queued; q->done++, count++) {
		struct request *r = q->requests[q->done];

		do
			r->result = psync_call(r);
		while (r->result < 0 && errno == EINTR);
		if (r->result < 0)
			r->result = -errno;
	}
	return count;
}

static unsigned psync_reap(void *queue, struct request **done, unsigned room)
{
	struct psync_queue *q = queue;
	unsigned count = 0;

	while (count < q->done && count < room) {
		done[count] = q->requests[count];
		count++;
	}
	q->queued = q->done = 0;
	return count;
}

const struct engine engine_psync = {
	.name = "psync",
	.needs_file = true,
	.synchronous = true,
	.open = psync_open,
	.close = free,
	.queue = psync_queue,
	.submit = psync_submit,
	.reap = psync_reap,
};
