// SPDX-License-Identifier: GPL-2.0-or-later
/* The control protocol: messages to bytes and back. */
#include "trace/control.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "core/bytes.h"
#include "core/failure.h"

static const char magic[4] = {'F', 'T', 'H', 'M'};

static const struct control_kind kinds[] = {
#define CONTROL(id, NAME, name, sender, answers, body, body_max, fields, meaning)        \
	{id,		 #name,	   CONTROL_##sender, CONTROL_##answers,                  \
	 CONTROL_##body, body_max, fields,	     meaning},
#include "trace/control.def"
#undef CONTROL
};

const struct control_kind *control_kind(unsigned type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static const char *side_name(enum control_side side)
{
	return side == CONTROL_MASTER ? "a master" : "an agent";
}

static int check_length(const struct control_message *m, struct failure *f)
{
	const struct control_kind *kind = m->kind;

	if (m->length > kind->body_max)
		return fail(f, -EMSGSIZE,
			    "a message '%s' of %u bytes came, but %u are the most",
			    kind->name, m->length, kind->body_max);
	if (kind->body == CONTROL_BYTES && m->length < CONTROL_PIECE_HEADER)
		return fail(f, -EBADMSG,
			    "a message '%s' of %u bytes came, but %u are the least",
			    kind->name, m->length, CONTROL_PIECE_HEADER);
	return 0;
}

int control_parse_header(const void *data, size_t size, struct control_message *m,
			 struct failure *f)
{
	struct bytes b = bytes_of(data, size);
	const char *start = bytes_take(&b, size < sizeof(magic) ? size : sizeof(magic));
	uint16_t version = bytes_u16_le(&b), type = bytes_u16_le(&b);
	int err;

	*m = (struct control_message){.number = bytes_u32_le(&b)};
	m->length = bytes_u32_le(&b);
	/* Strangers are found out by their first byte. */
	if (memcmp(start, magic, size < sizeof(magic) ? size : sizeof(magic)))
		return fail(f, -EPROTO, "what comes is not fathom's control protocol");
	if (size < CONTROL_HEADER_SIZE)
		return 0;
	if (version != CONTROL_VERSION)
		return fail(f, -EPROTONOSUPPORT,
			    "the other side speaks version %u of the control protocol, "
			    "this one version %u: use the same fathom on both",
			    version, CONTROL_VERSION);
	m->kind = control_kind(type);
	if (!m->kind)
		return fail(f, -EBADMSG, "a message of the unknown type %u came", type);
	err = check_length(m, f);
	return err ? err : 1;
}

int control_parse(const void *data, size_t size, enum control_side sender,
		  struct control_message *m, struct failure *f)
{
	int got = control_parse_header(data, size, m, f);

	if (got <= 0)
		return got;
	if (m->kind->sender != sender)
		return fail(f, -EBADMSG, "a message '%s' came, which %s never sends",
			    m->kind->name, side_name(sender));
	if (size - CONTROL_HEADER_SIZE < m->length)
		return 0;
	m->body = (const uint8_t *)data + CONTROL_HEADER_SIZE;
	return 1;
}

int control_body(const struct control_message *m, json_t **body, struct failure *f)
{
	json_error_t error;

	*body = json_loadb((const char *)m->body, m->length, JSON_REJECT_DUPLICATES,
			   &error);
	if (!*body)
		return fail(f, -EBADMSG, "the body of a message '%s' is no JSON: %s",
			    m->kind->name, error.text);
	if (json_is_object(*body))
		return 0;
	json_decref(*body);
	*body = NULL;
	return fail(f, -EBADMSG, "the body of a message '%s' is no JSON object",
		    m->kind->name);
}

/* Stores @value and moves on. */
static uint8_t *put16(uint8_t *to, uint16_t value)
{
	value = htole16(value);
	return (uint8_t *)mempcpy(to, &value, sizeof(value));
}

static uint8_t *put32(uint8_t *to, uint32_t value)
{
	value = htole32(value);
	return (uint8_t *)mempcpy(to, &value, sizeof(value));
}

void control_put_header(uint8_t header[CONTROL_HEADER_SIZE], enum control_type type,
			uint32_t number, uint32_t length)
{
	uint8_t *to = mempcpy(header, magic, sizeof(magic));

	to = put16(to, CONTROL_VERSION);
	to = put16(to, (uint16_t)type);
	to = put32(to, number);
	put32(to, length);
}

static void add(struct control_stream *stream, const void *data, size_t size)
{
	stream->bytes += size;
	stream->checksum = (uint32_t)crc32(stream->checksum, data, (uInt)size);
}

void control_put_piece(struct control_stream *stream, const void *data, size_t size,
		       uint8_t start[CONTROL_PIECE_HEADER])
{
	uint64_t offset = htole64(stream->bytes);

	add(stream, data, size);
	put32(mempcpy(start, &offset, sizeof(offset)), stream->checksum);
}

int control_take_piece(struct control_stream *stream, const struct control_message *m,
		       const void **data, size_t *size, struct failure *f)
{
	struct bytes b = bytes_of(m->body, m->length);
	uint64_t offset = bytes_u64_le(&b), before = stream->bytes;
	uint32_t checksum = bytes_u32_le(&b);

	*size = bytes_left(&b);
	*data = bytes_take(&b, *size);
	if (offset != before)
		return fail(f, -EBADMSG,
			    "a piece of the trace begins at byte %llu, not at %llu",
			    (unsigned long long)offset, (unsigned long long)before);
	add(stream, *data, *size);
	if (checksum != stream->checksum)
		return fail(f, -EBADMSG,
			    "the trace was damaged on its way: the checksum of its first "
			    "%llu bytes is %08x, not %08x",
			    (unsigned long long)stream->bytes, stream->checksum, checksum);
	return 0;
}
