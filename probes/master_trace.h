/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's trace as it comes home. */
#ifndef FATHOM_PROBES_MASTER_TRACE_H
#define FATHOM_PROBES_MASTER_TRACE_H

#include <jansson.h>

#include "core/failure.h"
#include "trace/control.h"

struct master_trace {
	const char *path;
	int fd; /* -1: none */
	struct control_stream stream;
	int unwritten; /* why it could not be written any more; 0: it can */
	struct failure failure;
};

#define MASTER_NO_TRACE {.fd = -1}

int master_trace_open(struct master_trace *t, const char *path, struct failure *f);

/* The next piece. A full disk does not end the job: what comes then is dropped, and
 * master_trace_finish tells. */
int master_trace_take(struct master_trace *t, const struct control_message *m,
		      struct failure *f);

/* Is all there that the agent has sent, as it says in @finished? Says what its recorder
 * said. */
int master_trace_finish(struct master_trace *t, const json_t *finished,
			void (*say)(const char *line), struct failure *f);

void master_trace_close(struct master_trace *t);

#endif
