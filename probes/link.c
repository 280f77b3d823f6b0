// SPDX-License-Identifier: GPL-2.0-or-later
/* One end of a control connection. */
#include "probes/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/failure.h"
#include "probes/probes.h"

enum { ROOM = 64 << 10 };

void link_open(struct link *link, int fd, enum control_side side,
	       const struct channel_peer *peer)
{
	*link = (struct link){.fd = fd, .side = side, .peer = *peer};
	link->heard_ns = link->moved_ns = clock_ns();
}

void link_close(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	free(link->in.data);
	free(link->out.data);
	*link = (struct link){.fd = -1};
}

/* Room for @size more bytes at the end; those that are done with make way. */
static int make_room(struct link_buffer *b, size_t size, struct failure *f)
{
	size_t held = b->end - b->at, room = b->room ? b->room : ROOM;
	uint8_t *data;

	if (b->room - b->end >= size)
		return 0;
	if (held)
		memmove(b->data, b->data + b->at, held);
	b->at = 0;
	b->end = held;
	while (room - held < size)
		room *= 2;
	if (room == b->room)
		return 0;
	data = realloc(b->data, room);
	if (!data)
		return fail(f, -ENOMEM, "no memory for a message");
	b->data = data;
	b->room = room;
	return 0;
}

/* Sending */

static int gone(const struct link *link, int err, struct failure *f)
{
	const char *who = link->side == CONTROL_AGENT ? "master" : "agent";

	if (err == -EPIPE || err == -ECONNRESET)
		return fail(f, -ECONNRESET, "the %s has closed the connection", who);
	return fail(f, err, "the connection to the %s: %s", who, strerror(-err));
}

int link_flush(struct link *link, struct failure *f)
{
	struct link_buffer *out = &link->out;

	while (out->at < out->end) {
		ssize_t sent = send(link->fd, out->data + out->at, out->end - out->at,
				    MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? 0 : gone(link, -errno, f);
		out->at += (size_t)sent;
		link->moved_ns = clock_ns();
	}
	out->at = out->end = 0;
	return 0;
}

static void append(struct link_buffer *b, const void *data, size_t size)
{
	memcpy(b->data + b->end, data, size);
	b->end += size;
}

/* A message of two parts, of which the first may be empty, goes its way. */
static int send_parts(struct link *link, enum control_type type, uint32_t number,
		      const void *start, size_t start_size, const void *rest,
		      size_t rest_size, struct failure *f)
{
	size_t length = start_size + rest_size, size = CONTROL_HEADER_SIZE + length;
	const struct control_kind *kind = control_kind(type);
	uint8_t header[CONTROL_HEADER_SIZE];
	int err;

	if (length > kind->body_max)
		return fail(f, -EMSGSIZE, "a message '%s' would have more than %u bytes",
			    kind->name, kind->body_max);
	err = make_room(&link->out, size, f);
	if (err)
		return err;
	if (!link_waiting(link))
		link->moved_ns = clock_ns();
	control_put_header(header, type, number, (uint32_t)length);
	append(&link->out, header, sizeof(header));
	append(&link->out, start, start_size);
	append(&link->out, rest, rest_size);
	probe_control_send(link->peer.cid, link->peer.port, kind->name, number,
			   (uint32_t)size);
	return link_flush(link, f);
}

int link_send(struct link *link, enum control_type type, uint32_t number, json_t *body,
	      struct failure *f)
{
	char *text = json_dumps(body, JSON_COMPACT);
	int err;

	json_decref(body);
	if (!text)
		return fail(f, -ENOMEM, "no memory for a message, or no UTF-8 in it");
	err = send_parts(link, type, number, "", 0, text, strlen(text), f);
	free(text);
	return err;
}

int link_send_piece(struct link *link, uint32_t number, struct control_stream *stream,
		    const void *data, size_t size, struct failure *f)
{
	uint8_t start[CONTROL_PIECE_HEADER];

	control_put_piece(stream, data, size, start);
	return send_parts(link, CONTROL_TRACE, number, start, sizeof(start), data, size,
			  f);
}

/* Receiving */

int link_fill(struct link *link, struct failure *f)
{
	struct link_buffer *in = &link->in;
	int err = make_room(in, ROOM / 2, f);
	ssize_t got;

	if (err)
		return err;
	got = recv(link->fd, in->data + in->end, in->room - in->end, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : gone(link, -errno, f);
	link->received_ns = link->heard_ns = clock_ns();
	if (!got)
		return gone(link, -ECONNRESET, f);
	in->end += (size_t)got;
	return 0;
}

int link_next(struct link *link, struct control_message *m, struct failure *f)
{
	enum control_side other =
		link->side == CONTROL_AGENT ? CONTROL_MASTER : CONTROL_AGENT;
	struct link_buffer *in = &link->in;
	int got = 0;

	if (in->at < in->end)
		got = control_parse(in->data + in->at, in->end - in->at, other, m, f);
	if (got <= 0)
		return got;
	in->at += control_size(m);
	probe_control_recv(link->peer.cid, link->peer.port, m->kind->name, m->number,
			   control_size(m));
	return 1;
}

int link_wait(struct link *link, int timeout_ms, struct failure *f)
{
	struct pollfd fd = {.fd = link->fd, .events = POLLIN};
	int err = 0;

	if (link_waiting(link))
		fd.events |= POLLOUT;
	if (poll(&fd, 1, timeout_ms) < 0)
		return errno == EINTR ? 0 : fail(f, -errno, "poll: %s", strerror(errno));
	if (fd.revents & POLLOUT)
		err = link_flush(link, f);
	if (!err && fd.revents & (POLLIN | POLLHUP | POLLERR))
		err = link_fill(link, f);
	return err;
}
