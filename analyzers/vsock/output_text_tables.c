// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of the report for people: the conversations, and who stalled whom. */
#include "analyzers/vsock/output_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "core/units.h"

enum { STALL_ROWS_MAX = 10 };

static const char *size_or_dash(char *text, uint64_t bytes)
{
	return bytes ? size_text(text, (double)bytes) : "-";
}

static void answer_cells(struct text_table *table, const struct turnaround *answers)
{
	char text[UNIT_TEXT];

	for (unsigned i = 0; i < TURNAROUND_PERCENTILES; i += 2) /* p50 and p99 */
		text_cell(table, "%s",
			  answers->known
				  ? time_text(text, (double)answers->percentiles[i])
				  : "-");
}

static void conversation_row(struct text_table *table, const struct vsock_conversation *c)
{
	char text[VSOCK_NAME];

	text_cell(table, "%" PRIu64, c->number);
	text_cell(table, "%s%s", vsock_address_text(text, &c->address[VSOCK_A]),
		  c->opener_known ? "" : "?");
	text_cell(table, "%s", vsock_address_text(text, &c->address[VSOCK_B]));
	text_cell(table, "%s", vsock_type_word(c->type, text));
	text_cell(table, "%s",
		  c->connect_ns == VSOCK_NO_TIME
			  ? "-"
			  : time_text(text, (double)c->connect_ns));
	text_cell(table, "%s", vsock_outcome_word(c->outcome));
	text_cell(table, "%s", size_or_dash(text, c->side[VSOCK_A].bytes));
	text_cell(table, "%s", size_or_dash(text, c->side[VSOCK_B].bytes));
	answer_cells(table, &c->side[VSOCK_B].answers);
	text_cell(table, "%s",
		  vsock_stalled_ns(c) ? time_text(text, (double)vsock_stalled_ns(c))
				      : "-");
}

void text_conversations(struct vsock_conversation *const *c, unsigned nr)
{
	static const char *const heading[] = {"#",	    "from", "to",     "type",
					      "connect",    "end",  "sent",   "received",
					      "answer p50", "p99",  "stalled"};
	struct text_table *table = text_table_new(sizeof(heading) / sizeof(*heading));
	bool unknown = false;

	for (size_t i = 0; i < sizeof(heading) / sizeof(*heading); i++)
		text_cell(table, "%s", heading[i]);
	for (unsigned i = 0; i < nr; i++) {
		conversation_row(table, c[i]);
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
