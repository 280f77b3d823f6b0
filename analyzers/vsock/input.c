// SPDX-License-Identifier: GPL-2.0-or-later
/* Where `fathom vsock` gets its packets. */
#include "analyzers/vsock/input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <net/if.h>

#include "core/failure.h"
#include "trace/vsockmon.h"

#define CREATED "vsockmon" /* what the names of interfaces that we create begin with */

/* Is it a file, or meant as one? */
static bool is_file(const char *name)
{
	return strchr(name, '/') || !strcmp(name, "-") || !access(name, F_OK) ||
	       strncmp(name, CREATED, strlen(CREATED)) != 0;
}

int vsock_input_open(struct vsock_input *in, const struct capture_live_options *options,
		     struct failure *f)
{
	const char *name = options->interface;
	int err;

	*in = (struct vsock_input){.capture = NULL};
	if (!if_nametoindex(name)) {
		if (is_file(name))
			return capture_open(&in->capture, name, f);
		in->created = vsockmon_create(name, f);
		if (in->created < 0) {
			err = in->created;
			in->created = 0;
			return err;
		}
	}
	err = capture_open_live(&in->capture, options, f);
	if (err)
		vsock_input_remove(in, NULL);
	return err;
}

int vsock_input_remove(struct vsock_input *in, struct failure *f)
{
	int index = in->created;

	in->created = 0;
	return index ? vsockmon_remove(index, f) : 0;
}

void vsock_input_close(struct vsock_input *in)
{
	vsock_input_remove(in, NULL);
	capture_close(in->capture);
	in->capture = NULL;
}
