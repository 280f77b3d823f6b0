/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a trace goes: a file, written at its end and here and there, or a stream. */
#ifndef FATHOM_TRACE_OUTPUT_H
#define FATHOM_TRACE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;

struct output {
	char *path; /* for messages */
	int fd;
	bool is_stream; /* "-", a pipe, a device: nothing can be changed later */
	uint64_t limit; /* RLIMIT_FSIZE */
	uint64_t at;	/* bytes that were written one after the other */
};

/* Opens @path ("-" is stdout). A file that was there becomes PATH.old, as with perf. */
int output_open(struct output *out, const char *path, struct failure *f);

/* 0 or the negative errno of close(2). */
int output_close(struct output *out);

/* Removes a file that is of no use. */
void output_discard(struct output *out);

/* Writes what the disk and the limit allow; out->at says how far it came. 0 or a
 * negative errno. */
int output_write(struct output *out, const void *data, size_t size);

/* Overwrites a part of a file. */
int output_write_at(struct output *out, const void *data, size_t size, uint64_t at);

/* Ends a file at @size. */
int output_cut(struct output *out, uint64_t size);

#endif
