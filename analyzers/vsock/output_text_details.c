// SPDX-License-Identifier: GPL-2.0-or-later
/* The report for people: all about one conversation, and what is not as it should be. */
#include "analyzers/vsock/output_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "core/units.h"

enum { STALLS_MAX = 3, NARROW_CURVE = HISTORY_BUCKETS / 2 };

static void print_curve(const char *name, const double *parts, unsigned nr)
{
	printf("    %-8s |", name);
	for (unsigned i = 0; i < nr; i++)
		fputs(text_block(parts[i]), stdout);
	fputs("| ", stdout);
}

static void sent_curve(const struct history *h, enum vsock_end from)
{
	double parts[HISTORY_BUCKETS] = {0};
	uint64_t most = 0;
	char text[UNIT_TEXT];

	for (unsigned i = 0; i < h->used; i++)
		if (h->buckets[i].bytes[from] > most)
			most = h->buckets[i].bytes[from];
	if (!most) /* all of it came after the end */
		return;
	for (unsigned i = 0; i < h->used; i++)
		parts[i] = (double)h->buckets[i].bytes[from] / (double)most;
	print_curve("sent", parts, h->used);
	printf("at most %s/s\n",
	       size_text(text, (double)most * 1e9 / (double)history_bucket_ns(h)));
}

static void credit_curve(const struct history *h, const struct credit *credit,
			 enum vsock_end from)
{
	double parts[HISTORY_BUCKETS] = {0};
	uint32_t least = UINT32_MAX;
	char text[UNIT_TEXT], whole[UNIT_TEXT];

	for (unsigned i = 0; i < h->used; i++) {
		uint32_t left = h->buckets[i].free[from];

		if (left == UINT32_MAX)
			continue;
		parts[i] =
			credit->buf_alloc ? (double)left / (double)credit->buf_alloc : 0;
		if (left < least)
			least = left;
	}
	if (least == UINT32_MAX)
		return;
	print_curve("credit", parts, h->used);
	printf("at least %s of %s\n", size_text(text, (double)least),
	       size_text(whole, (double)credit->buf_alloc));
}

static void print_answers(const struct vsock_conversation *c, enum vsock_end from)
{
	const struct turnaround *answers = &c->side[from].answers;
	char times[TURNAROUND_PERCENTILES][UNIT_TEXT], max[UNIT_TEXT];

	if (!answers->known)
		return;
	for (unsigned i = 0; i < TURNAROUND_PERCENTILES; i++)
		time_text(times[i], (double)answers->percentiles[i]);
	printf("    answered %" PRIu64 " times: p50 %s, p90 %s, p99 %s, max %s\n",
	       answers->count, times[0], times[1], times[2],
	       time_text(max, (double)answers->max));
}

static void print_direction(const struct vsock_conversation *c, const struct history *h,
			    enum vsock_end from)
{
	const struct vsock_side *side = &c->side[from];
	double seconds = (double)vsock_duration_ns(c) / 1e9;
	char address[VSOCK_NAME], bytes[UNIT_TEXT], rate[UNIT_TEXT];

	printf("  %s sent ", vsock_address_text(address, &c->address[from]));
	if (side->bytes)
		printf("%s in %" PRIu64 " packets (%s/s)",
		       size_text(bytes, (double)side->bytes), side->data_packets,
		       size_text(rate, seconds > 0 ? (double)side->bytes / seconds : 0));
	else
		fputs("no payload", stdout);
	if (c->type == VSOCK_TYPE_SEQPACKET)
		printf(", %" PRIu64 " messages", side->messages);
	if (side->credit_packets)
		printf(", and %" PRIu64 " packets only about credit",
		       side->credit_packets);
	putchar('\n');
	print_answers(c, from);
	if (!side->bytes)
		return;
	sent_curve(h, from);
	credit_curve(h, &side->credit, from);
}

static void print_end(const struct vsock_view *view, const struct vsock_conversation *c)
{
	char address[VSOCK_NAME] = "", at[UNIT_TEXT];

	time_text(at, (double)vsock_since_start(view, c->end_ns));
	if (c->ended_by != VSOCK_NOBODY)
		vsock_address_text(address, &c->address[c->ended_by]);
	switch (c->outcome) {
	case VSOCK_SHUT:
		printf("shut down by %s, over at %s\n", address, at);
		break;
	case VSOCK_RESET:
		printf("reset by %s at %s\n", address, at);
		break;
	default:
		puts("open to the end");
	}
}

static int by_length(const void *a, const void *b)
{
	uint64_t x = stall_ns(*(const struct vsock_stall *const *)a);
	uint64_t y = stall_ns(*(const struct vsock_stall *const *)b);

	return (x < y) - (x > y);
}

