/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside trace/capture*.c: where packets come from, as a table of operations. */
#ifndef FATHOM_TRACE_CAPTURE_SOURCE_H
#define FATHOM_TRACE_CAPTURE_SOURCE_H

#include <sys/types.h>

#include "trace/capture.h"

/* Slots in the order of their calls. */
struct capture_source {
	/* As capture_next(). Tells damage through info and then returns CAPTURE_END. */
	enum capture_next (*next)(struct capture *c, struct capture_packet *packet);

	/* As capture_stop(); NULL: there is nothing that goes on by itself. */
	void (*stop)(struct capture *c);

	/* Frees @c and what it holds. */
	void (*close)(struct capture *c);
};

/* Every source begins with this. */
struct capture {
	const struct capture_source *source;
	struct capture_info info;
	struct {
		dev_t device;
		ino_t inode; /* 0: not a file */
	} file;
};

/* The capture ends here because of what the sentence says. Returns CAPTURE_END. */
enum capture_next capture_damaged(struct capture *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 0, or -EPROTOTYPE with a sentence about @path, whose packets are not of AF_VSOCK. */
int capture_check_linktype(uint32_t linktype, const char *path, struct failure *f);

struct input;

/* capture_pcap.c: 1 if @in is a pcap file that capture_open_pcap() can read. */
int capture_is_pcap(const struct input *in);

/* Takes over what @in holds, also when it fails. */
int capture_open_pcap(struct capture **capture, struct input *in, struct failure *f);

/* capture_libpcap.c: everything else. */
int capture_open_libpcap(struct capture **capture, const char *path, struct failure *f);

#endif
