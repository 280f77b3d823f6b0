// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Captured packets: the door.
 *
 * libpcap reads everything, but a packet of a file costs it 90 ns, more than the whole
 * analysis of one. So pcap files, which is what tcpdump and fathom write, are read here
 * (capture_pcap.c, 30 ns); pcapng, streams and live interfaces are left to libpcap.
 */
#include "trace/capture.h"

#include <sys/stat.h>

#include "trace/capture_source.h"
#include "trace/input.h"

int capture_open(struct capture **capture, const char *path, struct failure *f)
{
	struct input in;
	struct stat status;
	int err = input_open(&in, path, f);

	if (err)
		return err;
	if (fstat(in.fd, &status))
		status = (struct stat){.st_ino = 0};
	if (capture_is_pcap(&in)) {
		err = capture_open_pcap(capture, &in, f);
	} else {
		input_close(&in);
		err = capture_open_libpcap(capture, path, f);
	}
	if (err)
		return err;
	(*capture)->file.device = status.st_dev;
	(*capture)->file.inode = S_ISREG(status.st_mode) ? status.st_ino : 0;
	return 0;
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
	struct stat status;

	return c->file.inode && !stat(path, &status) && status.st_dev == c->file.device &&
	       status.st_ino == c->file.inode;
}

void capture_close(struct capture *c)
{
	if (c)
		c->source->close(c);
}
