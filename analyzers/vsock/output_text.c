// SPDX-License-Identifier: GPL-2.0-or-later
/* The report for people: what there was, who stalled whom, and what says most. */
#include "analyzers/vsock/output_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyzers/vsock/shelf.h"
#include "core/text.h"
#include "core/units.h"

enum { ROWS_MAX = 40, DETAILS_MAX = 4 };

struct report {
	struct shelf shelf; /* first: the listener's state */
	const struct vsock_view *view;
	struct {
		uint64_t count, packets, bytes;
	} no_room; /* conversations that left the shelf */
};

static void sum_up(void *user, const struct vsock_conversation *c)
{
	struct report *r = user;

	r->no_room.count++;
	for (unsigned end = 0; end < VSOCK_ENDS; end++) {
		r->no_room.packets += c->side[end].packets;
		r->no_room.bytes += c->side[end].bytes;
	}
}

static void begin(void *state, const struct vsock_view *view)
{
	struct report *r = state;

	r->view = view;
	r->shelf.compare = shelf_by_weight;
	r->shelf.let_go = sum_up;
	r->shelf.user = r;
}

static void print_ops(const struct vsock_tracker *t)
{
	const char *comma = "";
	char number[VSOCK_NAME];

	for (unsigned op = 0; op < VSOCK_NR_OPS; op++) {
		if (!t->ops[op])
			continue;
		printf("%s%" PRIu64 " %s", comma, t->ops[op], vsock_op_name(op, number));
		comma = ", ";
	}
	for (unsigned i = 0; i < t->nr_other_ops; i++, comma = ", ")
		printf("%s%" PRIu64 " of op %s", comma, t->other_ops[i].count,
		       vsock_op_name(t->other_ops[i].op, number));
	if (t->more_ops)
		printf("%s%" PRIu64 " of other ops", comma, t->more_ops);
	putchar('\n');
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100 * (double)part / (double)whole : 0;
}

static void print_outcomes(const struct vsock_tracker *t)
{
	const struct turnaround *connects = &t->connects;
	const char *comma = "";
	char p50[UNIT_TEXT], p99[UNIT_TEXT];

	for (unsigned i = 0; i < VSOCK_OUTCOMES; i++) {
		if (!t->outcomes[i])
			continue;
		printf("%s%" PRIu64 " %s", comma, t->outcomes[i],
		       vsock_outcome_word((enum vsock_outcome)i));
		comma = ", ";
	}
	if (connects->known)
		printf("; connected in p50 %s, p99 %s",
		       time_text(p50, (double)connects->percentiles[0]),
		       time_text(p99, (double)connects->percentiles[2]));
	putchar('\n');
}

static void print_heading(const struct vsock_view *view)
{
	const struct vsock_tracker *t = view->tracker;
	time_t start = (time_t)(t->first_ns / 1000000000);
	char count[UNIT_TEXT], span[UNIT_TEXT], clock[64] = "?";
	struct tm tm;

	if (localtime_r(&start, &tm))
		strftime(clock, sizeof(clock), "%F %T", &tm);
	printf("%s packets in %s from %s on, %" PRIu64 " conversation%s\n",
	       count_text(count, (double)t->packets),
	       time_text(span, (double)vsock_since_start(view, t->last_ns)), clock,
	       t->conversations, t->conversations == 1 ? "" : "s");
	if (t->conversations)
		print_outcomes(t);
	print_ops(t);
	if (t->credit_packets)
		printf("%.1f %% of the packets, %.1f %% of the bytes were only about "
		       "credit\n",
		       percent(t->credit_packets, t->packets),
		       percent(t->credit_bytes, t->bytes));
}

static int compare_numbers(const void *a, const void *b)
{
	return shelf_by_number(a, b);
}

/* The shelf is in the order of weight: the heaviest come last. */
static void print_conversations(struct report *r)
{
	struct vsock_conversation *shown[ROWS_MAX];
	unsigned nr = r->shelf.nr < ROWS_MAX ? r->shelf.nr : ROWS_MAX;
	uint64_t more = r->shelf.nr - nr + r->no_room.count;
	char bytes[UNIT_TEXT];

	memcpy(shown, r->shelf.held + r->shelf.nr - nr, nr * sizeof(*shown));
	qsort(shown, nr, sizeof(*shown), compare_numbers);
	putchar('\n');
	text_conversations(shown, nr);
	if (more)
		printf("and %" PRIu64 " more, which say less: --csv lists them all\n",
		       more);
	if (r->no_room.count)
		printf("(%" PRIu64 " of them only counted: %" PRIu64 " packets, %s)\n",
		       r->no_room.count, r->no_room.packets,
		       size_text(bytes, (double)r->no_room.bytes));
	text_stalls(r->view, r->shelf.held, r->shelf.nr);
}

static void print_details(const struct report *r)
{
	unsigned shown = 0;

	for (unsigned i = r->shelf.nr; i-- > 0 && shown < DETAILS_MAX;) {
		const struct vsock_conversation *c = r->shelf.held[i];

		if (!c->history)
			continue;
		text_details(r->view, c);
		shown++;
	}
}

static void print_trouble(const struct report *r)
{
	unsigned first = r->shelf.nr > ROWS_MAX ? r->shelf.nr - ROWS_MAX : 0;

	putchar('\n');
	for (unsigned i = r->shelf.nr; i-- > first;)
		text_trouble(r->shelf.held[i]);
	text_notes(r->view);
}

static int end(void *state, struct failure *f)
{
	struct report *r = state;
	const struct vsock_tracker *t = r->view->tracker;

	(void)f;
	if (t->packets) {
		print_heading(r->view);
		shelf_sort(&r->shelf);
		if (r->shelf.nr) {
			print_conversations(r);
			print_details(r);
		}
		print_trouble(r);
	} else if (r->view->filtered) {
		printf("none of %" PRIu64 " packets passed the filter\n",
		       r->view->filtered);
	} else {
		puts("no packets");
	}
	shelf_clear(&r->shelf);
	return 0;
}

const struct vsock_output vsock_text_output = {
	.state_size = sizeof(struct report),
	.listener = &shelf_listener,
	.begin = begin,
	.end = end,
};
