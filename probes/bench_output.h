/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go: open before the run, since they cannot be had a second time. */
#ifndef FATHOM_PROBES_BENCH_OUTPUT_H
#define FATHOM_PROBES_BENCH_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct failure;

struct bench_output {
	FILE *main;		 /* stdout, or the file of --output */
	const char *main_path;	 /* NULL: stdout */
	FILE *json;		 /* the file of --json=FILE, or NULL */
	const char *json_path;
	bool main_is_json;	 /* --json without a file */
};

/* @path is that of --output, @json the value of --json; each NULL if it was not given.
 * What is in the files stays until there are results. Close in any case. */
int bench_output_open(struct bench_output *out, const char *path, const char *json,
		      struct failure *f);

/* Both forms are tried; the first failure is told. */
int bench_output_write(const struct bench_output *out, const json_t *results,
		       struct failure *f);

void bench_output_close(struct bench_output *out);

#endif
