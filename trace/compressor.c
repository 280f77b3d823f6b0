// SPDX-License-Identifier: GPL-2.0-or-later
/* Records into PERF_RECORD_COMPRESSED. */
#include "trace/compressor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "core/failure.h"
#include "trace/perf_file.h"

enum {
	RECORD_MAX = (1 << 16) - 8, /* the largest u16 that keeps the next one aligned */
	INPUT_MAX = DECOMPRESSED_MAX / 4,
};

struct compressor {
	ZSTD_CCtx *context;
	size_t filled; /* bytes of the payload in @record */
	size_t input;  /* bytes that went in since the record began */
	struct perf_event_header record;
	uint8_t payload[RECORD_MAX - sizeof(struct perf_event_header)];
};

int compressor_new(struct compressor **compressor, int level, struct failure *f)
{
	struct compressor *c = calloc(1, sizeof(*c));
	size_t result;

	if (!c)
		return fail(f, -ENOMEM, "no memory for the compression");
	c->record.type = PERF_RECORD_USER_COMPRESSED;
	c->context = ZSTD_createCCtx();
	if (!c->context) {
		compressor_free(c);
		return fail(f, -ENOMEM, "no memory for the compression");
	}
	result = ZSTD_CCtx_setParameter(c->context, ZSTD_c_compressionLevel, level);
	if (ZSTD_isError(result)) {
		compressor_free(c);
		return fail(f, -EINVAL, "compression level %d: %s", level,
			    ZSTD_getErrorName(result));
	}
	*compressor = c;
	return 0;
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->context);
	free(c);
}

static int close_record(struct compressor *c, record_sink *sink, void *user,
			struct failure *f)
{
	size_t size = sizeof(c->record) + c->filled;

	c->input = 0;
	if (!c->filled)
		return 0;
	c->filled = 0;
	c->record.size = (uint16_t)size;
	return sink(user, &c->record, size, f);
}

/* One call of zstd into what room the record has. Returns what zstd says is left. */
static int step(struct compressor *c, ZSTD_inBuffer *in, ZSTD_EndDirective how,
		size_t *left, struct failure *f)
{
	ZSTD_outBuffer out = {c->payload, sizeof(c->payload), c->filled};

	*left = ZSTD_compressStream2(c->context, &out, in, how);
	if (ZSTD_isError(*left))
		return fail(f, -EIO, "compression: %s", ZSTD_getErrorName(*left));
	c->filled = out.pos;
	return 0;
}

int compressor_add(struct compressor *c, const void *data, size_t size, record_sink *sink,
		   void *user, struct failure *f)
{
	const uint8_t *at = data;
	int err = 0;

	while (size && !err) {
		size_t part = INPUT_MAX - c->input < size ? INPUT_MAX - c->input : size;
		ZSTD_inBuffer in = {at, part, 0};
		size_t left;

		err = step(c, &in, ZSTD_e_continue, &left, f);
		if (err)
			return err;
		at += in.pos;
		size -= in.pos;
		c->input += in.pos;
		if (c->input == INPUT_MAX || c->filled == sizeof(c->payload))
			err = close_record(c, sink, user, f);
	}
	return err;
}

int compressor_flush(struct compressor *c, record_sink *sink, void *user,
		     struct failure *f)
{
	ZSTD_inBuffer nothing = {NULL, 0, 0};
	size_t left = 1;
	int err = 0;

	while (left && !err) {
		err = step(c, &nothing, ZSTD_e_flush, &left, f);
		if (!err)
			err = close_record(c, sink, user, f);
	}
	return err;
}
