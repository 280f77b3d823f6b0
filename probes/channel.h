/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies between a master and an agent: a stream socket of three kinds. */
#ifndef FATHOM_PROBES_CHANNEL_H
#define FATHOM_PROBES_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct failure;

/* The CID of a peer that is not behind a vsock: VMADDR_CID_ANY. */
#define CHANNEL_NO_CID UINT32_MAX

enum { CHANNEL_TEXT = 160 };

struct channel_address {
	struct sockaddr_storage socket;
	socklen_t size;
};

/* Who is at the other end. */
struct channel_peer {
	uint32_t cid;  /* CHANNEL_NO_CID if it is no vsock */
	uint32_t port; /* of a vsock or of TCP, else 0 */
	char text[CHANNEL_TEXT];
};

/*
 * "vsock:CID:PORT" (CID a number, host, local or any), "unix:PATH" or "tcp:HOST:PORT"
 * (without HOST the loopback address; [ADDRESS] for IPv6; a name is looked up).
 * -EINVAL, or -ENXIO for a name that leads nowhere, with the reason in @f.
 */
int channel_parse(const char *text, struct channel_address *address, struct failure *f);

/* The CID of the above. */
int channel_parse_cid(const char *text, uint32_t *cid, struct failure *f);

/* An address in words, with the port that the kernel chose for 0. */
void channel_text(char text[CHANNEL_TEXT], const struct channel_address *address);

/* Can somebody on another machine come in here though it is no vsock? */
bool channel_is_public(const struct channel_address *address);

/* All descriptors are close-on-exec and do not block. Each returns one, or a negative
 * errno with the reason in @f. */
int channel_connect(const struct channel_address *address, int timeout_ms,
		    struct failure *f);

/* A unix socket can be reached by its owner alone. @address becomes where it listens. */
int channel_listen(struct channel_address *address, struct failure *f);

/* -EAGAIN without a reason when nobody is there any more. */
int channel_accept(int listener, struct channel_peer *peer, struct failure *f);

/* Who is at the other end of @fd, a connected stream socket; it does not block from now
 * on. */
int channel_peer_of(int fd, struct channel_peer *peer, struct failure *f);

/* Nobody listens there any more: a unix socket's name is removed. */
void channel_unlisten(int listener, const struct channel_address *address);

#endif
