/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench and agent say on stderr while a job runs. */
#ifndef FATHOM_PROBES_BENCH_TELL_H
#define FATHOM_PROBES_BENCH_TELL_H

#include <jansson.h>
#include <stddef.h>

#include "probes/run.h"

/* The line that is overwritten: what is going on, and of a job that runs how fast. An
 * agent's words for it may be anything. */
void tell_progress(const char *phase, const struct run_progress *p);

static inline const char *tell_phase(const struct run_progress *p)
{
	return p->ramp ? "warming up" : "measuring";
}

/* Warnings of bench_warnings(), from number @told on: a line for each job and file.
 * Returns how many have been told by now. */
size_t tell_warnings(const char *command, const json_t *warnings, size_t told);

#endif
