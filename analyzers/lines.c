// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines to a descriptor, fast. */
#include "analyzers/lines.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/failure.h"
#include "core/text.h"

enum {
	DIGITS_MAX = 32,
	ESCAPED_MAX = 16 << 10,
	JSON_MAX = 8 << 10,
	JSON_EXPANSION = 6, /* one byte becomes at most \u00XX */
};

int lines_flush(struct lines *l)
{
	size_t done = 0;

	while (!l->error && done < l->used) {
		ssize_t n = write(l->fd, l->buffer + done, l->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			l->error = -errno;
	}
	l->used = 0;
	return l->error;
}

int lines_flush_answer(struct lines *l, struct failure *f)
{
	if (!lines_flush(l))
		return 0;
	return fail(f, l->error, "cannot write to standard output: %s",
		    strerror(-l->error));
}

/* The decimal digits of @value, so that they end at @end; returns their start. */
static char *digits(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}

void lines_padded(struct lines *l, uint64_t value, unsigned width, char pad)
{
	char text[DIGITS_MAX], *end = text + sizeof(text), *at = digits(end, value);

	if (width > DIGITS_MAX)
		width = DIGITS_MAX;
	while (at > end - width)
		*--at = pad;
	lines_bytes(l, at, (size_t)(end - at));
}

void lines_unsigned(struct lines *l, uint64_t value)
{
	lines_padded(l, value, 0, ' ');
}

void lines_signed(struct lines *l, int64_t value)
{
	if (value < 0)
		lines_char(l, '-');
	lines_unsigned(l, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void lines_hex(struct lines *l, uint64_t value)
{
	char text[DIGITS_MAX], *end = text + sizeof(text), *at = end;

	do {
		*--at = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	lines_bytes(l, "0x", 2);
	lines_bytes(l, at, (size_t)(end - at));
}

void lines_double(struct lines *l, double value)
{
	char text[DIGITS_MAX];

	snprintf(text, sizeof(text), "%.17g", value);
	lines_text(l, text);
}

size_t lines_escaped(struct lines *l, const char *text, size_t size, char quote)
{
	char *out = lines_room(l, ESCAPED_MAX);
	size_t taken = text_escape(out, ESCAPED_MAX, text, size, quote);

	l->used += taken;
	return taken;
}

/* How many bytes of @s are one UTF-8 character above 0x7f; 0 if they are none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	uint32_t code = s[0] & (0x7fU >> n);

	if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < lowest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

static size_t json_ascii(char *out, unsigned char c)
{
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (c >= ' ' && c != 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	memcpy(out, "\\u00", 4);
	out[4] = "0123456789abcdef"[c >> 4];
	out[5] = "0123456789abcdef"[c & 15];
	return 6;
}

void lines_json(struct lines *l, const char *text, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	char *out;

	if (size > JSON_MAX)
		size = JSON_MAX;
	out = lines_room(l, size * JSON_EXPANSION + 2);
	*out++ = '"';
	for (size_t i = 0; i < size;) {
		size_t n = s[i] < 0x80 ? 1 : utf8_length(s + i, size - i);

		if (s[i] < 0x80) {
			out += json_ascii(out, s[i]);
		} else if (n) {
			memcpy(out, s + i, n);
			out += n;
		} else {
			memcpy(out, "\xef\xbf\xbd", 3);
			out += 3;
			n = 1;
		}
		i += n;
	}
	*out++ = '"';
	l->used = (size_t)(out - l->buffer);
}
