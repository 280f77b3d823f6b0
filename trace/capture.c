// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Captured packets: the door.
 *
 * libpcap reads everything, but a packet of a file costs it 290 ns, more than the whole
 * analysis of one. So pcap files, which is what tcpdump and fathom write, are read here
 * (capture_pcap.c, 15 ns); pcapng, streams and live interfaces are left to libpcap.
 */
#include "trace/capture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <pcap/pcap.h>

#include "core/failure.h"
#include "trace/capture_source.h"
#include "trace/input.h"

int capture_open(struct capture **capture, const char *path, struct failure *f)
{
	struct input in;
	int err = input_open(&in, path, f);

	if (err)
		return err;
	if (capture_is_pcap(&in))
		return capture_open_pcap(capture, &in, f);
	input_close(&in);
	return capture_open_libpcap(capture, path, f);
}

enum capture_next capture_next(struct capture *c, struct capture_packet *packet)
{
	return c->source->next(c, packet);
}

void capture_stop(struct capture *c)
{
	if (c->source->stop)
		c->source->stop(c);
}

const struct capture_info *capture_info(const struct capture *c)
{
	return &c->info;
}

bool capture_is_file(const struct capture *c, const char *path)
{
	struct stat read, written;

	return !c->info.is_live && !stat(c->info.path, &read) && !stat(path, &written) &&
	       S_ISREG(read.st_mode) && read.st_dev == written.st_dev &&
	       read.st_ino == written.st_ino;
}

void capture_close(struct capture *c)
{
	if (c)
		c->source->close(c);
}

enum capture_next capture_damaged(struct capture *c, const char *format, ...)
{
	char sentence[sizeof(c->info.damage)];
	struct failure f;
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	fail(&f, 0, "%s", sentence); /* makes it one harmless line */
	snprintf(c->info.damage, sizeof(c->info.damage), "%.*s",
		 (int)sizeof(c->info.damage) - 1, f.text);
	c->info.incomplete = true;
	return CAPTURE_END;
}

int capture_check_linktype(uint32_t linktype, const char *path, struct failure *f)
{
	const char *name = pcap_datalink_val_to_description((int)linktype);

	if (linktype == CAPTURE_LINKTYPE_VSOCK)
		return 0;
	return fail(f, -EPROTOTYPE,
		    "%s: its packets are of link type %u (%s), not %d (AF_VSOCK)", path,
		    linktype, name ? name : "unknown", CAPTURE_LINKTYPE_VSOCK);
}
