// SPDX-License-Identifier: GPL-2.0-or-later
/* A pcap file of AF_VSOCK packets, through libpcap. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "core/failure.h"
#include "trace/capture.h"

struct capture_writer {
	pcap_t *pcap; /* stands for link type, snapshot length and precision */
	pcap_dumper_t *dumper;
	char path[256];
};

static void writer_free(struct capture_writer *w)
{
	if (w->dumper)
		pcap_dump_close(w->dumper);
	if (w->pcap)
		pcap_close(w->pcap);
	free(w);
}

int capture_create(struct capture_writer **writer, const char *path, uint32_t snaplen,
		   struct failure *f)
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int err = 0;

	if (!w)
		return fail(f, -ENOMEM, "no memory to write a capture");
	snprintf(w->path, sizeof(w->path), "%s",
		 strcmp(path, "-") ? path : "standard output");
	w->pcap = pcap_open_dead_with_tstamp_precision(
		CAPTURE_LINKTYPE_VSOCK, (int)snaplen, PCAP_TSTAMP_PRECISION_NANO);
	if (!w->pcap)
		err = fail(f, -ENOMEM, "no memory to write a capture");
	else if (!(w->dumper = pcap_dump_open(w->pcap, path)))
		err = fail(f, -EIO, "%s", pcap_geterr(w->pcap));
	if (err) {
		writer_free(w);
		return err;
	}
	*writer = w;
	return 0;
}

static int write_failed(const struct capture_writer *w, int error, struct failure *f)
{
	return fail(f, error ? -error : -EIO, "%s: cannot write the capture: %s", w->path,
		    strerror(error ? error : EIO));
}

int capture_write(struct capture_writer *w, const struct capture_packet *packet,
		  struct failure *f)
{
	struct pcap_pkthdr head = {
		.ts = {.tv_sec = (time_t)(packet->time_ns / 1000000000),
		       .tv_usec = (suseconds_t)(packet->time_ns % 1000000000)},
		.caplen = packet->size,
		.len = packet->length,
	};

	errno = 0;
	pcap_dump((u_char *)w->dumper, &head, packet->bytes);
	return ferror(pcap_dump_file(w->dumper)) ? write_failed(w, errno, f) : 0;
}

int capture_flush(struct capture_writer *w, struct failure *f)
{
	errno = 0;
	if (pcap_dump_flush(w->dumper) || ferror(pcap_dump_file(w->dumper)))
		return write_failed(w, errno, f);
	return 0;
}

int capture_finish(struct capture_writer *w, struct failure *f)
{
	int err;

	if (!w)
		return 0;
	err = capture_flush(w, f);
	writer_free(w);
	return err;
}
