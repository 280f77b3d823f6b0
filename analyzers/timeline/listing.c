// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of a timeline. */
#include "analyzers/timeline/listing.h"

#include <string.h>

#include "core/units.h"

enum { NS_PER_S = 1000000000, KIND_WIDTH = 7 };

const char *const entry_kind_words[ENTRY_KINDS + 1] = {
	[ENTRY_CONTROL] = "control", [ENTRY_CLOCK] = "clock", [ENTRY_PACKET] = "packet",
	[ENTRY_REQUEST] = "request", [ENTRY_POLL] = "poll",   [ENTRY_STALL] = "stall",
	[ENTRY_LOSS] = "loss",
};

static void pad(struct lines *l, size_t used, int width)
{
	for (; used < (size_t)width; used++)
		lines_char(l, ' ');
}

static void json_head(struct listing *l, enum entry_kind kind, const char *source,
		      uint64_t time_ns, const char *what)
{
	lines_text(&l->lines, "{\"t_ns\":");
	lines_unsigned(&l->lines, time_ns);
	lines_text(&l->lines, ",\"source\":");
	lines_json(&l->lines, source, strlen(source));
	lines_text(&l->lines, ",\"kind\":\"");
	lines_text(&l->lines, entry_kind_words[kind]);
	lines_text(&l->lines, "\",\"what\":");
	lines_json(&l->lines, what, strlen(what));
}

bool listing_entry(struct listing *l, enum entry_kind kind, const char *source,
		   uint64_t time_ns, const char *what)
{
	if (!(l->kinds & 1U << kind) || time_ns < l->from_ns || time_ns > l->until_ns) {
		l->hidden++;
		return false;
	}
	if (!l->entries++)
		l->first_ns = time_ns;
	l->last_ns = time_ns;
	if (l->json) {
		json_head(l, kind, source, time_ns, what);
		return true;
	}
	lines_padded(&l->lines, time_ns / NS_PER_S, 6, ' ');
	lines_char(&l->lines, '.');
	lines_padded(&l->lines, time_ns % NS_PER_S, 9, '0');
	lines_text(&l->lines, "  ");
	pad(&l->lines, lines_escaped(&l->lines, source, strlen(source), 0),
	    l->name_width);
	lines_text(&l->lines, "  ");
	lines_text(&l->lines, entry_kind_words[kind]);
	pad(&l->lines, strlen(entry_kind_words[kind]), KIND_WIDTH);
	lines_char(&l->lines, ' ');
	lines_escaped(&l->lines, what, strlen(what), 0);
	return true;
}

static void name_value(struct listing *l, const char *name, const char *more)
{
	lines_text(&l->lines, l->json ? ",\"" : " ");
	lines_text(&l->lines, name);
	if (l->json)
		lines_text(&l->lines, more);
	lines_text(&l->lines, l->json ? "\":" : "=");
}

void listing_number(struct listing *l, const char *name, int64_t value)
{
	name_value(l, name, "");
	lines_signed(&l->lines, value);
}

void listing_text(struct listing *l, const char *name, const char *text, size_t size)
{
	name_value(l, name, "");
	if (l->json)
		lines_json(&l->lines, text, size);
	else
		lines_escaped(&l->lines, text, size, 0);
}

void listing_word(struct listing *l, const char *name, const char *word)
{
	listing_text(l, name, word, strlen(word));
}

void listing_time(struct listing *l, const char *name, uint64_t ns)
{
	char text[UNIT_TEXT];

	name_value(l, name, "_ns");
	if (l->json) {
		lines_unsigned(&l->lines, ns);
		return;
	}
	time_text(text, (double)ns);
	for (const char *at = text; *at; at++) /* "98.0us": one word */
		if (*at != ' ')
			lines_char(&l->lines, *at);
}

void listing_end(struct listing *l)
{
	lines_text(&l->lines, l->json ? "}\n" : "\n");
}

int listing_flush(struct listing *l, struct failure *f)
{
	return lines_flush_answer(&l->lines, f);
}
