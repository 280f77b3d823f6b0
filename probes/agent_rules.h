/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operator of an agent lets a master do. */
#ifndef FATHOM_PROBES_AGENT_RULES_H
#define FATHOM_PROBES_AGENT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/file_rules.h"

struct failure;
struct job_file;

struct agent_limits {
	uint64_t time_ns; /* of a job, from its beginning to its end */
	uint64_t workers; /* of all its sections */
	uint64_t memory;  /* bytes, of workers and buffers that are there at once */
	uint64_t size;	  /* bytes that files are laid out with or grow by */
	uint64_t trace;	  /* bytes; recording ends there */
};

struct agent_rules {
	struct file_roots roots;
	bool allow_write;
	struct agent_limits limits;
	bool sandbox; /* a session enters one, for the rest of its process's life */
};

/* Does the job keep to the limits, as far as it says beforehand? 0, or a negative errno
 * with the reason in @f. Its files are another matter (file_rules.h). */
int agent_limits_check(const struct agent_limits *limits, const struct job_file *file,
		       struct failure *f);

#endif
