/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control protocol between a benchmark's master and its agent: messages to bytes and
 * back. Both sides use it, and whoever decodes captured traffic.
 *
 * A message is a header of 16 bytes and a body. docs/control-protocol.md has every byte,
 * trace/control.def every message.
 */
#ifndef FATHOM_TRACE_CONTROL_H
#define FATHOM_TRACE_CONTROL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct failure;

enum {
	CONTROL_HEADER_SIZE = 16,
	CONTROL_VERSION = 1,
	CONTROL_PIECE_MAX = 64 << 10, /* bytes of a trace in one message */
};

enum control_side { CONTROL_MASTER, CONTROL_AGENT };

enum control_type {
	CONTROL_NOTHING = 0,
#define CONTROL(id, NAME, ...) CONTROL_##NAME = id,
#include "trace/control.def"
#undef CONTROL
	CONTROL_TYPES, /* above all of them */
};

enum control_body { CONTROL_OBJECT, CONTROL_BYTES };

/* A row of the list. */
struct control_kind {
	enum control_type type;
	const char *name;
	enum control_side sender;
	enum control_type answers; /* CONTROL_NOTHING: it is no answer */
	enum control_body body;
	uint32_t body_max;
	const char *fields; /* the most telling members, blanks between them */
	const char *meaning;
};

/* NULL for a type that is not in the list. */
const struct control_kind *control_kind(unsigned type);

struct control_message {
	const struct control_kind *kind;
	/* The master counts its messages from 1; what the agent sends for one of them
	 * repeats its number, what it sends unasked has 0. */
	uint32_t number;
	uint32_t length;     /* of the body */
	const uint8_t *body; /* in the caller's buffer */
};

/* Bytes of a whole message. */
static inline uint32_t control_size(const struct control_message *m)
{
	return CONTROL_HEADER_SIZE + m->length;
}

/*
 * Looks at what stands at @data. Returns 1 with the header's part of @m; 0 if there is no
 * whole header yet; or a negative errno with the reason in @f: what follows on this
 * connection has no meaning then. -EPROTONOSUPPORT is another version.
 */
int control_parse_header(const void *data, size_t size, struct control_message *m,
			 struct failure *f);

/* The same for a whole message of @sender: 0 also if the body is not there yet. */
int control_parse(const void *data, size_t size, enum control_side sender,
		  struct control_message *m, struct failure *f);

/* The object that is the body of @m, which is not one of bytes; *@body is for
 * json_decref. */
int control_body(const struct control_message *m, json_t **body, struct failure *f);

void control_put_header(uint8_t header[CONTROL_HEADER_SIZE], enum control_type type,
			uint32_t number, uint32_t length);

/* A trace on its way: both ends add up what they have seen. */
struct control_stream {
	uint64_t bytes;
	uint32_t checksum; /* CRC-32 of them, as of zlib and gzip */
};

enum { CONTROL_PIECE_HEADER = 12 };

/* The next @size bytes are sent: counts them and makes the start of their body. */
void control_put_piece(struct control_stream *stream, const void *data, size_t size,
		       uint8_t start[CONTROL_PIECE_HEADER]);

/* The next bytes, of @m, have come: *@data and *@size. -EBADMSG if they are not those
 * that were sent. */
int control_take_piece(struct control_stream *stream, const struct control_message *m,
		       const void **data, size_t *size, struct failure *f);

#endif
