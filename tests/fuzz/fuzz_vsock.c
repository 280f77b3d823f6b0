// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: any bytes as a capture, explained in every way there is. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzers/vsock/output.h"
#include "core/failure.h"

static const struct vsock_output *const outputs[] = {
	&vsock_text_output,   &vsock_json_output,	&vsock_csv_output,
	&vsock_packet_output, &vsock_packet_csv_output, &vsock_follow_output,
	&vsock_control_output, &vsock_control_csv_output, &vsock_control_json_output,
};

enum { OUTPUTS = sizeof(outputs) / sizeof(*outputs) };

/* What must hold of a conversation, whatever the packets say. */
static void check(void *state, struct vsock_conversation *c)
{
	(void)state;
	if (c->last_ns < c->first_ns || c->outcome >= VSOCK_OUTCOMES)
		abort();
	for (size_t i = 0; i < c->stalls.nr; i++)
		if (c->stalls.kept[i].end_ns < c->stalls.kept[i].begin_ns)
			abort();
	if (c->history && c->history->used > HISTORY_BUCKETS)
		abort();
}

static const struct vsock_listener checker = {.end = check};

/* Few at a time, so that a small capture has too many. */
enum { LIVE_MAX = 8 };

static void explain(struct capture *capture, const struct vsock_output *output)
{
	void *state = calloc(1, output->state_size);
	struct vsock_view view = {.capture = capture_info(capture), .follow = 1};
	struct vsock_tracker tracker;
	struct capture_packet captured;
	struct failure f = {""};

	if (!state || vsock_tracker_init(&tracker, LIVE_MAX))
		abort();
	view.tracker = &tracker;
	view.hex = view.capture->snaplen & 1;
	vsock_listen(&tracker, output->listener, state);
	vsock_listen(&tracker, &checker, NULL);
	if (output->begin)
		output->begin(state, &view);
	while (capture_next(capture, &captured) == CAPTURE_PACKET) {
		struct vsock_packet packet;
		bool whole = vsock_decode(&packet, &captured);

		vsock_track(&tracker, &packet, whole);
	}
	vsock_tracker_finish(&tracker);
	output->end(state, &f);
	if (view.capture->incomplete && !*view.capture->damage)
		abort();
	if (tracker.histograms)
		abort();
	vsock_tracker_release(&tracker);
	free(state);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The reports go nowhere. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)argc;
	(void)argv;
	return nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0;
}

/* The last byte chooses the report, the rest is the capture. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct capture *capture;
	struct failure f = {""};
	char path[32];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!capture_open(&capture, path, &f)) {
		explain(capture, outputs[size ? data[size - 1] % OUTPUTS : 0]);
		capture_close(capture);
	} else if (!*f.text) {
		abort();
	}
	close(fd);
	return 0;
}
