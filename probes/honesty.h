/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a benchmark say less than people think: short warnings with a cure. */
#ifndef FATHOM_PROBES_HONESTY_H
#define FATHOM_PROBES_HONESTY_H

#include <stdbool.h>
#include <stddef.h>

struct job;
struct statistics;
struct job_target;

struct warning {
	const char *id; /* stable, for the JSON: "buffered" */
	char *text;	/* whose it is, reason and cure, one line */
	size_t subject; /* bytes of the text that say whose: "job [x]", "/dev/a" */
};

struct warnings {
	struct warning *items; /* one per id and subject: the first */
	size_t count;
};

/* What is known before the run. */
void honesty_before(struct warnings *w, const struct job *job,
		    const struct job_target *t);

/* What the merged results of a report show; @job is that of its first worker. */
void honesty_after(struct warnings *w, const struct job *job, const struct statistics *s);

void warnings_free(struct warnings *w);

#endif
