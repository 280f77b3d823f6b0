// SPDX-License-Identifier: GPL-2.0-or-later
/* What the traces of a recording say of themselves. */
#include "collector/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/plan.h"
#include "core/clock.h"
#include "core/failure.h"

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static size_t collect_build_ids(const struct plan *plan, struct writer_build_id *ids)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->nr_files; i++) {
		const struct sdt_file *sdt = plan->files[i].sdt;

		if (!sdt->build_id_size)
			continue;
		ids[count].path = sdt->path;
		ids[count].size = sdt->build_id_size;
		memcpy(ids[count].id, sdt->build_id, sdt->build_id_size);
		count++;
	}
	return count;
}

int sink_head(struct writer_options *head, const struct sink_setup *setup,
	      struct failure *f)
{
	struct writer_build_id *ids = calloc(setup->plan->nr_files + 1, sizeof(*ids));

	*head = (struct writer_options){
		.path = setup->path,
		.compress = setup->compress,
		.events = setup->events,
		.nr_events = setup->nr_events,
		.build_ids = ids,
		.clockid = CLOCK_MONOTONIC,
		.wall_ns = wall_ns(),
		.clock_ns = clock_ns(),
		.argc = setup->argc,
		.argv = setup->argv,
	};
	if (!ids)
		return fail(f, -ENOMEM, "out of memory");
	head->nr_build_ids = collect_build_ids(setup->plan, ids);
	return 0;
}

void sink_head_release(struct writer_options *head)
{
	free((void *)head->build_ids);
	head->build_ids = NULL;
}
