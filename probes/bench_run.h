/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bench as the command line wants it: run here, or there by an agent. */
#ifndef FATHOM_PROBES_BENCH_RUN_H
#define FATHOM_PROBES_BENCH_RUN_H

#include <jansson.h>

#include "probes/channel.h"
#include "probes/job.h"

struct failure;
struct string_list;

/* What an option puts in the place of a key in all jobs; a NULL value leaves it. */
struct bench_override {
	const char *option, *key, *value;
};

enum { BENCH_OVERRIDES = 8 };

struct bench_job {
	const char *path;
	char *text;	      /* as it was read from there */
	struct job_file file; /* … with the overrides, checked */
	struct bench_override overrides[BENCH_OVERRIDES];
	const struct string_list *allow_write; /* devices */
	const char *agent;		       /* its address, for bench_there */
	struct channel_address address;	       /* … the same */
	const char *record;		       /* file for its trace; NULL: none */
};

/* Each shows progress and warnings on stderr. 0, or a negative errno with the reason in
 * @f; *@results may be there in both cases; without jobs if none ran. */
int bench_here(const struct bench_job *job, json_t **results, struct failure *f);
int bench_there(const struct bench_job *job, json_t **results, struct failure *f);

#endif
