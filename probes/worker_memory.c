// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker's loop needs, laid out before it begins. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probes/random.h"
#include "probes/worker.h"

static void *map_buffers(size_t size, uint64_t seed)
{
	void *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t))
		*(uint64_t *)((char *)area + i) = random_mix(&seed);
	return area;
}

int worker_init(struct worker *w)
{
	uint64_t length = w->job->block_size;
	uint64_t stride = (length + 4095) & ~4095ULL;

	w->engine = w->job->engine;
	w->depth = w->engine->synchronous ? 1 : (unsigned)w->job->depth;
	w->buffers_size = stride * w->depth;
	w->buffers = map_buffers(w->buffers_size, w->job->seed + w->index);
	w->requests = calloc(w->depth, sizeof(*w->requests));
	w->unused = calloc(w->depth, sizeof(*w->unused));
	w->batch = calloc(w->depth, sizeof(*w->batch));
	w->done = calloc(w->depth, sizeof(*w->done));
	if (!w->buffers || !w->requests || !w->unused || !w->batch || !w->done)
		return -ENOMEM;
	for (unsigned i = w->depth; i-- > 0;) {
		w->requests[i].index = i;
		w->requests[i].fd = w->extent.fd;
		w->requests[i].buffer = (char *)w->buffers + stride * i;
		w->unused[w->nr_unused++] = &w->requests[i];
	}
	w->next_id = ((uint64_t)w->index << REQUEST_WORKER_SHIFT) + 1;
	pattern_init(&w->pattern, w->job, w->extent.start, w->extent.blocks, w->index);
	statistics_reset(&w->statistics);
	return 0;
}

void worker_release_memory(struct worker *w)
{
	struct request *requests = w->requests;

	w->requests = NULL; /* a debugger looks no further */
	if (w->buffers)
		munmap(w->buffers, w->buffers_size);
	w->buffers = NULL;
	free(requests);
	free(w->unused);
	free(w->batch);
	free(w->done);
	w->unused = w->batch = w->done = NULL;
}

void worker_release(struct worker *w)
{
	worker_release_memory(w);
	if (w->extent.fd >= 0)
		close(w->extent.fd);
}
