// SPDX-License-Identifier: GPL-2.0-or-later
/* CSV: a row per conversation, as soon as it has ended, in the order of their numbers
 * as in JSON. */
#include "analyzers/vsock/output.h"

#include <inttypes.h>
#include <stdio.h>

#include "analyzers/vsock/shelf.h"

struct report {
	struct shelf shelf; /* first: the listener's state */
	const struct vsock_view *view;
};

static void print_answers(const struct turnaround *answers)
{
	printf("%" PRIu64 ",", answers->count);
	for (unsigned i = 0; i < TURNAROUND_PERCENTILES; i++) {
		if (answers->known)
			printf("%" PRIu64, answers->percentiles[i]);
		putchar(',');
	}
}

static void print_side(const struct vsock_conversation *c, enum vsock_end end)
{
	const struct vsock_side *side = &c->side[end];
	const struct stall_sum *stalls = &c->stalls.sum[end];

	printf("%" PRIu64 ",%" PRIu64 ",", side->bytes, side->packets);
	if (c->type == VSOCK_TYPE_SEQPACKET)
		printf("%" PRIu64, side->messages);
	printf(",%" PRIu64 ",", side->credit_packets);
	print_answers(&side->answers);
	printf("%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
	       stalls->count, stalls->ns, stalls->longest_ns,
	       side->credit.overrun_packets, side->credit.lost);
}

static void print_row(void *user, const struct vsock_conversation *c)
{
	const struct report *r = user;
	char number[VSOCK_NAME];

	printf("%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%" PRIu64 ",%" PRIu32
	       ",%s,%s,%" PRIu64 ",",
	       c->number, c->address[VSOCK_A].cid, c->address[VSOCK_A].port,
	       c->address[VSOCK_B].cid, c->address[VSOCK_B].port,
	       vsock_type_word(c->type, number), c->opener_known ? "a" : "",
	       vsock_since_start(r->view, c->first_ns));
	if (c->connect_ns != VSOCK_NO_TIME)
		printf("%" PRIu64, c->connect_ns);
	putchar(',');
	print_side(c, VSOCK_A);
	print_side(c, VSOCK_B);
	printf("%s\r\n", vsock_outcome_word(c->outcome));
}

#define SIDE(x)                                                                          \
	"bytes_" x ",packets_" x ",messages_" x ",credit_packets_" x ",answers_" x       \
	",answer_p50_ns_" x ",answer_p90_ns_" x ",answer_p99_ns_" x ",stalls_" x         \
	",stalled_ns_" x ",longest_stall_ns_" x ",overrun_packets_" x                    \
	",tap_lost_bytes_" x

static void begin(void *state, const struct vsock_view *view)
{
	struct report *r = state;

	r->view = view;
	r->shelf.compare = shelf_by_number;
	r->shelf.let_go = print_row;
	r->shelf.user = r;
	fputs("number,a_cid,a_port,b_cid,b_port,type,opened_by,t_ns,connect_ns," SIDE(
		      "a") "," SIDE("b") ",end\r\n",
	      stdout);
}

static int end(void *state, struct failure *f)
{
	struct report *r = state;

	(void)f;
	shelf_clear(&r->shelf);
	return 0;
}

const struct vsock_output vsock_csv_output = {
	.state_size = sizeof(struct report),
	.listener = &shelf_listener,
	.begin = begin,
	.end = end,
};
