/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records into PERF_RECORD_COMPRESSED: one zstd stream cut into records. */
#ifndef FATHOM_TRACE_COMPRESSOR_H
#define FATHOM_TRACE_COMPRESSOR_H

#include <stddef.h>
#include <stdint.h>

struct failure;
struct compressor;

/*
 * What a reader must be ready to get out of one record. perf reserves as much address
 * space for each record it decompresses, so it is kept small: a record is closed when
 * its input reaches a quarter of it, and zstd holds back less than another quarter.
 */
enum { DECOMPRESSED_MAX = 1 << 20 };

/* Takes one whole record. A negative return stops the compression and is returned. */
typedef int record_sink(void *user, const void *record, size_t size, struct failure *f);

int compressor_new(struct compressor **compressor, int level, struct failure *f);
void compressor_free(struct compressor *c); /* NULL is fine */

/* Takes @size bytes in; records go to @sink when they are full. */
int compressor_add(struct compressor *c, const void *data, size_t size, record_sink *sink,
		   void *user, struct failure *f);

/* Everything that was added is in records after this. */
int compressor_flush(struct compressor *c, record_sink *sink, void *user,
		     struct failure *f);

#endif
