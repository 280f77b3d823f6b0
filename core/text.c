// SPDX-License-Identifier: GPL-2.0-or-later
/* Text for people: escaping what is not ours, bars, progress. */
#include "core/text.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/clock.h"

/* Well-formed UTF-8 is what RFC 3629 says. */
size_t text_printable(const char *text, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = s[0] < 0xc2	 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	if (s[0] >= ' ' && s[0] < 0x7f)
		return 1;
	if (!n || n > size)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	if (s[0] == 0xc2 && s[1] < 0xa0) /* C1 controls drive terminals, too */
		return 0;
	return n;
}

void text_tame(char *text)
{
	for (size_t left = strlen(text); left;) {
		size_t length = text_printable(text, left);

		if (!length) {
			*text = '?';
			length = 1;
		}
		text += length;
		left -= length;
	}
}

static size_t escape_one(char *out, unsigned char c, char quote)
{
	static const char letters[] = "abtnvfr"; /* 7 to 13 */

	if (c == '\\' || (quote && c == (unsigned char)quote)) {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (c >= 7 && c <= 13) {
		out[0] = '\\';
		out[1] = letters[c - 7];
		return 2;
	}
	if (c < ' ' || c >= 0x7f) {
		static const char hex[] = "0123456789abcdef";

		memcpy(out, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
		return 4;
	}
	out[0] = (char)c;
	return 1;
}

size_t text_escape(char *out, size_t room, const char *text, size_t size, char quote)
{
	size_t used = 0;

	if (!room)
		return 0;
	for (size_t i = 0; i < size;) {
		size_t length = text_printable(text + i, size - i), n = length;
		char piece[4];

		if (length > 1) {
			memcpy(piece, text + i, length);
		} else {
			length = 1;
			n = escape_one(piece, (unsigned char)text[i], quote);
		}
		if (used + n >= room)
			break;
		memcpy(out + used, piece, n);
		used += n;
		i += length;
	}
	out[used] = 0;
	return used;
}

char *text_bar(char *out, unsigned width, double part)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned filled;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	filled = (unsigned)(part * width * 8 + 0.5);
	*out = 0;
	for (unsigned i = 0; i < filled / 8; i++)
		strcat(out, "█");
	return strcat(out, eighths[filled % 8]);
}

const char *text_block(double part)
{
	static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄",
					      "▅", "▆", "▇", "█"};

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return eighths[(unsigned)(part * 8 + 0.5)];
}

unsigned text_columns(FILE *to)
{
	struct winsize size;

	if (ioctl(fileno(to), TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}

static struct {
	pthread_mutex_t lock;
	uint64_t began_ns, shown_ns;
	bool shown;
} line = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* To so many characters of UTF-8. */
static void cut(char *text, unsigned columns)
{
	for (; *text; text++) {
		if ((*text & 0xc0) == 0x80) /* not the first byte of a character */
			continue;
		if (!columns--)
			break;
	}
	*text = 0;
}

/* Is it time for the line? If so it counts as shown. */
static bool is_due(void)
{
	uint64_t now = clock_ns();

	if (!line.began_ns)
		line.began_ns = now;
	if (now - line.began_ns < 1000000000 || now - line.shown_ns < 100000000 ||
	    !isatty(STDERR_FILENO))
		return false;
	line.shown = true;
	line.shown_ns = now;
	return true;
}

void progress(const char *format, ...)
{
	char text[512];
	va_list args;

	pthread_mutex_lock(&line.lock);
	if (is_due()) {
		va_start(args, format);
		vsnprintf(text, sizeof(text), format, args);
		va_end(args);
		/* A full line would put the cursor on the next in some terminals. */
		cut(text, text_columns(stderr) - 1);
		fprintf(stderr, "\r\033[K%s", text);
		fflush(stderr);
	}
	pthread_mutex_unlock(&line.lock);
}

void progress_end(void)
{
	pthread_mutex_lock(&line.lock);
	if (line.shown)
		fputs("\r\033[K", stderr);
	line.shown = false;
	line.began_ns = line.shown_ns = 0;
	pthread_mutex_unlock(&line.lock);
}
