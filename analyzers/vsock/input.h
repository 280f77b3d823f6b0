/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where `fathom vsock` gets its packets: a file, an interface, or one that it makes. */
#ifndef FATHOM_ANALYZERS_VSOCK_INPUT_H
#define FATHOM_ANALYZERS_VSOCK_INPUT_H

#include "trace/capture.h"

struct vsock_input {
	struct capture *capture;
	int created; /* index of the interface that we made; 0: none */
};

/*
 * @options->interface is an interface, a file ("-" is stdin), or the name of a vsockmon
 * interface that does not exist and is created; in this order. A path with a slash is
 * always a file. 0 or a negative errno.
 */
int vsock_input_open(struct vsock_input *in, const struct capture_live_options *options,
		     struct failure *f);

/* Removes the interface that was created, if one was. No packets can come then. */
int vsock_input_remove(struct vsock_input *in, struct failure *f);

void vsock_input_close(struct vsock_input *in);

#endif
