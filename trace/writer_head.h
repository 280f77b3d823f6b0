/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a trace has before its data: header, attrs, and the features' sections. */
#ifndef FATHOM_TRACE_WRITER_HEAD_H
#define FATHOM_TRACE_WRITER_HEAD_H

#include "trace/blob.h"
#include "trace/perf_file.h"
#include "trace/writer.h"

enum { WRITER_SECTIONS_MAX = 16 };

struct writer_head {
	struct perf_file_header header; /* data.size 0, no features yet */
	uint64_t features;		/* bits of the sections below */
	struct perf_file_section sections[WRITER_SECTIONS_MAX]; /* in the order of bits */
	size_t nr_sections;
	uint64_t ratio_offset; /* of the u32 compression ratio; 0 without */
};

/* Puts all that a file has before its data; @to begins at offset 0 of the file. */
int writer_head_file(struct writer_head *head, struct blob *to,
		     const struct writer_options *options, struct failure *f);

/* Puts all that a stream has before its first event. */
int writer_head_pipe(struct blob *to, const struct writer_options *options,
		     struct failure *f);

#endif