static void print_stall(const struct vsock_view *view, const struct vsock_conversation *c,
			const struct vsock_stall *stall)
{
	char address[VSOCK_NAME], at[UNIT_TEXT], lasted[UNIT_TEXT];

	printf("  at %s %s was stalled for %s",
	       time_text(at, (double)vsock_since_start(view, stall->begin_ns)),
	       vsock_address_text(address, &c->address[stall->sender]),
	       time_text(lasted, (double)stall_ns(stall)));
	if (stall->asked)
		printf(" and asked for credit %" PRIu32 " times", stall->asked);
	puts(stall->unended ? ", to the end" : "");
}

static void print_longest_stalls(const struct vsock_view *view,
				 const struct vsock_conversation *c)
{
	const struct vsock_stall *stalls[STALLS_KEPT];

	for (size_t i = 0; i < c->stalls.nr; i++)
		stalls[i] = &c->stalls.kept[i];
	qsort(stalls, c->stalls.nr, sizeof(*stalls), by_length);
	for (size_t i = 0; i < c->stalls.nr && i < STALLS_MAX; i++)
		print_stall(view, c, stalls[i]);
}

void text_details(const struct vsock_view *view, const struct vsock_conversation *c)
{
	struct history h = *c->history;
	char a[VSOCK_NAME], b[VSOCK_NAME], type[VSOCK_NAME], at[UNIT_TEXT];

	printf("\n#%" PRIu64 " %s to %s, %s, %s at %s, ", c->number,
	       vsock_address_text(a, &c->address[VSOCK_A]),
	       vsock_address_text(b, &c->address[VSOCK_B]),
	       vsock_type_word(c->type, type), c->opener_known ? "opened" : "first seen",
	       time_text(at, (double)vsock_since_start(view, c->first_ns)));
	print_end(view, c);
	if (text_is_narrow() && h.used > NARROW_CURVE)
		history_halve(&h);
	print_direction(c, &h, VSOCK_A);
	print_direction(c, &h, VSOCK_B);
	print_longest_stalls(view, c);
}

static void print_lost(const struct vsock_conversation *c, enum vsock_end from)
{
	const struct credit *credit = &c->side[from].credit;
	char a[VSOCK_NAME], b[VSOCK_NAME];

	if (credit->lost)
		printf("lost: #%" PRIu64 " %s read %" PRIu64 " bytes of %s that were not "
		       "captured: the tap lost packets\n",
		       c->number, vsock_address_text(b, &c->address[vsock_other(from)]),
		       credit->lost, vsock_address_text(a, &c->address[from]));
}

static void print_overrun(const struct vsock_conversation *c, enum vsock_end from)
{
	const struct credit *credit = &c->side[from].credit;
	char a[VSOCK_NAME];

	if (credit->overrun_packets)
		printf("overrun: #%" PRIu64 " %s sent %" PRIu64
		       " packets beyond its credit, "
		       "by %" PRIu32 " bytes at most%s\n",
		       c->number, vsock_address_text(a, &c->address[from]),
		       credit->overrun_packets, credit->overrun_most,
		       vsock_lost_bytes(c) ? " (or the tap lost what granted it)" : "");
}

static void print_unread(const struct vsock_conversation *c, enum vsock_end from)
{
	const struct credit *credit = &c->side[from].credit;
	char a[VSOCK_NAME], b[VSOCK_NAME];

	if (!c->side[vsock_other(from)].told_last || !credit_unread(credit))
		return;
	printf("unread: #%" PRIu64 " %s closed with up to %" PRIu32
	       " bytes of %s unread\n",
	       c->number, vsock_address_text(b, &c->address[vsock_other(from)]),
	       credit_unread(credit), vsock_address_text(a, &c->address[from]));
}

void text_trouble(const struct vsock_conversation *c)
{
	for (unsigned end = 0; end < VSOCK_ENDS; end++) {
		print_lost(c, (enum vsock_end)end);
		print_overrun(c, (enum vsock_end)end);
		print_unread(c, (enum vsock_end)end);
	}
}

static void note(uint64_t count, const char *what)
{
	if (count)
		printf("note: %" PRIu64 " %s\n", count, what);
}

void text_notes(const struct vsock_view *view)
{
	const struct vsock_tracker *t = view->tracker;

	note(t->lost_bytes, "bytes in all were read, but not captured: a busy host's tap "
			    "loses packets");
	note(view->capture->dropped,
	     "packets were dropped: the capture's buffer was full");
	note(t->not_virtio, "packets are of a transport that tells only addresses");
	note(t->strays, "packets belong to no conversation that was captured");
	if (!view->headers_only)
		note(t->cut, "packets were captured without all of their payload; the "
			     "figures are those of the headers");
	note(t->given_up, "conversations count as ended because too many were open");
	note(t->forgotten, "packets are missing in the conversations: no memory");
}
