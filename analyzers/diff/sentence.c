// SPDX-License-Identifier: GPL-2.0-or-later
/* The verdicts of a group in words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzers/diff/diff.h"

static void say(char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, DIFF_SENTENCE - used, format, args);
	va_end(args);
}

/* "1.80 to 2.31 times", "1.30 times" */
static void say_ratio(char *text, const struct ratio *r)
{
	char low[32], high[32];

	snprintf(low, sizeof(low), "%.*f", r->low < 10 ? 2 : 0, r->low);
	snprintf(high, sizeof(high), "%.*f", r->high < 10 ? 2 : 0, r->high);
	if (strcmp(low, high) != 0)
		say(text, "%s to ", low);
	say(text, "%s times", high);
}

static unsigned count_verdicts(const struct diff_group *g, enum diff_verdict verdict)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < DIFF_FIGURES; i++)
		nr += g->verdicts[i] == verdict;
	return nr;
}

/* "in B mean is 1.2 to 1.3 times, p99 1.80 to 2.31 times as long; this is not chance" */
static void say_differences(char *text, const struct diff_group *g)
{
	bool is_first = true;

	for (unsigned i = 0; i < DIFF_FIGURES; i++) {
		if (g->verdicts[i] != DIFF_LONGER && g->verdicts[i] != DIFF_SHORTER)
			continue;
		say(text, "%s%s%s ", is_first ? "in B " : ", ", diff_figure_word(i),
		    is_first ? " is" : "");
		say_ratio(text, &g->ratios[i]);
		is_first = false;
	}
	say(text, " as long; this is not chance");
}

/* "; too few requests to tell of p99 and p99.9" */
static void say_unknown(char *text, const struct diff_group *g)
{
	unsigned left = count_verdicts(g, DIFF_UNKNOWN);
	const char *before = "; too few requests to tell of ";

	for (unsigned i = 0; i < DIFF_FIGURES; i++) {
		if (g->verdicts[i] != DIFF_UNKNOWN)
			continue;
		say(text, "%s%s", before, diff_figure_word(i));
		before = --left == 1 ? " and " : ", ";
	}
}

char *diff_sentence(const struct diff_group *g, char *text)
{
	unsigned unknown = count_verdicts(g, DIFF_UNKNOWN);

	*text = 0;
	if (g->number[0] == DIFF_NOWHERE || g->number[1] == DIFF_NOWHERE)
		say(text, "only in %s", g->number[0] == DIFF_NOWHERE ? "B" : "A");
	else if (unknown == DIFF_FIGURES)
		say(text, "too few requests to tell");
	else if (count_verdicts(g, DIFF_LONGER) + count_verdicts(g, DIFF_SHORTER))
		say_differences(text, g);
	else if (!count_verdicts(g, DIFF_CHANCE))
		say(text, "the same within %.0f%%", 100 * DIFF_NOTHING);
	else
		say(text, "no difference that could not be chance");
	if (unknown && unknown < DIFF_FIGURES)
		say_unknown(text, g);
	return text;
}
