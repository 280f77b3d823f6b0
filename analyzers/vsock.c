// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom vsock: captures AF_VSOCK and explains it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/vsock/filter.h"
#include "analyzers/vsock/input.h"
#include "analyzers/vsock/output.h"
#include "core/clock.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "core/text.h"
#include "core/units.h"

enum {
	LOOK_AROUND = 1 << 12, /* packets after which time, stop and reader are checked */
	HEADERS_ONLY = 128,    /* snapshot length when no payload is wanted */
};

struct vsock_options {
	const char *input, *write;
	struct string_list cids, ports;
	uint64_t follow, count, duration_ns, snaplen, buffer;
	bool packets, control, hex, json, csv;
};

/* What the command works with. */
struct run {
	const struct vsock_options *options;
	const struct vsock_output *output;
	void *state; /* of the output */
	struct vsock_filter filter;
	struct vsock_input in;
	struct capture_writer *writer;
	struct vsock_tracker tracker;
	struct vsock_view view;
	uint64_t until_ns; /* CLOCK_MONOTONIC, or UINT64_MAX */
	uint64_t taken;	   /* packets that passed the filter */
};

#define AT(member) offsetof(struct vsock_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, AT(input), "FILE|IFACE",
	 "pcap or pcapng file, - for stdin, or interface (default vsockmon0, which is "
	 "created for as long as it is needed)",
	 0, 0},
	{"write", 'w', OPTION_STRING, AT(write), "FILE",
	 "also write the packets to a pcap file", 0, 0},
	{"cid", 0, OPTION_LIST, AT(cids), "CID,...",
	 "only packets from or to these; may be given again", 0, 0},
	{"port", 0, OPTION_LIST, AT(ports), "PORT,...",
	 "only packets from or to these; may be given again", 0, 0},
	{"count", 'c', OPTION_NUMBER, AT(count), "N", "stop after so many packets", 1, 0},
	{"duration", 0, OPTION_TIME, AT(duration_ns), "TIME",
	 "live: stop after this time", 0, 0},
	{"packets", 0, OPTION_FLAG, AT(packets), NULL,
	 "print a line per packet (with --csv a row)", 0, 0},
	{"follow", 0, OPTION_NUMBER, AT(follow), "N",
	 "print the payload of conversation N", 1, 0},
	{"control", 0, OPTION_FLAG, AT(control), NULL,
	 "print the messages between fathom bench --agent and fathom agent", 0, 0},
	{"hex", 0, OPTION_FLAG, AT(hex), NULL, "with --follow: as a hex dump", 0, 0},
	{"snaplen", 's', OPTION_SIZE, AT(snaplen), "SIZE",
	 "live: bytes to keep of a packet (all with -w, --follow or --control, else 128)", 76,
	 CAPTURE_PACKET_MAX},
	{"buffer", 'B', OPTION_SIZE, AT(buffer), "SIZE",
	 "live: the kernel's buffer (32m)", 1 << 16, 1 << 30},
	{"json", 0, OPTION_FLAG, AT(json), NULL, "print JSON, times in ns", 0, 0},
	{"csv", 0, OPTION_FLAG, AT(csv), NULL, "print CSV, times in ns", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "vsock",
	.synopsis = "[-i FILE|IFACE] [-w FILE] [--cid CID] [--port PORT] [--packets | "
		    "--follow N | --control]",
	.summary = "Capture AF_VSOCK, and show its conversations, credit and stalls.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom vsock                            live, until Ctrl-C\n"
		"  fathom vsock -w guest.pcap --cid 3      … and keep the packets\n"
		"  fathom vsock -i guest.pcap\n"
		"  fathom vsock -i guest.pcap --follow 2\n",
};

static void show_progress(const struct run *r)
{
	const struct capture_info *info = r->view.capture;
	char done[UNIT_TEXT], total[UNIT_TEXT], packets[UNIT_TEXT];

	count_text(packets, (double)r->tracker.packets);
	if (info->bytes_total)
		progress("%s of %s read, %s packets",
			 size_text(done, (double)info->bytes_read),
			 size_text(total, (double)info->bytes_total), packets);
	else
		progress("%s packets, %" PRIu64 " conversations", packets,
			 r->tracker.conversations);
}

