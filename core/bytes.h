/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only door for foreign bytes: a cursor that cannot leave its buffer.
 *
 * A getter past the end returns 0 (or NULL), marks the cursor bad and moves
 * nothing; whoever reads a structure checks bytes_bad() once, at its end. Plain
 * getters read native byte order, the _le ones little endian.
 */
#ifndef FATHOM_CORE_BYTES_H
#define FATHOM_CORE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct bytes bytes_of(const void *data, size_t size)
{
	return (struct bytes){.at = data, .end = (const uint8_t *)data + size};
}

static inline size_t bytes_left(const struct bytes *b)
{
	return (size_t)(b->end - b->at);
}

static inline bool bytes_bad(const struct bytes *b)
{
	return b->bad;
}

/* The next @size bytes, or NULL if there are fewer. They belong to the buffer. */
static inline const void *bytes_take(struct bytes *b, size_t size)
{
	const void *taken = b->at;

	if (size > bytes_left(b)) {
		b->bad = true;
		return NULL;
	}
	b->at += size;
	return taken;
}

static inline void bytes_skip(struct bytes *b, size_t size)
{
	bytes_take(b, size);
}

/* Copies the next @size bytes to @to; zeroes @to if there are fewer. */
static inline void bytes_copy(struct bytes *b, void *to, size_t size)
{
	const void *from = bytes_take(b, size);

	if (from)
		memcpy(to, from, size);
	else
		memset(to, 0, size);
}

/* The next NUL-terminated string, or NULL if no NUL comes before the end. */
static inline const char *bytes_string(struct bytes *b)
{
	const void *nul = memchr(b->at, 0, bytes_left(b));

	if (!nul) {
		b->bad = true;
		return NULL;
	}
	return bytes_take(b, (size_t)((const uint8_t *)nul - b->at) + 1);
}

/* Moves on to a multiple of @step (a power of two) from @start of the buffer. */
static inline void bytes_align(struct bytes *b, const void *start, size_t step)
{
	size_t done = (size_t)(b->at - (const uint8_t *)start);

	bytes_skip(b, (step - (done & (step - 1))) & (step - 1));
}

#define FATHOM_BYTES_GETTER(name, type)                   \
	static inline type bytes_##name(struct bytes *b)  \
	{                                                 \
		type value;                               \
                                                          \
		bytes_copy(b, &value, sizeof(value));     \
		return value;                             \
	}

FATHOM_BYTES_GETTER(u8, uint8_t)
FATHOM_BYTES_GETTER(u16, uint16_t)
FATHOM_BYTES_GETTER(u32, uint32_t)
FATHOM_BYTES_GETTER(u64, uint64_t)
#undef FATHOM_BYTES_GETTER

static inline uint16_t bytes_u16_le(struct bytes *b)
{
	return le16toh(bytes_u16(b));
}

static inline uint32_t bytes_u32_le(struct bytes *b)
{
	return le32toh(bytes_u32(b));
}

static inline uint64_t bytes_u64_le(struct bytes *b)
{
	return le64toh(bytes_u64(b));
}

#endif
