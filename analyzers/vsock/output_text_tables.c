// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of the report for people: the conversations, and who stalled whom. */
#include "analyzers/vsock/output_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "core/units.h"

enum { STALL_ROWS_MAX = 10, WIDE_ENOUGH = 110 };

/* A dash for what is not known, or not there. */
static const char *time_or_dash(char *text, bool known, uint64_t ns)
{
	return known ? time_text(text, (double)ns) : "-";
}

static const char *size_or_dash(char *text, uint64_t bytes)
{
	return bytes ? size_text(text, (double)bytes) : "-";
}

/* Each writes its cell of a conversation to @text (VSOCK_NAME bytes), or returns a word.
 */
typedef const char *cell_text(char *text, const struct vsock_conversation *c);

static const char *number_cell(char *text, const struct vsock_conversation *c)
{
	snprintf(text, VSOCK_NAME, "%" PRIu64, c->number);
	return text;
}

static const char *from_cell(char *text, const struct vsock_conversation *c)
{
	vsock_address_text(text, &c->address[VSOCK_A]);
	return c->opener_known ? text : strcat(text, "?");
}

static const char *to_cell(char *text, const struct vsock_conversation *c)
{
	return vsock_address_text(text, &c->address[VSOCK_B]);
}

static const char *type_cell(char *text, const struct vsock_conversation *c)
{
	return vsock_type_word(c->type, text);
}

static const char *connect_cell(char *text, const struct vsock_conversation *c)
{
	return time_or_dash(text, c->connect_ns != VSOCK_NO_TIME, c->connect_ns);
}

static const char *end_cell(char *text, const struct vsock_conversation *c)
{
	(void)text;
	return vsock_outcome_word(c->outcome);
}

static const char *sent_cell(char *text, const struct vsock_conversation *c)
{
	return size_or_dash(text, c->side[VSOCK_A].bytes);
}

static const char *received_cell(char *text, const struct vsock_conversation *c)
{
	return size_or_dash(text, c->side[VSOCK_B].bytes);
}

static const char *p50_cell(char *text, const struct vsock_conversation *c)
{
	const struct turnaround *answers = &c->side[VSOCK_B].answers;

	return time_or_dash(text, answers->known, answers->percentiles[0]);
}

static const char *p99_cell(char *text, const struct vsock_conversation *c)
{
	const struct turnaround *answers = &c->side[VSOCK_B].answers;

	return time_or_dash(text, answers->known, answers->percentiles[2]);
}

static const char *stalled_cell(char *text, const struct vsock_conversation *c)
{
	return time_or_dash(text, vsock_stalled_ns(c), vsock_stalled_ns(c));
}

static const struct {
	const char *heading;
	cell_text *cell;
	bool wide; /* left out where the terminal is narrow; the details have it */
} columns[] = {
	{"#", number_cell, false},	  {"from", from_cell, false},
	{"to", to_cell, false},		  {"type", type_cell, true},
	{"connect", connect_cell, false}, {"end", end_cell, false},
	{"sent", sent_cell, false},	  {"received", received_cell, false},
	{"answer p50", p50_cell, true},	  {"p99", p99_cell, true},
	{"stalled", stalled_cell, false},
};

enum { COLUMNS = sizeof(columns) / sizeof(*columns), COLUMNS_WIDE = 3 };

/* A row, or the heading without a conversation. */
static void conversation_row(struct text_table *table, bool narrow,
			     const struct vsock_conversation *c)
{
	char text[VSOCK_NAME];

	for (unsigned i = 0; i < COLUMNS; i++)
		if (!narrow || !columns[i].wide)
			text_cell(table, "%s",
				  c ? columns[i].cell(text, c) : columns[i].heading);
}

bool text_is_narrow(void)
{
	return isatty(STDOUT_FILENO) && text_columns(stdout) < WIDE_ENOUGH;
}

void text_conversations(struct vsock_conversation *const *c, unsigned nr)
{
	bool narrow = text_is_narrow();
	struct text_table *table =
		text_table_new(narrow ? COLUMNS - COLUMNS_WIDE : COLUMNS);
	bool unknown = false;

	conversation_row(table, narrow, NULL);
	for (unsigned i = 0; i < nr; i++) {
		conversation_row(table, narrow, c[i]);
		unknown |= !c[i]->opener_known;
	}
	text_table_print(table, stdout, false);
	text_table_free(table);
	if (unknown)
		puts("? began before the capture: who connected is not known");
}

/* The stalls of one sender in one conversation. */
struct stalled {
	const struct vsock_conversation *c;
	enum vsock_end sender;
};

