/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a trace: a file, read at any place, or a stream, read once: from a
 * descriptor or, live, from a function of this process. */
#ifndef FATHOM_TRACE_INPUT_H
#define FATHOM_TRACE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/reader.h"

struct input {
	char *path; /* for messages */
	int fd;
	trace_source *source; /* instead of a descriptor; NULL: there is one */
	void *user;	      /* … of it */
	bool is_file;
	uint64_t size; /* of the file; 0 of a stream */
	uint64_t at;   /* of the next byte that input_read() gives */
	uint64_t end;  /* where it stops; UINT64_MAX: where the input ends */
};

/* "-" is stdin. 0 or a negative errno. */
int input_open(struct input *in, const char *path, struct failure *f);
int input_open_live(struct input *in, trace_source *source, void *user,
		    struct failure *f);
void input_close(struct input *in);

/* The next bytes: how many came, at least 1; 0 at the end; or a negative errno, -EAGAIN
 * when a live one has no more as yet. */
ssize_t input_read(struct input *in, void *to, size_t size);

/* Bytes at @offset of a file: all of them, or -ENODATA if it ends before, or another
 * negative errno. */
int input_read_at(const struct input *in, uint64_t offset, void *to, size_t size);

/* The same into new memory, to be freed. -E2BIG: more than @most. */
int input_load(const struct input *in, uint64_t offset, uint64_t size, size_t most,
	       void **to);

#endif
