// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes that grow. */
#include "trace/blob.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4096, PERF_STRING_STEP = 64 };

static bool make_room(struct blob *b, size_t size)
{
	size_t room = b->room ? b->room : FIRST_ROOM;
	uint8_t *data;

	if (b->failed || size > SIZE_MAX / 2 - b->size)
		b->failed = true;
	if (b->failed || b->size + size <= b->room)
		return !b->failed;
	while (room < b->size + size)
		room *= 2;
	data = realloc(b->data, room);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->room = room;
	return true;
}

void blob_put(struct blob *b, const void *data, size_t size)
{
	if (!size || !make_room(b, size))
		return;
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

void blob_zeros(struct blob *b, size_t size)
{
	if (!size || !make_room(b, size))
		return;
	memset(b->data + b->size, 0, size);
	b->size += size;
}

void blob_u8(struct blob *b, uint8_t value)
{
	blob_put(b, &value, sizeof(value));
}

void blob_u32(struct blob *b, uint32_t value)
{
	blob_put(b, &value, sizeof(value));
}

void blob_u64(struct blob *b, uint64_t value)
{
	blob_put(b, &value, sizeof(value));
}

void blob_align(struct blob *b, size_t step)
{
	blob_zeros(b, (step - b->size % step) % step);
}

void blob_perf_string(struct blob *b, const char *text)
{
	size_t length = strlen(text) + 1;
	size_t padded =
		(length + PERF_STRING_STEP - 1) / PERF_STRING_STEP * PERF_STRING_STEP;

	blob_u32(b, (uint32_t)padded);
	blob_put(b, text, length);
	blob_zeros(b, padded - length);
}

void blob_release(struct blob *b)
{
	free(b->data);
	*b = (struct blob){0};
}