/* What is done now and then, between packets. */
static int look_around(struct run *r, bool idle, struct failure *f)
{
	show_progress(r);
	if (stop_requested() || clock_ns() >= r->until_ns)
		capture_stop(r->in.capture);
	if (idle && r->writer) {
		int err = capture_flush(r->writer, f);

		if (err)
			return err;
	}
	return r->output->flush && (idle || !r->view.capture->is_live)
		       ? r->output->flush(r->state, f)
		       : 0;
}

static int take_packet(struct run *r, const struct capture_packet *captured,
		       struct failure *f)
{
	struct vsock_packet packet;
	bool whole = vsock_decode(&packet, captured);

	if (!vsock_filter_passes(&r->filter, &packet)) {
		r->view.filtered++;
		return 0;
	}
	r->taken++;
	vsock_track(&r->tracker, &packet, whole);
	return r->writer ? capture_write(r->writer, captured, f) : 0;
}

static bool is_enough(const struct run *r)
{
	if (r->options->count && r->taken >= r->options->count)
		return true;
	/* A live capture is stopped and then read to its end. */
	return !r->view.capture->is_live && stop_requested();
}

/* From the first packet to the last. */
static int take_all(struct run *r, struct failure *f)
{
	struct capture_packet captured;
	enum capture_next got;
	uint64_t seen = 0;
	int err = 0;

	while (!err && (got = capture_next(r->in.capture, &captured)) != CAPTURE_END) {
		bool idle = got == CAPTURE_IDLE;

		if (!idle)
			err = take_packet(r, &captured, f);
		if (!err && (idle || ++seen % LOOK_AROUND == 0))
			err = look_around(r, idle, f);
		if (is_enough(r))
			break;
	}
	progress_end();
	return err;
}

static void say_capturing(const struct run *r)
{
	const struct capture_info *info = r->view.capture;

	if (info->is_live)
		fprintf(stderr,
			"[ fathom vsock: capturing on %s%s%s%s; Ctrl-C ends it ]\n",
			info->path, r->in.created ? " (created)" : "",
			r->options->write ? " to " : "",
			r->options->write ? r->options->write : "");
}

static uint32_t snaplen_of(const struct vsock_options *o)
{
	if (o->snaplen)
		return (uint32_t)o->snaplen;
	return o->write || o->follow || o->control ? CAPTURE_PACKET_MAX : HEADERS_ONLY;
}

static int open_input(struct run *r, struct failure *f)
{
	struct sock_filter program[FILTER_PROGRAM_MAX];
	struct capture_live_options live = {
		.interface = r->options->input,
		.snaplen = snaplen_of(r->options),
		.buffer = (uint32_t)r->options->buffer,
	};
	int err;

	if (!vsock_filter_is_empty(&r->filter)) {
		live.filter = program;
		live.filter_length = vsock_filter_program(&r->filter, program);
	}
	err = vsock_input_open(&r->in, &live, f);
	if (!err)
		r->view.capture = capture_info(r->in.capture);
	return err;
}

static int open_writer(struct run *r, struct failure *f)
{
	const struct vsock_options *o = r->options;

	if (!o->write)
		return 0;
	if (capture_is_file(r->in.capture, o->write))
		return fail(f, -EINVAL, "%s: is being read; write to another file",
			    o->write);
	return capture_create(&r->writer, o->write,
			      r->view.capture->snaplen ? r->view.capture->snaplen
						       : CAPTURE_PACKET_MAX,
			      f);
}

static int prepare(struct run *r, struct failure *f)
{
	int err = open_input(r, f);

	if (!err)
		err = open_writer(r, f);
	if (err)
		return err;
	r->state = calloc(1, r->output->state_size);
	if (!r->state || vsock_tracker_init(&r->tracker, 0))
		return fail(f, -ENOMEM, "no memory");
	r->view.tracker = &r->tracker;
	r->view.follow = r->options->follow;
	r->view.hex = r->options->hex;
	r->view.headers_only = r->view.capture->is_live && !r->options->snaplen &&
			       snaplen_of(r->options) == HEADERS_ONLY;
	vsock_listen(&r->tracker, r->output->listener, r->state);
	r->until_ns =
		r->options->duration_ns ? clock_ns() + r->options->duration_ns : UINT64_MAX;
	return 0;
}

