/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captured packets, in and out: a pcap or pcapng file, a stream of either, or a live
 * interface; and a pcap file for tcpdump and Wireshark.
 */
#ifndef FATHOM_TRACE_CAPTURE_H
#define FATHOM_TRACE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;
struct sock_filter;

enum {
	CAPTURE_LINKTYPE_VSOCK = 271,
	CAPTURE_PACKET_MAX = 256 << 10, /* bytes of a packet, as libpcap has it */
};

struct capture_packet {
	uint64_t time_ns;     /* since 1970 */
	uint32_t size;	      /* bytes that were captured */
	uint32_t length;      /* bytes that the packet had */
	const uint8_t *bytes; /* hold until the next call */
};

/* What is known of a capture, more with each packet. */
struct capture_info {
	const char *path; /* file or interface; "standard input" */
	bool is_live;
	bool incomplete;		  /* damage says why */
	char damage[256];		  /* one line, in which foreign text is escaped */
	uint32_t snaplen;		  /* bytes of a packet that are kept at most */
	uint64_t bytes_read, bytes_total; /* of a file; total 0: nobody knows */
	uint64_t dropped; /* packets that the reader was too slow for, live only */
};

struct capture_live_options {
	const char *interface;
	uint32_t snaplen;
	uint32_t buffer;		  /* bytes that the kernel keeps for us */
	const struct sock_filter *filter; /* run by the kernel; NULL: every packet */
	unsigned short filter_length;
};

struct capture;

/* @path "-" is stdin. Refuses what is no capture of AF_VSOCK. 0 or a negative errno. */
int capture_open(struct capture **capture, const char *path, struct failure *f);

/* Captures from now on. -ENODEV: no such interface. */
int capture_open_live(struct capture **capture,
		      const struct capture_live_options *options, struct failure *f);

enum capture_next {
	CAPTURE_END, /* no more; capture_info() tells if the capture is damaged */
	CAPTURE_PACKET,
	CAPTURE_IDLE, /* live: none came for a tenth of a second, or a signal did */
};

enum capture_next capture_next(struct capture *c, struct capture_packet *packet);

/* Ends a live capture: what was captured up to now is still handed out. */
void capture_stop(struct capture *c);

/* Holds until capture_close(). */
const struct capture_info *capture_info(const struct capture *c);

/* The same file? Then writing it would destroy what is read. */
bool capture_is_file(const struct capture *c, const char *path);

void capture_close(struct capture *c); /* NULL is fine */

/* A pcap file of AF_VSOCK packets with times in ns. @path "-" is stdout. */
struct capture_writer;

int capture_create(struct capture_writer **writer, const char *path, uint32_t snaplen,
		   struct failure *f);
int capture_write(struct capture_writer *w, const struct capture_packet *packet,
		  struct failure *f);

/* What was written reaches the file, for whoever reads it while it grows. */
int capture_flush(struct capture_writer *w, struct failure *f);

/* 0, or the negative errno of a write that failed late. NULL is fine. */
int capture_finish(struct capture_writer *w, struct failure *f);

#endif
