/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that grow: what is written out at once. The getters' mirror is core/bytes.h. */
#ifndef FATHOM_TRACE_BLOB_H
#define FATHOM_TRACE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob {
	uint8_t *data;
	size_t size, room;
	bool failed; /* memory ran out: checked once, at the end */
};

void blob_put(struct blob *b, const void *data, size_t size);
void blob_zeros(struct blob *b, size_t size);
void blob_u8(struct blob *b, uint8_t value);
void blob_u32(struct blob *b, uint32_t value);
void blob_u64(struct blob *b, uint64_t value);

/* Zeros up to a multiple of @step from the beginning. */
void blob_align(struct blob *b, size_t step);

/* perf's string: u32 length of what follows, the text, NULs to a multiple of 64. */
void blob_perf_string(struct blob *b, const char *text);

void blob_release(struct blob *b);

#endif