static int work(struct run *r, struct failure *f)
{
	int err = prepare(r, f);

	if (err)
		return err;
	say_capturing(r);
	if (r->output->begin)
		r->output->begin(r->state, &r->view);
	err = take_all(r, f);
	if (!err)
		err = vsock_input_remove(&r->in, f);
	if (err)
		return err;
	vsock_tracker_finish(&r->tracker);
	return r->output->end(r->state, f);
}

/* Was all of it read, and understood? The exit code, and a warning if not. */
static int verdict(const struct run *r)
{
	const struct capture_info *info = r->view.capture;

	if (info->incomplete) {
		command_warn("vsock", "the capture is incomplete: %s", info->damage);
		return EXIT_FAILED;
	}
	if (r->tracker.undecodable) {
		command_warn("vsock",
			     "%" PRIu64
			     " packets end within their headers, which take %d bytes "
			     "(snapshot length %" PRIu32 "): nothing is known of them",
			     r->tracker.undecodable, VSOCK_HEADERS, info->snaplen);
		return EXIT_FAILED;
	}
	if (!info->is_live && stop_requested()) {
		command_warn("vsock", "stopped by a signal: the rest was not read");
		return EXIT_FAILED;
	}
	return EXIT_FINE;
}

static int run(const struct vsock_options *options, const struct vsock_output *output,
	       const struct vsock_filter *filter)
{
	struct run r = {.options = options, .output = output, .filter = *filter};
	struct failure f = {""}, late = {""};
	int status, err = work(&r, &f);

	if (capture_finish(r.writer, &late) && !err) {
		err = -EIO;
		f = late;
	}
	if (err == -EPIPE)
		status = EXIT_FINE;
	else if (err)
		status = command_failed("vsock", &f);
	else
		status = verdict(&r);
	vsock_tracker_release(&r.tracker);
	free(r.state);
	vsock_input_close(&r.in);
	return status;
}

static bool writes_to_stdout(const struct vsock_options *o)
{
	return o->write && !strcmp(o->write, "-");
}

static const struct vsock_output *choose_output(const struct vsock_options *o)
{
	if (writes_to_stdout(o))
		return &vsock_no_output;
	if (o->follow)
		return &vsock_follow_output;
	if (o->control && o->json)
		return &vsock_control_json_output;
	if (o->control)
		return o->csv ? &vsock_control_csv_output : &vsock_control_output;
	if (o->packets)
		return o->csv ? &vsock_packet_csv_output : &vsock_packet_output;
	if (o->json)
		return &vsock_json_output;
	return o->csv ? &vsock_csv_output : &vsock_text_output;
}

static int check_and_run(const struct vsock_options *o, const char *operand)
{
	struct vsock_filter filter;
	struct failure f;

	if (operand)
		return options_complain(&usage,
					"unexpected argument '%.60s'; -i FILE reads a "
					"capture",
					operand);
	if (o->json && o->csv)
		return options_complain(&usage, "--json or --csv, not both");
	if (o->follow && (o->packets || o->json || o->csv))
		return options_complain(&usage,
					"--follow excludes --packets, --json and --csv");
	if (o->control && (o->packets || o->follow))
		return options_complain(&usage,
					"--control excludes --packets and --follow");
	if (o->packets && o->json)
		return options_complain(&usage, "--packets has no --json, but --csv");
	if (o->hex && !o->follow)
		return options_complain(&usage, "--hex needs --follow");
	if (writes_to_stdout(o) &&
	    (o->follow || o->packets || o->control || o->json || o->csv))
		return options_complain(&usage, "-w - leaves no room for another output");
	if (vsock_filter_parse(&filter, &o->cids, &o->ports, &f))
		return options_complain(&usage, "%s", f.text);
	stop_on_signals();
	return run(o, choose_output(o), &filter);
}

int cmd_vsock(int argc, char **argv)
{
	struct vsock_options options = {.input = "vsockmon0", .buffer = 32 << 20};
	int at = options_parse(&usage, argc, argv, &options);
	int status = at < 0 ? options_exit(at) : check_and_run(&options, argv[at]);

	string_list_free(&options.cids);
	string_list_free(&options.ports);
	return status;
}
