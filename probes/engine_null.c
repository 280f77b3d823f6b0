// SPDX-License-Identifier: GPL-2.0-or-later
/* Engine null: every request is done at once. What remains is the cost of the loop. */
#include <errno.h>
#include <stdlib.h>

#include "probes/engine.h"

struct null_queue {
	unsigned count;
	struct request *done[];
};

static int null_open(void **queue, const struct engine_setup *setup, struct failure *f)
{
	(void)f;
	*queue = calloc(1, sizeof(struct null_queue) + setup->depth * sizeof(void *));
	return *queue ? 0 : -ENOMEM;
}

static void null_queue(void *queue, struct request *r)
{
	struct null_queue *q = queue;

	r->result = r->length;
	q->done[q->count++] = r;
}

static unsigned null_reap(void *queue, struct request **done, unsigned room)
{
	struct null_queue *q = queue;
	unsigned count = 0;

	while (q->count && count < room)
		done[count++] = q->done[--q->count];
	return count;
}

const struct engine engine_null = {
	.name = "null",
	.open = null_open,
	.close = free,
	.queue = null_queue,
	.reap = null_reap,
};
