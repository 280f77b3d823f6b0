/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of a recording as the head of its trace describes them. */
#ifndef FATHOM_COLLECTOR_HEADING_H
#define FATHOM_COLLECTOR_HEADING_H

#include "collector/recording.h"
#include "trace/writer.h"

struct heading {
	struct writer_event *events; /* of the plan, then of the kernel */
	size_t count;
};

/* How many there are. */
unsigned heading_count(const struct recording_options *options);

/* Once the backend, whose state is @backend, is open. 0, or a negative errno; to be
 * released in both cases. */
int heading_make(struct heading *heading, const struct recording_options *options,
		 void *backend, const struct capture *capture, struct failure *f);
void heading_release(struct heading *heading);

#endif