static const struct stall_sum *sum_of(const struct stalled *s)
{
	return &s->c->stalls.sum[s->sender];
}

static int compare_stalled(const void *a, const void *b)
{
	uint64_t x = sum_of(a)->ns, y = sum_of(b)->ns;

	return (x < y) - (x > y);
}

/* Why a sender was stalled: what cost it most, and how much that is if not all. */
static void because(struct text_table *table, const struct stall_sum *sum)
{
	static const char *const reasons[VSOCK_FAULTS] = {
		[VSOCK_FAULT_READER] = "did not read",
		[VSOCK_FAULT_WINDOW] = "read at once, but its buffer is small",
		[VSOCK_FAULT_BOTH] = "did not read, for it was stalled, too",
	};
	char time[UNIT_TEXT];
	unsigned most = 0;

	for (unsigned i = 1; i < VSOCK_FAULTS; i++)
		if (sum->fault_ns[i] > sum->fault_ns[most])
			most = i;
	if (sum->ns - sum->fault_ns[most] < sum->ns / 10)
		text_cell(table, "%s", reasons[most]);
	else
		text_cell(table, "%s (%s of it)", reasons[most],
			  time_text(time, (double)sum->fault_ns[most]));
}

/* When the longest began. */
static const char *longest_at(char *text, const struct vsock_view *view,
			      const struct stalled *s)
{
	const struct stalls *stalls = &s->c->stalls;

	for (size_t i = 0; i < stalls->nr; i++)
		if (stalls->kept[i].sender == s->sender &&
		    stall_ns(&stalls->kept[i]) == sum_of(s)->longest_ns)
			return time_text(text, (double)vsock_since_start(
						       view, stalls->kept[i].begin_ns));
	return "-";
}

static void stalled_row(struct text_table *table, const struct vsock_view *view,
			const struct stalled *s)
{
	const struct stall_sum *sum = sum_of(s);
	uint64_t lasted = vsock_duration_ns(s->c);
	char text[VSOCK_NAME];

	text_cell(table, "%" PRIu64, s->c->number);
	text_cell(table, "%s", vsock_address_text(text, &s->c->address[s->sender]));
	text_cell(table, "%s",
		  vsock_address_text(text, &s->c->address[vsock_other(s->sender)]));
	text_cell(table, "%s", time_text(text, (double)sum->ns));
	text_cell(table, "%.0f %%", lasted ? 100 * (double)sum->ns / (double)lasted : 0);
	text_cell(table, "%" PRIu64, sum->count);
	text_cell(table, "%s", time_text(text, (double)sum->longest_ns));
	text_cell(table, "%s", longest_at(text, view, s));
	text_cell(table, "%s",
		  size_text(text, (double)s->c->stalls.last[s->sender].buf_alloc));
	because(table, sum);
}

static size_t find_stalled(struct stalled *all, struct vsock_conversation *const *c,
			   unsigned nr)
{
	size_t found = 0;

	for (unsigned i = 0; i < nr; i++)
		for (unsigned end = 0; end < VSOCK_ENDS; end++)
			if (c[i]->stalls.sum[end].count)
				all[found++] =
					(struct stalled){c[i], (enum vsock_end)end};
	qsort(all, found, sizeof(*all), compare_stalled);
	return found;
}

static void stalled_table(const struct vsock_view *view, const struct stalled *all,
			  size_t found)
{
	static const char *const heading[] = {"#",	"stalled",   "by",	"for",
					      "share",	"times",     "longest", "at",
					      "buffer", "because it"};
	struct text_table *table = text_table_new(sizeof(heading) / sizeof(*heading));

	puts("\nStalls: a sender with data, but without credit");
	for (size_t i = 0; i < sizeof(heading) / sizeof(*heading); i++)
		text_cell(table, "%s", heading[i]);
	for (size_t i = 0; i < found && i < STALL_ROWS_MAX; i++)
		stalled_row(table, view, &all[i]);
	text_table_print(table, stdout, false);
	text_table_free(table);
	if (found > STALL_ROWS_MAX)
		printf("and %zu more, which were shorter\n", found - STALL_ROWS_MAX);
}

void text_stalls(const struct vsock_view *view, struct vsock_conversation *const *c,
		 unsigned nr)
{
	struct stalled *all = calloc((size_t)nr * VSOCK_ENDS, sizeof(*all));
	size_t found = all ? find_stalled(all, c, nr) : 0;

	if (found)
		stalled_table(view, all, found);
	free(all);
}
