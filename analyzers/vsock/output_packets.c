// SPDX-License-Identifier: GPL-2.0-or-later
/* A line or a row per packet, with every field named. */
#include "analyzers/vsock/output.h"

#include <unistd.h>

#include "analyzers/lines.h"

struct packets {
	const struct vsock_view *view;
	struct lines lines;
};

static void begin(void *state, const struct vsock_view *view)
{
	struct packets *s = state;

	s->view = view;
	s->lines.fd = STDOUT_FILENO;
}

static int flush(void *state, struct failure *f)
{
	struct packets *s = state;

	return lines_flush_answer(&s->lines, f);
}

static void put_address(struct lines *l, const struct vsock_address *address)
{
	lines_unsigned(l, address->cid);
	lines_char(l, ':');
	lines_unsigned(l, address->port);
}

static void put_time(const struct packets *s, struct lines *l, uint64_t time_ns)
{
	uint64_t ns = vsock_since_start(s->view, time_ns);

	lines_unsigned(l, ns / 1000000000);
	lines_char(l, '.');
	lines_padded(l, ns % 1000000000, 9, '0');
}

static void put_word(struct lines *l, const char *name, const char *word)
{
	lines_char(l, ' ');
	lines_text(l, name);
	lines_char(l, '=');
	lines_text(l, word);
}

static void put_number(struct lines *l, const char *name, uint64_t value)
{
	lines_char(l, ' ');
	lines_text(l, name);
	lines_char(l, '=');
	lines_unsigned(l, value);
}

static bool same_addresses(const struct vsock_packet *p)
{
	return p->src.cid == p->virtio.src.cid && p->src.port == p->virtio.src.port &&
	       p->dst.cid == p->virtio.dst.cid && p->dst.port == p->virtio.dst.port;
}

/* Of the sender and of its peer, after the packet. */
static void put_credits(struct lines *l, const struct vsock_conversation *c,
			enum vsock_end from)
{
	const struct credit *own, *peer;

	if (!c)
		return;
	own = &c->side[from].credit;
	peer = &c->side[vsock_other(from)].credit;
	if (own->known) {
		lines_text(l, " credit=");
		lines_signed(l, credit_free(own));
	}
	if (peer->known) {
		lines_text(l, " peer_credit=");
		lines_signed(l, credit_free(peer));
	}
}

static void put_virtio(struct lines *l, const struct vsock_packet *p)
{
	const struct vsock_virtio *v = &p->virtio;
	char text[VSOCK_NAME];

	put_word(l, "type", vsock_type_name(v->type, text));
	put_word(l, "op", vsock_op_name(v->op, text));
	put_number(l, "len", v->length);
	put_word(l, "flags", vsock_flags_text(text, v));
	put_number(l, "buf_alloc", v->buf_alloc);
	put_number(l, "fwd_cnt", v->fwd_cnt);
	if (same_addresses(p))
		return;
	lines_text(l, " virtio_src=");
	put_address(l, &v->src);
	lines_text(l, " virtio_dst=");
	put_address(l, &v->dst);
}

static void put_line(void *state, const struct vsock_conversation *c, enum vsock_end from,
		     const struct vsock_packet *p)
{
	struct packets *s = state;
	struct lines *l = &s->lines;
	char text[VSOCK_NAME];

	put_time(s, l, p->time_ns);
	lines_text(l, " #");
	if (c)
		lines_unsigned(l, c->number);
	else
		lines_char(l, '-');
	lines_char(l, ' ');
	put_address(l, &p->src);
	lines_text(l, " > ");
	put_address(l, &p->dst);
	if (p->is_virtio)
		put_virtio(l, p);
	put_credits(l, c, from);
	put_word(l, "monitor_op", vsock_monitor_op_name(p->monitor_op, text));
	put_word(l, "transport", vsock_transport_name(p->transport, text));
	put_number(l, "header_len", p->header_length);
	if (p->reserved)
		put_number(l, "reserved", p->reserved);
	put_number(l, "payload", p->payload_size);
	put_number(l, "captured", p->size);
	put_number(l, "length", p->length);
	lines_char(l, '\n');
}

static void begin_csv(void *state, const struct vsock_view *view)
{
	struct packets *s = state;

	begin(state, view);
	lines_text(&s->lines,
		   "t_ns,conversation,src_cid,src_port,dst_cid,dst_port,type,op,"
		   "len,flags,buf_alloc,fwd_cnt,credit,peer_credit,monitor_op,"
		   "transport,header_len,payload,captured,length\r\n");
}

static void put_field(struct lines *l, uint64_t value)
{
	lines_unsigned(l, value);
	lines_char(l, ',');
}

static void put_word_field(struct lines *l, const char *word)
{
	lines_text(l, word);
	lines_char(l, ',');
}

static void put_virtio_fields(struct lines *l, const struct vsock_packet *p)
{
	const struct vsock_virtio *v = &p->virtio;
	char text[VSOCK_NAME];

	if (!p->is_virtio) {
		lines_text(l, ",,,,,,");
		return;
	}
	put_word_field(l, vsock_type_name(v->type, text));
	put_word_field(l, vsock_op_name(v->op, text));
	put_field(l, v->length);
	put_word_field(l, vsock_flags_text(text, v));
	put_field(l, v->buf_alloc);
	put_field(l, v->fwd_cnt);
}

static void put_credit_field(struct lines *l, const struct vsock_conversation *c,
			     enum vsock_end of)
{
	if (c && c->side[of].credit.known)
		lines_signed(l, credit_free(&c->side[of].credit));
	lines_char(l, ',');
}

static void put_row(void *state, const struct vsock_conversation *c, enum vsock_end from,
		    const struct vsock_packet *p)
{
	struct packets *s = state;
	struct lines *l = &s->lines;
	char text[VSOCK_NAME];

	put_field(l, vsock_since_start(s->view, p->time_ns));
	if (c)
		lines_unsigned(l, c->number);
	lines_char(l, ',');
	put_field(l, p->src.cid);
	put_field(l, p->src.port);
	put_field(l, p->dst.cid);
	put_field(l, p->dst.port);
	put_virtio_fields(l, p);
	put_credit_field(l, c, from);
	put_credit_field(l, c, c ? vsock_other(from) : from);
	put_word_field(l, vsock_monitor_op_name(p->monitor_op, text));
	put_word_field(l, vsock_transport_name(p->transport, text));
	put_field(l, p->header_length);
	put_field(l, p->payload_size);
	put_field(l, p->size);
	lines_unsigned(l, p->length);
	lines_text(l, "\r\n");
}

static const struct vsock_listener line_listener = {.packet = put_line};
static const struct vsock_listener row_listener = {.packet = put_row};

const struct vsock_output vsock_packet_output = {
	.state_size = sizeof(struct packets),
	.listener = &line_listener,
	.begin = begin,
	.flush = flush,
	.end = flush,
};

const struct vsock_output vsock_packet_csv_output = {
	.state_size = sizeof(struct packets),
	.listener = &row_listener,
	.begin = begin_csv,
	.flush = flush,
	.end = flush,
};
