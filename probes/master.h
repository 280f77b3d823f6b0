/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The master of an agent: sends it a job, gets the results and the trace. */
#ifndef FATHOM_PROBES_MASTER_H
#define FATHOM_PROBES_MASTER_H

#include <jansson.h>

struct failure;
struct run_progress;

struct master_options {
	const char *agent;  /* its address as the user knows it */
	json_t *job;	    /* the body of the message 'job' */
	const char *record; /* the file for the agent's trace, or NULL */
	/* What the user is told. */
	void (*say)(const char *line);
	void (*warn)(const json_t *warnings); /* all that there are by now */
	void (*show)(const char *phase, const struct run_progress *progress);
};

/*
 * Runs the job by the agent at the other end of @fd, which is closed, and waits for its
 * end. A first stop_requested() ends it early. Returns 0 or a negative errno with the
 * reason in @f; *@results is there if anything was measured, in both cases, with what is
 * known of the agent under fathom.agent.
 */
int master_run(int fd, const struct master_options *options, json_t **results,
	       struct failure *f);

#endif
