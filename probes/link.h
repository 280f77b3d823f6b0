/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One end of a control connection: whole messages in and out, and the probes that see
 * them. Nothing here blocks but link_wait.
 */
#ifndef FATHOM_PROBES_LINK_H
#define FATHOM_PROBES_LINK_H

#include <stdbool.h>

#include "probes/channel.h"
#include "trace/control.h"

/* Bytes from @at to @end of what was allocated. */
struct link_buffer {
	uint8_t *data;
	size_t at, end, room;
};

struct link {
	int fd;
	enum control_side side; /* ours */
	struct channel_peer peer;
	struct link_buffer in, out;
	uint64_t received_ns; /* when the last bytes came */
	uint64_t moved_ns;    /* when the other side last took bytes, if some wait */
	uint64_t heard_ns;    /* when it last sent some, or we began to listen */
};

/* @fd is closed by link_close. */
void link_open(struct link *link, int fd, enum control_side side,
	       const struct channel_peer *peer);
void link_close(struct link *link);

/* Sends @body, which is dropped in any case. 0; -EMSGSIZE if it is too long; -ENOMEM,
 * also if @body is NULL: it could not be made; -ECONNRESET if the other side is gone. */
int link_send(struct link *link, enum control_type type, uint32_t number, json_t *body,
	      struct failure *f);

/* Sends the next @size bytes (CONTROL_PIECE_MAX at most) of a trace. */
int link_send_piece(struct link *link, uint32_t number, struct control_stream *stream,
		    const void *data, size_t size, struct failure *f);

/* As much as the other side takes now of what waits to be sent. */
int link_flush(struct link *link, struct failure *f);

static inline size_t link_waiting(const struct link *link)
{
	return link->out.end - link->out.at;
}

/* Reads what has come. -ECONNRESET if the other side has closed. */
int link_fill(struct link *link, struct failure *f);

/* The next message that has come: 1, or 0 if it is not whole yet, or a negative errno if
 * what came makes no sense. Its body stays until the next link_fill. */
int link_next(struct link *link, struct control_message *m, struct failure *f);

/* Waits up to @timeout_ms for something to happen, and reads or sends it. 0, also if
 * nothing happened or a signal came. */
int link_wait(struct link *link, int timeout_ms, struct failure *f);

#endif
