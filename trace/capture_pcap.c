// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of a pcap file, fast: a 24-byte header, then per packet a 16-byte header and
 * its bytes, in the byte order of whoever wrote it (draft-ietf-opsawg-pcap).
 *
 * The file goes through one buffer that always holds a whole packet, so a packet is
 * handed out where it lies.
 */
#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/failure.h"
#include "trace/capture_source.h"
#include "trace/input.h"

enum {
	MAGIC_US = 0xa1b2c3d4,
	MAGIC_NS = 0xa1b23c4d,
	FILE_HEADER = 24,
	PACKET_HEADER = 16,
	LINKTYPE_MASK = 0x03ffffff, /* above it: the length of a checksum */
	BUFFER = 1 << 20,
};

_Static_assert(BUFFER >= PACKET_HEADER + CAPTURE_PACKET_MAX, "a packet fits");

struct pcap_file {
	struct capture capture;
	struct input in;
	bool swapped;
	uint32_t fraction_ns;	 /* what a unit of the fraction of a second is */
	const uint8_t *at, *end; /* what of the buffer is not handed out yet */
	uint8_t buffer[BUFFER];
};

static inline uint32_t u32(struct bytes *b, bool swapped)
{
	uint32_t value = bytes_u32(b);

	return swapped ? bswap_32(value) : value;
}

static bool is_magic(uint32_t magic)
{
	return magic == (uint32_t)MAGIC_US || magic == (uint32_t)MAGIC_NS;
}

/* Only version 2.4; older ones mean other things by the same fields. */
int capture_is_pcap(const struct input *in)
{
	uint8_t head[8];
	struct bytes b = bytes_of(head, sizeof(head));
	uint32_t magic;
	uint16_t major, minor;
	bool swapped;

	if (!in->is_file || input_read_at(in, 0, head, sizeof(head)))
		return 0;
	magic = bytes_u32(&b);
	swapped = is_magic(bswap_32(magic));
	major = bytes_u16(&b);
	minor = bytes_u16(&b);
	if (swapped) {
		major = bswap_16(major);
		minor = bswap_16(minor);
	}
	return (swapped || is_magic(magic)) && major == 2 && minor == 4;
}

/* Makes @size bytes stand together at @p->at; false if the file ends before. */
static bool need(struct pcap_file *p, size_t size)
{
	size_t left = (size_t)(p->end - p->at);

	memmove(p->buffer, p->at, left);
	p->at = p->buffer;
	while (left < size) {
		ssize_t n = input_read(&p->in, p->buffer + left, BUFFER - left);

		if (n < 0)
			capture_damaged(&p->capture, "offset %llu: cannot be read: %s",
					(unsigned long long)p->in.at, strerror((int)-n));
		if (n <= 0)
			break;
		left += (size_t)n;
	}
	p->end = p->buffer + left;
	p->capture.info.bytes_read = p->in.at;
	return left >= size;
}

static uint64_t offset_of(const struct pcap_file *p, const uint8_t *at)
{
	return p->in.at - (uint64_t)(p->end - at);
}

/* The file ends where there ought to be more. */
static enum capture_next ends_early(struct pcap_file *p, size_t expected)
{
	if (p->capture.info.incomplete)
		return CAPTURE_END;
	return capture_damaged(
		&p->capture,
		"offset %llu: the file ends where a packet of %zu bytes was "
		"expected",
		(unsigned long long)offset_of(p, p->at), expected);
}

static enum capture_next pcap_file_next(struct capture *c, struct capture_packet *packet)
{
	struct pcap_file *p = (struct pcap_file *)c;
	struct bytes head;
	uint32_t seconds, fraction;

	if (p->end - p->at < PACKET_HEADER && !need(p, PACKET_HEADER))
		return p->at == p->end && !c->info.incomplete
			       ? CAPTURE_END
			       : ends_early(p, PACKET_HEADER);
	head = bytes_of(p->at, PACKET_HEADER);
	seconds = u32(&head, p->swapped);
	fraction = u32(&head, p->swapped);
	packet->size = u32(&head, p->swapped);
	packet->length = u32(&head, p->swapped);
	packet->time_ns = seconds * 1000000000ULL + (uint64_t)fraction * p->fraction_ns;
	if (packet->size > CAPTURE_PACKET_MAX)
		return capture_damaged(c,
				       "offset %llu: expected a packet of at most %d "
				       "bytes, found %u",
				       (unsigned long long)offset_of(p, p->at),
				       CAPTURE_PACKET_MAX, packet->size);
	if ((size_t)(p->end - p->at) < PACKET_HEADER + packet->size &&
	    !need(p, PACKET_HEADER + packet->size))
		return ends_early(p, PACKET_HEADER + packet->size);
	packet->bytes = p->at + PACKET_HEADER;
	p->at += PACKET_HEADER + packet->size;
	return CAPTURE_PACKET;
}

static void pcap_file_close(struct capture *c)
{
	struct pcap_file *p = (struct pcap_file *)c;

	input_close(&p->in);
	free(p);
}

static const struct capture_source pcap_file_source = {
	.next = pcap_file_next,
	.close = pcap_file_close,
};

/* The file's header: how the rest is to be read. */
static int read_header(struct pcap_file *p, struct failure *f)
{
	struct bytes b;
	uint32_t magic;

	if (!need(p, FILE_HEADER))
		return fail(f, -EINVAL,
			    "%s: expected a pcap header of %d bytes, found %td",
			    p->in.path, FILE_HEADER, p->end - p->at);
	b = bytes_of(p->at, FILE_HEADER);
	magic = bytes_u32(&b);
	p->swapped = !is_magic(magic);
	if (p->swapped)
		magic = bswap_32(magic);
	p->fraction_ns = magic == (uint32_t)MAGIC_NS ? 1 : 1000;
	bytes_skip(&b, 12); /* version, time zone, accuracy of the times */
	p->capture.info.snaplen = u32(&b, p->swapped);
	p->at += FILE_HEADER;
	return capture_check_linktype(u32(&b, p->swapped) & LINKTYPE_MASK, p->in.path, f);
}

int capture_open_pcap(struct capture **capture, struct input *in, struct failure *f)
{
	struct pcap_file *p = malloc(sizeof(*p));
	int err;

	if (!p) {
		input_close(in);
		return fail(f, -ENOMEM, "no memory to read a capture");
	}
	p->capture = (struct capture){
		.source = &pcap_file_source,
		.info = {.path = in->path, .bytes_total = in->size},
	};
	p->in = *in;
	p->at = p->end = p->buffer;
	err = read_header(p, f);
	if (err) {
		pcap_file_close(&p->capture);
		return err;
	}
	*capture = &p->capture;
	return 0;
}
